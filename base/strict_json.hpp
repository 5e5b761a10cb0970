/// JSON that other programs send, where a doubled key is a mistake of theirs.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace edgewise {

/// As `parse_json`, which takes the last of two values of one key. @error also a key that an object has twice, and a
/// zero byte
Result<Json> parse_strict_json(std::string_view text, const std::string& where);

}  // namespace edgewise
