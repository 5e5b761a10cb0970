/// What measuring a network gives.
#pragma once

#include <vector>

#include "base/quantity.hpp"

namespace edgewise::device {

/// In the order in which messages name them; the first one is an objective where a job names none.
std::vector<Quantity> quantities();

}  // namespace edgewise::device
