#include <cmath>
#include <variant>

#include "deploy/fold_internal.hpp"

namespace edgewise::deploy {

using namespace graph;

Plan plan_deployment(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  Plan plan{.source = std::vector<std::size_t>(count),
            .folded_norm = std::vector<std::optional<std::size_t>>(count),
            .is_folded = std::vector<bool>(count, false),
            .outputs = {}};
  std::vector<std::size_t> readers(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Node& node = graph.node(i);
    plan.source[i] = computes_nothing(graph, i) ? plan.source[node.inputs[0]] : i;
    if (plan.source[i] == i)
      for (const std::size_t input : node.inputs) ++readers[plan.source[input]];
  }
  for (const Output& output : graph.outputs()) {
    plan.outputs.push_back(plan.source[output.node]);
    ++readers[plan.outputs.back()];
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::holds_alternative<BatchNorm2d>(graph.node(i).op)) continue;
    const std::size_t before = plan.source[graph.node(i).inputs[0]];
    if (!std::holds_alternative<Conv2d>(graph.node(before).op) || readers[before] != 1) continue;
    plan.folded_norm[before] = i;
    plan.is_folded[i] = true;
  }
  return plan;
}

ConvWeights conv_weights(const Graph& graph, const Weights& weights, const Plan& plan, std::size_t conv) {
  const Node& node = graph.node(conv);
  const bool has_bias = std::get<Conv2d>(node.op).bias;
  ConvWeights result{.weight = weights.at(node.name + ".weight").floats(), .bias = {}};
  if (has_bias) result.bias = weights.at(node.name + ".bias").floats();
  if (!plan.folded_norm[conv]) return result;

  const Node& norm = graph.node(*plan.folded_norm[conv]);
  const double eps = std::get<BatchNorm2d>(norm.op).eps;
  const std::vector<float>& gamma = weights.at(norm.name + ".weight").floats();
  const std::vector<float>& beta = weights.at(norm.name + ".bias").floats();
  const std::vector<float>& mean = weights.at(norm.name + ".running_mean").floats();
  const std::vector<float>& var = weights.at(norm.name + ".running_var").floats();
  const std::size_t channels = gamma.size(), each = result.weight.size() / channels;
  if (!result.bias) result.bias.emplace(channels, 0.0F);
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale = gamma[c] / std::sqrt(static_cast<double>(var[c]) + eps);
    for (std::size_t k = 0; k < each; ++k)
      result.weight[c * each + k] = static_cast<float>(result.weight[c * each + k] * scale);
    (*result.bias)[c] = static_cast<float>((static_cast<double>((*result.bias)[c]) - mean[c]) * scale + beta[c]);
  }
  return result;
}

}  // namespace edgewise::deploy
