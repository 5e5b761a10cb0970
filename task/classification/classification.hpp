/// One class for each picture.
#pragma once

#include "task/task.hpp"

namespace edgewise::task {

/// A score for each class; the target is the class's index.
const Task& classification();

/// Options of its loss.
struct ClassificationLossOptions {
  double label_smoothing = 0.0;
  void fields(config::Options& o) { o.number("label_smoothing", label_smoothing, {0, 0.5}, "of classification"); }
};

/// The place of the largest score, the first one of several; one that is not a number counts as the largest, as in
/// LibTorch.
std::size_t largest(std::span<const float> scores);

}  // namespace edgewise::task
