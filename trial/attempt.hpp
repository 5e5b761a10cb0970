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
};

/// {"error", "where", "next"}, as a starter is told.
Json error_json(const Error& error);

/// @error what the trial is not to blame for: the machine, the device or the storage. The worker ends, another may go
/// on
Status attempt(Workplace& workplace, study::Storage& storage, const study::Claim& claim, const Starter& starter);

}  // namespace edgewise::trial
