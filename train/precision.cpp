#include <ATen/detail/CUDAHooksInterface.h>

#include "graph/costs.hpp"
#include "nn/processor.hpp"
#include "train/loop_internal.hpp"

namespace edgewise::train {

namespace {

// Convolutions of one channel each do too little work for each number they read: converting costs more than it gains.
bool has_depthwise_convolutions(const graph::Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const auto* conv = std::get_if<graph::Conv2d>(&node.op);
    if (conv && conv->groups > 1 && conv->groups == graph.shape(node.inputs.front()).front()) return true;
  }
  return false;
}

bool is_mostly_linear(const graph::Graph& graph) {
  const auto costs = graph::node_costs(graph);
  std::int64_t linear = 0, all = 0;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    all += costs[i].macs;
    if (std::holds_alternative<graph::Linear>(graph.node(i).op)) linear += costs[i].macs;
  }
  return 2 * linear > all;
}

}  // namespace

// A rule from timings, two threads, batch 64 at 64x64. Zen 5: ResNet-18 trains faster in bf16, networks with depthwise
// convolutions do not. Sapphire Rapids without usable tiles: ConvNeXt 45 instead of 28 images/s in bf16, ResNet-18 158
// instead of 186, MobileNetV2 255 instead of 390. `make bench` times it against PyTorch.
nn::Precision faster_precision(const graph::Graph& graph, bool has_bf16, bool has_undescribed_tiles) {
  if (!has_bf16) return nn::Precision::fp32;
  const bool is_faster = is_mostly_linear(graph) || (!has_undescribed_tiles && !has_depthwise_convolutions(graph));
  return is_faster ? nn::Precision::bf16 : nn::Precision::fp32;
}

nn::Precision choose_precision(const std::string& setting, const graph::Graph& graph, torch::Device device) {
  if (setting != "auto") return setting == "bf16" ? nn::Precision::bf16 : nn::Precision::fp32;
  if (device.is_cuda()) {
    return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8() ? nn::Precision::bf16
                                                                               : nn::Precision::fp32;
  }
  return faster_precision(graph, nn::has_bf16(), nn::has_undescribed_tiles());
}

}  // namespace edgewise::train
