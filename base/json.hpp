/// JSON in and out, with errors as values.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise {

using Json = nlohmann::ordered_json;

/// @param where  what the text is, for messages: a path or a name
/// @error invalid_input with line and column of the mistake; nesting deeper than 200 is refused
Result<Json> parse_json(std::string_view text, const std::string& where);

/// Reads and parses a file of at most `max_bytes`.
Result<Json> read_json(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{64} << 20);

/// The text of any JSON: in one line, or with `indent` spaces a level. Never fails: bytes that are no UTF-8 become
/// U+FFFD, numbers that are not finite become null.
std::string dump(const Json& json, int indent = -1);

}  // namespace edgewise
