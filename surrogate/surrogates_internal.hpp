/// How each surrogate is made.
#pragma once

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

std::unique_ptr<Surrogate> make_gp(const Columns& columns, std::uint64_t seed);

}  // namespace edgewise::surrogate
