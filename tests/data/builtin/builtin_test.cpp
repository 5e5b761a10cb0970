#include "data/builtin/builtin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

TEST(BuiltinFaces, AConstantBoxIsABadAnswer) {
  const DataSet set = loaded({.path = "builtin:faces"}, task_of("box"));
  EXPECT_EQ(set.items.size(), 2000U);
  EXPECT_LT(baseline(set)["iou"], 0.45);
  EXPECT_LT(baseline(set)["iou50"], 0.15);
}

TEST(BuiltinFaces, BoxesLieInsideAndHaveTheSizesOfTheDocs) {
  double smallest = 1, largest = 0;
  for (const Item& item : loaded({.path = "builtin:faces"}, task_of("box")).items) {
    EXPECT_GE(box_of(item).x0, -1e-9);
    EXPECT_GE(box_of(item).y0, -1e-9);
    EXPECT_LE(box_of(item).x1, 256 + 1e-9);
    EXPECT_LE(box_of(item).y1, 256 + 1e-9);
    smallest = std::min(smallest, (box_of(item).y1 - box_of(item).y0) / 256);
    largest = std::max(largest, (box_of(item).y1 - box_of(item).y0) / 256);
  }
  // The head is 18 to 60 % high; forehead to chin is a little less, a tilted head's box a little more or less.
  EXPECT_NEAR(smallest, 0.17, 0.02);
  EXPECT_NEAR(largest, 0.57, 0.04);
}

TEST(BuiltinDrainage, IsBalancedForAnyCount) {
  for (const std::int64_t count : {10, 101, 2400}) {
    const DataSet set = loaded({.path = "builtin:drainage", .count = count}, task_of("classification"));
    const auto crossings = std::ranges::count_if(set.items, [](const Item& item) { return label_of(item) == 1; });
    EXPECT_NEAR(static_cast<double>(crossings), static_cast<double>(count) / 2, 0.5);
  }
}

TEST(Builtin, TheSameSeedDrawsTheSameAndAnotherSeedAnother) {
  for (const BuiltinSet& set : builtin_sets().entries()) {
    std::vector<std::uint8_t> a(32 * 32 * 3), b(a), c(a), d(a);
    set.render(1, 5, 32, a);
    set.render(1, 5, 32, b);
    set.render(2, 5, 32, c);
    set.render(1, 6, 32, d);
    EXPECT_EQ(a, b) << set.name;
    EXPECT_NE(a, c) << set.name;
    EXPECT_NE(a, d) << set.name;
    const auto [low, high] = std::ranges::minmax(a);
    EXPECT_GT(high - low, 60) << set.name;
  }
}

TEST(Builtin, PicturesAreTheSameOnEveryMachineAndInEveryBuild) {
  // Hashes of the first pictures of seed 1, taken on x86-64. A change here means that `version` in builtin.cpp must
  // change too.
  const auto hash = [](const BuiltinSet& set) {
    std::string bytes;
    for (std::uint64_t i = 0; i < 4; ++i) {
      std::vector<std::uint8_t> pixels(64 * 64 * 3);
      set.render(1, i, 64, pixels);
      bytes.append(pixels.begin(), pixels.end());
    }
    return stable_hash(bytes);
  };
  EXPECT_EQ(hash(*find_builtin("builtin:faces")), 0x7ce10139256db3afULL);
  EXPECT_EQ(hash(*find_builtin("builtin:drainage")), 0xed18f867c2c281c6ULL);
}

TEST(BuiltinDrainage, MeanChannelsDoNotTellTheClasses) {
  const BuiltinSet& set = *find_builtin("builtin:drainage");
  constexpr int count = 200;
  constexpr double of_one = 0.5 * count;
  std::array<std::array<double, 3>, 2> sum{}, squares{};
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<std::uint8_t> pixels(32 * 32 * 3);
    set.render(1, i, 32, pixels);
    const auto label = static_cast<std::size_t>(set.describe(1, i).labels.front());
    for (std::size_t c = 0; c < 3; ++c) {
      double mean = 0;
      for (std::size_t p = c; p < pixels.size(); p += 3) mean += pixels[p] / 1024.0;
      sum[label][c] += mean / of_one;
      squares[label][c] += mean * mean / of_one;
    }
  }
  for (std::size_t c = 0; c < 3; ++c) {
    const double spread =
        std::sqrt((squares[0][c] + squares[1][c] - sum[0][c] * sum[0][c] - sum[1][c] * sum[1][c]) / 2);
    EXPECT_LT(std::abs(sum[0][c] - sum[1][c]), spread) << "channel " << c;
  }
}

TEST(Builtin, MistakesAreNamed) {
  const auto text = [](const DataSpec& spec, const task::Task& task) {
    const auto set = load(spec, task);
    return set ? std::string() : to_text(set.error());
  };
  EXPECT_THAT(text({.path = "builtin:face"}, task_of("box")), testing::HasSubstr("did you mean \"builtin:faces\"?"));
  EXPECT_THAT(text({.path = "builtin:faces"}, task_of("classification")),
              testing::HasSubstr("is a set for task \"box\""));
  EXPECT_THAT(text({.path = "builtin:faces", .format = "voc"}, task_of("box")),
              testing::HasSubstr("is drawn, not read"));
  EXPECT_THAT(text({.path = "builtin:faces", .count = 3}, task_of("box")),
              testing::HasSubstr("count 3 is not within 10 and 1000000"));
}

}  // namespace
}  // namespace edgewise::data
