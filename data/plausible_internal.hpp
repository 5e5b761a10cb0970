/// Whether boxes could be what their format says they are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/formats/other_reading.hpp"

namespace edgewise::data {

/// What is improbable about all the boxes together, as warnings.
/// @error invalid_input when they cannot be meant so: shares of the picture where pixels are expected, boxes smaller
/// than a pixel
Result<std::vector<std::string>> question_boxes(std::span<const WrittenBox> boxes);

}  // namespace edgewise::data
