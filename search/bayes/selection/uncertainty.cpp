#include <cmath>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_uncertainty(SelectionCall& call, const Settings& /*none*/) {
  TRY(const auto belief, call.beliefs.about(call.found.choices));
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < call.found.choices.size(); ++i) {
    double sum = 0;
    for (const double variance : belief.variance[i]) sum += std::sqrt(variance);
    sum *= std::exp(belief.log_feasible[i]);
    if (sum > most) {
      most = sum;
      best = i;
    }
  }
  return best;
}

}  // namespace

SelectionEntry by_uncertainty_entry() {
  return {.name = "uncertainty", .sentence = "of which least is known", .select = by_uncertainty};
}

}  // namespace edgewise::search
