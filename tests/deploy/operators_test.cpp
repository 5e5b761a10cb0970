// Every operator of a graph, exported and run in ONNX Runtime, computes what the LibTorch module computes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Operators, AttentionOfAMobileViTBlockComputesInOnnxWhatTheModuleComputes) {
  const auto graph = attention_block();
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_LE(export_difference(*graph, 3), tolerance);
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
