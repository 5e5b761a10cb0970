/// What is believed about candidates that were not evaluated: one model for each objective and each constraint.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/acquisition.hpp"
#include "search/coding.hpp"
#include "search/history.hpp"
#include "search/strategy.hpp"

namespace edgewise::search {

/// A monotone map that brings an objective's values near a standard normal: the power transform of Yeo and Johnson (Biometrika 87(4), 2000)
/// by maximum likelihood over values in units of their quartile distance, then mean 0 and variance 1. Latencies and errors come with long tails; one network
/// that learned nothing must not flatten the differences between the good ones.
class Warp {
 public:
  Warp() = default;
  explicit Warp(const std::vector<double>& values);  ///< at least one, finite
  [[nodiscard]] double operator()(double value) const;
  /// The value that is warped to `z`; far outside of what was seen, where there may be none, a very large one.
  [[nodiscard]] double inverse(double z) const;

 private:
  double centre_ = 0, unit_ = 1, lambda_ = 1, mean_ = 0, deviation_ = 1;
};

/// Normal distributions of warped objectives for some candidates, and how sure it is that they keep the constraints.
struct Belief {
  Matrix mean, variance;             // (candidates, objectives)
  std::vector<double> log_feasible;  // (candidates), at most 0
};

/// Models of a study's objectives (warped, minimised) and constraints, learned from its trials.
/// - An objective that `Options::known` tells is taken from there and not modelled; so are constraints of such values alone.
/// - Other constraints have a model of how much they are broken; once trials failed, so has failing.
/// - Pending trials are taken to come out as expected (the "kriging believer": Ginsbourger, Le Riche, Carraro 2010).
/// Hyperparameters are fitted again when a tenth more trials have ended, to the first so many of them: a function of the study, whoever asks.
class Beliefs {
 public:
  /// @error invalid_input: unknown surrogate; what a model says
  static Result<Beliefs> learn(const space::Space& space, const study::Study& study, const History& history, const Options& options);

  [[nodiscard]] Result<Belief> about(std::span<const space::Choice> candidates) const;
  /// Values of one function for each objective, drawn from what is believed: (candidates, objectives). Functions are drawn once and kept under
  /// `number`.
  [[nodiscard]] Matrix drawn(std::span<const space::Choice> candidates, std::uint64_t number) const;
  /// From now on the choice counts as evaluated, with the expected outcome.
  Status assume(const space::Choice& choice);

  /// Feasible evaluated points and assumed ones, warped: not only non-dominated ones.
  [[nodiscard]] const Matrix& points() const { return points_; }
  [[nodiscard]] const std::vector<space::Choice>& choices() const { return choices_; }  ///< of `points`
  /// Choices of the feasible non-dominated points, the assumed ones included.
  [[nodiscard]] std::vector<space::Choice> front_choices() const;
  /// Where hypervolume begins to count, warped: just worse than the front in every objective (its worst values and a tenth of its extent more),
  /// but no worse than the fence for outliers of what was seen (Tukey 1977: the upper quartile and one and a half times the quartile distance more).
  /// The cheapest networks of a space are on every front, and as a rule have learned nothing; the way to them is not worth exploring.
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
  explicit Beliefs(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
  std::size_t objectives_ = 0;
  Matrix points_;
  std::vector<space::Choice> choices_;  // of points_
};

}  // namespace edgewise::search
