#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

Result<std::unique_ptr<Strategy>> make_sobol(const Options& options, const space::Space& space) {
  return make_model_free(options, space, {.name = "sobol", .begin = [&space, seed = options.seed](const Past&) {
                                            return filling_turn(sobol_filling(space, seed));
                                          }});
}

}  // namespace edgewise::search
