/// What ensembles share: bootstrap bags, how members' votes become a mean and a variance, and how far that variance is
/// trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

/// Fewer points teach an ensemble nothing about its own errors; its prediction is then what the caller believed before:
/// the targets' mean with variance 1 (targets are about standardised).
constexpr Eigen::Index fewest_points = 4;
/// The prediction with fewer than `fewest_points`.
Prediction prior_prediction(double mean, Eigen::Index points);

/// What every model demands of its data.
/// @error invalid_input: no points, sizes that differ, targets that are not finite
Status check_data(const Columns& columns, const Matrix& inputs, const Vector& targets);

/// What the members of an ensemble say about the same n points.
struct Votes {
  Matrix mean;      // (members, n)
  Matrix variance;  // (members, n) what each member is unsure of by itself; (0, 0): members are sure
};
/// Law of total variance over the members, times `scale`. The unbiased variance between members is used; one member has
/// none.
Prediction combine(const Votes& votes, double scale);
/// Draws with the mean and, across points, the covariance of the members (times `scale`): the mean plus a random normal
/// combination of the members' deviations from it. A member's own variance shifts all points alike. (count, n)
Matrix sample_votes(const Votes& votes, double scale, std::size_t count, RandomStream& random);

/// Bootstrap samples (Breiman, Machine Learning 24, 1996): how often each point is in each bag.
class Bags {
 public:
  Bags() = default;
  Bags(std::size_t bags, Eigen::Index points, RandomStream& random);
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] int count(std::size_t bag, Eigen::Index point) const {
    return counts_[bag][static_cast<std::size_t>(point)];
  }
  /// The points in the bag, each as often as it was drawn (`repeat`) or once, in order.
  [[nodiscard]] std::vector<Eigen::Index> members(std::size_t bag, bool repeat) const;

 private:
  std::vector<std::vector<int>> counts_;
};

/// The factor by which `variances` are to be multiplied so that 80 % of the residuals lie in the 80 % interval; with
/// fewer than 20 residuals, where that quantile is luck, the mean square counts. Fewer than `fewest_points`: 1.
double widening(const Vector& residuals, const Vector& variances);

/// How votes relate to errors on points that were not learned from.
struct Spread {
  double scale = 1.0;  ///< the variance of the votes is multiplied by this
  double noise = 0.0;  ///< variance that is there even where the members agree
};
/// Scale and noise under which `residuals` are most likely normal with variance `scale * variances + noise`, then both
/// multiplied by their `widening`. The noise's share is bounded: a search that is told "all noise" would stop
/// exploring.
Spread calibrate(const Vector& residuals, const Vector& variances);

/// A model of members that each learn from one bootstrap sample. Out-of-bag errors calibrate the variance between the
/// members, which alone is overconfident: bootstrap samples overlap, and members share their inductive bias.
class Ensemble : public Surrogate {
 public:
  Ensemble(std::string name, Columns columns, std::uint64_t seed, std::size_t members)
      : name_(std::move(name)), columns_(std::move(columns)), seed_(seed), members_(members) {}
  [[nodiscard]] std::string name() const final { return name_; }
  Status fit(const Matrix& inputs, const Vector& targets) final;
  [[nodiscard]] Prediction predict(const Matrix& inputs) const final;
  [[nodiscard]] double noise_variance() const final { return spread_.noise; }
  [[nodiscard]] Matrix sample(const Matrix& inputs, std::size_t count, RandomStream& random) const final;

 protected:
  /// Replaces the members: one a bag. `encoded` (n, width) is one-hot.
  virtual Status train(const Matrix& encoded, const Vector& targets, const Bags& bags, const RandomStream& random) = 0;
  /// Only after `train`.
  [[nodiscard]] virtual Votes votes(const Matrix& encoded) const = 0;

 private:
  std::string name_;
  Columns columns_;
  std::uint64_t seed_;
  std::size_t members_;
  std::optional<OneHot> encode_;  // of the last fit; absent: too few points
  double mean_ = 0.0;
  Spread spread_;
};

}  // namespace edgewise::surrogate
