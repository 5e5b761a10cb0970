/// Tables with a header line, one line for each box or label.
#pragma once

#include <string>
#include <string_view>

#include "data/formats/format.hpp"

namespace edgewise::data {

Format csv_format();

/// The pure parser: no file is touched, any bytes are survived. `text` is UTF-8, `file` is for messages.
Result<Records> parse_csv(std::string_view text, const std::string& file, task::Wants wants,
                          const std::string& group_column);

}  // namespace edgewise::data
