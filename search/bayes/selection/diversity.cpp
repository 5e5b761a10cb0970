#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_distance(SelectionCall& call, const Settings& /*none*/) {
  const surrogate::OneHot one_hot(columns_of(call.space), std::vector<bool>(call.space.parameters().size(), true));
  const auto candidates = one_hot(encode(call.space, call.found.choices));
  const auto known = one_hot(encode(call.space, call.beliefs.choices()));
  std::size_t best = 0;
  double farthest = -1;
  for (Eigen::Index i = 0; i < candidates.rows(); ++i) {
    const double nearest =
        known.rows() == 0 ? 0.0 : (known.rowwise() - candidates.row(i)).rowwise().squaredNorm().minCoeff();
    if (nearest > farthest) {
      farthest = nearest;
      best = static_cast<std::size_t>(i);
    }
  }
  return best;
}

}  // namespace

SelectionEntry by_diversity_entry() {
  return {.name = "diversity", .sentence = "far from what was evaluated", .select = by_distance};
}

}  // namespace edgewise::search
