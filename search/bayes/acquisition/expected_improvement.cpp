#include <cmath>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

double improved(double mean, double variance, double best) {
  return best - expected_below(best, mean, std::sqrt(variance));
}

}  // namespace

AcquisitionEntry ei_entry() {
  return {.name = "ei",
          .sentence = "expected improvement on the best value of each objective",
          .make = [](const Beliefs& beliefs, std::uint64_t /*number*/, const Settings& /*none*/) {
            return by_mean_and_variance(beliefs, improved);
          }};
}

}  // namespace edgewise::search
