/// The machine a study runs on, for its record.
#pragma once

#include "base/json.hpp"

namespace edgewise::run {

/// {"system", "kernel", "processor", "processors", "memory_gb", "edgewise"}.
Json environment();

}  // namespace edgewise::run
