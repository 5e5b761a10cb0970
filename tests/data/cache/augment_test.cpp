#include "data/cache/augment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

constexpr std::int64_t size = 48;

std::vector<std::uint8_t> noise(std::uint64_t seed, std::int64_t channels) {
  RandomStream random(seed);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size * size * channels));
  for (auto& v : pixels) v = static_cast<std::uint8_t>(random.below(256));
  return pixels;
}

std::vector<std::uint8_t> apply(const Augment& settings, const std::vector<std::uint8_t>& source, std::int64_t channels,
                                RandomStream& random, task::Target& box) {
  std::vector<std::uint8_t> pixels(source.size());
  augment(settings, source, pixels, size, channels, random, task_of("box"), box);
  return pixels;
}

/// Of a picture with a class, which stays what it is.
std::vector<std::uint8_t> apply(const Augment& settings, const std::vector<std::uint8_t>& source, std::int64_t channels,
                                RandomStream& random) {
  std::vector<std::uint8_t> pixels(source.size());
  task::Target label{1};
  augment(settings, source, pixels, size, channels, random, task_of("classification"), label);
  EXPECT_EQ(label, task::Target{1});
  return pixels;
}

/// A seed whose first draw flips.
std::uint64_t flipping_seed() {
  for (std::uint64_t seed = 0;; ++seed)
    if (RandomStream(seed).chance(0.5)) return seed;
}

TEST(Augment, FlippingTwiceIsIdentity) {
  for (const std::int64_t channels : {1, 3}) {
    for (const Augment settings : {Augment{.flip = true}, Augment{.flip = false, .flip_vertical = true}}) {
      const auto source = noise(1, channels);
      task::Target box{0.125F, 0.25F, 0.5F, 0.625F};
      RandomStream first(flipping_seed()), second(flipping_seed());
      const auto once = apply(settings, source, channels, first, box);
      EXPECT_NE(once, source);
      EXPECT_NE(box, (task::Target{0.125F, 0.25F, 0.5F, 0.625F}));
      const auto twice = apply(settings, once, channels, second, box);
      EXPECT_EQ(twice, source);
      EXPECT_EQ(box, (task::Target{0.125F, 0.25F, 0.5F, 0.625F}));
    }
  }
}

TEST(Augment, OfPicturesThatAreNoSquaresFlipsMirrorAndWarpsMoveTheBoxAlong) {
  const Size wide(60, 24);
  std::vector<std::uint8_t> source(static_cast<std::size_t>(wide.area() * 3), 20);
  const auto bright = [&](std::vector<std::uint8_t>& pixels, std::int64_t x, std::int64_t y) -> std::uint8_t& {
    return pixels[static_cast<std::size_t>((y * wide.width + x) * 3)];
  };
  for (std::int64_t y = 6; y < 18; ++y)
    for (std::int64_t x = 12; x < 30; ++x)
      for (int c = 0; c < 3; ++c) *(&bright(source, x, y) + c) = 220;
  const task::Target box{12.F / 60, 6.F / 24, 30.F / 60, 18.F / 24};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    RandomStream random(seed);
    std::vector<std::uint8_t> pixels(source.size());
    task::Target moved = box;
    augment({.flip = true, .flip_vertical = true, .scale = 0.2, .shift = 0.1}, source, pixels, wide, 3, random,
            task_of("box"), moved);
    std::int64_t left = wide.width, right = -1, top = wide.height, bottom = -1;
    for (std::int64_t y = 0; y < wide.height; ++y)
      for (std::int64_t x = 0; x < wide.width; ++x)
        if (bright(pixels, x, y) > 120) {
          left = std::min(left, x), right = std::max(right, x + 1);
          top = std::min(top, y), bottom = std::max(bottom, y + 1);
        }
    EXPECT_NEAR(static_cast<double>(left), moved[0] * 60, 1.01) << seed;
    EXPECT_NEAR(static_cast<double>(right), moved[2] * 60, 1.01) << seed;
    EXPECT_NEAR(static_cast<double>(top), moved[1] * 24, 1.01) << seed;
    EXPECT_NEAR(static_cast<double>(bottom), moved[3] * 24, 1.01) << seed;
  }
}

TEST(Augment, NothingAskedChangesNothing) {
  const auto source = noise(2, 3);
  RandomStream random(5);
  EXPECT_EQ(apply({.flip = false}, source, 3, random), source);
}

/// The box around all pixels brighter than half, in shares; the edge pixels count by their brightness.
Box bright_box(const std::vector<std::uint8_t>& pixels) {
  Box box{1e9, 1e9, -1, -1};
  for (std::int64_t y = 0; y < size; ++y)
    for (std::int64_t x = 0; x < size; ++x) {
      if (pixels[static_cast<std::size_t>((y * size + x) * 3)] < 128) continue;
      const auto s = static_cast<double>(size), px = static_cast<double>(x), py = static_cast<double>(y);
      box = {std::min(box.x0, px / s), std::min(box.y0, py / s), std::max(box.x1, (px + 1) / s),
             std::max(box.y1, (py + 1) / s)};
    }
  return box;
}

TEST(Augment, TheBoxMovesWithThePicture) {
  RandomStream random(11);
  const Augment settings{.flip = true, .flip_vertical = true, .scale = 0.4, .shift = 0.25};
  int moved = 0;
  for (int i = 0; i < 500; ++i) {
    // A white rectangle, not at the border: pixels repeated outwards there would make it larger than its box.
    const std::int64_t x0 = 3 + static_cast<std::int64_t>(random.below(18)),
                       y0 = 3 + static_cast<std::int64_t>(random.below(18));
    const std::int64_t w = 14 + static_cast<std::int64_t>(random.below(10)),
                       h = 14 + static_cast<std::int64_t>(random.below(10));
    std::vector<std::uint8_t> source(size * size * 3, 0);
    for (std::int64_t y = y0; y < y0 + h; ++y)
      for (std::int64_t x = x0; x < x0 + w; ++x)
        for (int c = 0; c < 3; ++c) source[static_cast<std::size_t>((y * size + x) * 3 + c)] = 255;
    const auto share = [](std::int64_t v) { return static_cast<float>(v) / static_cast<float>(size); };
    task::Target box{share(x0), share(y0), share(x0 + w), share(y0 + h)};
    const auto before = box;
    const auto target = apply(settings, source, 3, random, box);
    moved += box != before ? 1 : 0;
    const Box bright = bright_box(target), stated{box[0], box[1], box[2], box[3]};
    // Half a pixel at each edge of a box of 5 pixels and more.
    if ((stated.x1 - stated.x0) * size < 8 || (stated.y1 - stated.y0) * size < 8) continue;
    EXPECT_GT(intersection_over_union(bright, stated), 0.85) << i;
    for (const auto& [a, b] :
         {std::pair{bright.x0, stated.x0}, {bright.y0, stated.y0}, {bright.x1, stated.x1}, {bright.y1, stated.y1}})
      EXPECT_NEAR(a, b, 0.75 / size) << i;
  }
  EXPECT_GT(moved, 450);
}

/// How far a ramp from left to right was zoomed: its slope tells, between the pixels that are not the repeated edge.
double zoom_of(const std::vector<std::uint8_t>& ramp, int slope) {
  std::vector<std::pair<int, int>> inner;  // (x, value)
  for (std::int64_t x = 0; x < size; ++x) {
    const int value = ramp[static_cast<std::size_t>(x * 3)];
    if (value > slope / 2 && value < (size - 1) * slope - slope / 2) inner.emplace_back(x, value);
  }
  if (inner.size() < 2) return 0;
  return std::abs(static_cast<double>(slope * (inner.back().first - inner.front().first)) /
                  (inner.back().second - inner.front().second));
}

TEST(Augment, AtLeastAThirdOfTheBoxStaysInside) {
  RandomStream random(3);
  constexpr int slope = 5;
  std::vector<std::uint8_t> ramp(size * size * 3);
  for (std::size_t i = 0; i < ramp.size(); ++i)
    ramp[i] = static_cast<std::uint8_t>(slope * static_cast<int>(i / 3 % size));
  const Augment settings{.flip = true, .scale = 0.9, .shift = 0.5};
  int cut = 0, moved = 0;
  for (int i = 0; i < 2000; ++i) {
    task::Target box{0, 0, 0.2F, 0.2F};
    const double zoom = zoom_of(apply(settings, ramp, 3, random, box), slope);
    ASSERT_GT(zoom, 0) << i;
    const double whole = 0.2 * zoom * 0.2 * zoom, inside = (box[2] - box[0]) * (box[3] - box[1]);
    EXPECT_GE(inside, 0.95 * whole / 3) << i << ": zoom " << zoom;  // the ramp's values are rounded
    cut += inside < 0.9 * whole ? 1 : 0;
    moved += std::abs(zoom - 1) > 0.05 ? 1 : 0;
    for (const float v : box) EXPECT_TRUE(v >= 0 && v <= 1);
  }
  EXPECT_GT(cut, 200) << "a test of cut boxes cuts boxes";
  EXPECT_GT(moved, 1000);
}

TEST(Augment, ColourKeepsGreyPicturesGreyAndBlurKeepsTheMean) {
  RandomStream random(6);
  const std::vector<std::uint8_t> grey(size * size * 3, 90);
  const auto coloured = apply({.flip = false, .colour = 0.5}, grey, 3, random);
  for (std::size_t i = 3; i < coloured.size(); ++i) ASSERT_EQ(coloured[i], coloured[0]);
  EXPECT_NE(coloured[0], 90);
  const auto source = noise(8, 3);
  const auto blurred = apply({.flip = false, .blur = 1}, source, 3, random);
  const auto mean = [](const std::vector<std::uint8_t>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  EXPECT_NEAR(mean(source), mean(blurred), 1);
  EXPECT_NE(source, blurred);
}

TEST(Augment, TheSameStreamGivesTheSamePicture) {
  const auto source = noise(9, 3);
  const Augment settings{.flip = true, .flip_vertical = true, .scale = 0.3, .shift = 0.2, .colour = 0.3, .blur = 0.5};
  RandomStream a(77), b(77);
  EXPECT_EQ(apply(settings, source, 3, a), apply(settings, source, 3, b));
}

}  // namespace
}  // namespace edgewise::data
