/// The `resnet` family: residual networks of many depths and widths (He, Zhang, Ren, Sun, CVPR 2016).
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"
#include "space/family.hpp"

namespace edgewise::space {

/// One residual network: a stem convolution, stages of blocks (each stage after the first halves the map), global
/// pooling, a head. Differs from the paper: no pooling after the stem, and the kernels of a block may be larger than 3.
struct ResNet {
  struct Stage {
    std::int64_t width = 16;  ///< channels of a block's wide convolution; a bottleneck gives four times as many
    std::int64_t blocks = 1;
  };
  std::vector<Stage> stages;
  bool bottleneck = false;
  std::int64_t kernel_size = 3;       ///< of the blocks' spatial convolutions, odd
  std::int64_t stem_kernel_size = 3;  ///< odd
  std::int64_t stem_stride = 1;
};

/// What a network costs, without building it; equal to `graph::costs` of its graph.
struct ResNetCosts {
  std::int64_t parameters = 0, macs = 0;
};
ResNetCosts resnet_costs(const ResNet& net, const Frame& frame);

/// Nodes are called as in torchvision's resnet: "conv1", "layer1.0.conv1", ..., then those of the
/// frame's head; without one "fc".
/// @error invalid_input: no stage, a frame that cannot be, a map that shrinks below one pixel
Result<graph::Graph> build_resnet(const ResNet& net, const Frame& frame);

/// Parameters: stages, blocks1 .. blocks4 (of the stages that exist), block, kernel_size, stem_kernel_size,
/// stem_stride, filters, width_growth, input_size (from half the job's to the job's own) and, when the job names it,
/// learning_rate. Options: max_parameters and max_macs, bounds on what is valid; 2e6 and 4e8 unless given.
Result<Family> make_resnet(const Json& options, const Frame& frame);

}  // namespace edgewise::space
