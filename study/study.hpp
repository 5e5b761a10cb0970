/// A study: one search with everything that was tried and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/quantity.hpp"
#include "space/space.hpp"
#include "study/artifact.hpp"
#include "study/expression.hpp"
#include "study/fidelity.hpp"
#include "study/value.hpp"

namespace edgewise::study {

/// Trials are numbered from 0 in the order they were proposed.
struct TrialId {
  std::int64_t value = 0;
  friend auto operator<=>(const TrialId&, const TrialId&) = default;
};
std::string to_text(TrialId id);  ///< "17"

/// waiting -> running -> complete | pruned | failed | rejected; a running trial whose worker died waits again.
/// pruned: stopped early (NaN); rejected: a constraint that is known before training forbids it, nothing was spent on
/// it.
enum class State { waiting, running, complete, pruned, failed, rejected };
std::string_view to_text(State state);
std::optional<State> state_from_text(std::string_view text);

/// One epoch of a trial's curve, as recorded.
struct CurvePoint {
  int stage = 0;  ///< from 0
  int epoch = 0;  ///< from 1, counted over all stages unless the trial restarted
  double train_loss = 0,
         validation_loss = 0;  ///< NaN when it was not finite, as in the epoch that ended a pruned trial
  std::map<std::string, double> metrics;
  double seconds = 0, images_per_s = 0;
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

/// A trial's outcome at one stage (rung). `values` holds everything recorded: metrics of the best epoch, what was
/// measured, and what the graph alone tells.
struct StageResult {
  int stage = 0;
  Fidelity fidelity;  ///< what was paid in total when it ended
  int best_epoch = 0;
  Values values;
  Json measurement;                 ///< device::Measurement as JSON; null when not measured
  Json details;                     ///< confusion matrix, difference of the export, remarks; an object
  std::vector<Artifact> artifacts;  ///< at most one of a kind
  double train_s = 0, measure_s = 0, export_s = 0, overhead_s = 0;
  std::string finished;  ///< UTC, ISO 8601

  /// Null when there is none of this kind.
  [[nodiscard]] const Artifact* artifact(const std::string& kind) const;
};

/// What a worker does with a trial that it takes up.
enum class Work {
  evaluate,  ///< all of it: build, train, export, measure
  measure,   ///< only measure: it was evaluated by a worker that is not where the device is
};
std::string_view to_text(Work work);
std::optional<Work> work_from_text(std::string_view text);

struct Trial {
  TrialId id;
  space::Choice choice;
  State state = State::waiting;
  int stage = 0;                              ///< the stage it is in or ended in
  Fidelity fidelity = Fidelity::training(1);  ///< what is paid in total by the end of this stage
  std::uint64_t seed = 0;
  std::optional<int> threads;  ///< it trains with; fixed before it first starts: another number gives other roundings
  Values known;                ///< what is known before training: parameters, macs, weight_mb, activation_mb
  std::string reason;          ///< why it failed, was pruned or was rejected
  int attempts = 0;            ///< times a worker took it up in this stage
  Work work = Work::evaluate;  ///< what it waits for, or what its worker does
  std::string worker;          ///< who runs it, for people: "host:pid"
  std::vector<StageResult> results;  ///< by stage
  std::vector<CurvePoint> curve;

  /// Complete without ever having been run here: its results were known when it was added, and `details["answered"]` of
  /// the last one says from where (a twin in this study, a user, another study). It costs no budget.
  [[nodiscard]] bool is_answered() const;
  /// The latest result, or nothing.
  [[nodiscard]] const StageResult* result() const { return results.empty() ? nullptr : &results.back(); }
  /// Latest value by name with where it comes from, `known` included; null when there is none.
  [[nodiscard]] const Value* recorded(const std::string& name) const;
  /// The number of it.
  [[nodiscard]] std::optional<double> value(const std::string& name) const;
  /// All latest numbers by name, `known` included.
  [[nodiscard]] std::map<std::string, double> values() const;
};

using edgewise::Direction;

struct Objective {
  std::string name;  ///< "iou", "accuracy", "latency_ms", "memory_mb", "parameters", ...
  Direction direction = Direction::minimize;
};

/// `left < right` etc. of two expressions over values: "latency_ms < 33".
struct Constraint {
  std::string text;
  Comparison comparison;
};

/// What does not change while a study runs, as stored with it.
struct Settings {
  std::string name;
  std::uint64_t seed = 1;
  std::vector<Objective> objectives;
  std::vector<Constraint> constraints;
  Json job;          ///< the resolved job, defaults included
  Json environment;  ///< machine, versions
  std::string created;
};

/// 32 hexadecimal digits that no other call gives.
std::string unique_text();
/// A study and its data, by a text that no other study has, wherever its folder lies: what `environment["study"]` says.
/// "" for studies of older programs.
std::string identity(const Settings& settings);

/// A snapshot of a study.
struct Study {
  Settings settings;
  std::vector<Trial> trials;  ///< by id, without gaps
  [[nodiscard]] const Trial* find(const space::Choice& choice) const;
};

/// A moment in the life of a study, in its storage's own terms: what was recorded up to then is known. A new one is
/// before everything.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] bool is_start() const { return text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }
  friend bool operator==(const Cursor&, const Cursor&) = default;

 private:
  std::string text_;
};

/// What became of a study since a cursor.
struct Changes {
  std::optional<Settings> settings;  ///< only from the start: they never change
  std::vector<Trial> trials;         ///< new and changed ones, by id, whole
  Cursor next;                       ///< from where to go on
};
/// Brings a snapshot up to date with what has changed since it was made.
/// @error invalid_input when trials between those of the study and of the changes are missing; nothing is changed then
Status apply(Study& study, Changes changes);

/// Whether all constraints hold for these values; a constraint over values that are not there yet holds. The first that
/// does not is told: "latency_ms < 33 does not hold (latency_ms is 41.2)".
std::optional<std::string> violated(const std::vector<Constraint>& constraints,
                                    const std::map<std::string, double>& values);

/// Trials with a result that has all objectives, that are not failed, and that keep all constraints.
std::vector<const Trial*> feasible_trials(const Study& study);

}  // namespace edgewise::study
