/// The 21 classic backbones, as torchvision 0.21 builds them (names of nodes and tensors, shapes, MACs and parameters
/// agree).
#pragma once

#include <string>
#include <vector>

#include "space/family.hpp"

namespace edgewise::space {

/// In the order of the design: alexnet, vgg11, ... convnext_small.
const std::vector<std::string>& backbone_names();

/// The backbone with torchvision's own classifier for `frame.outputs` classes, or, for `Head::box`, its feature
/// extractor, global average pooling and Linear(F, F/2) - ReLU - Linear(F/2, 4) - the raw corners as shares of the
/// input.
/// @error invalid_input: unknown name; an input too small for the network
Result<graph::Graph> build_backbone(const std::string& name, const Frame& frame);

}  // namespace edgewise::space
