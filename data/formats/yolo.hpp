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
/// Whether lines are "class left top right bottom" or "class left top width height" instead; "" when neither fits.
std::string other_reading_of_yolo(std::span<const WrittenBox> boxes);

}  // namespace edgewise::data
