/// What people say about one picture: its classes, the boxes in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace edgewise::picture {

/// Corners: real numbers, the outer edges, x0 < x1 and y0 < y1. In pixels of a picture, or in shares of its width and
/// height.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  friend bool operator==(const Box&, const Box&) = default;
};
/// Area of the intersection over area of the union; 0 when a box is empty.
double intersection_over_union(const Box& a, const Box& b);

/// One thing that is marked in a picture.
struct Mark {
  Box box;                 ///< in pixels
  std::int64_t label = 0;  ///< index of its class
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// All that the labels say about one picture.
struct Annotation {
  std::int64_t width = 0, height = 0;  ///< of the picture, in pixels
  std::vector<Mark> marks;
  std::vector<std::int64_t> labels;  ///< indices of the classes of the picture as a whole
  std::filesystem::path mask;        ///< an image with the class of each pixel; empty: there is none
  friend bool operator==(const Annotation&, const Annotation&) = default;
};
/// A box of the annotation's picture as shares of its width and height.
Box shares(const Box& pixels, const Annotation& annotation);

}  // namespace edgewise::picture
