#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

namespace {

Result<std::unique_ptr<Strategy>> make_sobol(const Common& common, const Settings& /*none*/,
                                             const space::Space& space) {
  return make_model_free(common, space, {.name = "sobol", .begin = [&space, seed = common.seed](const Past&) {
                                           return filling_turn(sobol_filling(space, seed));
                                         }});
}

}  // namespace

StrategyEntry sobol_entry() {
  return {.name = "sobol", .sentence = "points of a scrambled Sobol sequence", .make = make_sobol};
}

}  // namespace edgewise::search
