#include "surrogate/gp.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.hpp"
#include "base/json.hpp"

namespace edgewise::surrogate {
namespace {

Matrix matrix(const Json& rows) {
  Matrix result(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.at(0).size()));
  for (Eigen::Index i = 0; i < result.rows(); ++i)
    for (Eigen::Index c = 0; c < result.cols(); ++c)
      result(i, c) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)].get<double>();
  return result;
}
Vector vector(const Json& values) {
  const auto numbers = values.get<std::vector<double>>();
  return Vector::Map(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

Columns numbers(Eigen::Index count) {
  return Columns(static_cast<std::size_t>(count));
}

/// Two categories from the same values, one of its own, a number that is not always active.
Columns mixed_columns() {
  return {{.kind = Column::Kind::category, .categories = 3, .group = 0},
          {.kind = Column::Kind::category, .categories = 3, .group = 0},
          {.kind = Column::Kind::category, .categories = 2},
          {.kind = Column::Kind::number}};
}

Matrix mixed_points(Eigen::Index count, std::uint64_t seed) {
  RandomStream random(seed);
  Matrix points(count, 4);
  for (Eigen::Index i = 0; i < count; ++i)
    points.row(i) << static_cast<double>(random.below(3)), static_cast<double>(random.below(3)),
        static_cast<double>(random.below(2)), random.chance(0.2) ? std::nan("") : random.uniform();
  return points;
}

Vector mixed_values(const Matrix& points) {
  Vector values(points.rows());
  for (Eigen::Index i = 0; i < points.rows(); ++i)
    values(i) = 0.5 * points(i, 0) + 0.5 * points(i, 1) + 0.2 * points(i, 2) +
                (std::isnan(points(i, 3)) ? -0.5 : std::sin(4 * points(i, 3))) - 1.0;
  return values;
}

TEST(GaussianProcess, AgreesWithScikitLearn) {
  const auto text = read_file(std::string(EDGEWISE_TEST_SOURCE) + "/gp_reference.json");
  ASSERT_TRUE(text.has_value());
  const auto reference = parse_json(*text, "gp_reference.json").value();
  for (const auto& c : reference.at("cases")) {
    const Matrix x = matrix(c.at("x"));
    GaussianProcess gp(numbers(x.cols()));
    Hyperparameters h{.place_scales = vector(c.at("scales")).array().log(),
                      .bag_scales = Vector(0),
                      .places = std::log(c.at("variance").get<double>()),
                      .bags = -60,
                      .linear = -60,
                      .bag_linear = -60,
                      .noise = std::log(c.at("noise").get<double>())};
    ASSERT_TRUE(gp.condition(h, x, vector(c.at("y"))).has_value());
    const auto prediction = gp.predict(matrix(c.at("at")));
    EXPECT_LT((prediction.mean - vector(c.at("mean"))).cwiseAbs().maxCoeff(), 1e-6);
    EXPECT_LT((prediction.variance - vector(c.at("function_variance"))).cwiseAbs().maxCoeff(), 1e-6);
  }
}

TEST(GaussianProcess, GradientOfTheEvidenceEqualsItsDifferences) {
  const Matrix points = mixed_points(25, 3);
  const FeatureMap map(mixed_columns(), columns_with_gaps(points));
  const auto features = map(points);
  const Vector values = mixed_values(points);
  RandomStream random(5);
  for (int round = 0; round < 3; ++round) {
    Vector at = Vector::Zero(map.place_scale_count() + map.bag_count() + 5);
    for (auto& v : at) v = random.uniform(-1.5, 0.5);
    const auto here = evidence(map, features, values, from_vector(at, map.place_scale_count(), map.bag_count()));
    ASSERT_TRUE(here.has_value());
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      constexpr double step = 1e-5;
      Vector above = at, below = at;
      above(i) += step;
      below(i) -= step;
      const auto value = [&](const Vector& v) {
        return evidence(map, features, values, from_vector(v, map.place_scale_count(), map.bag_count()))->value;
      };
      EXPECT_NEAR(here->gradient(i), (value(above) - value(below)) / (2 * step),
                  1e-4 * std::max(1.0, std::abs(here->gradient(i))))
          << "hyperparameter " << i;
    }
  }
}

TEST(GaussianProcess, UpdateByRowsEqualsUpdateAtOnce) {
  const Matrix points = mixed_points(40, 1);
  const Vector values = mixed_values(points);
  GaussianProcess at_once(mixed_columns()), by_rows(mixed_columns());
  ASSERT_TRUE(at_once.fit(points.topRows(20), values.head(20)).has_value());
  ASSERT_TRUE(by_rows.fit(points.topRows(20), values.head(20)).has_value());
  ASSERT_TRUE(at_once.condition(at_once.hyperparameters(), points, values).has_value());
  for (Eigen::Index n = 21; n <= 40; ++n) ASSERT_TRUE(by_rows.update(points.topRows(n), values.head(n)).has_value());
  const Matrix at = mixed_points(15, 2);
  EXPECT_LT((at_once.predict(at).mean - by_rows.predict(at).mean).cwiseAbs().maxCoeff(), 1e-8);
  EXPECT_LT((at_once.predict(at).variance - by_rows.predict(at).variance).cwiseAbs().maxCoeff(), 1e-8);
}

TEST(GaussianProcess, SamplesHaveThePosteriorsMomentsAndAgreeAtKnownPoints) {
  const Matrix points = mixed_points(25, 1), at = mixed_points(6, 9);
  GaussianProcess gp(mixed_columns());
  ASSERT_TRUE(gp.fit(points, mixed_values(points)).has_value());
  RandomStream random(4);
  const Matrix drawn = gp.sample(at, 4000, random);
  const auto prediction = gp.predict(at);
  for (Eigen::Index i = 0; i < at.rows(); ++i) {
    const double mean = drawn.col(i).mean(), variance = (drawn.col(i).array() - mean).square().mean();
    EXPECT_NEAR(mean, prediction.mean(i), 5 * std::sqrt(prediction.variance(i) / 4000) + 1e-4);
    EXPECT_NEAR(variance, prediction.variance(i), 0.15 * prediction.variance(i) + 1e-6);
  }
  const auto path = gp.path(random);
  EXPECT_LT((path(points) - gp.predict(points).mean).cwiseAbs().maxCoeff(), 6 * std::sqrt(gp.noise_variance() + 1e-3));
}

TEST(GaussianProcess, BagsCountWhatIsChosenWhereverItIs) {
  const FeatureMap map(mixed_columns(), std::vector<bool>(4, false));
  Matrix points(2, 4);
  points << 0, 2, 0, 0.5, 2, 0, 0, 0.5;
  const auto features = map(points);
  EXPECT_EQ(features.bags.cols(), 3);
  EXPECT_EQ((features.bags.row(0) - features.bags.row(1)).norm(), 0.0);
  EXPECT_GT((features.places.row(0) - features.places.row(1)).norm(), 0.0);
}

}  // namespace
}  // namespace edgewise::surrogate
