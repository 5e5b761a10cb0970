/// Which tensor of a file is which of a network when their names differ. Only for the sources and tests of train/.
#pragma once

#include <map>
#include <string>

#include "graph/graph.hpp"
#include "graph/weights.hpp"

namespace edgewise::train {

/// By shape and place, as between torchvision's networks and timm's. First modules with several matrices of the same
/// shapes, as many in the file as in the network, are the same in their order; then single layers with a matrix. In the
/// file that order is of names, with numbers as people count ("blocks.2" before "blocks.10"). A norm is that of its
/// length beside the layer that comes before it, else the one at the same place among all of its length. Layers of
/// which the file has another number than the network are left out.
/// @return names in the file by those in the network
std::map<std::string, std::string> by_shape(const graph::Graph& graph, const graph::Weights& loaded);

}  // namespace edgewise::train
