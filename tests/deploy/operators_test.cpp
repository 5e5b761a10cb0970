// Every operator of a graph, exported and run in ONNX Runtime, computes what the LibTorch module computes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/deploy/networks.hpp"
#include "tests/deploy/parity.hpp"

namespace edgewise::deploy {
namespace {

using namespace graph;

constexpr double tolerance = 1e-4;  // the project's meaning of "exported"

class OneOperator : public testing::TestWithParam<OperatorCase> {};

TEST_P(OneOperator, ComputesInOnnxWhatTheModuleComputes) {
  const auto graph = network_of(GetParam());
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_LE(export_difference(*graph, 1), tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, OneOperator, testing::ValuesIn(operator_cases()),
                         [](const auto& info) { return info.param.name; });

TEST(Operators, AreAllAmongTheTestedNetworks) {
  std::vector<bool> is_seen(std::variant_size_v<Operator>, false);
  std::vector<bool> is_seen_activation(7, false);
  for (const auto& [name, graph] : all_networks()) {
    ASSERT_TRUE(graph) << name << ": " << to_text(graph.error());
    for (const Node& node : graph->nodes()) {
      is_seen[node.op.index()] = true;
      if (const auto* made = std::get_if<Activation>(&node.op))
        is_seen_activation[static_cast<std::size_t>(made->kind)] = true;
    }
  }
  EXPECT_THAT(is_seen, testing::Each(true));
  EXPECT_THAT(is_seen_activation, testing::Each(true));
}

TEST(Operators, OfSeveralInputsComputeInOnnxWhatTheModuleComputes) {
  const auto graph = several_inputs();
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_LE(export_difference(*graph, 2), tolerance);
}

TEST(Operators, OfEveryTypeComputeInOnnxWhatTheModuleComputes) {
  const auto graph = typed_values();
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_LE(export_difference(*graph, 4), tolerance);
}

TEST(Outputs, OfEveryKindAreWhatTheModuleGives) {
  const auto graph = several_outputs();
  ASSERT_TRUE(graph) << to_text(graph.error());
  // The agent gives the first output: each is the first once.
  auto outputs = graph->outputs();
  for (std::size_t turn = 0; turn < outputs.size(); ++turn) {
    const auto turned = make_graph(graph->nodes(), outputs);
    ASSERT_TRUE(turned) << to_text(turned.error());
    EXPECT_LE(export_difference(*turned, 5), tolerance) << outputs.front().name;
    std::ranges::rotate(outputs, outputs.begin() + 1);
  }
}

TEST(Wrapping, MakesTheNetworksInputOfPixels) {
  GraphBuilder b({3, 6, 5});
  const auto features = b.add(Conv2d{.out_channels = 4, .kernel_size = {3, 3}}, {b.input()});
  const auto graph = std::move(b).finish(features).value();
  auto preprocess = make_preprocess(6, 5, 3).value();
  preprocess.low = -0.5F;
  const auto weights = random_weights(graph, 1);
  std::vector<float> pixels, inputs;
  RandomStream random(3);
  for (std::size_t i = 0; i < 2 * 3 * 6 * 5; ++i) {
    const std::size_t channel = i / 30 % 3;
    pixels.push_back(static_cast<float>(random.below(256)));
    const float value = preprocess.low + pixels.back() / 255.0F * (preprocess.high - preprocess.low);
    inputs.push_back((value - preprocess.normalisation.mean[channel]) / preprocess.normalisation.deviation[channel]);
  }
  const TestFolder folder;
  const auto status = write_onnx(graph, weights, {}, folder / "wrapped.onnx", {.preprocess = preprocess});
  ASSERT_TRUE(status) << to_text(status.error());
  const auto outputs = exported_outputs(graph, folder / "wrapped.onnx", pixels);
  EXPECT_LE(relative_difference(outputs, module_outputs(graph, weights, inputs)), tolerance);
}

TEST(Operators, AttentionOfAMobileViTBlockComputesInOnnxWhatTheModuleComputes) {
  const auto graph = attention_block();
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_LE(export_difference(*graph, 3), tolerance);
}

TEST(Operators, PatchesOfAnySizeComputeInOnnxWhatTheModuleComputes) {
  for (const std::int64_t patch : {1, 2, 3, 4})
    EXPECT_LE(export_difference(patches_and_back(patch), 5), tolerance) << patch;
}

TEST(RandomGraphs, ComputeInOnnxWhatTheModuleComputes) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const auto graph = random_graph(seed);
    ASSERT_TRUE(graph) << "seed " << seed << ": " << to_text(graph.error());
    EXPECT_LE(export_difference(*graph, seed), tolerance) << "seed " << seed;
  }
}

TEST(Resize, TakesTheNearestPixelThatTheModuleTakesAtManySizes) {
  for (std::int64_t in = 1; in <= 33; in += 4) {
    GraphBuilder b({1, 1, in});
    std::vector<GraphBuilder::Value> sizes;
    for (std::int64_t out = 1; out <= 64; ++out) {
      auto resized = b.add(graph::Resize{.output_size = {1, out}, .mode = ResizeMode::nearest}, {b.input()});
      sizes.push_back(resized);
    }
    const auto all = b.add(Concat{.axis = 2}, sizes);
    const auto graph = std::move(b).finish(all);
    ASSERT_TRUE(graph) << to_text(graph.error());
    EXPECT_EQ(export_difference(*graph, 1, 1), 0.0) << "from " << in;
  }
}

}  // namespace
}  // namespace edgewise::deploy
