/// What disappears from a network before it is written: copies that compute nothing, and batch norms inside
/// convolutions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "graph/graph.hpp"
#include "graph/weights.hpp"

namespace edgewise::deploy {

/// How each node of a graph is deployed; all vectors are indexed by node.
struct Plan {
  std::vector<std::size_t>
      source;  ///< the node whose value this one's is; itself, unless it computes nothing at inference
  std::vector<std::optional<std::size_t>> folded_norm;  ///< of a convolution: the batch norm that goes into it
  std::vector<bool> is_folded;                          ///< of a batch norm: it goes into the convolution before it
  std::vector<std::size_t> outputs;                     ///< the nodes whose values the network gives, by output
};
Plan plan_deployment(const graph::Graph& graph);

/// A convolution's numbers.
struct ConvWeights {
  std::vector<float> weight;               ///< (out, C/groups, kh, kw)
  std::optional<std::vector<float>> bias;  ///< (out)
};
/// Weight and bias of node `conv` with those of its folded batch norm, if any, multiplied in (in double precision):
/// w' = w * gamma / sqrt(var + eps), b' = (b - mean) * gamma / sqrt(var + eps) + beta.
ConvWeights conv_weights(const graph::Graph& graph, const graph::Weights& weights, const Plan& plan, std::size_t conv);

}  // namespace edgewise::deploy
