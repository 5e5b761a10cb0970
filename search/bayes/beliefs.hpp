/// What is believed about candidates that were not evaluated: one model for each objective and each constraint.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/settings_of_all.hpp"
#include "search/bayes/coding.hpp"
#include "search/bayes/improvement.hpp"
#include "search/bayes/warp.hpp"
#include "search/history.hpp"

namespace edgewise::search {

/// Normal distributions of warped objectives for some candidates, and how sure it is that they keep the constraints.
struct Belief {
  Matrix mean, variance;             // (candidates, objectives)
  std::vector<double> log_feasible;  // (candidates), at most 0
};

/// What models are, and what needs none.
struct BeliefOptions {
  std::string surrogate = "gp";  ///< one of surrogate::surrogates()
  SettingsOfAll<surrogate::SurrogateEntry> surrogates{surrogate::surrogates};
  std::uint64_t seed = 1;
  /// Values that a choice is known to give before it is evaluated; empty: none is.
  std::function<std::map<std::string, double>(const space::Choice&)> known;
  /// What models learn from beside the choices; null: nothing.
  std::shared_ptr<const Description> description;
};

/// Models of a study's objectives (warped, minimised) and constraints, learned from its trials.
/// - An objective that `known` tells is taken from there and not modelled; so are constraints of such values
/// alone.
/// - Other constraints have a model of how much they are broken; once trials failed, so has failing.
/// - Pending trials are taken to come out as expected (the "kriging believer": Ginsbourger, Le Riche, Carraro 2010).
/// Hyperparameters are fitted again when a tenth more trials have ended, to the first so many of them: a function of
/// the study, whoever asks.
class Beliefs {
 public:
  /// Models as they were fitted, kept between asks to save time: what is learned is the same without. One thread at a
  /// time may learn with it; what was learned borrows nothing of it.
  class Memory;

  /// @param memory  of this space and these options; null: nothing is kept
  /// @error invalid_input: unknown surrogate; what a model says
  static Result<Beliefs> learn(const space::Space& space, const study::Study& study, const History& history,
                               const BeliefOptions& options, Memory* memory = nullptr);

  [[nodiscard]] Result<Belief> about(std::span<const space::Choice> candidates) const;
  /// Values of one function for each objective, drawn from what is believed: (candidates, objectives). Functions are
  /// drawn once and kept under `number`.
  [[nodiscard]] Matrix drawn(std::span<const space::Choice> candidates, std::uint64_t number) const;
  /// From now on the choice counts as evaluated, with the expected outcome.
  Status assume(const space::Choice& choice);

  /// Feasible evaluated points and assumed ones, warped: not only non-dominated ones.
  [[nodiscard]] const Matrix& points() const { return points_; }
  [[nodiscard]] const std::vector<space::Choice>& choices() const { return choices_; }  ///< of `points`
  /// Choices of the feasible non-dominated points, the assumed ones included.
  [[nodiscard]] std::vector<space::Choice> front_choices() const;
  /// Where hypervolume begins to count, warped: the worst value that was seen of each objective. The front's own worst
  /// values would be too strict: what is better than all in one objective and worse than all in another could add
  /// nothing. But where models see choices from lists alone (no description, no real parameter) and the front has a gap
  /// wider than all of its better part (on a logarithmic scale), it counts from half of that part's extent beyond it:
  /// the cheapest networks of a space are on every front, as a rule have learned nothing, and the room between them and
  /// the useful ones would draw the search to where there is nothing. Models that see the networks know that.
  [[nodiscard]] std::vector<double> reference() const;
  /// From warped objectives back to their own units, in which hypervolume counts.
  [[nodiscard]] std::vector<Improvement::Units> units() const;
  [[nodiscard]] std::size_t objectives() const { return objectives_; }
  [[nodiscard]] bool has_points() const { return !points_.empty(); }

  Beliefs(Beliefs&&) noexcept;
  Beliefs& operator=(Beliefs&&) noexcept;
  ~Beliefs();

 private:
  struct Model;
  struct Parts;
  struct Fit;
  explicit Beliefs(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
  std::size_t objectives_ = 0;
  Matrix points_;
  std::vector<space::Choice> choices_;  // of points_
};

class Beliefs::Memory {
 public:
  Memory();
  ~Memory();

 private:
  friend class Beliefs;
  std::map<std::string, std::unique_ptr<Fit>> fits_;  // by what is modelled
};

}  // namespace edgewise::search
