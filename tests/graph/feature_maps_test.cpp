#include "graph/feature_maps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgewise::graph {
namespace {

using testing::ElementsAre;

Conv2d conv(std::int64_t channels, std::int64_t stride) {
  return {.out_channels = channels, .kernel_size = {3, 3}, .stride = {stride, stride}, .padding = {1, 1}};
}

std::vector<std::string> described(const GraphBuilder& builder, const std::vector<FeatureMap>& maps) {
  std::vector<std::string> all;
  for (const auto& map : maps) all.push_back(builder.nodes()[map.value.index].name + " /" + std::to_string(map.stride));
  return all;
}

TEST(FeatureMaps, AreTheLastOfEachStrideThatAllPathsLeadThrough) {
  GraphBuilder b({3, 32, 32});
  const auto stem = b.add(conv(8, 2), {b.input()}, "stem");
  const auto early = b.add(conv(8, 1), {stem}, "early");
  const auto joined = b.add(Add{}, {stem, early}, "joined");
  // A block that halves the map on both of its ways: what is inside is not on all paths.
  const auto left = b.add(conv(16, 1), {joined}, "left.0");
  const auto right = b.add(conv(16, 2), {joined}, "right");
  const auto down = b.add(conv(16, 2), {left}, "left.1");
  const auto last = b.add(Add{}, {down, right}, "last");
  EXPECT_THAT(described(b, maps_towards(b, last)), ElementsAre("joined /2", "last /4"));
}

TEST(FeatureMaps, OfANetworkWithoutAStrideAreItsLastValue) {
  GraphBuilder b({3, 32, 32});
  const auto last = b.add(conv(8, 1), {b.add(conv(8, 1), {b.input()}, "first")}, "last");
  EXPECT_THAT(described(b, maps_towards(b, last)), ElementsAre("last /1"));
}

TEST(FeatureMaps, ClassifyPoolsWhereAFamilyHasNoClassifier) {
  GraphBuilder b({6, 4, 4});
  const auto output = classify(b, {.maps = {{b.input(), 1}}, .classifier = {}}, 5);
  const auto graph = std::move(b).finish(output).value();
  EXPECT_EQ(graph.output_shape(), Shape{5});
  EXPECT_EQ(graph.node(graph.output()).name, "classifier");
}

}  // namespace
}  // namespace edgewise::graph
