/// The rules by which a trial changes, shared by every storage. Each function changes the trial or returns why it may
/// not; nothing in between.
#pragma once

#include <string>

#include "study/study.hpp"

namespace edgewise::study {

/// A trial as it may be added. Numbers that are not finite are left out. @error invalid_input
Result<Trial> new_trial(const Trial& trial, TrialId id);
/// @error invalid_input for an empty name
Status check_worker(const std::string& worker);
/// @error conflict when `worker` does not run the trial
Status check_held(const Trial& trial, const std::string& worker);

Status promote(Trial& trial, int epochs);
Status assign_threads(Trial& trial, int threads);
void take_up(Trial& trial, const std::string& worker);
Status finish(Trial& trial, const std::string& worker, State state, const StageResult& result,
              const std::string& reason);
Status fail_trial(Trial& trial, const std::string& worker, const std::string& reason);
Status release(Trial& trial, const std::string& worker);
/// The worker of a running trial is gone: the trial waits again, or fails when `max_attempts` workers were lost.
void lose(Trial& trial, const std::string& why, int max_attempts);
/// The worker itself says why it cannot go on with the trial.
Status give_up(Trial& trial, const std::string& worker, const std::string& reason, int max_attempts);
Status retry(Trial& trial);

/// As they are stored: without numbers that are not finite; the time set where it is empty.
StageResult stored(StageResult result);
/// @error invalid_input when the point is not of the trial's stage or its epoch is below 1
Result<CurvePoint> stored(CurvePoint point, const Trial& trial);
Settings stored(Settings settings);

/// @error conflict: other than `expected` trials are there; not_found
Status check_count(std::size_t count, std::size_t expected);
std::unexpected<Error> no_such_trial(TrialId id);

/// Why the worker must be taken for lost: it is a dead process of this host, or its heartbeat is `silent_s` old and at
/// most `timeout_s` are allowed. Nothing while it lives.
std::optional<std::string> why_lost(const std::string& worker, double silent_s, double timeout_s);

std::string now_utc();            ///< "2026-11-20T22:07:32Z"
std::int64_t now_milliseconds();  ///< since 1970; the same clock for all hosts that share a study

}  // namespace edgewise::study
