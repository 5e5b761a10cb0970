#include "graph/costs.hpp"

#include <algorithm>
#include <numeric>

#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

/// Of the memory a running network plans for node `index`: none for a constant, which lies beside the weights.
std::int64_t value_bytes(const Graph& graph, std::size_t index) {
  if (std::holds_alternative<Constant>(graph.node(index).op)) return 0;
  return elements(graph.shape(index)) * bytes_of(graph.type(index));
}

std::int64_t peak_activation_bytes(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  // The node whose memory holds each value (a view shares its input's), and the last step that needs that memory.
  std::vector<std::size_t> owner(count), last_use(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Node& node = graph.node(i);
    owner[i] = is_view(node.op) ? owner[node.inputs[0]] : i;
    last_use[owner[i]] = i;
    for (const std::size_t input : node.inputs) last_use[owner[input]] = i;
  }
  for (const Output& output : graph.outputs()) last_use[owner[output.node]] = count - 1;

  std::vector<std::int64_t> freed_after(count, 0);
  std::int64_t alive = 0, peak = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (owner[i] == i) {
      const std::int64_t bytes = value_bytes(graph, i);
      alive += bytes;
      freed_after[last_use[i]] += bytes;
    }
    peak = std::max(peak, alive);
    alive -= freed_after[i];
  }
  return peak;
}

struct NodeCostAndStored {
  NodeCost cost;
  std::int64_t stored = 0;  // elements of its tensors, what does not learn included
};
NodeCostAndStored node_cost(const Graph& graph, std::size_t i) {
  const Node& node = graph.node(i);
  NodeCostAndStored both;
  both.cost.output_elements = elements(graph.shape(i));
  if (!node.inputs.empty()) both.cost.macs = operator_macs(node.op, graph.shape(node.inputs[0]), graph.shape(i));
  for (const TensorSpec& tensor : graph.tensors(i)) {
    const auto count = elements(tensor.shape);
    if (tensor.trainable) both.cost.parameters += count;
    both.stored += count;
  }
  return both;
}

}  // namespace

std::vector<NodeCost> node_costs(const Graph& graph) {
  std::vector<NodeCost> all;
  all.reserve(graph.nodes().size());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    all.push_back(node_cost(graph, i).cost);
  }
  return all;
}

Costs costs(const Graph& graph) {
  Costs sum;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto [cost, stored] = node_cost(graph, i);
    sum.macs += cost.macs;
    sum.parameters += cost.parameters;
    sum.weight_bytes += stored * bytes_of(DataType::float32);
  }
  for (const Node& node : graph.nodes())
    if (const auto* constant = std::get_if<Constant>(&node.op))
      sum.weight_bytes += static_cast<std::int64_t>(constant->value.bytes().size());
  sum.peak_activation_bytes = peak_activation_bytes(graph);
  sum.peak_memory_bytes = sum.weight_bytes + sum.peak_activation_bytes;
  return sum;
}

}  // namespace edgewise::graph
