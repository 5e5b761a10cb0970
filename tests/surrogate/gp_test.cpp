#include "surrogate/gp.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

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

/// Two blocks of numbers that follow from the point, in units of their own; one of them is constant, one a copy.
Matrix described(const Matrix& points) {
  Matrix both(points.rows(), points.cols() + 5);
  both.leftCols(points.cols()) = points;
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    const double sum = points(i, 0) + points(i, 1), last = std::isnan(points(i, 3)) ? 0.0 : points(i, 3);
    both.row(i).tail(5) << 1000 * sum, 7, -3 * sum + 2, std::log1p(last), last * points(i, 2);
  }
  return both;
}
Columns described_columns() {
  auto columns = mixed_columns();
  for (const int block : {0, 0, 0, 1, 1}) columns.push_back({.block = block});
  return columns;
}

TEST(GaussianProcess, AgreesWithScikitLearn) {
  const auto text = read_file(std::string(EDGEWISE_TEST_SOURCE) + "/gp_reference.json");
  ASSERT_TRUE(text.has_value());
  const auto reference = parse_json(*text, "gp_reference.json").value();
  for (const auto& c : reference.at("cases")) {
    const Matrix x = matrix(c.at("x"));
    GaussianProcess gp(numbers(x.cols()));
    Hyperparameters h{.parts = {{.scales = vector(c.at("scales")).array().log(),
                                 .matern = std::log(c.at("variance").get<double>()),
                                 .linear = -60}},
                      .noise = std::log(c.at("noise").get<double>())};
    ASSERT_TRUE(gp.condition(h, x, vector(c.at("y"))).has_value());
    const auto prediction = gp.predict(matrix(c.at("at")));
    EXPECT_LT((prediction.mean - vector(c.at("mean"))).cwiseAbs().maxCoeff(), 1e-6);
    EXPECT_LT((prediction.variance - vector(c.at("function_variance"))).cwiseAbs().maxCoeff(), 1e-6);
  }
}

TEST(GaussianProcess, GradientOfTheEvidenceEqualsItsDifferences) {
  const Matrix points = described(mixed_points(25, 3));
  const FeatureMap map(described_columns(), points);
  ASSERT_EQ(map.parts().size(), 4u);
  const auto features = map(points);
  const Vector values = mixed_values(points);
  RandomStream random(5);
  for (int round = 0; round < 3; ++round) {
    const auto parts = static_cast<Eigen::Index>(map.parts().size());
    Vector at =
        Vector::Zero(1 + 2 * parts +
                     std::accumulate(map.parts().begin(), map.parts().end(), Eigen::Index{0},
                                     [](Eigen::Index sum, const FeatureMap::Part& part) { return sum + part.scales; }));
    for (auto& v : at) v = random.uniform(-1.5, 0.5);
    const auto here = evidence(map, features, values, from_vector(at, map));
    ASSERT_TRUE(here.has_value());
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      constexpr double step = 1e-5;
      Vector above = at, below = at;
      above(i) += step;
      below(i) -= step;
      const auto value = [&](const Vector& v) { return evidence(map, features, values, from_vector(v, map))->value; };
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
  Matrix points(2, 4);
  points << 0, 2, 0, 0.5, 2, 0, 0, 0.5;
  const FeatureMap map(mixed_columns(), points);
  const auto features = map(points);
  ASSERT_EQ(features.size(), 2u);
  const auto &places = features[0], &bags = features[1];
  EXPECT_EQ(bags.cols(), 3);
  EXPECT_EQ((bags.row(0) - bags.row(1)).norm(), 0.0);
  EXPECT_GT((places.row(0) - places.row(1)).norm(), 0.0);
}

TEST(GaussianProcess, KeepsOfEachBlockWhatTellsPointsApart) {
  const auto points = described(mixed_points(25, 3));
  const FeatureMap map(described_columns(), points);
  const auto features = map(points);
  ASSERT_EQ(features.size(), 4u);
  EXPECT_EQ(features[2].cols(), 1);  // of 1000 * sum, 7 and -3 * sum + 2
  EXPECT_EQ(features[3].cols(), 2);
  EXPECT_NEAR(features[2].squaredNorm() / 25, 0.5, 1e-9);
}

TEST(GaussianProcess, LearnsFromWhatDescribesAPoint) {
  // The target follows from a number that the choice hides: a product of two categories' hidden values.
  RandomStream random(8);
  const Columns plain{{.kind = Column::Kind::category, .categories = 12},
                      {.kind = Column::Kind::category, .categories = 12}};
  auto with = plain;
  with.push_back({.block = 0});
  std::vector<double> hidden(12);
  for (auto& value : hidden) value = random.normal();
  const auto draw = [&](Eigen::Index count) {
    Matrix points(count, 3);
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto a = random.below(12), b = random.below(12);
      points.row(i) << static_cast<double>(a), static_cast<double>(b), 100 + 50 * hidden[a] * hidden[b];
    }
    return points;
  };
  const Matrix seen = draw(30), unseen = draw(200);
  const auto target = [](const Matrix& points) -> Vector { return ((points.col(2).array() - 100) / 50).tanh(); };
  const auto error = [&](const Columns& columns) {
    GaussianProcess gp(columns);
    const auto width = static_cast<Eigen::Index>(columns.size());
    EXPECT_TRUE(gp.fit(seen.leftCols(width), target(seen)).has_value());
    return (gp.predict(unseen.leftCols(width)).mean - target(unseen)).norm();
  };
  EXPECT_LT(error(with), 0.5 * error(plain));
}

}  // namespace
}  // namespace edgewise::surrogate
