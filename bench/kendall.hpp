/// How alike two orders are.
#pragma once

#include "surrogate/surrogate.hpp"

namespace edgewise::bench {

/// Kendall's tau-a: pairs in the same order less pairs in the other, over all pairs.
inline double kendall(const surrogate::Vector& a, const surrogate::Vector& b) {
  double sum = 0.0;
  for (Eigen::Index i = 0; i < a.size(); ++i)
    for (Eigen::Index j = 0; j < i; ++j) {
      const double product = (a(i) - a(j)) * (b(i) - b(j));
      sum += product > 0.0 ? 1.0 : product < 0.0 ? -1.0 : 0.0;
    }
  return sum / (0.5 * static_cast<double>(a.size() * (a.size() - 1)));
}

}  // namespace edgewise::bench
