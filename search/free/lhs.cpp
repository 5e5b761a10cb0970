#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

namespace {

/// The cube has as many points as trials are asked for; what is invalid or known is made up for from a second one.
Result<std::unique_ptr<Strategy>> make_lhs(const Common& common, const Settings& /*none*/, const space::Space& space) {
  return make_model_free(common, space,
                         {.name = "lhs", .begin = [&space, seed = common.seed, size = trials_of(common)](const Past&) {
                            return filling_turn({space, seed, latin_sequence(space.parameters().size(), seed, size)});
                          }});
}

}  // namespace

StrategyEntry lhs_entry() {
  return {.name = "lhs", .sentence = "a Latin hypercube of as many points as trials", .make = make_lhs};
}

}  // namespace edgewise::search
