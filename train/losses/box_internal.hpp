/// Losses of boxes. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <string>

namespace edgewise::train {

/// `kind` as task::BoxLossOptions::kind. Corners are shares of the edge, (n, 4): x0, y0, x1, y1.
/// smooth_l1: summed over the four corners, quadratic below an error of 0.05 of the edge. giou: 1 - GIoU. Means over
/// the batch.
torch::Tensor box_loss(const torch::Tensor& predicted, const torch::Tensor& target, const std::string& kind);

/// (n) generalised intersection over union (Rezatofighi et al., CVPR 2019, equation 3), in (-1, 1]. Where the corners
/// of a predicted box are out of order its area counts as 0, but the enclosing box reaches over all its corners: the
/// gradient still pulls it together.
torch::Tensor generalised_iou(const torch::Tensor& predicted, const torch::Tensor& target);

}  // namespace edgewise::train
