/// What an augmentation does to a picture's coordinates.
#pragma once

#include "picture/annotation.hpp"

namespace edgewise::picture {

/// A flip, then a zoom about the middle, then a move, in shares of the edge: u becomes (u - 0.5) * zoom + 0.5 + shift.
struct Warp {
  bool flip = false, flip_vertical = false;  ///< left-right, up-down
  double zoom = 1, shift_x = 0, shift_y = 0;
  friend bool operator==(const Warp&, const Warp&) = default;
};
/// Where a box (in shares) lies after the warp; it may reach beyond the picture.
Box warped(const Box& box, const Warp& warp);
/// What of a box (in shares) lies within the picture.
Box clipped(const Box& box);
/// The area of `box` that lies within the picture.
double visible_area(const Box& box);

}  // namespace edgewise::picture
