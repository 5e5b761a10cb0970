/// The 21 classic backbones, as torchvision 0.21 builds them (names of nodes and tensors, shapes, MACs and parameters
/// agree).
#pragma once

#include <string>
#include <vector>

#include "space/family.hpp"

namespace edgewise::space {

/// In the order of the design: alexnet, vgg11, ... convnext_small.
const std::vector<std::string>& backbone_names();

/// The backbone with the frame's head on its features; without one, with torchvision's own classifier for
/// `frame.outputs` classes.
/// @error invalid_input: unknown name; an input too small for the network
Result<graph::Graph> build_backbone(const std::string& name, const Frame& frame);

/// Parameters: backbone, learning_rate.
Result<Family> make_backbones(const Json& options, const Frame& frame);

}  // namespace edgewise::space
