/// What the reader and the writers of configuration share. Only for the sources of base/.
#pragma once

#include <optional>
#include <string>

#include "base/config.hpp"

namespace edgewise::config {

/// 2^53: every smaller integer is a double.
inline constexpr double largest_exact = 9007199254740992.0;

/// An unquoted scalar that is wholly a finite number.
std::optional<double> as_number(const Node& node);
/// An unquoted true/false, yes/no or on/off.
std::optional<bool> as_boolean(const Node& node);
/// What a scalar or nothing is as JSON, of the kind that it was written as: quoted ones are texts; true, false and null
/// in YAML's three spellings.
/// @error what it must be instead, to go behind the option's name: a list, a map, a whole number that no double holds
/// exactly
Result<Json> plain_value(const Node& node);
/// A text of a file for a message, its end left out when it is very long.
std::string shortened(const std::string& text);
/// "file:line:column", or the file alone.
std::string place(const std::string& file, Position at);
/// "at least 1 and at most 10".
std::string describe(Range range);

}  // namespace edgewise::config
