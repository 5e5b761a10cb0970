#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "data/cache/augment.hpp"
#include "data/cache/random_changes_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

constexpr std::int64_t edge = 32;
using Pixels = std::vector<std::uint8_t>;

Pixels noisy(std::uint64_t seed, std::int64_t channels) {
  RandomStream random(seed);
  Pixels pixels(static_cast<std::size_t>(edge * edge * channels));
  for (auto& v : pixels) v = static_cast<std::uint8_t>(random.below(256));
  return pixels;
}

/// Dark on the left, bright on the right.
Pixels halves() {
  Pixels pixels;
  for (std::int64_t i = 0; i < edge * edge; ++i)
    for (int c = 0; c < 3; ++c) pixels.push_back(i % edge < edge / 2 ? 60 : 180);
  return pixels;
}

/// Whether the two halves are still there, whatever their colours; what sharpening does near the border apart.
bool keeps_halves(const Pixels& pixels) {
  const auto at = [&](std::int64_t x, std::int64_t y) { return pixels[static_cast<std::size_t>((y * edge + x) * 3)]; };
  for (std::int64_t y = 0; y < edge; ++y)
    for (std::int64_t x = 0; x < edge / 2 - 4; ++x)
      if (at(x, y) != at(0, 0) || at(edge - 1 - x, y) != at(edge - 1, 0)) return false;
  return true;
}

TEST(RandomChanges, AreAFunctionOfTheStream) {
  for (const std::int64_t channels : {1, 3, 5}) {
    const auto source = noisy(1, channels);
    int changed = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      auto once = source, twice = source;
      RandomStream first(seed), second(seed);
      change_at_random(once, edge, channels, 2, 0.5, true, first);
      change_at_random(twice, edge, channels, 2, 0.5, true, second);
      EXPECT_EQ(once, twice);
      changed += once != source ? 1 : 0;
    }
    EXPECT_GT(changed, 40) << channels << " channels";
  }
}

TEST(RandomChanges, MoveNothingWhereTargetsHaveAPlace) {
  int moved = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    auto still = halves(), free = halves();
    RandomStream first(seed), second(seed);
    change_at_random(still, edge, 3, 1, 1.0, false, first);
    EXPECT_TRUE(keeps_halves(still)) << "seed " << seed;
    change_at_random(free, edge, 3, 1, 1.0, true, second);
    moved += keeps_halves(free) ? 0 : 1;
  }
  EXPECT_GT(moved, 40) << "where nothing has a place a third of the changes move the picture";
}

TEST(RandomChanges, OfAPictureWithABoxLeaveTheBox) {
  const auto source = halves();
  const Augment settings{.flip = false, .random = 3, .strength = 1.0};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomStream random(seed);
    Pixels pixels(source.size());
    task::Target box{0.1F, 0.2F, 0.5F, 0.7F};
    augment(settings, source, pixels, edge, 3, random, task_of("box"), box);
    EXPECT_EQ(box, (task::Target{0.1F, 0.2F, 0.5F, 0.7F}));
    EXPECT_TRUE(keeps_halves(pixels));
  }
}

TEST(RandomChanges, StrengthOfNothingChangesOnlyWhatHasNoStrength) {
  const auto source = noisy(2, 3);  // it reaches from 0 to 255 already, so that contrast is stretched to itself
  std::size_t changed = 0;
  for (std::uint64_t seed = 0; seed < 280; ++seed) {
    auto pixels = source;
    RandomStream random(seed);
    change_at_random(pixels, edge, 3, 1, 0.0, true, random);
    changed += pixels != source ? 1 : 0;
  }
  EXPECT_GT(changed, 8U);
  EXPECT_LT(changed, 30U) << "only the equalised histogram, one in fourteen: 20 of 280";
}

TEST(RandomChanges, EraseAGreyRectangle) {
  double smallest = 1, largest = 0;
  for (const std::int64_t channels : {1, 3, 6})
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Pixels pixels(static_cast<std::size_t>(edge * edge * channels), 0);
      RandomStream random(seed);
      erase_at_random(pixels, edge, channels, random);
      const double covered = static_cast<double>(std::ranges::count(pixels, 124)) / static_cast<double>(pixels.size());
      smallest = std::min(smallest, covered);
      largest = std::max(largest, covered);
      EXPECT_EQ(std::ranges::count(pixels, 0) + std::ranges::count(pixels, 124), std::ssize(pixels));
    }
  EXPECT_GT(smallest, 0.01);
  EXPECT_LT(largest, 0.36);
  EXPECT_GT(largest, 0.25);
}

}  // namespace
}  // namespace edgewise::data
