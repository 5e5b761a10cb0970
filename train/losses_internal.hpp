/// Losses. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <string>

#include "train/loop_internal.hpp"

namespace edgewise::train {

/// Mean cross-entropy of (n, classes) against (n) with label smoothing (Szegedy et al., CVPR 2016).
torch::Tensor classification_loss(const torch::Tensor& outputs, const torch::Tensor& labels, double smoothing);

/// `kind` as Settings::box_loss. Corners are shares of the edge, (n, 4): x0, y0, x1, y1.
/// smooth_l1: summed over the four corners, quadratic below an error of 0.05 of the edge. giou: 1 - GIoU. Means over
/// the batch.
torch::Tensor box_loss(const torch::Tensor& predicted, const torch::Tensor& target, const std::string& kind);

/// (n) intersection over union; a box whose corners are out of order has no area.
torch::Tensor iou(const torch::Tensor& predicted, const torch::Tensor& target);

/// (n) generalised intersection over union (Rezatofighi et al., CVPR 2019, equation 3), in (-1, 1]. Where the corners
/// of a predicted box are out of order its area counts as 0, but the enclosing box reaches over all its corners: the
/// gradient still pulls it together.
torch::Tensor generalised_iou(const torch::Tensor& predicted, const torch::Tensor& target);

}  // namespace edgewise::train
