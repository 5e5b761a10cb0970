#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_rank(SelectionCall& call, const Settings& /*none*/) {
  return order_by_dominance(call.found.worth.points).front();
}

}  // namespace

SelectionEntry by_dominance_entry() {
  return {.name = "dominance", .sentence = "by rank and crowding of the optimistic values", .select = by_rank};
}

}  // namespace edgewise::search
