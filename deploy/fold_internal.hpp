/// What disappears from a network before it is written: copies that compute nothing, batch norms inside convolutions,
/// and the ways from a map to patches that ONNX has operators of its own for.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "graph/graph.hpp"
#include "graph/weights.hpp"

namespace edgewise::deploy {

/// A chain of reshape, permutation and reshape between a map (C, H, W) and its patches (p * p places, H/p * W/p
/// patches, C), written as SpaceToDepth or DepthToSpace and one permutation: of all forms tried the runtime's fastest
/// (docs/results/spaces/operator_forms.md).
struct PatchChain {
  std::size_t from = 0;  ///< the node whose value the chain takes
  std::int64_t patch = 1;
  bool unfolds = true;  ///< from the map to the patches
};

/// How each node of a graph is deployed; all vectors are indexed by node.
struct Plan {
  std::vector<std::size_t>
      source;  ///< the node whose value this one's is; itself, unless it computes nothing at inference
  std::vector<std::optional<std::size_t>> folded_norm;  ///< of a convolution: the batch norm that goes into it
  std::vector<bool> is_folded;  ///< written with another node: a batch norm, the inner nodes of a chain
  std::vector<std::optional<PatchChain>> patches;  ///< of the last node of such a chain
  std::vector<std::size_t> outputs;                ///< the nodes whose values the network gives, by output
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
