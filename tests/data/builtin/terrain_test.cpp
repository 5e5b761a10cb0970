#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "data/builtin/terrain_internal.hpp"

namespace edgewise::data {
namespace {

TEST(Drainage, FillsAPitToTheHeightWhereItSpillsOver) {
  Grid land(5, 9);
  land.at(2, 2) = 1;
  land.at(3, 2) = 4;  // the way out: over a sill of 4
  land.at(4, 2) = 2;
  const Drainage drainage = drain(land);
  EXPECT_NEAR(drainage.filled.at(2, 2), 4, 1e-3);
  EXPECT_DOUBLE_EQ(drainage.filled.at(3, 2), 4);
  EXPECT_EQ(drainage.to[2 * 5 + 2], 2 * 5 + 3);
  EXPECT_EQ(drainage.to[2 * 5 + 3], 2 * 5 + 4);
}

TEST(Drainage, AllWaterLeavesOverTheBorder) {
  RandomStream random(4);
  Grid land(40);
  for (double& v : land.values) v = random.uniform();
  const Drainage drainage = drain(land);
  double leaving = 0;
  for (std::size_t i = 0; i < land.values.size(); ++i)
    if (drainage.to[i] < 0) leaving += drainage.cells.values[i];
  EXPECT_DOUBLE_EQ(leaving, 40 * 40);
  for (std::int64_t y = 1; y < 39; ++y)
    for (std::int64_t x = 1; x < 39; ++x) {
      const std::int64_t next = drainage.to[static_cast<std::size_t>(y * 40 + x)];
      ASSERT_GE(next, 0);  // no cell inside is a pit any more
      EXPECT_LT(drainage.filled.values[static_cast<std::size_t>(next)], drainage.filled.at(x, y));
      EXPECT_GE(drainage.filled.at(x, y), land.at(x, y));
    }
}

TEST(Drainage, ARoofDrainsToBothSidesAndAGutterCollects) {
  Grid gutter(9);
  for (std::int64_t y = 0; y < 9; ++y)
    for (std::int64_t x = 0; x < 9; ++x)
      gutter.at(x, y) = std::abs(static_cast<double>(x - 4)) * 3 - 0.1 * static_cast<double>(y);
  const Drainage drainage = drain(gutter);
  EXPECT_GT(drainage.cells.at(4, 8), 40);  // the lower end of the middle column
  EXPECT_LT(drainage.cells.at(4, 1), 20);
}

}  // namespace
}  // namespace edgewise::data
