// What ensembles share: votes, calibration, bags; and the curve that gives a ranker units.
#include <gtest/gtest.h>

#include <cmath>

#include "surrogate/ensemble_internal.hpp"
#include "surrogate/isotonic_internal.hpp"

namespace edgewise::surrogate {
namespace {

TEST(Votes, FollowTheLawOfTotalVariance) {
  Votes votes{.mean = Matrix(2, 1), .variance = Matrix(2, 1)};
  votes.mean << 1.0, 3.0;
  votes.variance << 0.5, 1.5;
  const auto prediction = combine(votes, 2.0);
  EXPECT_DOUBLE_EQ(prediction.mean(0), 2.0);
  EXPECT_DOUBLE_EQ(prediction.variance(0),
                   2.0 * (2.0 + 1.0));  // between: ((1-2)^2 + (3-2)^2) / 1; within: (0.5 + 1.5) / 2
}

TEST(Votes, SampledFunctionsVaryTogetherAsTheMembersDo) {
  // Members agree on the sum of both points: so must every function drawn.
  Votes votes{.mean = Matrix(3, 2), .variance = {}};
  votes.mean << 1.0, 4.0, 2.0, 3.0, 4.0, 1.0;
  RandomStream random(5);
  const Matrix functions = sample_votes(votes, 1.5, 200, random);
  EXPECT_LT((functions.rowwise().sum().array() - 5.0).abs().maxCoeff(), 1e-12);
  EXPECT_GT((functions.col(0).array() - functions.col(0).mean()).square().mean(), 0.5);
}

TEST(Bags, HoldAsManyDrawsAsPointsAndLeaveAThirdOut) {
  RandomStream random(1);
  const Bags bags(50, 100, random);
  double left_out = 0.0;
  for (std::size_t m = 0; m < bags.size(); ++m) {
    EXPECT_EQ(bags.members(m, true).size(), 100U);
    left_out += 1.0 - static_cast<double>(bags.members(m, false).size()) / 100.0;
  }
  EXPECT_NEAR(left_out / 50.0, std::exp(-1.0), 0.02);
}

TEST(Widening, MakesTheIntervalHoldFourFifths) {
  RandomStream random(2);
  Vector residuals(1000), variances(1000);
  for (Eigen::Index i = 0; i < 1000; ++i) {
    variances(i) = random.uniform(0.1, 1.0);
    residuals(i) =
        3.0 * std::sqrt(variances(i)) * (random.uniform() + random.uniform() + random.uniform() - 1.5);  // not normal
  }
  const double factor = widening(residuals, variances);
  const auto inside =
      (residuals.array().abs() <= 1.2816 * (factor * variances.array()).sqrt() + 1e-12).cast<double>().mean();
  EXPECT_NEAR(inside, 0.8, 0.002);
}

TEST(Calibration, TellsScaleFromNoise) {
  RandomStream random(3);
  Vector residuals(4000), variances(4000);
  for (Eigen::Index i = 0; i < residuals.size(); ++i) {
    variances(i) = std::pow(10.0, random.uniform(-2.0, 0.5));
    residuals(i) = std::sqrt(3.0 * variances(i) + 0.5) * random.normal();
  }
  const auto spread = calibrate(residuals, variances);
  EXPECT_NEAR(spread.scale, 3.0, 0.6);
  EXPECT_NEAR(spread.noise, 0.5, 0.15);
}

TEST(Calibration, TakesMembersThatAllAgree) {
  const auto spread = calibrate(Vector::Constant(10, 0.5), Vector::Zero(10));
  EXPECT_DOUBLE_EQ(spread.noise, 0.25);
  const auto nothing = calibrate(Vector::Zero(10), Vector::Zero(10));
  EXPECT_DOUBLE_EQ(nothing.noise, 0.0);
}

TEST(RisingCurve, PoolsWhatFallsAndJoinsTheRestByLines) {
  const RisingCurve curve({3.0, 1.0, 2.0, 5.0}, {4.0, 1.0, 5.0, 7.0});  // blocks: (1, 1), (2.5, 4.5), (5, 7)
  EXPECT_DOUBLE_EQ(curve(1.0), 1.0);
  EXPECT_DOUBLE_EQ(curve(2.5), 4.5);
  EXPECT_DOUBLE_EQ(curve(1.75), 2.75);
  EXPECT_DOUBLE_EQ(curve(0.0), 1.0);
  EXPECT_DOUBLE_EQ(curve(9.0), 7.0);
}

TEST(RisingCurve, NeverFallsWhateverTheScores) {
  RandomStream random(4);
  std::vector<double> scores, targets;
  for (int i = 0; i < 200; ++i) {
    scores.push_back(static_cast<double>(random.below(20)));  // many equal ones
    targets.push_back(0.1 * scores.back() + random.normal());
  }
  const RisingCurve curve(scores, targets);
  double previous = -1e9;
  for (double score = -1.0; score < 21.0; score += 0.01) {
    EXPECT_GE(curve(score), previous);
    previous = curve(score);
  }
}

}  // namespace
}  // namespace edgewise::surrogate
