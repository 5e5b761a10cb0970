/// "# path" lines, each followed by lines of four corners.
#pragma once

#include <string>
#include <string_view>

#include "data/formats/format.hpp"

namespace edgewise::data {

Format fddb_format();

/// The pure parser: no file is touched, any bytes are survived. `text` is UTF-8, `file` is for messages.
Result<Records> parse_fddb(std::string_view text, const std::string& file);

}  // namespace edgewise::data
