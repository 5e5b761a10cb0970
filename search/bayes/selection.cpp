#include <algorithm>
#include <array>
#include <cmath>

#include "search/bayes/mobo.hpp"
#include "search/bayes/mobo_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_hvi(const Found& found, const Beliefs&, const space::Space&, RandomStream&) {
  return static_cast<std::size_t>(std::ranges::max_element(found.worth.score) - found.worth.score.begin());
}

Result<std::size_t> by_uncertainty(const Found& found, const Beliefs& beliefs, const space::Space&, RandomStream&) {
  TRY(const auto belief, beliefs.about(found.choices));
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < found.choices.size(); ++i) {
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

Result<std::size_t> by_dominance(const Found& found, const Beliefs&, const space::Space&, RandomStream&) {
  return order_by_dominance(found.worth.points).front();
}

Result<std::size_t> by_diversity(const Found& found, const Beliefs& beliefs, const space::Space& space, RandomStream&) {
  const surrogate::OneHot one_hot(columns_of(space), std::vector<bool>(space.parameters().size(), true));
  const auto candidates = one_hot(encode(space, found.choices));
  const auto known = one_hot(encode(space, beliefs.choices()));
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

Result<std::size_t> by_chance(const Found& found, const Beliefs&, const space::Space&, RandomStream& random) {
  return random.below(found.choices.size());
}

struct Named {
  const char* name;
  Result<std::size_t> (*select)(const Found& found, const Beliefs& beliefs, const space::Space& space,
                                RandomStream& random);
};
constexpr std::array selections{Named{"hvi", by_hvi}, Named{"uncertainty", by_uncertainty},
                                Named{"dominance", by_dominance}, Named{"diversity", by_diversity},
                                Named{"random", by_chance}};

}  // namespace

const std::vector<std::string>& selection_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& entry : selections) list.emplace_back(entry.name);
    return list;
  }();
  return names;
}

Result<std::size_t> select(const std::string& selection, const Found& found, const Beliefs& beliefs,
                           const space::Space& space, RandomStream random) {
  EDGEWISE_ASSERT(!found.choices.empty(), "there is something to select from");
  const auto* named = std::ranges::find_if(selections, [&](const Named& entry) { return selection == entry.name; });
  EDGEWISE_ASSERT(named != selections.end(), "the selection's name was checked");
  return named->select(found, beliefs, space, random);
}

}  // namespace edgewise::search
