#include <gtest/gtest.h>

#include "train/schedule_internal.hpp"

namespace edgewise::train {
namespace {

TEST(Schedule, CosineWarmsUpAndEndsNearZero) {
  const Settings settings{.learning_rate = 1.0, .schedule = "cosine", .warmup_epochs = 1.0};
  const Stretch stretch{0, 10};
  double before = 0;
  for (int i = 0; i < 10; ++i) {
    const double rate = learning_rate(settings, stretch, i, 10);
    EXPECT_GT(rate, before);
    before = rate;
  }
  EXPECT_NEAR(learning_rate(settings, stretch, 10, 10), 1.0, 1e-9);
  EXPECT_NEAR(learning_rate(settings, stretch, 55, 10), 0.5, 1e-9);  // half way between 10 and 100
  EXPECT_LT(learning_rate(settings, stretch, 99, 10), 0.001);
  EXPECT_GT(learning_rate(settings, stretch, 99, 10), 0.0);
}

TEST(Schedule, APromotedTrialRunsTheCosineAnewOverWhatRemains) {
  const Settings settings{.learning_rate = 1.0, .schedule = "cosine", .warmup_epochs = 0.0};
  EXPECT_NEAR(learning_rate(settings, {3, 6}, 0, 10), 1.0, 1e-9);
  EXPECT_NEAR(learning_rate(settings, {3, 6}, 15, 10), 0.5, 1e-9);
}

TEST(Schedule, StepMultipliesTheRateEverySoManyEpochs) {
  const Settings settings{
      .learning_rate = 1.0, .schedule = "step", .warmup_epochs = 0.0, .step_epochs = 2, .step_factor = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(settings, {0, 6}, 19, 10), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(settings, {0, 6}, 20, 10), 0.1);
  EXPECT_NEAR(learning_rate(settings, {0, 6}, 45, 10), 0.01, 1e-12);
}

TEST(Schedule, ConstantStaysAndWarmUpTakesAtMostHalfOfAShortStretch) {
  const Settings settings{.learning_rate = 0.3, .schedule = "constant", .warmup_epochs = 5};
  EXPECT_LT(learning_rate(settings, {0, 1}, 4, 10), 0.3);
  EXPECT_DOUBLE_EQ(learning_rate(settings, {0, 1}, 5, 10), 0.3);
}

}  // namespace
}  // namespace edgewise::train
