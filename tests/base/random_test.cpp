#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgewise {
namespace {

TEST(RandomStream, IsTheSameForTheSameSeedAndName) {
  auto a = RandomStream::named(7, "order"), b = RandomStream::named(7, "order"), c = RandomStream::named(7, "noise");
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    EXPECT_EQ(value, b.next());
    equal += value == c.next();
  }
  EXPECT_EQ(equal, 0);
}

TEST(RandomStream, ChildrenDifferByNameAndIndexAndDoNotAdvanceTheirParent) {
  RandomStream parent(3);
  const RandomStream before = parent;
  EXPECT_NE(parent.child("a", 0).next(), parent.child("a", 1).next());
  EXPECT_NE(parent.child("a", 0).next(), parent.child("b", 0).next());
  RandomStream copy = before;
  EXPECT_EQ(parent.next(), copy.next());
}

TEST(RandomStream, BelowHasNoBias) {
  // Chi-square with 6 degrees of freedom: 22.5 is passed by chance once in a thousand seeds; this seed is fixed.
  RandomStream random(11);
  std::vector<int> counts(7);
  constexpr int draws = 70000;
  for (int i = 0; i < draws; ++i) ++counts[random.below(7)];
  double chi = 0;
  for (const int count : counts) chi += std::pow(count - draws / 7.0, 2) / (draws / 7.0);
  EXPECT_LT(chi, 22.5);
}

TEST(RandomStream, UniformAndNormalHaveTheirMoments) {
  RandomStream random(5);
  constexpr int draws = 100000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double n = random.normal();
    normal_sum += n;
    normal_squares += n * n;
  }
  // Four standard errors.
  EXPECT_NEAR(sum / draws, 0.5, 4 * 0.2887 / std::sqrt(draws));
  EXPECT_NEAR(normal_sum / draws, 0.0, 4 / std::sqrt(draws));
  EXPECT_NEAR(normal_squares / draws, 1.0, 4 * std::sqrt(2.0 / draws));
}

TEST(RandomStream, APermutationHoldsEachIndexOnce) {
  RandomStream random(2);
  auto order = random.permutation(1000);
  EXPECT_FALSE(std::ranges::is_sorted(order));
  std::ranges::sort(order);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  EXPECT_TRUE(random.permutation(0).empty());
}

TEST(StableHash, NeverChanges) {
  // A changed value would orphan every cache and change every seed.
  EXPECT_EQ(stable_hash("edgewise"), 0xa300ecb10bc894cfULL);
  EXPECT_NE(stable_hash("a"), stable_hash("b"));
  EXPECT_EQ(RandomStream(1).next(), 0xcfc5d07f6f03c29bULL);
}

}  // namespace
}  // namespace edgewise
