/// One class for each picture.
#pragma once

#include <string>
#include <vector>

#include "task/task.hpp"

namespace edgewise::task {

/// A score for each class; the target is the class's index.
const Task& classification();

/// Options of its loss.
struct ClassificationLossOptions {
  double label_smoothing = 0.0;
  std::string class_weights = "none";  ///< "none", "root", "balanced"
  /// Of each class in the loss, 1 in the mean over the training pictures; empty: all alike. Learned, not told.
  std::vector<float> weights;
  void fields(config::Options& o) {
    o.number("label_smoothing", label_smoothing, {0, 0.5}, "of classification");
    o.word("class_weights", class_weights, {"none", "root", "balanced"},
           "of classification: how much rare classes count for their pictures; balanced: all classes alike, root: half "
           "way there");
  }
};

/// The place of the largest score, the first one of several; one that is not a number counts as the largest, as in
/// LibTorch.
std::size_t largest(std::span<const float> scores);

}  // namespace edgewise::task
