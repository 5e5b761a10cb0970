#include <gtest/gtest.h>
#include <torch/utils.h>

#include "train/mixing_internal.hpp"

namespace edgewise::train {
namespace {

TEST(Mixing, SharesHaveTheMomentsOfTheBetaDistribution) {
  for (const double alpha : {0.1, 0.5, 1.0, 4.0}) {
    SCOPED_TRACE(alpha);
    RandomStream random(3);
    constexpr int draws = 20'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < draws; ++i) {
      const double share = draw_beta(alpha, random);
      ASSERT_GE(share, 0);
      ASSERT_LE(share, 1);
      sum += share;
      squares += (share - 0.5) * (share - 0.5);
    }
    EXPECT_NEAR(sum / draws, 0.5, 0.012);
    EXPECT_NEAR(squares / draws, 1 / (4 * (2 * alpha + 1)), 0.005);
  }
}

TEST(Mixing, ASmallParameterGivesNumbers) {
  RandomStream random(1);
  for (int i = 0; i < 2000; ++i) {
    const double share = draw_beta(1e-3, random);
    EXPECT_TRUE(share >= 0 && share <= 1) << share;
  }
}

TEST(Mixing, LaysEachPictureOverAnother) {
  torch::manual_seed(1);
  const auto pictures = torch::rand({6, 3, 8, 8});
  for (int seed = 0; seed < 20; ++seed) {
    RandomStream random(static_cast<std::uint64_t>(seed));
    auto inputs = pictures.clone();
    const auto drawn = mix({.mixup = 0.4}, inputs, random);
    ASSERT_TRUE(drawn);
    const auto wanted = pictures * drawn->share + pictures.index_select(0, drawn->other) * (1 - drawn->share);
    EXPECT_TRUE(torch::allclose(inputs, wanted, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(mixed(pictures.flatten(1), *drawn), wanted.flatten(1), 1e-5, 1e-6));
  }
}

TEST(Mixing, PastesARectangleAndTellsWhatIsLeft) {
  const auto pictures = torch::arange(5, torch::kFloat32).reshape({5, 1, 1, 1}).expand({5, 3, 10, 14}).clone();
  bool has_pasted = false;
  for (int seed = 0; seed < 40; ++seed) {
    RandomStream random(static_cast<std::uint64_t>(seed));
    auto inputs = pictures.clone();
    const auto drawn = mix({.cutmix = 1.0}, inputs, random);
    ASSERT_TRUE(drawn);
    const auto others = pictures.index_select(0, drawn->other);
    const auto is_own = inputs == pictures, is_other = inputs == others;
    EXPECT_TRUE(is_own.logical_or(is_other).all().item<bool>());
    for (std::int64_t i = 0; i < 5; ++i) {
      if (drawn->other[i].item<std::int64_t>() == i) continue;  // it keeps itself
      const auto pasted = is_own[i][0].logical_not();
      EXPECT_NEAR(1 - pasted.to(torch::kFloat32).mean().item<double>(), drawn->share, 1e-6);
      const auto rows = pasted.any(1).sum().item<std::int64_t>(), columns = pasted.any(0).sum().item<std::int64_t>();
      EXPECT_EQ(pasted.sum().item<std::int64_t>(), rows * columns) << "it is a rectangle";
      has_pasted = has_pasted || rows * columns > 0;
    }
  }
  EXPECT_TRUE(has_pasted);
}

TEST(Mixing, LeavesPicturesAloneWhenNobodyAsks) {
  RandomStream random(1);
  auto inputs = torch::rand({4, 3, 8, 8});
  const auto before = inputs.clone();
  EXPECT_FALSE(mix({}, inputs, random));
  EXPECT_TRUE(torch::equal(inputs, before));
  auto alone = torch::rand({1, 3, 8, 8});
  EXPECT_FALSE(mix({.mixup = 1.0}, alone, random)) << "there is nothing to mix it with";
}

}  // namespace
}  // namespace edgewise::train
