#include "data/formats/other_reading.hpp"

#include <algorithm>

namespace edgewise::data {

Box in_pixels(const WrittenBox& written) {
  const Box& b = written.box;
  if (!written.is_relative) return b;
  return {b.x0 * written.width, b.y0 * written.height, b.x1 * written.width, b.y1 * written.height};
}

double largest_number(const Box& box) {
  return std::max({box.x0, box.y0, box.x1, box.y1});
}

bool all_fit(std::span<const WrittenBox> boxes, const std::function<Box(const WrittenBox&)>& reading) {
  return std::ranges::all_of(boxes, [&](const WrittenBox& written) {
    const Box b = reading(written);
    return b.x0 >= -1 && b.y0 >= -1 && b.x0 < b.x1 && b.y0 < b.y1 && b.x1 <= written.width + 1 &&
           b.y1 <= written.height + 1;
  });
}

std::string other_reading_of_pixels(std::span<const WrittenBox> boxes) {
  if (boxes.empty()) return {};
  const auto scaled = [](const WrittenBox& written, double unit) {
    const Box& b = written.box;
    return Box{b.x0 / unit * written.width, b.y0 / unit * written.height, b.x1 / unit * written.width,
               b.y1 / unit * written.height};
  };
  if (all_fit(boxes, [](const WrittenBox& written) {
        const Box& b = written.box;
        return Box{b.y0, b.x0, b.y1, b.x1};
      }))
    return "all boxes would fit if x and y were exchanged";
  const auto largest = std::ranges::max(boxes, {}, [](const WrittenBox& w) { return largest_number(w.box); });
  for (const double unit : {100.0, 1000.0})
    if (largest_number(largest.box) <= unit && largest_number(largest.box) > 0.5 * unit &&
        all_fit(boxes, [&](const WrittenBox& written) { return scaled(written, unit); }))
      return unit == 100 ? "all numbers lie within 0 to 100: are they percent of the picture? write pixels"
                         : "all numbers lie within 0 to 1000: are they thousandths of the picture? write pixels";
  return {};
}

}  // namespace edgewise::data
