/// Gaussian-process regression over mixed parameters, with the structure of architecture spaces in its covariance.
#pragma once

#include <optional>
#include <vector>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

/// Features that a covariance is computed on, in parts; each part has a Matern and a linear term of its own.
/// - places: what was chosen where: numbers, a column of 1/sqrt(2) for each category (so that two different
///   categories are 1 apart), activity flags; a length scale for each column;
/// - bags: how often each value was chosen within a group of columns that choose from the same values, wherever (for
///   numbers: their mean), with a length scale each. Repeated cells and stages of a network are such groups; much of
///   what a network costs and can do depends on how often, not where;
/// - one for each block of describing columns, standardised, with one length scale for all of them: there are more of
///   them than points, so nothing could tell which of them counts.
using Features = std::vector<Matrix>;  // of each part (n, features)

class FeatureMap {
 public:
  /// Learned from points: which columns have gaps, how describing columns spread.
  FeatureMap(const Columns& columns, const Matrix& inputs);
  [[nodiscard]] Features operator()(const Matrix& inputs) const;

  struct Part {
    std::vector<int> scale_of;  ///< for each feature the number of its length scale within the part
    int scales = 0;
  };
  /// Parts without features are left out.
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  struct Bag {
    std::vector<Eigen::Index> members;  // columns
    int categories = 0;                 // 0: numbers
  };
  [[nodiscard]] Matrix places(const Matrix& inputs) const;
  [[nodiscard]] Matrix bags(const Matrix& inputs) const;

  Columns columns_;
  std::vector<bool> gaps_;
  OneHot one_hot_;
  std::vector<Bag> bags_;
  std::vector<Described> blocks_;
  std::vector<Part> parts_;
};

/// Everything in logarithms. covariance = sum over parts of matern * matern52(features / scales) + linear * <features,
/// features'>, and `noise` on the diagonal.
struct Hyperparameters {
  struct Part {
    Vector scales;                  ///< length scales
    double matern = 0, linear = 0;  ///< variances
  };
  std::vector<Part> parts;
  double noise = 0;  ///< variance of the noise
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
/// All length scales, part after part, then the variances of the Matern terms, of the linear ones, and of the noise.
Vector to_vector(const Hyperparameters& hyperparameters);
Hyperparameters from_vector(const Vector& vector, const FeatureMap& map);
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
