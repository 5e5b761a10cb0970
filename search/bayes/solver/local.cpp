#include <algorithm>
#include <iterator>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t around_front = 600;  // neighbours of the front's choices at most
constexpr std::size_t climbers = 6;        // best candidates whose neighbourhood is climbed
constexpr int climbing_steps = 8;
constexpr std::size_t neighbours_a_step = 60;  // of one climber

Result<Found> by_local(SolverCall& call, const Acquisition& acquisition, const Settings& /*none*/) {
  Pool pool(call, acquisition);
  if (auto all = whole_space(*call.space)) {
    TRY_DO(pool.add(std::move(*all)));
    return pool.taken(pool.best(handed_on));
  }
  auto first = random_choices(*call.space, pool_size, call.random);
  const std::size_t share = std::max<std::size_t>(8, around_front / std::max<std::size_t>(1, call.starts.size()));
  for (const auto& start : call.starts)
    std::ranges::move(some_neighbours(*call.space, start, share, call.random), std::back_inserter(first));
  TRY_DO(pool.add(std::move(first)));
  auto places = pool.best(climbers);
  for (int step = 0; step < climbing_steps && !places.empty(); ++step) {
    std::vector<std::size_t> higher;
    for (const auto place : places) {
      const auto choice = pool.found().choices[place];
      TRY(const auto added, pool.add(some_neighbours(*call.space, choice, neighbours_a_step, call.random)));
      if (added.empty()) continue;
      const auto best =
          *std::ranges::max_element(added, {}, [&](std::size_t i) { return pool.found().worth.score[i]; });
      if (pool.found().worth.score[best] > pool.found().worth.score[place]) higher.push_back(best);
    }
    places = std::move(higher);
  }
  return pool.taken(pool.best(handed_on));
}

}  // namespace

SolverEntry local_solver_entry() {
  return {.name = "local",
          .sentence = "the neighbourhood of the front and of the best random candidates, climbed",
          .solve = by_local};
}

}  // namespace edgewise::search
