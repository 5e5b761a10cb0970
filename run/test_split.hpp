/// The front's networks on the test split, looked at once when a search has ended: finished, or its budget spent.
#pragma once

#include <functional>
#include <string>

#include "run/session.hpp"

namespace edgewise::run {

/// Judges what is not in the study's `test.json` yet, by a worker; keeps each answer as it comes. A network that cannot
/// be judged is told and left out; a judge that is killed is asked again. Nothing is done where the data have no test
/// split.
/// @param say  hears what came @param is_stopped  asked while it waits
/// @error unavailable for a fault of the machine; what is judged is kept
Status judge_front(const Session& session, const study::Study& study,
                   const std::function<void(const std::string&)>& say, const std::function<bool()>& is_stopped);

}  // namespace edgewise::run
