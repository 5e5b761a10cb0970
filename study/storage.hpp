/// Where studies are kept: the only state that coordinator and workers share. Each change is one transaction.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/catalogue.hpp"
#include "study/study.hpp"

namespace edgewise::study {

/// A trial that lost so many workers in one stage fails: the second time it ran alone.
inline constexpr int max_attempts = 2;
/// A worker that says nothing for so long hangs: no live one is silent for so long.
inline constexpr std::chrono::seconds usual_lease{1800};

/// A trial that a worker has taken up. As long as no other claim has taken over, who has this one may change the trial,
/// whichever process or machine it is.
struct Claim {
  TrialId id;
  std::string token;       ///< unique; says nothing
  std::int64_t epoch = 0;  ///< of the claim, from 1: rises each time the trial is taken up
  Work work = Work::evaluate;
  std::chrono::milliseconds lease{};                           ///< how long the worker may be silent
  std::chrono::sys_time<std::chrono::milliseconds> lease_end;  ///< when it was taken up; a sign of life moves it
  Trial trial;                                                 ///< as it was taken up
};

/// Storage of one study. Open it once per process; not safe to use from two threads.
/// Numbers that are not finite are never stored as values: they are left out of `values`, `metrics` and `known`.
/// Every function: @error unavailable when the storage stays locked for 60 s or the disk is full; conflict when the
/// trial is not in the state the change needs, or another claim than the given one holds it.
class Storage {
 public:
  virtual ~Storage() = default;

  virtual Result<Settings> settings() = 0;
  /// What is new since a cursor that this study gave. One more epoch costs what its trial costs, however many others
  /// there are. @error invalid_input for a cursor of another study
  virtual Result<Changes> changes(const Cursor& since) = 0;
  /// All trials with results and curves.
  Result<Study> load();
  /// The same without what is most of a large study: curves, measurements and artifacts. This one loads all and drops
  /// them.
  virtual Result<Study> outline();
  /// One trial.
  virtual Result<Trial> trial(TrialId id) = 0;

  /// Appends trials; ids follow the last one. `state` is waiting, rejected (with `reason`), or complete: a result that
  /// is known already and cost nothing here (`results` up to `stage`; see Trial::is_answered). All or none.
  /// @error conflict when the study has other than `expected_trials` trials already (someone else proposed meanwhile)
  virtual Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) = 0;
  /// A complete trial goes to the next stage: waiting again, attempts 0, `fidelity` in total. All or none.
  virtual Status promote(const std::vector<TrialId>& trials, const Fidelity& fidelity) = 0;

  /// Fixes the number of threads (1 or more) that a trial trains with; may be fixed anew as long as no worker took the
  /// trial up. All or none. @error conflict when a trial has been taken up and has a number; invalid_input for a number
  /// below 1
  virtual Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) = 0;

  /// Takes up a waiting trial for `worker`: first those that lost a worker in their stage, then the lowest stage, of
  /// that the one whose stage before took longest to train, so that the last to end are short and workers end together;
  /// of equal ones (all in the first stage) the lowest id. Nothing when none waits.
  /// @param lease  the trial may be given to others when the worker says nothing for so long
  /// @param kinds  of work that the worker can do
  virtual Result<std::optional<Claim>> claim(const std::string& worker, std::chrono::milliseconds lease = usual_lease,
                                             const std::set<Work>& kinds = {Work::evaluate}) = 0;
  /// A new claim on a trial that runs by this name; the earlier one is void. For programs that keep one name when they
  /// are started again. @error conflict when the trial does not run, or by another name
  virtual Result<Claim> claim_again(TrialId id, const std::string& worker,
                                    std::chrono::milliseconds lease = usual_lease) = 0;
  /// Says that the worker still lives and extends its lease; false when the trial was taken away from it.
  virtual Result<bool> heartbeat(const Claim& claim) = 0;
  /// Records one epoch of the trial's stage; a sign of life, too. What an attempt that died had recorded of this epoch
  /// and later ones is replaced.
  virtual Status record(const Claim& claim, const CurvePoint& point) = 0;
  /// The stage is done. @param state  complete, pruned, or rejected (measured before training and out of bounds)
  virtual Status finish(const Claim& claim, State state, const StageResult& result, const std::string& reason) = 0;
  /// All but the measurement is done: the trial waits for one who can measure, with the result so far recorded. That
  /// one's `finish` replaces it. @error conflict when the claim is to measure
  virtual Status pass_on(const Claim& claim, const StageResult& result) = 0;
  virtual Status fail_trial(const Claim& claim, const std::string& reason) = 0;
  /// Puts a running trial back to waiting, as when its worker was told to stop; the attempt does not count.
  virtual Status release(const Claim& claim) = 0;
  /// For what may be the trial's fault and may not (memory that ran out): it waits again, and fails with `reason` after
  /// `max_attempts`.
  virtual Status give_up(const Claim& claim, const std::string& reason, int max_attempts) = 0;
  /// A failed trial waits again in its stage for the work that failed, attempts 0. What it trained is continued.
  virtual Status retry(TrialId id) = 0;
  /// Running trials whose worker is on this host and dead, or whose lease has ended, wait again; after `max_attempts`
  /// lost attempts they fail with a reason. Returns those that were touched. Whether a process of another PID namespace
  /// (container) lives cannot be seen; for its trials the lease alone decides.
  virtual Result<std::vector<TrialId>> recover(int max_attempts) = 0;
  /// All running trials wait again, and the attempt does not count: for who knows that none of their workers can be at
  /// work, or that they ended for no fault of their trials. One that works all the same finds its claim void.
  virtual Result<std::vector<TrialId>> take_back() = 0;
  /// Waiting trials count their attempts anew: for a search that is started again, maybe on a machine that was mended.
  virtual Status forget_losses() = 0;

  /// A number that grows with each change (heartbeats are none), to notice news cheaply.
  virtual Result<std::int64_t> version() = 0;
};

/// What a storage is opened for. Who only looks need not pay for a check of what is not read then, and need not be
/// allowed to write: where that is so, nothing is written, and every change is an error.
enum class Opening : std::uint8_t { to_work, to_look };

/// A kind of storage. A new one is one file in `storages/` (and its own internals) that passes the conformance suite,
/// and one line in the catalogue.
struct StorageKind {
  std::string name;      ///< the scheme of its URLs: "sqlite"
  std::string sentence;  ///< what it is and what its place means
  /// @param place  what follows "NAME:" in the URL. @error conflict when there is a study
  std::function<Result<std::unique_ptr<Storage>>(const std::string& place, const Settings&)> create;
  /// @error not_found
  std::function<Result<std::unique_ptr<Storage>>(const std::string& place, Opening)> open;
};
Catalogue<StorageKind>& storages();

/// Makes a study. @param url  "sqlite:FOLDER", "memory:", ...; without a scheme it is a folder that gets a `study.db`
/// (SQLite, WAL). @error conflict when there is one; invalid_input for an unknown scheme ("other://...")
Result<std::unique_ptr<Storage>> create_storage(const std::string& url, const Settings& settings);
/// A study of an earlier schema is brought to the present one.
/// @error not_found; invalid_input when it is no study, is damaged, or has a newer schema (with both versions)
Result<std::unique_ptr<Storage>> open_storage(const std::string& url, Opening opening = Opening::to_work);
/// In memory, for replays and for what nobody keeps.
std::unique_ptr<Storage> memory_storage(const Settings& settings);

/// "host:pid" of this process, as `claim` wants it, followed by ":start:namespace" (its start in clock ticks since
/// boot, its PID namespace), so that another process that got the same number later is not taken for it.
std::string worker_name();

}  // namespace edgewise::study
