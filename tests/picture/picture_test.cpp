#include <gtest/gtest.h>

#include "picture/annotation.hpp"
#include "picture/warp.hpp"

namespace edgewise::picture {
namespace {

TEST(Box, OverlapByHand) {
  // Two squares of side 4 that share a square of side 2: 4 / (16 + 16 - 4).
  EXPECT_DOUBLE_EQ(intersection_over_union({0, 0, 4, 4}, {2, 2, 6, 6}), 4.0 / 28);
  EXPECT_DOUBLE_EQ(intersection_over_union({0, 0, 4, 4}, {4, 0, 8, 4}), 0.0);
  EXPECT_DOUBLE_EQ(intersection_over_union({1, 1, 1, 5}, {1, 1, 1, 5}), 0.0);  // no area
}

TEST(Box, SharesAreOfWidthAndHeight) {
  const Annotation annotation{.width = 200, .height = 50, .marks = {}, .labels = {}, .mask = {}};
  EXPECT_EQ(shares({20, 10, 100, 50}, annotation), (Box{0.1, 0.2, 0.5, 1.0}));
}

TEST(Warp, FlipsThenZoomsThenMoves) {
  const Box box{0.0, 0.25, 0.5, 0.5};
  EXPECT_EQ(warped(box, {.flip = true}), (Box{0.5, 0.25, 1.0, 0.5}));
  EXPECT_EQ(warped(box, {.flip_vertical = true}), (Box{0.0, 0.5, 0.5, 0.75}));
  EXPECT_EQ(warped(box, {.zoom = 2}), (Box{-0.5, 0.0, 0.5, 0.5}));
  // Flipped to [0.5, 1], zoomed by half to [0.5, 0.75], moved.
  EXPECT_EQ(warped(box, {.flip = true, .zoom = 0.5, .shift_x = 0.125}).x1, 0.875);
  EXPECT_EQ(warped(box, {}), box);
}

TEST(Warp, WhatLeavesThePictureIsCutOff) {
  const Box box{-0.5, 0.5, 0.5, 1.5};
  EXPECT_EQ(clipped(box), (Box{0.0, 0.5, 0.5, 1.0}));
  EXPECT_DOUBLE_EQ(visible_area(box), 0.25);
  EXPECT_DOUBLE_EQ(visible_area({1.5, 0, 2, 1}), 0.0);
}

}  // namespace
}  // namespace edgewise::picture
