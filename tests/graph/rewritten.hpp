/// One network, written down in another way.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"

namespace edgewise::graph {

/// The same network: nodes renamed and put into a random order that links allow, inputs of Add and Mul shuffled.
inline Graph rewritten(const Graph& graph, RandomStream& random) {
  std::vector<std::size_t> place(graph.nodes().size());  // old index -> new
  std::vector<bool> is_placed(graph.nodes().size());
  std::vector<Node> nodes;
  while (nodes.size() < graph.nodes().size()) {
    const auto next = static_cast<std::size_t>(random.below(graph.nodes().size()));
    const auto& inputs = graph.node(next).inputs;
    if (next != 0 && !is_placed[0]) continue;  // a constant needs nothing, but the input is first
    if (is_placed[next] || !std::ranges::all_of(inputs, [&](std::size_t i) { return is_placed[i]; })) continue;
    Node node = graph.node(next);
    node.name = "renamed " + std::to_string(nodes.size());
    node.part = random.chance(0.5) ? "another part" : "";
    for (auto& input : node.inputs) input = place[input];
    if (std::holds_alternative<Add>(node.op) || std::holds_alternative<Mul>(node.op))
      random.shuffle(std::span(node.inputs));
    is_placed[next] = true;
    place[next] = nodes.size();
    nodes.push_back(std::move(node));
  }
  auto outputs = graph.outputs();
  for (auto& output : outputs) output.node = place[output.node];
  return make_graph(std::move(nodes), std::move(outputs)).value();
}

}  // namespace edgewise::graph
