#include <cmath>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

/// In warped units: a sure improvement counts as one standard deviation.
double likely_improved(double mean, double variance, double best) {
  return best - (variance > 0 ? normal_probability((best - mean) / std::sqrt(variance)) : (mean < best ? 1.0 : 0.0));
}

}  // namespace

AcquisitionEntry pi_entry() {
  return {.name = "pi",
          .sentence = "probability of improvement on the best value of each objective",
          .make = [](const Beliefs& beliefs, std::uint64_t /*number*/, const Settings& /*none*/) {
            return by_mean_and_variance(beliefs, likely_improved);
          }};
}

}  // namespace edgewise::search
