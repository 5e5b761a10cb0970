#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::size_t> by_chance(SelectionCall& call, const Settings& /*none*/) {
  return call.random.below(call.found.choices.size());
}

}  // namespace

SelectionEntry by_chance_entry() {
  return {.name = "random", .sentence = "any of them", .select = by_chance};
}

}  // namespace edgewise::search
