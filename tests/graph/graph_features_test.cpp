#include "graph/graph_features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "random_graph.hpp"
#include "rewritten.hpp"

namespace edgewise::graph {
namespace {

std::map<std::string, double> named(const Graph& graph) {
  const auto values = graph_features(graph);
  const auto& list = graph_feature_list();
  EXPECT_EQ(values.size(), list.size());
  std::map<std::string, double> result;
  for (std::size_t i = 0; i < list.size(); ++i) result[list[i].name] = values[i];
  return result;
}

Conv2d conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1) {
  return {.out_channels = channels,
          .kernel_size = {kernel, kernel},
          .stride = {stride, stride},
          .padding = {kernel / 2, kernel / 2},
          .groups = groups};
}

/// `blocks` times: a 3x3 convolution, norm and relu, added to what came in.
Graph residual(int blocks, std::int64_t channels = 4, std::int64_t size = 8) {
  GraphBuilder builder({channels, size, size});
  auto x = builder.input();
  for (int i = 0; i < blocks; ++i) {
    auto y = builder.add(conv(channels, 3), {x});
    y = builder.add(BatchNorm2d{}, {y});
    x = builder.add(Add{}, {builder.add(Activation{}, {y}), x});
  }
  return *std::move(builder).finish(x);
}

TEST(GraphFeatures, HaveNamesOfTheirOwnInTheGroupsThatAreTold) {
  std::set<std::string> names, groups;
  for (const auto& feature : graph_feature_list()) {
    EXPECT_TRUE(names.insert(feature.name).second) << feature.name;
    groups.insert(feature.group);
  }
  std::set<std::string> told;
  for (const auto& group : graph_feature_groups()) told.insert(group.name);
  EXPECT_EQ(groups, told);
}

TEST(GraphFeatures, OfOneResidualBlockAreAsCountedByHand) {
  const auto values = named(residual(1));
  EXPECT_EQ(values.at("count.conv3"), 1);
  EXPECT_EQ(values.at("count.conv3/1"), 1);
  EXPECT_EQ(values.at("count.conv3/2"), 0);
  EXPECT_EQ(values.at("count.norm"), 1);
  EXPECT_EQ(values.at("count.add"), 1);
  EXPECT_EQ(values.at("longest.conv"), 1);
  EXPECT_EQ(values.at("shortest.conv"), 0);  // past it, by the skip
  EXPECT_EQ(values.at("longest.skip"), 1);
  EXPECT_EQ(values.at("shortest.conv+skip"), 1);  // each way has one of the two
  EXPECT_EQ(values.at("longest.conv+skip"), 1);
  EXPECT_EQ(values.at("longest.pool"), 0);
  EXPECT_DOUBLE_EQ(values.at("log.ways"), std::log(2));
  EXPECT_DOUBLE_EQ(values.at("mean.conv"), 0.5);
  EXPECT_DOUBLE_EQ(values.at("mean.skip"), 0.5);
  EXPECT_EQ(values.at("leave.conv"), 1);
  EXPECT_EQ(values.at("leave.skip"), 1);
  EXPECT_EQ(values.at("leave.conv+skip"), 2);
  EXPECT_EQ(values.at("enter.conv"), 1);
  EXPECT_EQ(values.at("count.blocks_once"), 1);
  EXPECT_DOUBLE_EQ(values.at("log.macs"), std::log1p(4 * 4 * 9 * 64));
  EXPECT_DOUBLE_EQ(values.at("log.parameters"), std::log1p(4 * 4 * 9 + 4 + 8));
  EXPECT_DOUBLE_EQ(values.at("log.receptive_field"), std::log1p(3));
}

TEST(GraphFeatures, CountABlockOnceHoweverOftenItIsRepeated) {
  const auto one = named(residual(1)), four = named(residual(4));
  EXPECT_EQ(four.at("longest.conv"), 4);
  EXPECT_EQ(four.at("longest.skip"), 4);
  EXPECT_DOUBLE_EQ(four.at("log.ways"), 4 * std::log(2));
  EXPECT_DOUBLE_EQ(four.at("mean.conv"), 2);
  const auto& list = graph_feature_list();
  const auto ones = graph_features(residual(1)), fours = graph_features(residual(4));
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].group == "blocks" || list[i].group == "degrees") EXPECT_NEAR(ones[i], fours[i], 1e-12) << list[i].name;
  EXPECT_EQ(one.at("count.blocks_once"), four.at("count.blocks_once"));
}

TEST(GraphFeatures, OfPathsDoNotSeeWidthsAndSizes) {
  const auto& list = graph_feature_list();
  const auto narrow = graph_features(residual(2, 4, 8)), wide = graph_features(residual(2, 32, 16));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].group == "costs") continue;
    EXPECT_EQ(narrow[i], wide[i]) << list[i].name;
  }
}

TEST(GraphFeatures, TellStagesByHowMuchSmallerTheMapIs) {
  GraphBuilder builder({3, 32, 32});
  auto x = builder.add(conv(8, 3, 2), {builder.input()});
  x = builder.add(conv(8, 5, 2, 8), {x});
  x = builder.add(conv(16, 1), {x});
  x = builder.add(AdaptiveAvgPool2d{}, {x});
  x = builder.add(Linear{10}, {builder.add(Reshape{{16}}, {x})});
  const auto values = named(*std::move(builder).finish(x));
  EXPECT_EQ(values.at("count.conv3/2"), 1);
  EXPECT_EQ(values.at("count.depthwise5/4"), 1);
  EXPECT_EQ(values.at("count.conv1/4"), 1);
  EXPECT_EQ(values.at("count.linear/head"), 1);
  EXPECT_EQ(values.at("longest.depthwise"), 1);
  EXPECT_EQ(values.at("longest.conv1"), 2);                                   // the linear layer too
  EXPECT_DOUBLE_EQ(values.at("log.receptive_field"), std::log1p(3 + 4 * 2));  // the second convolution steps by 2
  EXPECT_DOUBLE_EQ(values.at("log.parameters/head"), std::log1p(16 * 10 + 10));
}

TEST(GraphFeatures, AreFiniteAndTheSameHoweverANetworkIsWrittenDown) {
  const auto& list = graph_feature_list();
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = random_graph(RandomStream(seed), 25, seed % 2 == 1);
    const auto values = graph_features(graph);
    RandomStream random(seed + 1000);
    const auto again = graph_features(rewritten(graph, random));
    for (std::size_t i = 0; i < list.size(); ++i) {
      ASSERT_TRUE(std::isfinite(values[i])) << list[i].name;
      if (list[i].name != "log.activation_bytes")  // of the order in which the nodes run
        ASSERT_NEAR(values[i], again[i], 1e-9 * std::max(1.0, std::abs(values[i])))
            << list[i].name << " of " << dump(to_json(graph));
    }
  }
}

TEST(GraphFeatures, OfADeepNetworkStayFinite) {
  const auto values = named(residual(2000));
  EXPECT_NEAR(values.at("log.ways"), 2000 * std::log(2), 1e-6);
  EXPECT_NEAR(values.at("mean.conv"), 1000, 1e-6);
}

}  // namespace
}  // namespace edgewise::graph
