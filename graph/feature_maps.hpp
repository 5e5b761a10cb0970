/// What a network computes of a picture before a task's head is put on it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// A value (C, H, W) that sees the picture `stride` times smaller along each edge.
struct FeatureMap {
  GraphBuilder::Value value;
  std::int64_t stride = 1;
  std::string name = {};  ///< as a space file calls it; empty where nobody named it
};

/// Adds a network's own layers on its last map, which give so many numbers. Valid while the network is being built.
using Classifier = std::function<GraphBuilder::Value(std::int64_t outputs)>;

/// What a family gives and a task puts its head on.
struct Features {
  std::vector<FeatureMap> maps;  ///< from the finest to the coarsest; never empty; the last one is what is pooled
  Classifier classifier;         ///< the network's own, as its authors drew it; empty: it has none
  [[nodiscard]] GraphBuilder::Value last() const { return maps.back().value; }
};

/// What a network gives; one value alone needs no name.
using HeadOutputs = std::vector<GraphBuilder::NamedValue>;

/// Puts the layers of a task on features. @param outputs  how many numbers the task wants
using HeadMaker = std::function<HeadOutputs(GraphBuilder&, const Features& features, std::int64_t outputs)>;

/// The network's own classifier, or, where it has none, the global average of the last map and one linear layer, drawn
/// as PyTorch draws it ("global_pool", "flatten", "classifier").
GraphBuilder::Value classify(GraphBuilder& builder, const Features& features, std::int64_t outputs);

/// The maps on the way from the input to `last`: of each stride the last value that all paths to `last` lead through.
std::vector<FeatureMap> maps_towards(const GraphBuilder& builder, GraphBuilder::Value last);

}  // namespace edgewise::graph
