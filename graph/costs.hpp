/// What a network costs, known before it is trained or run.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// One node's share, batch 1.
struct NodeCost {
  std::int64_t macs = 0;        ///< multiply-accumulates of Conv2d, Linear and MatMul; 0 for all else
  std::int64_t parameters = 0;  ///< trainable numbers
  std::int64_t output_elements = 0;
};

/// The whole network at batch 1; weights are 32-bit floats, values of their own types.
struct Costs {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;    ///< as torchvision counts: buffers are not parameters
  std::int64_t weight_bytes = 0;  ///< parameters and buffers (batch norm not folded), 4 bytes each, and constants
  /// Most bytes of values alive at once when the nodes run in their order. A value lives from the node that makes it to
  /// the last node that reads it; inputs and output of the running node live together (nothing is computed in place);
  /// the input lives from the start, the outputs to the end. Reshape, Dropout and StochasticDepth make no copy in
  /// inference: they name their input's memory anew.
  std::int64_t peak_activation_bytes = 0;
  std::int64_t peak_memory_bytes = 0;  ///< weight_bytes + peak_activation_bytes
};

std::vector<NodeCost> node_costs(const Graph& graph);
Costs costs(const Graph& graph);

}  // namespace edgewise::graph
