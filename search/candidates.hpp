/// Where strategies take new choices from, and when they have made enough of them.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/strategy.hpp"

namespace edgewise::search {

/// Up to `n` choices that the study has not.
struct NewChoices {
  std::vector<space::Choice> choices;
  bool is_exhausted = false;  ///< there is none beyond these
};

/// The valid choices in the order of Space::at.
NewChoices next_in_order(const space::Space& space, const study::Study& study, std::size_t n);

/// Random ones: the choice of trial i is a function of the seed, of i, and of the choices before it.
NewChoices next_at_random(const space::Space& space, const study::Study& study, std::uint64_t seed, std::size_t n);

/// A random choice that is not known, a function of the seed and the trial's number; nothing when there is none, or
/// none was met in an infinite space.
std::optional<space::Choice> random_choice(const space::Space& space, std::uint64_t seed, std::size_t number,
                                           const std::function<bool(const space::Choice&)>& is_known);

/// Whether walking through the whole space is cheap: at most 100,000 choices, validity not counted.
bool is_countable(const space::Space& space);

/// Valid choices of a space, counted while it has at most 100,000; above that the bound that Space::size gives. Nothing
/// when it is infinite.
std::optional<std::size_t> count_choices(const space::Space& space);

/// How far a search without stages goes.
struct Bound {
  std::size_t trials = 0;  ///< rejected ones not counted; 0: no bound but the space
  study::Fidelity fidelity;
  bool is_drawn = true;  ///< choices are drawn, not listed in order: gives up when nearly all are rejected
};
using NextChoices = std::function<NewChoices(std::size_t n)>;

/// At most `n` proposals out of `next`, within the bound; `is_finished` when none will come any more; the note says why
/// where it is not plain.
Advice ask_bounded(const study::Study& study, std::size_t n, const Bound& bound, const NextChoices& next);

/// How many trials a bound allows in this space.
std::size_t planned_trials(const space::Space& space, std::size_t trials);

/// Choices of the first stage, or of a search without stages: random ones up to `trials`, or the whole space in order
/// when it is 0.
class Candidates {
 public:
  Candidates(const space::Space& space, std::uint64_t seed, std::size_t trials, bool in_order)
      : space_(&space), seed_(seed), trials_(trials), in_order_(in_order) {}
  /// At most `n` proposals of that fidelity; `is_finished` when none will come any more; the note says why where it
  /// is not plain.
  [[nodiscard]] Advice ask(const study::Study& study, std::size_t n, const study::Fidelity& fidelity) const;
  [[nodiscard]] std::size_t planned() const;

 private:
  const space::Space* space_;  // borrowed
  std::uint64_t seed_;
  std::size_t trials_;  // 0: no bound but the space
  bool in_order_;
};

constexpr std::size_t default_trials = 40;
/// The number of trials that is asked for, or the default.
std::size_t trials_of(const Common& common);

}  // namespace edgewise::search
