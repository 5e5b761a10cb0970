/// The rules by which a trial changes, shared by every storage. Each function changes the trial or returns why it may
/// not; nothing in between.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "study/storage.hpp"

namespace edgewise::study {

/// Who holds a trial. Kept beside it: only the claim knows the token.
struct Hold {
  std::string token;       ///< of the claim; empty: nobody's
  std::int64_t epoch = 0;  ///< of the latest claim
  std::int64_t heartbeat_ms = 0, lease_end_ms = 0;
};
/// A trial as a storage keeps it.
struct Entry {
  Trial trial;
  Hold hold;
};

/// A trial as it may be added. Numbers that are not finite are left out. @error invalid_input
Result<Trial> new_trial(const Trial& trial, TrialId id);
/// @error invalid_input for an empty name
Status check_worker(const std::string& worker);
/// @error conflict when another claim, or none, holds the trial
Status check_held(const Entry& entry, const Claim& claim);

Status promote(Entry& entry, const Fidelity& fidelity);
Status assign_threads(Trial& trial, int threads);
Claim take_up(Entry& entry, const std::string& worker, std::chrono::milliseconds lease);
/// @error conflict when the trial does not run, or not by `worker`
Result<Claim> take_up_again(Entry& entry, const std::string& worker, std::chrono::milliseconds lease);
/// A sign of life: the lease begins anew.
void extend(Hold& hold, const Claim& claim);
Status finish(Entry& entry, const Claim& claim, State state, const StageResult& result, const std::string& reason);
Status pass_on(Entry& entry, const Claim& claim, const StageResult& result);
Status fail_trial(Entry& entry, const Claim& claim, const std::string& reason);
Status release(Entry& entry, const Claim& claim);
/// A running trial waits again, and its attempt does not count.
void put_back(Entry& entry);
/// The worker of a running trial is gone: the trial waits again, or fails when `max_attempts` workers were lost.
void lose(Entry& entry, const std::string& why, int max_attempts);
/// The worker itself says why it cannot go on with the trial.
Status give_up(Entry& entry, const Claim& claim, const std::string& reason, int max_attempts);
Status retry(Entry& entry);

/// As they are stored: without numbers that are not finite; the time set where it is empty.
StageResult stored(StageResult result);
/// @error invalid_input when the point is not of the trial's stage or its epoch is below 1
Result<CurvePoint> stored(CurvePoint point, const Trial& trial);
Settings stored(Settings settings);

/// @error conflict: other than `expected` trials are there; not_found
Status check_count(std::size_t count, std::size_t expected);
std::unexpected<Error> no_such_trial(TrialId id);

/// Why the worker must be taken for lost: it is a dead process of this host, or its lease has ended. Nothing while it
/// lives.
std::optional<std::string> why_lost(const std::string& worker, const Hold& hold);

std::string now_utc();            ///< "2026-11-20T22:07:32Z"
std::int64_t now_milliseconds();  ///< since 1970; the same clock for all hosts that share a study

}  // namespace edgewise::study
