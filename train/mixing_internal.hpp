/// Two pictures as one. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <optional>

#include "base/random.hpp"
#include "train/settings.hpp"

namespace edgewise::train {

/// What pictures of a batch are mixed with: picture i with picture `other[i]`.
struct Mix {
  torch::Tensor other;  ///< (n) places in the batch
  double share = 1;     ///< of the picture itself, in [0, 1]
};

/// A number in [0, 1] of the beta distribution whose parameters are both `alpha`, in (0, 4] (Jöhnk, Metrika 8, 1964).
double draw_beta(double alpha, RandomStream& random);

/// Mixes each picture of a batch with another one, in place: as the settings say, by laying it over (MixUp: Zhang et
/// al., ICLR 2018) or by a rectangle of it (CutMix: Yun et al., ICCV 2019), each half of the time where both are asked
/// for; nothing when neither is.
/// @param inputs  (n, C, H, W)
std::optional<Mix> mix(const Settings& settings, torch::Tensor& inputs, RandomStream& random);

/// The same of one row a picture: outputs of a teacher.
torch::Tensor mixed(const torch::Tensor& rows, const Mix& mix);

}  // namespace edgewise::train
