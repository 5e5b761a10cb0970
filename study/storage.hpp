/// Where studies are kept: the only state that coordinator and workers share. Each change is one transaction.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::study {

/// A trial that lost so many workers in one stage fails.
inline constexpr int max_attempts = 3;

/// Storage of one study. Open it once per process; not safe to use from two threads.
/// Numbers that are not finite are never stored as values: they are left out of `values`, `metrics` and `known`.
/// Every function: @error unavailable when the storage stays locked for 60 s or the disk is full; conflict when the
/// trial is not in the state the change needs.
class Storage {
 public:
  virtual ~Storage() = default;

  virtual Result<Settings> settings() = 0;
  /// All trials with results and curves.
  virtual Result<Study> load() = 0;
  /// One trial.
  virtual Result<Trial> trial(TrialId id) = 0;

  /// Appends trials; ids follow the last one. `state` is waiting, rejected (with `reason`), or complete: a result that
  /// is known already and cost nothing here (`results` up to `stage`; see Trial::is_answered). All or none.
  /// @error conflict when the study has other than `expected_trials` trials already (someone else proposed meanwhile)
  virtual Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) = 0;
  /// A complete trial goes to the next stage: waiting again, attempts 0, `epochs` in total. All or none.
  virtual Status promote(const std::vector<TrialId>& trials, int epochs) = 0;

  /// Fixes the number of threads (1 or more) that a trial trains with; may be fixed anew as long as no worker took the
  /// trial up. All or none. @error conflict when a trial has been taken up and has a number; invalid_input for a number
  /// below 1
  virtual Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) = 0;

  /// Takes up a waiting trial of the lowest stage for `worker`: the one whose stage before took longest to train, so
  /// that the last to end are short and workers end together; of equal ones (all in the first stage) the lowest id.
  /// Nothing when none waits.
  virtual Result<std::optional<Trial>> claim(const std::string& worker) = 0;
  /// Says that the worker still lives; false when the trial was taken away from it.
  virtual Result<bool> heartbeat(TrialId id, const std::string& worker) = 0;
  /// Records one epoch of the trial's stage. What an attempt that died had recorded of this epoch and later ones is
  /// replaced.
  virtual Status record(TrialId id, const std::string& worker, const CurvePoint& point) = 0;
  /// The stage is done. @param state  complete, pruned, or rejected (measured before training and out of bounds)
  virtual Status finish(TrialId id, const std::string& worker, State state, const StageResult& result,
                        const std::string& reason) = 0;
  virtual Status fail_trial(TrialId id, const std::string& worker, const std::string& reason) = 0;
  /// Puts a running trial back to waiting, as when its worker was told to stop; the attempt does not count.
  virtual Status release(TrialId id, const std::string& worker) = 0;
  /// For what is no fault of the trial (a full disk, memory that ran out): it waits again, and fails with `reason`
  /// after `max_attempts`.
  virtual Status give_up(TrialId id, const std::string& worker, const std::string& reason, int max_attempts) = 0;
  /// A failed trial waits again in its stage, attempts 0. What it trained is continued.
  virtual Status retry(TrialId id) = 0;
  /// Running trials whose worker is on this host and dead, or whose heartbeat is older than `timeout`, wait again;
  /// after `max_attempts` lost attempts they fail with a reason. Returns those that were touched. Whether a process of
  /// another PID namespace (container) lives cannot be seen; for its trials the heartbeat alone decides.
  virtual Result<std::vector<TrialId>> recover(std::chrono::seconds timeout, int max_attempts) = 0;

  /// A number that grows with each change (heartbeats are none), to notice news cheaply.
  virtual Result<std::int64_t> version() = 0;
};

/// Makes `<folder>/study.db` (SQLite, WAL, schema version 2). @error conflict when there is one
Result<std::unique_ptr<Storage>> create_storage(const std::filesystem::path& folder, const Settings& settings);
/// A study of schema 1 is brought to schema 2 (the threads of its trials are not known).
/// @error not_found; invalid_input when the file is no study, is damaged, or has a newer schema (with both versions)
Result<std::unique_ptr<Storage>> open_storage(const std::filesystem::path& folder);
/// In memory, for tests and replays.
std::unique_ptr<Storage> memory_storage(const Settings& settings);

/// "host:pid" of this process, as `claim` wants it, followed by ":start:namespace" (its start in clock ticks since
/// boot, its PID namespace), so that another process that got the same number later is not taken for it.
std::string worker_name();

}  // namespace edgewise::study
