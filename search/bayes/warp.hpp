/// Monotone maps of objectives to values that models and their normal distributions suit.
#pragma once

#include <vector>

namespace edgewise::search {

/// The logarithm, then mean 0 and variance 1. Latencies and errors come with long tails, and a network that learned
/// nothing must not flatten the differences between the good ones. Other powers (Box & Cox, JRSS B 26(2), 1964) and a
/// choice among them by the model's evidence predict some objectives better, latency as it is for one, but searches
/// need more evaluations with them (docs/search.md). Where values are not all positive they are counted from a little
/// below the smallest. Positive ones that come near zero are counted from below zero, so that the smallest is a tenth
/// of the median: their logarithms would go down without end, and the rest of the objective would look flat (VLMOP2 has
/// such values: after 100 evaluations 0.98 of its hypervolume instead of 0.92).
class Warp {
 public:
  Warp() = default;
  explicit Warp(const std::vector<double>& values);  ///< at least one value, all finite
  [[nodiscard]] double operator()(double value) const;
  [[nodiscard]] double inverse(double z) const;  ///< the value that is warped to `z`

 private:
  [[nodiscard]] double logarithm(double value) const;

  double zero_ = 0, unit_ = 1, mean_ = 0, deviation_ = 1;
};

}  // namespace edgewise::search
