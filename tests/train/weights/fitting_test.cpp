// Starting weights of other sizes and under other names.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "space/named_networks.hpp"
#include "train/weights/by_shape_internal.hpp"
#include "train/weights/starting_weights.hpp"

namespace edgewise::train {
namespace {

graph::Graph network(const std::string& name) {
  const space::Frame frame{.channels = 3, .input_size = 64, .head = {}, .outputs = 5};
  const auto source = space::source_of_network(name, frame, 0.01).value();
  const auto family = space::make_family(source, frame).value();
  return family.build(family.space.at(0).value(), frame).value().graph;
}

/// Every tensor with numbers of its own.
graph::Weights distinct(const graph::Graph& graph) {
  graph::Weights weights;
  RandomStream random(4);
  for (const auto& spec : graph.tensors()) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    auto& tensor = weights[spec.name];
    tensor.shape = spec.shape;
    for (std::size_t i = 0; i < count; ++i) tensor.floats().push_back(static_cast<float>(random.uniform()));
  }
  return weights;
}

graph::Weights zeros(const graph::Graph& graph) {
  auto weights = distinct(graph);
  for (auto& [name, tensor] : weights) std::ranges::fill(tensor.floats(), 0.0F);
  return weights;
}

TEST(Cut, TakesTheFirstChannelsAndTheMiddleOfAKernel) {
  const auto layer = [](std::int64_t channels, std::int64_t kernel, std::int64_t outputs) {
    graph::GraphBuilder b({2, 8, 8});
    auto x = b.add(graph::Conv2d{.out_channels = channels,
                                 .kernel_size = {kernel, kernel},
                                 .padding = {kernel / 2, kernel / 2},
                                 .bias = false},
                   {b.input()}, "conv");
    x = b.add(graph::AdaptiveAvgPool2d{}, {x});
    x = b.add(graph::Reshape{{channels}}, {x});
    x = b.add(graph::Linear{.out_features = outputs}, {x}, "head");
    return std::move(b).finish(x).value();
  };
  const auto large = layer(4, 5, 3), small = layer(2, 3, 3);
  const auto loaded = distinct(large);
  const auto adapted = adapt_weights(small, zeros(small), loaded, Fit::cut);
  ASSERT_TRUE(adapted) << to_text(adapted.error());
  EXPECT_EQ(adapted->share.tensors, 2) << "the kernel, and the bias of the head, which is as long; no head is cut";
  const auto& from = loaded.at("conv.weight").floats();
  const auto& to = adapted->weights.at("conv.weight").floats();
  for (std::size_t out = 0; out < 2; ++out)
    for (std::size_t in = 0; in < 2; ++in)
      for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x)
          EXPECT_EQ(to[((out * 2 + in) * 3 + y) * 3 + x], from[((out * 2 + in) * 5 + y + 1) * 5 + x + 1]);
  EXPECT_EQ(adapted->weights.at("head.weight"), zeros(small).at("head.weight"));
  // What is smaller than the network's is no part of it.
  EXPECT_EQ(adapt_weights(large, zeros(large), distinct(small), Fit::cut)->share.tensors, 1);
  EXPECT_EQ(adapt_weights(small, zeros(small), loaded, Fit::partial)->share.tensors, 1);
}

/// Of timm: no names in common, convolutions and norms of a block beside each other, all in alphabetical order.
std::string as_timm(std::string name) {
  const std::vector<std::pair<std::regex, std::string>> rules{
      {std::regex(R"(^features\.0\.0\.)"), "conv_stem."},
      {std::regex(R"(^features\.0\.1\.)"), "bn1."},
      {std::regex(R"(^features\.(\d+)\.conv\.0\.0\.)"), "blocks.$1.0.conv_pw."},
      {std::regex(R"(^features\.(\d+)\.conv\.0\.1\.)"), "blocks.$1.0.bn1."},
      {std::regex(R"(^features\.(\d+)\.conv\.1\.0\.)"), "blocks.$1.0.conv_dw."},
      {std::regex(R"(^features\.(\d+)\.conv\.1\.1\.)"), "blocks.$1.0.bn2."},
      {std::regex(R"(^features\.(\d+)\.conv\.2\.)"), "blocks.$1.0.conv_pwl."},
      {std::regex(R"(^features\.(\d+)\.conv\.3\.)"), "blocks.$1.0.bn3."},
      {std::regex(R"(^features\.18\.0\.)"), "conv_head."},
      {std::regex(R"(^features\.18\.1\.)"), "bn2."},
  };
  for (const auto& [from, to] : rules) name = std::regex_replace(name, from, to);
  return name;
}

TEST(ByShape, FindsEveryTensorOfANetworkUnderTheNamesOfAnother) {
  const auto graph = network("mobilenet_v2");
  const auto weights = distinct(graph);
  graph::Weights renamed;
  std::size_t counters = 0;
  for (const auto& [name, tensor] : weights) {
    if (name.ends_with("num_batches_tracked")) ++counters;
    ASSERT_TRUE(renamed.emplace(as_timm(name), tensor).second) << name;
  }
  const auto adapted = adapt_weights(graph, zeros(graph), renamed, Fit::shape);
  ASSERT_TRUE(adapted);
  EXPECT_EQ(adapted->share.tensors, adapted->share.of_tensors);
  std::vector<std::string> wrong;
  for (const auto& [name, tensor] : weights)
    if (adapted->weights.at(name) != tensor) wrong.push_back(name);
  EXPECT_TRUE(wrong.empty()) << wrong.size() << " tensors are others, the first " << wrong.front();
  EXPECT_GT(counters, 10U);
}

TEST(ByShape, TellsTheBranchesOfAUnitApart) {
  const auto graph = network("shufflenet_v2_x0_5");
  const auto weights = distinct(graph);
  graph::Weights renamed;
  for (const auto& [name, tensor] : weights) {
    auto other = std::regex_replace(name, std::regex("branch2"), "branch_main");
    other = std::regex_replace(other, std::regex("branch1"), "branch_proj");
    renamed.emplace("body." + other, tensor);
  }
  const auto adapted = adapt_weights(graph, zeros(graph), renamed, Fit::shape);
  ASSERT_TRUE(adapted);
  EXPECT_EQ(adapted->weights, weights);
}

TEST(ByShape, LeavesOutWhatOccursInAnotherNumber) {
  const auto graph = network("mobilenet_v2");
  auto weights = distinct(graph);
  const auto second = weights.at("features.2.conv.0.0.weight");
  weights["extra.0.weight"] = second;  // it cannot be said which of the two is meant
  const auto pairs = by_shape(graph, weights);
  EXPECT_FALSE(pairs.contains("features.2.conv.0.0.weight"));
  EXPECT_EQ(pairs.at("features.0.0.weight"), "features.0.0.weight");
}

}  // namespace
}  // namespace edgewise::train
