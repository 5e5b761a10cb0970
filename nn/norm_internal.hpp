/// Batch normalisation and the clamping activation behind it as one step. Only for the sources of nn/.
#pragma once

#include <torch/types.h>

#include "nn/norm_kernels_internal.hpp"

namespace edgewise::nn {

/// What a batch norm owns and how it is computed (Ioffe, Szegedy, ICML 2015).
struct Norm {
  torch::Tensor weight, bias, running_mean, running_var;
  double momentum = 0.1, eps = 1e-5;
  bool is_training = false;
};

/// (n, C, H, W) -> the same shape and format. In training the running statistics move. On a processor and in
/// channels-last memory by the fused kernels, with statistics summed in 64 bits; elsewhere by LibTorch.
torch::Tensor normalise_and_clamp(const torch::Tensor& x, const Norm& norm, kernels::Clamp clamp);

}  // namespace edgewise::nn
