#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

/// The cube has as many points as trials are asked for; what is invalid or known is made up for from a second one.
Result<std::unique_ptr<Strategy>> make_lhs(const Options& options, const space::Space& space) {
  return make_model_free(
      options, space, {.name = "lhs", .begin = [&space, seed = options.seed, size = trials_of(options)](const Past&) {
                         return filling_turn({space, seed, latin_sequence(space.parameters().size(), seed, size)});
                       }});
}

}  // namespace edgewise::search
