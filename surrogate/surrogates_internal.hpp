/// How each surrogate is made.
#pragma once

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {


}  // namespace edgewise::surrogate
