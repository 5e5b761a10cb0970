/// Memory for OpenBLAS where it is limited. For the programs that link it; base/room.cpp is a source of theirs and of
/// no library.
#pragma once

#include "base/error.hpp"

namespace edgewise {

/// Where a limit on memory is set: has OpenBLAS take the buffers that its callers will ever need at once, while there
/// is room for them. It keeps them, and asks for a missing one again and again without end. Without a limit, or without
/// OpenBLAS, nothing happens.
/// @error unavailable when there is no room
Status take_room();

}  // namespace edgewise
