/// The sets that the catalogue begins with, each drawn in its own file.
#pragma once

#include "data/builtin/builtin.hpp"

namespace edgewise::data {

BuiltinSet faces_set();
BuiltinSet drainage_set();

}  // namespace edgewise::data
