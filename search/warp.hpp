/// Monotone maps of objectives to values that models and their normal distributions suit.
#pragma once

#include <vector>

namespace edgewise::search {

/// The power transform of Box and Cox (JRSS B 26(2), 1964) of values over their median, then mean 0 and variance 1. Power 1 is linear (latency is a
/// sum over layers), 0 the logarithm, -1 the reciprocal (errors have long tails: a network that learned nothing must not flatten the differences
/// between the good ones). Which power suits is for the model's evidence to say. Where values are not all positive they are counted from a
/// little below the smallest.
class Warp {
 public:
  Warp() = default;
  Warp(const std::vector<double>& values, double power);  ///< at least one value, all finite
  [[nodiscard]] double operator()(double value) const;
  /// The value that is warped to `z`; where there is none, a very large or a very small one.
  [[nodiscard]] double inverse(double z) const;
  /// Logarithm of the slope at a value: what a density gains by the warp.
  [[nodiscard]] double log_slope(double value) const;

 private:
  [[nodiscard]] double scaled(double value) const;

  double zero_ = 0, unit_ = 1, power_ = 1, mean_ = 0, deviation_ = 1;
};

}  // namespace edgewise::search
