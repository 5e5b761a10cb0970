/// Choices from points of the unit cube, and choices near others.
#pragma once

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace edgewise::search {

/// Number of values of a category or an integer; nothing for a real number.
std::optional<std::uint64_t> count_values(const space::Parameter& parameter);

/// The value whose share of [0, 1) holds `unit`. Shares are equal, of an integer with log scale as long as the value's
/// part of the logarithm.
space::Value value_at(const space::Parameter& parameter, double unit);
/// The middle of a value's share, or a real number's place; nothing for a value that the parameter cannot have.
std::optional<double> unit_of(const space::Parameter& parameter, const space::Value& value);
/// Where the shares of an integer or a category begin and end: one more than it has values, from 0 to 1.
std::vector<double> edges_of(const space::Parameter& parameter);

/// The choice at a point of [0, 1)^d, one coordinate a parameter; those of inactive parameters are not looked at. It
/// need not be valid.
space::Choice choice_at(const space::Space& space, std::span<const double> unit);

/// `wanted` with what is inactive removed and what became active drawn.
space::Choice repaired(const space::Space& space, const space::Choice& wanted, RandomStream& random);

/// Another value: of a category any other, of a number a step on its scale (normal, a tenth of the range) or any other,
/// each half of the time.
/// @param value  must be one of the parameter's, which must have two or more
space::Value moved(const space::Parameter& parameter, const space::Value& value, RandomStream& random);

/// `choice` with one parameter moved and then repaired; nothing when no parameter has two values. It need not be valid.
std::optional<space::Choice> mutated(const space::Space& space, const space::Choice& choice, RandomStream& random);

}  // namespace edgewise::search
