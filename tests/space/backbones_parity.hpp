/// The backbones as torchvision would list them: shared by the comparison with the golden file and with the shared
/// data.
#pragma once

#include <algorithm>
#include <array>
#include <format>
#include <ranges>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "graph/costs.hpp"
#include "space/backbones.hpp"

namespace edgewise::space {

/// At 224x224 with 1000 classes.
inline graph::Graph imagenet_backbone(const std::string& name) {
  auto graph = build_backbone(name, {.input_size = 224, .outputs = 1000});
  EDGEWISE_ASSERT(graph.has_value(), graph ? "" : to_text(graph.error()).c_str());
  return *std::move(graph);
}

/// The tensors in state dict order. A graph lists a block's layer scale where it is computed, after the block's layers;
/// a state dict lists it first, since it belongs to the block itself.
inline std::vector<graph::TensorSpec> in_state_dict_order(std::vector<graph::TensorSpec> tensors) {
  constexpr std::string_view leaf = "layer_scale";
  for (auto at = tensors.begin(); at != tensors.end(); ++at) {
    if (!at->name.ends_with(leaf)) continue;
    const auto block = at->name.substr(0, at->name.size() - leaf.size());
    const auto first =
        std::ranges::find_if(tensors, [&](const auto& tensor) { return tensor.name.starts_with(block); });
    std::rotate(first, at, at + 1);
  }
  return tensors;
}

/// One call of a layer that torchvision has as a module.
struct Layer {
  std::string name;
  graph::Shape shape;  ///< of the output, without the batch
  std::int64_t macs = 0, parameters = 0;
};

/// All nodes but those that torchvision computes by functions.
inline std::vector<Layer> module_layers(const graph::Graph& graph) {
  constexpr std::array functions = {"add",         "cat",     "mul",           "split_0",        "split_1",
                                    "shuffle",     "flatten", "channels_last", "channels_first", "layer_scale",
                                    "global_pool", "relu5"};
  const auto costs = graph::node_costs(graph);
  std::vector<Layer> layers;
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    const auto& name = graph.node(i).name;
    const auto leaf = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
    if (std::ranges::find(functions, leaf) != functions.end()) continue;
    auto shape = graph.shape(i);
    if (i + 1 < graph.nodes().size() && graph.node(i + 1).name == name + ".channels_first") shape = graph.shape(i + 1);
    layers.push_back({name, shape, costs[i].macs, costs[i].parameters});
  }
  return layers;
}

/// "64x3x7x7"; a scalar is "".
inline std::string joined(const graph::Shape& shape) {
  return shape.empty() ? "" : graph::to_text(shape);
}

/// The lines of a text file, with either kind of line end; empty ones left out.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto part : std::views::split(text, '\n')) {
    std::string line(part.begin(), part.end());
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (const auto part : std::views::split(line, ',')) cells.emplace_back(part.begin(), part.end());
  return cells;
}

/// "" when equal, or the first place where two lists differ.
inline std::string first_difference(const std::vector<std::string>& actual, const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(actual.size(), expected.size()); ++i) {
    const auto have = i < actual.size() ? actual[i] : "nothing", want = i < expected.size() ? expected[i] : "nothing";
    if (have != want) return std::format("at {}: have {}, want {}", i, have, want);
  }
  return "";
}

}  // namespace edgewise::space
