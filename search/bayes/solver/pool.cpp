#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

Result<Found> by_pool(SolverCall& call, const Acquisition& acquisition, const Settings& /*none*/) {
  Pool pool(call, acquisition);
  TRY_DO(pool.add(whole_space(*call.space).value_or(random_choices(*call.space, 2 * pool_size, call.random))));
  return pool.taken(pool.best(handed_on));
}

}  // namespace

SolverEntry pool_solver_entry() {
  return {.name = "pool", .sentence = "random candidates", .solve = by_pool};
}

}  // namespace edgewise::search
