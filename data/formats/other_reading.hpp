/// What boxes that do not fit their pictures could mean instead.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "data/dataset.hpp"

namespace edgewise::data {

/// A box as its label file says it, with the picture it lies in.
struct WrittenBox {
  Box box;                       ///< as written: pixels, or shares of the picture
  bool is_relative = false;      ///< shares
  double width = 0, height = 0;  ///< of the picture, in pixels
  const std::string* where = nullptr;
};
Box in_pixels(const WrittenBox& written);
/// The largest of its four numbers.
double largest_number(const Box& box);

/// Whether all boxes, read in another way, lie inside of their pictures.
/// @param reading  gives pixels
bool all_fit(std::span<const WrittenBox> boxes, const std::function<Box(const WrittenBox&)>& reading);

/// What corners in pixels could be: x and y exchanged, percent, thousandths. "" when nothing fits.
std::string other_reading_of_pixels(std::span<const WrittenBox> boxes);

}  // namespace edgewise::data
