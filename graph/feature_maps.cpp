#include "graph/feature_maps.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

/// How much smaller each value's map is than the input, along its height.
std::vector<std::int64_t> strides(const std::vector<Node>& nodes) {
  std::vector<std::int64_t> all;
  for (const Node& node : nodes) {
    std::int64_t stride = 1;
    for (const std::size_t input : node.inputs) stride = std::max(stride, all[input]);
    all.push_back(stride * stride_of(node.op));
  }
  return all;
}

/// The nodes that every path from the input to `last` leads through, the first one first.
std::vector<std::size_t> trunk(const std::vector<Node>& nodes, std::size_t last) {
  // Inputs come before what uses them: when the latest node that is still open is the only one, all paths meet there.
  std::set<std::size_t> open{last};
  std::vector<std::size_t> met;
  while (!open.empty()) {
    const std::size_t node = *open.rbegin();
    open.erase(node);
    if (open.empty()) met.push_back(node);
    for (const std::size_t input : nodes[node].inputs)
      if (input == 0 || !nodes[input].inputs.empty()) open.insert(input);  // no path comes through a constant
  }
  std::ranges::reverse(met);
  return met;
}

}  // namespace

GraphBuilder::Value classify(GraphBuilder& builder, const Features& features, std::int64_t outputs) {
  if (features.classifier) return features.classifier(outputs);
  auto x = builder.add(AdaptiveAvgPool2d{{1, 1}}, {features.last()}, "global_pool");
  const Shape pooled = builder.shape(x);
  const std::int64_t length = pooled.empty() ? 1 : pooled.front();  // empty after a mistake, which `finish` tells
  x = builder.add(Reshape{{length}}, {x}, "flatten");
  return builder.add(Linear{outputs}, {x}, "classifier", {Init::uniform, 1.0 / std::sqrt(static_cast<double>(length))});
}

std::vector<FeatureMap> maps_towards(const GraphBuilder& builder, GraphBuilder::Value last) {
  const auto& nodes = builder.nodes();
  if (last.index >= nodes.size()) return {{last, 1}};  // after a mistake, which `finish` tells
  const auto all = strides(nodes);
  std::vector<FeatureMap> maps;
  for (const std::size_t node : trunk(nodes, last.index)) {
    if (node != last.index && (node == 0 || builder.shape({node}).size() != 3)) continue;
    if (!maps.empty() && maps.back().stride == all[node]) maps.pop_back();
    maps.push_back({{node}, all[node]});
  }
  return maps;
}

}  // namespace edgewise::graph
