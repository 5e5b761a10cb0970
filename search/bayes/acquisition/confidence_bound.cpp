#include <cmath>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

constexpr double confidence = 1.5;  // standard deviations below the mean

double bound(double mean, double variance, double /*best*/) {
  return mean - confidence * std::sqrt(variance);
}

}  // namespace

AcquisitionEntry ucb_entry() {
  return {.name = "ucb",
          .sentence = "lower confidence bound of each objective",
          .make = [](const Beliefs& beliefs, std::uint64_t /*number*/, const Settings& /*none*/) {
            return by_mean_and_variance(beliefs, bound);
          }};
}

}  // namespace edgewise::search
