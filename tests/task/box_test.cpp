#include "task/box/box.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace edgewise::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

picture::Annotation one_box(picture::Box box) {
  return {.width = 200, .height = 100, .marks = {{box, 0}}, .labels = {}, .mask = {}};
}

TEST(Box, TargetIsTheBoxAsShares) {
  EXPECT_THAT(box().target(one_box({20, 30, 100, 100}), 0).value(), ElementsAre(0.1F, 0.3F, 0.5F, 1.0F));
  auto two = one_box({0, 0, 1, 1});
  two.marks.push_back({});
  EXPECT_THAT(box().target(two, 0).error().message, HasSubstr("has 2 boxes"));
}

TEST(Box, MovesAndIsClipped) {
  Target target{0.25F, 0.5F, 0.75F, 1.0F};
  box().warp(target, {.flip_vertical = true, .zoom = 2, .shift_x = 0.25});
  EXPECT_THAT(target, ElementsAre(0.25F, 0.0F, 1.0F, 0.5F));
}

TEST(Box, IsDrawnAgainWhenLessThanAThirdStaysInThePicture) {
  const Target target{0.0F, 0.0F, 0.5F, 1.0F};
  EXPECT_TRUE(box().survives(target, {.shift_x = -0.25}));    // a half
  EXPECT_FALSE(box().survives(target, {.shift_x = -0.375}));  // a quarter
  EXPECT_FALSE(box().survives(target, {.shift_x = -0.25, .shift_y = 0.5}));
}

TEST(Box, JudgesByOverlap) {
  Targets targets;
  for (int i = 0; i < 2; ++i) targets.add(std::vector{0.1F, 0.1F, 0.5F, 0.5F});
  const auto judge = box().judge(0);
  // Two squares of side 0.4 that share a square of side 0.2; the same box with corners out of order.
  judge->add(std::vector{0.3F, 0.3F, 0.7F, 0.7F, 0.5F, 0.5F, 0.1F, 0.1F}, targets);
  targets.clear();
  for (int i = 0; i < 2; ++i) targets.add(std::vector{0.1F, 0.1F, 0.5F, 0.5F});
  judge->add(std::vector{0.1F, 0.1F, 0.5F, 0.5F, 0.1F, 0.1F, 0.5F, 0.4F}, targets);
  const auto metrics = judge->finish().metrics;
  EXPECT_NEAR(metrics.at("iou"), (0.04 / 0.28 + 0 + 1 + 0.75) / 4, 1e-6);
  EXPECT_DOUBLE_EQ(metrics.at("iou50"), 0.5);
}

TEST(Box, AddsUpBatchesAsItIsTold) {
  Targets targets;
  targets.add(std::vector{0.F, 0.F, 1.F, 1.F});
  std::size_t asked = 0;
  const auto judge = box().judge(0, [&](std::span<const float> values) {
    asked += values.size();
    return 0.25;
  });
  judge->add(std::vector{0.F, 0.F, 1.F, 1.F}, targets);
  EXPECT_EQ(asked, 1U);
  EXPECT_DOUBLE_EQ(judge->finish().metrics.at("iou"), 0.25);
}

TEST(Box, BaselineIsTheMeanBoxOfTheTrainingPictures) {
  const auto a = one_box({0, 0, 100, 50}), b = one_box({100, 50, 200, 100}), whole = one_box({0, 0, 200, 100});
  const std::vector training{&a, &b}, validation{&whole};
  const Json json = box().baseline(training, validation, {});
  EXPECT_EQ(json["box"], Json({0.25, 0.25, 0.75, 0.75}));
  EXPECT_DOUBLE_EQ(json["iou"], 0.25);
  EXPECT_DOUBLE_EQ(json["iou50"], 0.0);
}

TEST(Box, HeadIsAGlobalAverageAndTwoLayers) {
  graph::GraphBuilder builder({6, 4, 4});
  const auto outputs = box().put_head(builder, {.maps = {{builder.input(), 1}}, .classifier = {}}, 4);
  const auto graph = std::move(builder).finish(outputs).value();
  std::vector<std::string> names;
  for (const auto& node : graph.nodes()) names.push_back(node.name);
  EXPECT_THAT(names, ElementsAre("input", "global_pool", "flatten", "head.0", "head.1", "head.2"));
  EXPECT_EQ(graph.shape(3), graph::Shape{3});
  EXPECT_EQ(graph.node(3).init, (graph::WeightInit{graph::Init::uniform, 1.0 / std::sqrt(6.0)}));
}

}  // namespace
}  // namespace edgewise::task
