/// COCO instances: one JSON file for many pictures.
#pragma once

#include <string>
#include <string_view>

#include "data/formats/format.hpp"

namespace edgewise::data {

Format coco_format();

/// The pure parser: no file is touched, any bytes are survived. `text` is UTF-8, `file` is for messages.
Result<Records> parse_coco(std::string_view text, const std::string& file);

}  // namespace edgewise::data
