/// A rising curve through points: turns scores, of which only the order means something, into the units of targets.
#pragma once

#include <vector>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

/// Isotonic regression by pooling adjacent violators (Ayer et al., Ann. Math. Statist. 26(4), 1955), joined by straight
/// lines between the centres of its blocks so that it rises strictly between them; level outside. Without points: zero
/// everywhere.
class RisingCurve {
 public:
  RisingCurve() = default;
  RisingCurve(const std::vector<double>& scores, const std::vector<double>& targets);
  [[nodiscard]] double operator()(double score) const;

 private:
  std::vector<double> scores_, values_;  // centres of the blocks; scores rise strictly
};

}  // namespace edgewise::surrogate
