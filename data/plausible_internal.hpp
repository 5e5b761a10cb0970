/// Whether boxes could be what their format says they are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"

namespace edgewise::data {

/// A box as its label file says it, with the picture it lies in.
struct WrittenBox {
  Box box;                       ///< as written: pixels, or shares of the picture
  bool is_relative = false;      ///< shares
  double width = 0, height = 0;  ///< of the picture, in pixels
  const std::string* where = nullptr;
};

/// What is improbable about all the boxes together, as warnings.
/// @error invalid_input when they cannot be meant so: shares of the picture where pixels are expected, boxes smaller
/// than a pixel
Result<std::vector<std::string>> question_boxes(std::span<const WrittenBox> boxes);

/// Another way to read boxes of which some lie outside of their pictures, so that all lie inside; "" when none fits.
/// @param format  the name of the label format
std::string other_reading(std::span<const WrittenBox> boxes, std::string_view format);

}  // namespace edgewise::data
