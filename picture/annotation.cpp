#include "picture/annotation.hpp"

#include <algorithm>

namespace edgewise::picture {

double intersection_over_union(const Box& a, const Box& b) {
  const auto area = [](const Box& box) { return std::max(0.0, box.x1 - box.x0) * std::max(0.0, box.y1 - box.y0); };
  const double shared = area({std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)});
  if (area(a) <= 0 || area(b) <= 0) return 0;
  return shared / (area(a) + area(b) - shared);
}

Box shares(const Box& pixels, const Annotation& annotation) {
  const auto width = static_cast<double>(annotation.width), height = static_cast<double>(annotation.height);
  return {pixels.x0 / width, pixels.y0 / height, pixels.x1 / width, pixels.y1 / height};
}

}  // namespace edgewise::picture
