#include "search/candidates.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>
#include <set>

namespace edgewise::search {

namespace {

constexpr std::uint64_t countable =
    100'000;  // spaces up to this size are walked through where a draw finds nothing new
constexpr std::uint64_t draws_in_a_row = 200;  // that give known choices before the search for new ones changes
constexpr std::size_t rejected_per_trial =
    100;  // a random search whose draws are rejected more often than this gives up

std::set<space::Choice> known_choices(const study::Study& study) {
  std::set<space::Choice> known;
  for (const auto& trial : study.trials) known.insert(trial.choice);
  return known;
}

/// Proposals that nothing was spent on: rejected ones, and those that a twin answered (which have that reason). Results
/// that a user gave are none.
std::size_t count_refused(const study::Study& study) {
  return static_cast<std::size_t>(std::ranges::count_if(study.trials, [](const auto& trial) {
    return trial.state == study::State::rejected || (trial.is_answered() && !trial.reason.empty());
  }));
}

}  // namespace

bool is_countable(const space::Space& space) {
  const auto size = space.size();
  return size && *size <= countable;
}

std::optional<std::size_t> count_choices(const space::Space& space) {
  const auto size = space.size();
  if (!size) return std::nullopt;
  if (*size > countable) return size;
  std::size_t count = 0;
  for (std::uint64_t i = 0; i < *size; ++i)
    if (space.at(i)) ++count;
  return count;
}

std::size_t count_tried(const study::Study& study) {
  return static_cast<std::size_t>(std::ranges::count_if(
      study.trials, [](const auto& trial) { return trial.state != study::State::rejected && !trial.is_answered(); }));
}

NewChoices next_in_order(const space::Space& space, const study::Study& study, std::size_t n) {
  NewChoices result;
  const auto known = known_choices(study);
  const auto size = space.size();
  EDGEWISE_ASSERT(size.has_value(), "only a finite space has an order");
  for (std::uint64_t i = 0; i < *size; ++i) {
    if (result.choices.size() == n) return result;
    auto choice = space.at(i);
    if (choice && !known.contains(*choice)) result.choices.push_back(std::move(*choice));
  }
  result.is_exhausted = true;
  return result;
}

NewChoices next_at_random(const space::Space& space, const study::Study& study, std::uint64_t seed, std::size_t n) {
  NewChoices result;
  auto known = known_choices(study);
  while (result.choices.size() < n) {
    auto found = random_choice(space, seed, study.trials.size() + result.choices.size(),
                               [&](const space::Choice& choice) { return known.contains(choice); });
    if (!found) {
      result.is_exhausted = true;
      return result;
    }
    known.insert(*found);
    result.choices.push_back(std::move(*found));
  }
  return result;
}

std::optional<space::Choice> random_choice(const space::Space& space, std::uint64_t seed, std::size_t number,
                                           const std::function<bool(const space::Choice&)>& is_known) {
  const auto stream = RandomStream::named(seed, "random search").child("trial", number);
  for (std::uint64_t draw = 0; draw < draws_in_a_row; ++draw) {
    auto random = stream.child("draw", draw);
    auto choice = space.sample(random);
    if (!choice) break;  // hardly anything is valid; walking through the space may still find it
    if (!is_known(*choice)) return std::move(*choice);
  }
  if (!is_countable(space)) return std::nullopt;
  std::vector<space::Choice> rest;
  for (std::uint64_t i = 0; i < *space.size(); ++i)
    if (auto choice = space.at(i); choice && !is_known(*choice)) rest.push_back(std::move(*choice));
  if (rest.empty()) return std::nullopt;
  return rest[stream.child("rest").below(rest.size())];
}

Advice ask_bounded(const study::Study& study, std::size_t n, const Bound& bound, const NextChoices& next) {
  const std::size_t tried = count_tried(study);
  const std::size_t left =
      bound.trials == 0 ? std::numeric_limits<std::size_t>::max() : bound.trials - std::min(bound.trials, tried);
  Advice advice;
  if (left == 0) {
    advice.is_finished = true;
    return advice;
  }
  if (const std::size_t refused = count_refused(study);
      bound.is_drawn && refused / rejected_per_trial >= bound.trials) {
    advice.is_finished = true;
    advice.note =
        std::format("{} of {} choices were rejected before training; loosen the constraints or narrow the space",
                    refused, study.trials.size());
    return advice;
  }
  if (n == 0) return advice;
  auto choices = next(std::min(n, left));
  advice.is_finished = choices.choices.empty() && choices.is_exhausted;
  for (auto& choice : choices.choices)
    advice.proposals.push_back({.choice = std::move(choice), .fidelity = bound.fidelity});
  if (advice.is_finished && bound.trials > 0)
    advice.note =
        std::format("the space has no choice that was not tried; {} trials of {} were made", tried, bound.trials);
  return advice;
}

int Effort::units() const {
  const auto found = full.amounts.find(varied);
  return found == full.amounts.end() ? 0 : static_cast<int>(std::llround(found->second / unit));
}

study::Fidelity Effort::of(int units) const {
  auto less = full;
  less.amounts[varied] = units * unit;
  return less;
}

std::size_t trials_of(const Common& common) {
  return common.trials == 0 ? default_trials : static_cast<std::size_t>(common.trials);
}

std::size_t planned_trials(const space::Space& space, std::size_t trials) {
  const auto count = count_choices(space);
  if (!count) return trials;
  return trials == 0 ? *count : std::min(trials, *count);
}

Advice Candidates::ask(const study::Study& study, std::size_t n, const study::Fidelity& fidelity) const {
  return ask_bounded(
      study, n, {.trials = trials_, .fidelity = fidelity, .is_drawn = !in_order_}, [&](std::size_t count) {
        return in_order_ ? next_in_order(*space_, study, count) : next_at_random(*space_, study, seed_, count);
      });
}

std::size_t Candidates::planned() const {
  return planned_trials(*space_, trials_);
}

}  // namespace edgewise::search
