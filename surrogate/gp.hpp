/// Gaussian-process regression over mixed parameters, with the structure of architecture spaces in its covariance.
#pragma once

#include <optional>
#include <vector>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

/// Features that a covariance is computed on. Two parts:
/// - `places`: what was chosen where: numbers, a column of 1/sqrt(2) for each category (so that two different
/// categories are 1 apart), activity flags;
/// - `bags`: how often each value was chosen within a group of columns that choose from the same values, wherever (for
/// numbers: their mean).
///   Repeated cells and stages of a network are such groups; much of what a network costs and can do depends on how
///   often, not where.
struct Features {
  Matrix places;  // (n, place features)
  Matrix bags;    // (n, bag features); no columns without groups
};
class FeatureMap {
 public:
  FeatureMap(const Columns& columns, const std::vector<bool>& gaps);
  [[nodiscard]] Features operator()(const Matrix& inputs) const;
  /// For each place feature the number of the length scale that it shares with its column's other features.
  [[nodiscard]] const std::vector<int>& place_scales() const { return place_scales_; }
  [[nodiscard]] int place_scale_count() const { return place_scale_count_; }
  [[nodiscard]] int bag_count() const { return static_cast<int>(bag_count_); }

 private:
  struct Bag {
    std::vector<Eigen::Index> members;  // columns
    int categories = 0;                 // 0: numbers
  };
  Columns columns_;
  std::vector<bool> gaps_;
  OneHot one_hot_;
  std::vector<int> place_scales_;
  int place_scale_count_ = 0;
  std::vector<Bag> bags_;
  Eigen::Index bag_count_ = 0;
};

/// Everything in logarithms.
/// covariance = places * matern52(places / scales) + bags * matern52(bags / scales) + linear * <places, places'> +
/// bag_linear * <bags, bags'> and `noise` on the diagonal.
struct Hyperparameters {
  Vector place_scales;                                      ///< length scale of each column
  Vector bag_scales;                                        ///< length scale of each bag feature
  double places = 0, bags = 0, linear = 0, bag_linear = 0;  ///< variances of the four parts
  double noise = 0;                                         ///< variance of the noise
};

/// The posterior for given hyperparameters. Rasmussen & Williams, "Gaussian Processes for Machine Learning", 2006,
/// algorithm 2.1.
class GaussianProcess final : public Surrogate {
 public:
  explicit GaussianProcess(Columns columns);
  [[nodiscard]] std::string name() const override { return "gp"; }
  [[nodiscard]] bool has_hyperparameters() const override { return true; }
  [[nodiscard]] std::unique_ptr<Surrogate> clone() const override { return std::make_unique<GaussianProcess>(*this); }
  /// Hyperparameters by maximum a posteriori (`fitted_hyperparameters`).
  Status fit(const Matrix& inputs, const Vector& targets) override;
  /// Keeps the hyperparameters. Where the inputs begin with those of the last call only the new rows are factorised:
  /// O(n^2) each.
  Status update(const Matrix& inputs, const Vector& targets) override;
  [[nodiscard]] Prediction predict(const Matrix& inputs) const override;
  [[nodiscard]] double noise_variance() const override;
  /// Jointly normal.
  [[nodiscard]] Matrix sample(const Matrix& inputs, std::size_t count, RandomStream& random) const override;
  /// A joint draw at the training inputs' neighbourhood, continued elsewhere by its conditional mean plus the prior's
  /// part of a random linear function: smooth, and cheap to evaluate anywhere.
  [[nodiscard]] Path path(RandomStream& random) const override;

  /// With hyperparameters from outside; nothing is fitted.
  Status condition(const Hyperparameters& hyperparameters, const Matrix& inputs, const Vector& targets);
  [[nodiscard]] const Hyperparameters& hyperparameters() const { return hyperparameters_; }
  [[nodiscard]] const Columns& columns() const { return columns_; }

 private:
  [[nodiscard]] Matrix covariance(const Features& a, const Features& b) const;  // (a, b), without noise
  [[nodiscard]] Vector variances(const Features& a) const;                      // (a)
  Status factorise(Eigen::Index kept);
  Prediction predict_features(const Features& features) const;

  Columns columns_;
  std::optional<FeatureMap> map_;
  Hyperparameters hyperparameters_;
  Matrix inputs_;
  Features features_;
  Matrix factor_;   // (n, n), lower Cholesky factor of covariance + noise
  Vector weights_;  // (n), covariance^-1 (targets - mean)
  double mean_ = 0.0;
};

/// The posterior of the hyperparameters (up to a constant) and its gradient, as `fit` maximises it: the log marginal
/// likelihood plus log priors. For tests of the gradient too.
struct Evidence {
  double value = 0;
  Vector gradient;  // as `to_vector` orders the hyperparameters
};
Vector to_vector(const Hyperparameters& hyperparameters);
Hyperparameters from_vector(const Vector& vector, int place_scales, int bag_scales);
/// Nothing when the covariance is not positive definite in floating point.
std::optional<Evidence> evidence(const FeatureMap& map, const Features& features, const Vector& targets,
                                 const Hyperparameters& hyperparameters);

/// Hyperparameters of maximum posterior density: by L-BFGS on up to 60 points from two fixed starting points, then on
/// up to 200 from where that led; points are spread over the given order.
Hyperparameters fitted_hyperparameters(const FeatureMap& map, const Features& features, const Vector& targets);

/// Matern covariance of smoothness 5/2 as a function of the squared scaled distance, and its derivative by that.
Matrix matern52(const Matrix& squared_distances);
struct Matern52 {
  Matrix value, slope;
};
Matern52 matern52_with_slope(const Matrix& squared_distances);
/// Squared Euclidean distances between the rows, never negative: (a, b).
Matrix squared_distances(const Matrix& a, const Matrix& b);

}  // namespace edgewise::surrogate
