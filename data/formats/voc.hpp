/// Pascal VOC: one XML file for each picture.
#pragma once

#include <string>
#include <string_view>

#include "data/formats/format.hpp"

namespace edgewise::data {

Format voc_format();

/// The pure parser: no file is touched, any bytes are survived. `text` is UTF-8, `file` is for messages.
Result<Record> parse_voc(std::string_view text, const std::string& file);

}  // namespace edgewise::data
