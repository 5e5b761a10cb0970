/// A space's choices as rows of numbers, as surrogates want them.
#pragma once

#include <span>

#include "space/space.hpp"
#include "surrogate/surrogate.hpp"

namespace edgewise::search {

/// One column a parameter: the number of a category, a number's place in [0, 1] (of its logarithm with log scale), NaN
/// when inactive. Categorical parameters with the same values, and numbers with the same range, form a group.
surrogate::Columns columns_of(const space::Space& space);

/// (choices, parameters)
surrogate::Matrix encode(const space::Space& space, std::span<const space::Choice> choices);

}  // namespace edgewise::search
