#include "search/free/moves_internal.hpp"
#include "search/free/space_filling_internal.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

constexpr int misses = 500;  // in a row that are invalid or repeated, before a sequence is given up

}  // namespace

SpaceFilling::SpaceFilling(const space::Space& space, std::uint64_t seed, std::unique_ptr<UnitSequence> sequence)
    : space_(&space),
      random_(RandomStream::named(seed, "space filling").child("rest")),
      sequence_(std::move(sequence)) {}

std::optional<space::Choice> SpaceFilling::next() {
  auto choice = next_of_sequence();
  if (!choice) choice = next_of_rest();
  if (choice) seen_.insert(*choice);
  return choice;
}

std::optional<space::Choice> SpaceFilling::next_of_sequence() {
  if (!sequence_) return std::nullopt;
  for (int i = 0; i < misses; ++i) {
    auto choice = choice_at(*space_, sequence_->next());
    if (!seen_.contains(choice) && space_->check(choice)) return choice;
  }
  sequence_.reset();
  return std::nullopt;
}

std::optional<space::Choice> SpaceFilling::next_of_rest() {
  if (!is_countable(*space_)) {
    for (int i = 0; i < misses; ++i) {
      auto random = random_.child("draw", drawn_++);
      auto choice = space_->sample(random);
      if (!choice) return std::nullopt;
      if (!seen_.contains(*choice)) return *std::move(choice);
    }
    return std::nullopt;
  }
  if (!rest_) {
    rest_.emplace();
    for (std::uint64_t i = 0; i < *space_->size(); ++i)
      if (auto choice = space_->at(i); choice && !seen_.contains(*choice)) rest_->push_back(*std::move(choice));
    random_.shuffle(std::span(*rest_));
  }
  if (rest_->empty()) return std::nullopt;
  auto choice = std::move(rest_->back());
  rest_->pop_back();
  return choice;
}

SpaceFilling sobol_filling(const space::Space& space, std::uint64_t seed) {
  return {space, seed, sobol_sequence(space.parameters().size(), seed)};
}

std::vector<space::Choice> space_filling(const space::Space& space, std::uint64_t seed, std::size_t count) {
  auto filling = sobol_filling(space, seed);
  std::vector<space::Choice> choices;
  while (choices.size() < count) {
    auto choice = filling.next();
    if (!choice) break;
    choices.push_back(*std::move(choice));
  }
  return choices;
}

}  // namespace edgewise::search
