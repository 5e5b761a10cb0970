#include <algorithm>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_score(SelectionCall& call, const Settings& /*none*/) {
  return static_cast<std::size_t>(std::ranges::max_element(call.found.worth.score) - call.found.worth.score.begin());
}

}  // namespace

SelectionEntry by_hypervolume_entry() {
  return {.name = "hvi",
          .sentence = "one after the other by acquisition, each taken as evaluated before the next is chosen",
          .select = by_score};
}

}  // namespace edgewise::search
