/// Weights as plain data: the state dict of a network, free of any training library.
#pragma once

#include <map>
#include <string>

#include "graph/graph.hpp"
#include "graph/tensor.hpp"

namespace edgewise::graph {

/// By the names of `Graph::tensors()`; 32-bit floats.
using Weights = std::map<std::string, Tensor>;

/// @error invalid_input naming the tensor that is missing, left over, of another shape or type, or not finite
Status check_weights(const Graph& graph, const Weights& weights);

}  // namespace edgewise::graph
