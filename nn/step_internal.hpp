/// One prepared node of a network. Only for the sources of nn/.
#pragma once

#include "nn/module.hpp"
#include "nn/norm_kernels_internal.hpp"

namespace edgewise::nn {

struct NetworkImpl::Step {
  const graph::Node* node = nullptr;
  std::vector<torch::Tensor> tensors;  ///< as Graph::tensors(index)
  torch::Tensor constant;              ///< of a Constant: (1, shape...), on the device where it was needed last
  std::vector<std::size_t> release;    ///< values that no later node needs
  bool may_overwrite = false;          ///< its input is a fresh value that nobody else reads
  bool is_output = false;
  bool is_done_before = false;  ///< an activation that the batch norm before it computes along
  kernels::Clamp clamp;         ///< of a batch norm: the activation it computes along
  std::int64_t updates = 0;     ///< of the running statistics: "num_batches_tracked"
};

}  // namespace edgewise::nn
