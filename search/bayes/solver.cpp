#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "search/bayes/mobo.hpp"
#include "search/bayes/mobo_internal.hpp"
#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::uint64_t small_space = 2000;  // spaces up to this size are looked at whole
constexpr std::size_t pool_size = 500;       // random candidates
constexpr std::size_t around_front = 600;    // neighbours of the front's choices at most
constexpr std::size_t climbers = 6;          // best candidates whose neighbourhood is climbed
constexpr int climbing_steps = 8;
constexpr std::size_t neighbours_a_step = 60;  // of one climber
constexpr std::size_t population = 60;
constexpr int generations = 12;
constexpr std::size_t kept = 100;  // candidates that a solver hands on

/// Unseen candidates with what they are worth, each evaluated once.
class Pool {
 public:
  Pool(const SolverCall& call, const Acquisition& acquisition)
      : call_(call), acquisition_(acquisition), seen_(*call.excluded) {}

  /// Places of those that are new here.
  Result<std::vector<std::size_t>> add(std::vector<space::Choice> candidates) {
    std::erase_if(candidates, [&](const auto& choice) { return !seen_.insert(choice).second; });
    std::vector<std::size_t> places(candidates.size());
    std::iota(places.begin(), places.end(), found_.choices.size());
    if (candidates.empty()) return places;
    TRY(auto worth, acquisition_.of(candidates));
    std::ranges::move(candidates, std::back_inserter(found_.choices));
    std::ranges::move(worth.points, std::back_inserter(found_.worth.points));
    std::ranges::copy(worth.score, std::back_inserter(found_.worth.score));
    return places;
  }
  [[nodiscard]] const Found& found() const { return found_; }
  /// Places of the best, by score then place.
  [[nodiscard]] std::vector<std::size_t> best(std::size_t count) const {
    std::vector<std::size_t> order(found_.choices.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    count = std::min(count, order.size());
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                              [&](std::size_t a, std::size_t b) {
                                const double left = found_.worth.score[a], right = found_.worth.score[b];
                                return left != right ? left > right : a < b;
                              });
    order.resize(count);
    return order;
  }
  [[nodiscard]] Found taken(const std::vector<std::size_t>& places) const {
    Found result;
    for (const auto i : places) {
      result.choices.push_back(found_.choices[i]);
      result.worth.points.push_back(found_.worth.points[i]);
      result.worth.score.push_back(found_.worth.score[i]);
    }
    return result;
  }

 private:
  const SolverCall& call_;
  const Acquisition& acquisition_;
  std::set<space::Choice> seen_;
  Found found_;
};

std::vector<space::Choice> random_choices(const space::Space& space, std::size_t count, RandomStream& random) {
  std::vector<space::Choice> choices;
  for (std::size_t i = 0; i < count; ++i) {
    auto choice = space.sample(random);
    if (!choice) break;  // hardly anything is valid
    choices.push_back(std::move(*choice));
  }
  return choices;
}

std::optional<std::vector<space::Choice>> whole_space(const space::Space& space) {
  const auto size = space.size();
  if (!size || *size > small_space) return std::nullopt;
  std::vector<space::Choice> all;
  for (std::uint64_t i = 0; i < *size; ++i)
    if (auto choice = space.at(i)) all.push_back(std::move(*choice));
  return all;
}

/// At most `most` of the neighbours, drawn.
std::vector<space::Choice> some_neighbours(const space::Space& space, const space::Choice& choice, std::size_t most,
                                           RandomStream& random) {
  auto neighbours = space.neighbours(choice);
  if (neighbours.size() > most) {
    random.shuffle(std::span(neighbours));
    neighbours.resize(most);
  }
  return neighbours;
}

Result<Found> by_pool(SolverCall& call, const Acquisition& acquisition) {
  Pool pool(call, acquisition);
  TRY_DO(pool.add(whole_space(*call.space).value_or(random_choices(*call.space, 2 * pool_size, call.random))));
  return pool.taken(pool.best(kept));
}

Result<Found> by_local(SolverCall& call, const Acquisition& acquisition) {
  Pool pool(call, acquisition);
  if (auto all = whole_space(*call.space)) {
    TRY_DO(pool.add(std::move(*all)));
    return pool.taken(pool.best(kept));
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
  return pool.taken(pool.best(kept));
}

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

Result<Found> by_nsga2(SolverCall& call, const Acquisition& acquisition) {
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

struct Named {
  const char* name;
  Result<Found> (*solve)(SolverCall& call, const Acquisition& acquisition);
};
constexpr std::array solvers{Named{"local", by_local}, Named{"nsga2", by_nsga2}, Named{"pool", by_pool}};

}  // namespace

const std::vector<std::string>& solver_names() {
  static const std::vector<std::string> names{"local", "nsga2", "pool"};
  return names;
}

Result<Found> solve(const std::string& solver, SolverCall call, const Acquisition& acquisition) {
  const auto* found = std::ranges::find_if(solvers, [&](const Named& entry) { return solver == entry.name; });
  EDGEWISE_ASSERT(found != solvers.end(), "the solver's name was checked");
  return found->solve(call, acquisition);
}

}  // namespace edgewise::search
