#include "picture/warp.hpp"

#include <algorithm>
#include <utility>

namespace edgewise::picture {

Box warped(const Box& box, const Warp& warp) {
  const auto along = [&](double low, double high, bool is_flipped, double shift) {
    if (is_flipped) {
      const double old = low;
      low = 1 - high;
      high = 1 - old;
    }
    return std::pair((low - 0.5) * warp.zoom + 0.5 + shift, (high - 0.5) * warp.zoom + 0.5 + shift);
  };
  const auto [x0, x1] = along(box.x0, box.x1, warp.flip, warp.shift_x);
  const auto [y0, y1] = along(box.y0, box.y1, warp.flip_vertical, warp.shift_y);
  return {x0, y0, x1, y1};
}

Box clipped(const Box& box) {
  const auto within = [](double value) { return std::clamp(value, 0.0, 1.0); };
  return {within(box.x0), within(box.y0), within(box.x1), within(box.y1)};
}

double visible_area(const Box& box) {
  const auto inside = [](double low, double high) { return std::max(0.0, std::min(high, 1.0) - std::max(low, 0.0)); };
  return inside(box.x0, box.x1) * inside(box.y0, box.y1);
}

}  // namespace edgewise::picture
