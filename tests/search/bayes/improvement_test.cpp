#include "search/bayes/improvement.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace edgewise::search {
namespace {

Matrix random_points(RandomStream& random, std::size_t count, std::size_t objectives) {
  Matrix points(count, std::vector<double>(objectives));
  for (auto& point : points)
    for (double& value : point) value = random.uniform(-1, 1);
  return points;
}

TEST(Improvement, OfAPointIsTheGrowthOfTheHypervolume) {
  RandomStream random(1);
  for (std::size_t objectives = 1; objectives <= 4; ++objectives) {
    for (int round = 0; round < 20; ++round) {
      auto points = random_points(random, random.below(8), objectives);
      const std::vector<double> reference(objectives, 0.9);
      const Improvement improvement(points, reference);
      const double before = hypervolume(points, reference).value();
      const auto point = random_points(random, 1, objectives).front();
      points.push_back(point);
      EXPECT_NEAR(improvement.of(point), hypervolume(points, reference).value() - before, 1e-9)
          << objectives << " objectives";
    }
  }
}

TEST(Improvement, ExpectationEqualsAMonteCarloEstimate) {
  RandomStream random(2);
  for (std::size_t objectives = 1; objectives <= 4; ++objectives) {
    for (int round = 0; round < 6; ++round) {
      const auto front = random_points(random, 1 + random.below(6), objectives);
      const Improvement improvement(front, std::vector<double>(objectives, 1.1));
      const auto mean = random_points(random, 1, objectives).front();
      std::vector<double> variance(objectives);
      for (double& v : variance) v = random.uniform(0.01, 0.3);
      constexpr int draws = 40'000;
      double sum = 0, squares = 0;
      for (int i = 0; i < draws; ++i) {
        auto point = mean;
        for (std::size_t m = 0; m < objectives; ++m) point[m] += std::sqrt(variance[m]) * random.normal();
        const double gain = improvement.of(point);
        sum += gain;
        squares += gain * gain;
      }
      const double estimate = sum / draws, error = std::sqrt((squares / draws - estimate * estimate) / draws);
      EXPECT_NEAR(std::exp(improvement.log_expected(mean, variance)), estimate, 5 * error + 1e-4)
          << objectives << " objectives";
    }
  }
}

TEST(Improvement, CountsLengthsInTheUnitsThatAreAskedFor) {
  // Points are logarithms, lengths are counted in what they are logarithms of.
  const Improvement::Units exponential = [](double z) { return std::exp(z); };
  const Improvement improvement({{std::log(2.0), std::log(4.0)}}, {std::log(8.0), std::log(8.0)},
                                {exponential, exponential});
  // {2, 4} -> {4, 2} adds (8 - 4) x (4 - 2), on coordinates of the front and the reference exactly.
  const Improvement with_both({{std::log(2.0), std::log(4.0)}, {std::log(4.0), std::log(7.999)}},
                              {std::log(8.0), std::log(8.0)}, {exponential, exponential});
  EXPECT_NEAR(improvement.of(std::vector{std::log(8.0), std::log(2.0)}), 0.0, 1e-12);
  const double gain = with_both.of(std::vector{std::log(4.0), std::log(3.999999)});
  EXPECT_NEAR(gain, 0.0, 1e-3);
  EXPECT_GT(improvement.of(std::vector{std::log(1.9), std::log(7.9)}), 0.0);
}

TEST(Improvement, TellsCandidatesApartThatAreFarFromTheFront) {
  const Improvement improvement({{0.0, 0.0}}, {1.0, 1.0});
  double before = 0;
  for (const double distance : {2.0, 5.0, 20.0, 80.0}) {
    const double now = improvement.log_expected(std::vector{distance, distance}, std::vector{0.01, 0.01});
    EXPECT_TRUE(std::isfinite(now)) << distance;
    EXPECT_LT(now, before);
    before = now;
  }
  // Where both ways of computing hold, they agree: log of the plain expectation, product of two axes.
  const double plain = std::log(expected_below(1.0, 1.5, 0.2)) + std::log(expected_below(0.0, 0.3, 0.1));
  EXPECT_NEAR(log_expected_below(1.0, 1.5, 0.2) + log_expected_below(0.0, 0.3, 0.1), plain, 1e-9);
}

TEST(Improvement, KnownObjectivesHaveNoVariance) {
  const Improvement improvement({{0.5, 0.5}}, {1.0, 1.0});
  EXPECT_NEAR(improvement.log_expected(std::vector{0.25, 0.25}, std::vector{0.0, 0.0}), std::log(0.75 * 0.75 - 0.25),
              1e-12);
  EXPECT_EQ(improvement.log_expected(std::vector{0.75, 0.75}, std::vector{0.0, 0.0}), -INFINITY);
}

TEST(NormalProbability, HoldsFarBelowAnyDouble) {
  EXPECT_NEAR(log_normal_probability(-3.0), std::log(normal_probability(-3.0)), 1e-12);
  EXPECT_NEAR(log_normal_probability(-5.0 - 1e-9), std::log(normal_probability(-5.0)), 1e-6);
  EXPECT_NEAR(log_normal_probability(-10.0), -53.23128515, 1e-6);  // scipy.stats.norm.logcdf
  EXPECT_NEAR(log_normal_probability(-40.0), -804.60844201, 1e-4);
  EXPECT_NEAR(log_expected_below(0.0, 30.0, 1.0), -0.5 * 900 - 0.5 * std::log(2 * M_PI) - 2 * std::log(30.0), 5e-3);
}

}  // namespace
}  // namespace edgewise::search
