#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/tpe/parzen_internal.hpp"
#include "search/tpe/tpe_split_internal.hpp"
#include "tests/search/simulation.hpp"
#include "tests/search/zdt.hpp"

namespace edgewise::search {
namespace {

Matrix random_points(RandomStream& random, std::size_t count, std::size_t objectives, std::uint64_t levels) {
  Matrix points(count, std::vector<double>(objectives));
  for (auto& point : points)
    for (double& value : point) value = static_cast<double>(random.below(levels)) / 4 - 2;
  return points;
}

std::vector<Observation> observations_of(const Matrix& points) {
  std::vector<Observation> observations;
  for (const auto& point : points) observations.push_back({.objectives = point});
  return observations;
}

/// The obvious slow way: try each point beside those chosen.
double greedy_volume(const Matrix& front, const std::vector<double>& reference, std::size_t count) {
  Matrix chosen;
  double volume = 0;
  for (std::size_t k = 0; k < count; ++k) {
    Matrix best;
    double most = -1;
    for (const auto& point : front) {
      auto with = chosen;
      with.push_back(point);
      if (const double next = hypervolume(with, reference).value(); next > most) {
        most = next;
        best = with;
      }
    }
    chosen = best;
    volume = most;
  }
  return volume;
}

TEST(HypervolumeSubset, IsAsGoodAsTryingAllAtEachStep) {
  RandomStream random(1);
  for (const std::size_t objectives : {2U, 3U, 4U})
    for (int round = 0; round < 30; ++round) {
      Matrix front;
      for (int i = 0; i < 12; ++i) {
        std::vector<double> point;
        for (std::size_t m = 0; m < objectives; ++m) point.push_back(-std::log(1 - random.uniform()));
        const double sum = std::accumulate(point.begin(), point.end(), 0.0);
        for (double& value : point) value /= sum;  // on a plane none dominates another
        front.push_back(std::move(point));
      }
      const std::vector<double> reference(objectives, 1.1);
      const auto chosen = largest_hypervolume_subset(front, reference, 4);
      ASSERT_EQ(chosen.size(), 4U);
      EXPECT_TRUE(std::ranges::is_sorted(chosen));
      Matrix points;
      for (const auto i : chosen) points.push_back(front[i]);
      EXPECT_NEAR(hypervolume(points, reference).value(), greedy_volume(front, reference, 4), 1e-9);
    }
}

TEST(GoodOnes, AreTheFirstRanksAndTheirWeightsAreContributions) {
  RandomStream random(2);
  for (const std::size_t objectives : {2U, 3U})
    for (int round = 0; round < 50; ++round) {
      const auto points = random_points(random, 40, objectives, 12);
      const auto ranks = non_dominated_ranks(points);
      const auto good = good_ones(observations_of(points), 10);
      ASSERT_EQ(good.indices.size(), 10U);
      std::size_t worst = 0;
      for (const auto i : good.indices) worst = std::max(worst, ranks[i]);
      for (std::size_t i = 0; i < points.size(); ++i)
        EXPECT_TRUE(ranks[i] >= worst || std::ranges::contains(good.indices, i));
      EXPECT_LE(std::ranges::max(good.weights), 1.0);
      EXPECT_GE(std::ranges::max(good.weights), 0.1);  // equal points share
      for (const double weight : good.weights) EXPECT_TRUE(weight > 0 && weight <= 1.0);
    }
  // What each of the front adds alone below (4.3, 5.4), a tenth of the range beyond the worst.
  const auto good = good_ones(observations_of({{1, 5}, {2, 2}, {4, 1}, {4, 4}}), 4);
  const double first = (2 - 1) * (5.4 - 5), second = (4 - 2) * (5 - 2), third = (4.3 - 4) * (2 - 1);
  EXPECT_NEAR(good.weights[0], first / second, 1e-12);
  EXPECT_NEAR(good.weights[1], 1.0, 1e-12);
  EXPECT_NEAR(good.weights[2], third / second, 1e-12);
  EXPECT_LT(good.weights[3], 1e-9);
}

TEST(GoodOnes, PutFeasibleOnesFirstThenThoseThatBreakLeast) {
  std::vector<Observation> observations = observations_of({{5, 5}, {1, 1}, {2, 2}, {6, 4}});
  observations[1].excess = {3.0};
  observations[2].excess = {0.5};
  EXPECT_EQ(good_ones(observations, 2).indices, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(good_ones(observations, 3).indices, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(good_ones(observations, 9).indices.size(), 4U);
  EXPECT_TRUE(good_ones({}, 3).indices.empty());
}

TEST(GoodOnes, AreTheLowestOfOneObjective) {
  EXPECT_EQ(good_ones(observations_of({{3}, {1}, {2}, {1}}), 2).indices, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(good_ones(observations_of({{3}, {1}, {2}, {1}}), 2).weights, (std::vector<double>{1, 1}));
  EXPECT_EQ(count_good(1), 1U);
  EXPECT_EQ(count_good(11), 2U);
  EXPECT_EQ(count_good(10'000), 25U);
}

space::Space conditional() {
  return space::make_space({{.name = "kind", .domain = space::Categorical{{"plain", "wide", "deep"}}},
                            {.name = "depth", .domain = space::Integer{.low = 1, .high = 9, .step = 2}},
                            {.name = "log",
                             .domain = space::Integer{.low = 1, .high = 20, .log_scale = true},
                             .condition = space::Condition{"kind", {"wide"}}},
                            {.name = "gate",
                             .domain = space::Categorical{{"on", "off"}},
                             .condition = space::Condition{"kind", {"plain", "deep"}}}})
      .value();
}

TEST(Parzen, ProbabilitiesAddUpToOneOverASpaceWithConditions) {
  const auto space = conditional();
  const ParzenCoding coding(space);
  RandomStream random(1);
  for (const std::size_t count : {0U, 1U, 7U, 60U}) {
    std::vector<double> rows, weights;
    for (std::size_t i = 0; i < count; ++i) {
      coding.append(space.sample(random).value(), rows);
      weights.push_back(random.uniform(0.01, 1));
    }
    const Parzen parzen(coding, rows, weights);
    double sum = 0;
    for (std::uint64_t i = 0; i < *space.size(); ++i) {
      std::vector<double> row;
      coding.append(space.at(i).value(), row);
      EXPECT_EQ(coding.choice(row), space.at(i).value());
      sum += std::exp(parzen.log_density(row));
    }
    EXPECT_NEAR(sum, 1.0, 1e-9);
  }
}

TEST(Parzen, DensityOfANumberIntegratesToOne) {
  const auto space = space::make_space({{.name = "x", .domain = space::Real{.low = 0, .high = 1}}}).value();
  const ParzenCoding coding(space);
  const Parzen parzen(coding, {0.0, 0.31, 0.98}, {1.0, 0.2, 0.7});
  double sum = 0;
  constexpr int parts = 20'000;
  for (int i = 0; i < parts; ++i) sum += std::exp(parzen.log_density({(i + 0.5) / parts})) / parts;
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(Parzen, DrawsAsOftenAsItsProbabilitiesSay) {
  const auto space = conditional();
  const ParzenCoding coding(space);
  RandomStream random(3);
  std::vector<double> rows, weights;
  for (int i = 0; i < 5; ++i) {
    coding.append(space.sample(random).value(), rows);
    weights.push_back(1.0);
  }
  const Parzen parzen(coding, rows, weights);
  constexpr int draws = 40'000;
  std::map<std::vector<double>, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[parzen.sample(random)];
  for (const auto& [row, count] : counts) {
    const double expected = draws * std::exp(parzen.log_density(row));
    EXPECT_NEAR(count, expected, 5 * std::sqrt(expected) + 1);
  }
}

TEST(Tpe, ProposesMoreOfWhatWasGood) {
  const auto space = space::make_space({{.name = "kind", .domain = space::Categorical{{"a", "b", "c", "d"}}},
                                        {.name = "x", .domain = space::Real{.low = 0, .high = 1}}})
                         .value();
  for (const int trials : {60, 3000}) {  // of the second many bad ones are left out
    auto study = two_minimised();
    RandomStream random(1);
    for (int i = 0; i < trials; ++i) {
      const auto choice = space.sample(random).value();
      const double x = std::get<double>(choice.at("x")), off = choice.at("kind") == space::Value("c") ? 0.0 : 1.0;
      add_complete(study, choice, {off + (x - 0.7) * (x - 0.7), off + (x - 0.75) * (x - 0.75)});
    }
    int good = 0;
    const auto advice =
        make_strategy({.strategy = "tpe", .common = {.trials = 10'000}}, space).value()->ask(study, 20).value();
    for (const auto& proposal : advice.proposals)
      good += proposal.choice.at("kind") == space::Value("c") &&
                      std::abs(std::get<double>(proposal.choice.at("x")) - 0.725) < 0.2
                  ? 1
                  : 0;
    EXPECT_GE(good, 12) << trials;  // a random draw is good one time in ten
  }
}

TEST(Tpe, GivesABatchAsIfItWereAskedOneByOne) {
  const auto space = zdt_space(3);
  auto study = two_minimised();
  RandomStream random(1);
  for (int i = 0; i < 30; ++i) {
    const auto choice = space.sample(random).value();
    add_complete(study, choice, zdt(1, choice));
  }
  const auto strategy = make_strategy({.strategy = "tpe", .common = {.trials = 1000}}, space).value();
  const auto batch = strategy->ask(study, 5).value().proposals;
  for (const auto& expected : batch) {
    const auto one = strategy->ask(study, 1).value().proposals;
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0], expected);
    study.trials.push_back({.id = {static_cast<std::int64_t>(study.trials.size())}, .choice = one[0].choice});
  }
}

TEST(Tpe, LearnsFromAnotherStudy) {
  const auto space = zdt_space(3);
  auto other = two_minimised();
  RandomStream random(1);
  for (int i = 0; i < 100; ++i) {
    const auto choice = space.sample(random).value();
    add_complete(other, choice, zdt(1, choice));
  }
  const auto mean_of = [&](const Options& options) {
    const auto advice = make_strategy(options, space).value()->ask(two_minimised(), 10).value();
    double sum = 0;
    for (const auto& proposal : advice.proposals) sum += zdt(1, proposal.choice)[1];
    return sum / 10;
  };
  EXPECT_LT(mean_of({.strategy = "tpe", .common = {.prior = other.trials}}) + 0.5, mean_of({.strategy = "tpe"}));
}

}  // namespace
}  // namespace edgewise::search
