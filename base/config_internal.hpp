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
/// "file:line:column", or the file alone.
std::string place(const std::string& file, Position at);
/// "at least 1 and at most 10".
std::string describe(Range range);

}  // namespace edgewise::config
