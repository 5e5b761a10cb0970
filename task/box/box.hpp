/// One box in each picture.
#pragma once

#include "task/task.hpp"

namespace edgewise::task {

/// Regression of the corners as shares of the picture's width and height: x0, y0, x1, y1.
const Task& box();

/// Options of its loss.
struct BoxLossOptions {
  std::string kind = "smooth_l1_giou";  ///< "smooth_l1", "giou" or their sum
  void fields(config::Options& o) {
    o.word("box_loss", kind, {"smooth_l1", "giou", "smooth_l1_giou"}, "of box regression");
  }
};

/// Intersection over union of two boxes in float, step by step as LibTorch computes it; corners that are out of order
/// have no area.
float overlap(std::span<const float> predicted, std::span<const float> target);

}  // namespace edgewise::task
