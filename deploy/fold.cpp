#include <cmath>
#include <variant>

#include "deploy/fold_internal.hpp"

namespace edgewise::deploy {

using namespace graph;

namespace {

/// The chain that ends with node `last`, whatever else reads its inner nodes.
std::optional<PatchChain> patch_chain(const Graph& graph, const Plan& plan, std::size_t last) {
  const auto before = [&](std::size_t node) { return plan.source[graph.node(node).inputs[0]]; };
  if (!std::holds_alternative<Reshape>(graph.node(last).op)) return std::nullopt;
  const std::size_t middle = before(last);
  const auto* permute = std::get_if<Permute>(&graph.node(middle).op);
  if (!permute || !std::holds_alternative<Reshape>(graph.node(before(middle)).op)) return std::nullopt;
  const std::size_t first = before(middle);
  const std::vector<std::int64_t> unfold{2, 4, 1, 3, 0}, fold{4, 2, 0, 3, 1};
  const bool unfolds = permute->order == unfold;
  if (!unfolds && permute->order != fold) return std::nullopt;
  const PatchChain chain{
      .from = before(first), .patch = unfolds ? graph.shape(first)[2] : graph.shape(first)[0], .unfolds = unfolds};
  const Shape& map = graph.shape(unfolds ? chain.from : last);
  const Shape& rows = graph.shape(unfolds ? last : chain.from);
  if (map.size() != 3 || map[1] % chain.patch != 0 || map[2] % chain.patch != 0) return std::nullopt;
  const std::int64_t p = chain.patch, down = map[1] / p, across = map[2] / p;
  const Shape split = unfolds ? Shape{map[0], down, p, across, p} : Shape{p, p, down, across, map[0]};
  if (graph.shape(first) != split || rows != Shape{p * p, down * across, map[0]}) return std::nullopt;
  return chain;
}

}  // namespace

Plan plan_deployment(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  Plan plan{.source = std::vector<std::size_t>(count),
            .folded_norm = std::vector<std::optional<std::size_t>>(count),
            .is_folded = std::vector<bool>(count, false),
            .patches = std::vector<std::optional<PatchChain>>(count),
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
  for (std::size_t i = 0; i < count; ++i) {
    const auto chain = plan.source[i] == i ? patch_chain(graph, plan, i) : std::nullopt;
    if (!chain) continue;
    const std::size_t middle = plan.source[graph.node(i).inputs[0]], first = plan.source[graph.node(middle).inputs[0]];
    if (readers[middle] != 1 || readers[first] != 1) continue;
    plan.patches[i] = chain;
    plan.is_folded[middle] = plan.is_folded[first] = true;
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
