/// One text for each picture, a line for each box, in shares of the picture.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/format.hpp"

namespace edgewise::data {

Format yolo_format();

/// The pure parser: no file is touched, any bytes are survived. `text` is UTF-8, `file` is for messages.
/// `names` may be empty: then classes are called by their number.
Result<std::vector<LabelledBox>> parse_yolo(std::string_view text, const std::string& file,
                                            std::span<const std::string> names);

}  // namespace edgewise::data
