// What every surrogate must do, whatever is behind it, and the encoding they share.
#include "surrogate/surrogate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgewise::surrogate {
namespace {

using testing::HasSubstr;

constexpr double none = std::numeric_limits<double>::quiet_NaN();
const Columns mixed{{Column::Kind::category, 3}, {}, {}};

struct Points {
  Matrix inputs;
  Vector targets;
};

/// A level for each category, a slope along each number, noise of a hundredth of the variance; numbers within [low,
/// high].
Points draw(Eigen::Index count, std::uint64_t seed, double low = 0.0, double high = 1.0) {
  constexpr double level[3] = {-1.0, 0.2, 0.9};
  RandomStream random(seed);
  Points points{Matrix(count, 3), Vector(count)};
  for (Eigen::Index i = 0; i < count; ++i) {
    points.inputs.row(i) << static_cast<double>(random.below(3)), random.uniform(low, high), random.uniform(low, high);
    points.targets(i) = level[static_cast<int>(points.inputs(i, 0))] + 1.5 * points.inputs(i, 1) - points.inputs(i, 2) -
                        0.25 + 0.1 * random.normal();
  }
  return points;
}

class EverySurrogate : public testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Surrogate> make(const Columns& columns = mixed, std::uint64_t seed = 1) {
    return make_surrogate(GetParam(), columns, seed).value();
  }
  static std::unique_ptr<Surrogate> fitted(const Points& points, std::uint64_t seed = 1) {
    auto model = make(mixed, seed);
    const auto status = model->fit(points.inputs, points.targets);
    EXPECT_TRUE(status.has_value()) << to_text(status.error());
    return model;
  }
  static void expect_sane(const Surrogate& model, const Matrix& inputs) {
    const auto prediction = model.predict(inputs);
    ASSERT_EQ(prediction.mean.size(), inputs.rows());
    ASSERT_EQ(prediction.variance.size(), inputs.rows());
    EXPECT_TRUE(prediction.mean.allFinite());
    EXPECT_TRUE(prediction.variance.allFinite());
    EXPECT_TRUE((prediction.variance.array() >= 0.0).all());
    EXPECT_TRUE(std::isfinite(model.noise_variance()));
    EXPECT_GE(model.noise_variance(), 0.0);
  }
};

TEST_P(EverySurrogate, KnowsItsName) {
  EXPECT_EQ(make()->name(), GetParam());
}

TEST_P(EverySurrogate, SaysTheSameForTheSameSeedAndData) {
  const auto points = draw(40, 1), others = draw(30, 2);
  const auto a = fitted(points), b = fitted(points);
  EXPECT_EQ(a->predict(others.inputs).mean, b->predict(others.inputs).mean);
  EXPECT_EQ(a->predict(others.inputs).variance, b->predict(others.inputs).variance);
  EXPECT_EQ(a->noise_variance(), b->noise_variance());
}

TEST_P(EverySurrogate, ForgetsWhatItWasFittedToBefore) {
  const auto points = draw(40, 1), before = draw(25, 3), others = draw(30, 2);
  const auto fresh = fitted(points), used = fitted(before);
  ASSERT_TRUE(used->fit(points.inputs, points.targets).has_value());
  EXPECT_TRUE(used->predict(others.inputs).mean.isApprox(fresh->predict(others.inputs).mean, 1e-12));
  EXPECT_TRUE(used->predict(others.inputs).variance.isApprox(fresh->predict(others.inputs).variance, 1e-12));
}

TEST_P(EverySurrogate, LearnsCategoriesAndNumbers) {
  const auto points = draw(80, 4), unseen = draw(300, 5);
  const auto model = fitted(points);
  const double error = (model->predict(unseen.inputs).mean - unseen.targets).squaredNorm();
  const double mean_error = (unseen.targets.array() - points.targets.mean()).square().sum();
  EXPECT_LT(std::sqrt(error / mean_error), 0.6);
}

TEST_P(EverySurrogate, CoversAboutFourFifthsOfWhatItHasNotSeen) {
  double covered = 0.0;
  constexpr int repeats = 4;
  for (std::uint64_t seed = 0; seed < repeats; ++seed) {
    const auto points = draw(80, 10 + seed), unseen = draw(200, 20 + seed);
    const auto model = fitted(points);
    const auto prediction = model->predict(unseen.inputs);
    const Eigen::ArrayXd width = 1.2816 * (prediction.variance.array() + model->noise_variance()).sqrt();
    covered += ((prediction.mean - unseen.targets).array().abs() <= width).cast<double>().mean() / repeats;
  }
  EXPECT_GT(covered, 0.65);
  EXPECT_LT(covered, 0.95);
}

/// Trees continue level outside the data, all members alike: they claim nothing there.
class SmoothSurrogate : public EverySurrogate {
 public:
  static std::vector<std::string> names() {
    auto list = surrogates().names();
    std::erase_if(list, [](const auto& name) { return surrogates().find(name)->is_level_outside; });
    return list;
  }
};

TEST_P(SmoothSurrogate, IsLessSureFarFromData) {
  const auto model = fitted(draw(60, 6, 0.3, 0.5));
  Matrix inside(3, 3), outside(3, 3);
  inside << 0, 0.4, 0.4, 1, 0.4, 0.4, 2, 0.4, 0.4;
  outside << 0, 1.0, 0.0, 1, 1.0, 1.0, 2, 0.0, 1.0;
  EXPECT_GT(model->predict(outside).variance.mean(), 1.5 * model->predict(inside).variance.mean());
}

TEST_P(EverySurrogate, DrawsFunctionsWithItsMeanAndVariance) {
  const auto model = fitted(draw(40, 7));
  const auto others = draw(5, 8);
  constexpr std::size_t count = 4000;
  RandomStream random(3);
  const Matrix functions = model->sample(others.inputs, count, random);
  ASSERT_EQ(functions.rows(), static_cast<Eigen::Index>(count));
  ASSERT_EQ(functions.cols(), 5);
  const auto prediction = model->predict(others.inputs);
  for (Eigen::Index i = 0; i < 5; ++i) {
    const double deviation = std::sqrt(prediction.variance(i)), mean = functions.col(i).mean();
    EXPECT_NEAR(mean, prediction.mean(i),
                6.0 * deviation / std::sqrt(count) + 1e-9);  // six standard errors: never by chance
    const double variance = (functions.col(i).array() - mean).square().mean();
    EXPECT_NEAR(variance, prediction.variance(i), 0.2 * prediction.variance(i) + 1e-9);  // its standard error is 2 %
  }
}

TEST_P(EverySurrogate, TakesConstantTargets) {
  auto points = draw(30, 9);
  for (const double constant : {0.0, 2.5}) {
    points.targets.setConstant(constant);
    const auto model = fitted(points);
    expect_sane(*model, points.inputs);
    EXPECT_LT((model->predict(points.inputs).mean.array() - constant).abs().maxCoeff(), 0.3);
  }
}

TEST_P(EverySurrogate, TakesOneTwoOrThreePoints) {
  const auto others = draw(20, 2);
  for (Eigen::Index count = 1; count <= 5; ++count) {
    const auto model = fitted(draw(count, 30));
    expect_sane(*model, others.inputs);
    RandomStream random(1);
    EXPECT_TRUE(model->sample(others.inputs, 2, random).allFinite());
  }
}

TEST_P(EverySurrogate, TakesRepeatsOfAPointWithDifferentTargets) {
  auto points = draw(30, 11);
  for (Eigen::Index i = 1; i < 10; ++i) points.inputs.row(i) = points.inputs.row(0);
  expect_sane(*fitted(points), points.inputs);
  for (Eigen::Index i = 1; i < 30; ++i) points.inputs.row(i) = points.inputs.row(0);
  expect_sane(*fitted(points), draw(10, 12).inputs);
}

TEST_P(EverySurrogate, LearnsFromParametersThatAreNotAlwaysActive) {
  // The second number counts only where the category is 0, and is absent elsewhere.
  const auto conditional = [](Points points) {
    for (Eigen::Index i = 0; i < points.targets.size(); ++i) {
      if (points.inputs(i, 0) != 0.0) {
        points.targets(i) += points.inputs(i, 2);
        points.inputs(i, 2) = none;
      }
    }
    return points;
  };
  const auto points = conditional(draw(80, 13)), unseen = conditional(draw(200, 14));
  const auto model = fitted(points);
  expect_sane(*model, unseen.inputs);
  const double error = (model->predict(unseen.inputs).mean - unseen.targets).squaredNorm();
  EXPECT_LT(std::sqrt(error / (unseen.targets.array() - points.targets.mean()).square().sum()), 0.6);
}

TEST_P(EverySurrogate, TakesAColumnThatIsNeverActiveAndGapsThatItHasNotSeen) {
  auto points = draw(30, 15);
  const auto whole = fitted(points);
  points.inputs.col(1).setConstant(none);
  expect_sane(*whole, points.inputs);
  expect_sane(*fitted(points), points.inputs);
}

TEST_P(EverySurrogate, PredictsForNoPoints) {
  expect_sane(*fitted(draw(20, 16)), Matrix(0, 3));
}

TEST_P(EverySurrogate, RefusesDataThatDoNotFit) {
  const auto model = make();
  for (const auto& status :
       {model->fit(Matrix(0, 3), Vector(0)), model->fit(Matrix::Zero(4, 3), Vector::Zero(3)),
        model->fit(Matrix::Zero(4, 2), Vector::Zero(4)), model->fit(Matrix::Zero(4, 3), Vector::Constant(4, none))}) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::invalid_input);
    EXPECT_FALSE(status.error().message.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Surrogates, EverySurrogate, testing::ValuesIn(surrogates().names()),
                         [](const auto& info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(Surrogates, SmoothSurrogate, testing::ValuesIn(SmoothSurrogate::names()),
                         [](const auto& info) { return info.param; });

TEST(Surrogates, AnUnknownNameIsAnErrorWithTheNearest) {
  const auto model = make_surrogate("xgbost", mixed, 1);
  ASSERT_FALSE(model.has_value());
  EXPECT_THAT(model.error().message, HasSubstr("\"xgbost\" is not one of"));
  EXPECT_THAT(model.error().next, HasSubstr("\"xgboost\""));
}

TEST(OneHot, WritesACategoryAsZerosAndAOne) {
  const OneHot encode(mixed, std::vector<bool>(3, false));
  ASSERT_EQ(encode.width(), 5U);
  Matrix inputs(2, 3), expected(2, 5);
  inputs << 2, 0.25, 1.0, 0, 0.5, 0.0;
  expected << 0, 0, 1, 0.25, 1.0, 1, 0, 0, 0.5, 0.0;
  EXPECT_EQ(encode(inputs), expected);
}

TEST(OneHot, StandardisesWhatDescribesAPoint) {
  Matrix inputs(4, 4);  // a category, then three numbers of a block: one of them constant, one not known everywhere
  inputs << 0, 10, 5, 1, 1, 20, 5, std::nan(""), 0, 30, 5, 3, 1, 40, 5, 2;
  const Columns columns{{.kind = Column::Kind::category, .categories = 2}, {.block = 3}, {.block = 3}, {.block = 3}};
  const OneHot encode(columns, inputs);
  ASSERT_EQ(encode.width(), 4u);
  const Matrix coded = encode(inputs);
  EXPECT_NEAR(coded.col(2).mean(), 0, 1e-12);
  EXPECT_NEAR(coded.col(2).squaredNorm() / 4, 1, 1e-12);
  EXPECT_EQ(coded(1, 3), 0);  // what is not known counts as the mean
  EXPECT_TRUE(coded.allFinite());
}

TEST(Described, LeavesOutWhatTellsNothingApart) {
  Matrix inputs(3, 6);
  const double infinite = std::numeric_limits<double>::infinity(), none = std::nan("");
  inputs << 1, 2, none, 7, infinite, 1e300, 2, 4, none, 7, infinite, -1e300, 3, 6, none, 7, infinite, 1e300;
  const Described described({0, 1, 2, 3, 4, 5}, inputs);
  EXPECT_EQ(described.kept(), std::vector<Eigen::Index>{0});  // 1 moves with 0; the rest is constant or not finite
}

TEST(OneHot, AddsAnActivityFlagToColumnsWithGaps) {
  Matrix inputs(2, 3), expected(2, 7);
  inputs << none, 0.25, 1.0, 1, none, 0.5;
  const auto gaps = columns_with_gaps(inputs);
  EXPECT_EQ(gaps, (std::vector{true, true, false}));
  const OneHot encode(mixed, gaps);
  ASSERT_EQ(encode.width(), 7U);
  expected << 0, 0, 0, 0, 0.25, 1, 1.0, 0, 1, 0, 1, 0.0, 0, 0.5;
  EXPECT_EQ(encode(inputs), expected);
}

TEST(OneHot, AGapInAColumnThatHadNoneIsZeros) {
  Matrix inputs(1, 3), expected(1, 5);
  inputs << none, none, 0.5;
  expected << 0, 0, 0, 0, 0.5;
  EXPECT_EQ(OneHot(mixed, std::vector<bool>(3, false))(inputs), expected);
}

}  // namespace
}  // namespace edgewise::surrogate
