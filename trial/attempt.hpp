/// One attempt at a claimed trial: evaluated, and whatever came of it recorded in the study.
#pragma once

#include <atomic>
#include <functional>

#include "base/json.hpp"
#include "study/storage.hpp"
#include "trial/workplace.hpp"

namespace edgewise::trial {

/// Who started the worker.
struct Starter {
  std::function<void(const Json&)> tell;  ///< for the live view; what counts is in the study
  std::function<bool()> is_gone;          ///< then nobody needs the worker any more
  std::atomic<bool>* stop = nullptr;      ///< set when the worker is to end; an attempt may set it, too
  /// Where the device leaves word of whom it waits for; each attempt listens there.
  std::function<void(const std::string&)>* on_wait = nullptr;
};

/// {"error", "where", "next"}, as a starter is told; "is_fault" when no other attempt will do before somebody mends the
/// machine.
Json error_json(const Error& error);

/// @error what the trial is not to blame for, or not yet: the machine, the device, the storage, memory. The worker
/// ends. After a fault of the machine the trial waits as if it had not been taken up; when memory ran out the attempt
/// counts
Status attempt(Workplace& workplace, study::Storage& storage, const study::Claim& claim, const Starter& starter);

}  // namespace edgewise::trial
