#include <algorithm>
#include <iterator>

#include "search/bayes/parts_internal.hpp"
#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t population = 60;
constexpr int generations = 12;

/// Each parameter from either parent; half of the time, and always where that gives a parent again, one parameter is
/// moved. An invalid child gives way to its first parent.
space::Choice child_of(const space::Space& space, const space::Choice& a, const space::Choice& b,
                       RandomStream& random) {
  space::Choice wanted = a;
  for (auto& [name, value] : wanted)
    if (const auto other = b.find(name); other != b.end() && random.chance(0.5)) value = other->second;
  auto child = repaired(space, wanted, random);
  if (child == a || random.chance(0.5)) child = mutated(space, child, random).value_or(child);
  return space.check(child) ? child : a;
}

Result<Found> by_nsga2(SolverCall& call, const Acquisition& acquisition, const Settings& /*none*/) {
  Pool pool(call, acquisition);
  auto first = random_choices(*call.space, population, call.random);
  for (const auto& start : call.starts)
    std::ranges::move(some_neighbours(*call.space, start, 4, call.random), std::back_inserter(first));
  TRY(auto members, pool.add(std::move(first)));
  for (int generation = 0; generation < generations && !members.empty(); ++generation) {
    std::vector<space::Choice> children;
    for (std::size_t i = 0; i < population; ++i) {
      const auto& a = pool.found().choices[members[call.random.below(members.size())]];
      const auto& b = pool.found().choices[members[call.random.below(members.size())]];
      children.push_back(child_of(*call.space, a, b, call.random));
    }
    TRY(const auto added, pool.add(std::move(children)));
    std::ranges::copy(added, std::back_inserter(members));
    Matrix points;
    for (const auto i : members) points.push_back(pool.found().worth.points[i]);
    std::vector<std::size_t> survivors;
    for (const auto i : order_by_dominance(points))
      if (survivors.size() < population) survivors.push_back(members[i]);
    members = std::move(survivors);
  }
  std::ranges::sort(members, [&](std::size_t a, std::size_t b) {
    const double left = pool.found().worth.score[a], right = pool.found().worth.score[b];
    return left != right ? left > right : a < b;
  });
  return pool.taken(members);
}

}  // namespace

SolverEntry evolved_solver_entry() {
  return {.name = "nsga2", .sentence = "an evolved population", .solve = by_nsga2};
}

}  // namespace edgewise::search
