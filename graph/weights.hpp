/// Weights as plain data: the state dict of a network, free of any training library.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// A dense tensor of 32-bit floats in row-major order. Counters (num_batches_tracked) are kept as floats too.
struct Tensor {
  Shape shape;
  std::vector<float> values;
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// By the names of `Graph::tensors()`.
using Weights = std::map<std::string, Tensor>;

/// @error invalid_input naming the tensor that is missing, left over, of another shape, or not finite
Status check_weights(const Graph& graph, const Weights& weights);

}  // namespace edgewise::graph
