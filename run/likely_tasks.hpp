/// What labelled pictures may be for, where nobody says it.
#pragma once

#include <string>
#include <vector>

#include "task/task.hpp"

namespace edgewise::run {

/// The tasks to try to read `data` as, the likeliest first: of a built-in set the one that it is drawn for; of files
/// the first task that learns one box, since boxes say more than classes, then the first that learns a class.
std::vector<const task::Task*> likely_tasks(const std::string& data);

}  // namespace edgewise::run
