/// What strategies without stages and without a surrogate share: the bound of trials, the first choices, and what is
/// done when a rule finds nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/free/options.hpp"
#include "search/free/space_filling_internal.hpp"
#include "search/history.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

/// The choices of a study and those proposed in this ask.
class Known {
 public:
  /// @param study  borrowed
  explicit Known(const study::Study& study) : study_(&study) {}
  [[nodiscard]] bool contains(const space::Choice& choice) const;
  void take(const space::Choice& choice) { taken_.push_back(choice); }
  [[nodiscard]] const std::vector<space::Choice>& taken() const { return taken_; }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    const space::Choice* choice = nullptr;  // borrowed
  };
  const study::Study* study_;
  std::vector<space::Choice> taken_;
  // Caches of one ask, which is one thread's. The index is built once a few looks have gone through all trials: most
  // asks need one or two.
  mutable int looks_ = 0;
  mutable std::vector<Entry> index_;  // by hash
};

/// What a rule sees at one ask.
struct Past {
  const study::Study& study;
  const History& history;  ///< `known` is empty
  /// Whether a trial is one of the study, not one of another study that is only learned from.
  [[nodiscard]] bool is_own(const study::Trial& trial) const;
};

/// A rule at one ask.
class Turn {
 public:
  virtual ~Turn() = default;
  /// A valid choice that is not known; nothing when the rule finds none. @param random  the trial's own
  virtual std::optional<space::Choice> next(const RandomStream& random, const Known& known) = 0;
  /// `choice` is proposed for a trial: it is pending in what follows.
  virtual void take(const space::Choice& choice) = 0;
};

/// The next choice of a sequence that is not known.
std::unique_ptr<Turn> filling_turn(SpaceFilling filling);

/// How one strategy differs from the others.
struct Rule {
  std::string name;
  std::size_t initial = 0;  ///< trials that ended well or are pending before the rule is asked; until then a Sobol
                            ///< sequence gives the choices
  std::function<std::unique_ptr<Turn>(const Past&)> begin;
};

/// A strategy that proposes `rule.initial` choices of a Sobol sequence, then what the rule says; a random choice where
/// the rule has nothing new.
Result<std::unique_ptr<Strategy>> make_model_free(const Common& common, const space::Space& space, Rule rule);

/// Calls `draw` with streams of its own until it gives a valid choice that is not known, at most 100 times.
std::optional<space::Choice> draw_new(const space::Space& space, const RandomStream& random, const Known& known,
                                      const std::function<std::optional<space::Choice>(RandomStream&)>& draw);

}  // namespace edgewise::search
