#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::uint64_t small_space = 2000;  // spaces up to this size are looked at whole

}  // namespace

Catalogue<SolverEntry>& solvers() {
  static Catalogue<SolverEntry> all("solver", {local_solver_entry(), evolved_solver_entry(), pool_solver_entry()});
  return all;
}

Status Pool::sort_out(std::vector<space::Choice>& candidates) const {
  const auto most = std::clamp<std::size_t>(candidates.size() / 5, 10, 200);
  if (screen_ == nullptr || candidates.size() <= most) return {};
  TRY(const auto worth, screen_->of(candidates));
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return worth.score[i]; });
  order.resize(most);
  std::ranges::sort(order);
  std::vector<space::Choice> left;
  for (const auto i : order) left.push_back(std::move(candidates[i]));
  candidates = std::move(left);
  return {};
}

Result<std::vector<std::size_t>> Pool::add(std::vector<space::Choice> candidates) {
  std::erase_if(candidates, [&](const auto& choice) { return !seen_.insert(choice).second; });
  TRY_DO(sort_out(candidates));
  std::vector<std::size_t> places(candidates.size());
  std::iota(places.begin(), places.end(), found_.choices.size());
  if (candidates.empty()) return places;
  TRY(auto worth, acquisition_.of(candidates));
  std::ranges::move(candidates, std::back_inserter(found_.choices));
  std::ranges::move(worth.points, std::back_inserter(found_.worth.points));
  std::ranges::copy(worth.score, std::back_inserter(found_.worth.score));
  return places;
}

std::vector<std::size_t> Pool::best(std::size_t count) const {
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

Found Pool::taken(const std::vector<std::size_t>& places) const {
  Found result;
  for (const auto i : places) {
    result.choices.push_back(found_.choices[i]);
    result.worth.points.push_back(found_.worth.points[i]);
    result.worth.score.push_back(found_.worth.score[i]);
  }
  return result;
}

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

std::vector<space::Choice> some_neighbours(const space::Space& space, const space::Choice& choice, std::size_t most,
                                           RandomStream& random) {
  auto neighbours = space.neighbours(choice);
  if (neighbours.size() > most) {
    random.shuffle(std::span(neighbours));
    neighbours.resize(most);
  }
  return neighbours;
}

}  // namespace edgewise::search
