/// What the strategies share: where new choices come from, and how each strategy is made.
#pragma once

#include <memory>
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

/// Valid choices of a space, counted while it has at most 100,000; above that the bound that Space::size gives. Nothing
/// when it is infinite.
std::optional<std::size_t> count_choices(const space::Space& space);

/// Trials that count against the number of trials to try: all but the rejected ones and those whose results were known.
std::size_t count_tried(const study::Study& study);

/// Choices of the first stage, or of a search without stages: random ones up to `trials`, or the whole space in order
/// when it is 0.
class Candidates {
 public:
  Candidates(const space::Space& space, std::uint64_t seed, std::size_t trials, bool in_order)
      : space_(&space), seed_(seed), trials_(trials), in_order_(in_order) {}
  /// At most `n` proposals of `epochs` epochs; `is_finished` when none will come any more; the note says why where it
  /// is not plain.
  [[nodiscard]] Advice ask(const study::Study& study, std::size_t n, int epochs) const;
  [[nodiscard]] std::size_t planned() const;

 private:
  const space::Space* space_;  // borrowed
  std::uint64_t seed_;
  std::size_t trials_;  // 0: no bound but the space
  bool in_order_;
};

constexpr std::size_t default_trials = 40;

Result<std::unique_ptr<Strategy>> make_grid(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_random(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_staged(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_mobo(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_halving(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_hyperband(const Options& options, const space::Space& space);
Result<std::unique_ptr<Strategy>> make_asha(const Options& options, const space::Space& space);

/// `inner` with the choices of `start_with` before its own; `inner` itself when there are none. Doubled ones count once.
/// @error invalid_input with the number of a choice that the space does not have
Result<std::unique_ptr<Strategy>> make_queued(const std::vector<space::Choice>& start_with, const space::Space& space, std::unique_ptr<Strategy> inner);

}  // namespace edgewise::search
