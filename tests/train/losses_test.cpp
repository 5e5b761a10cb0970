#include <gtest/gtest.h>
#include <torch/utils.h>

#include "train/losses_internal.hpp"

namespace edgewise::train {
namespace {

torch::Tensor boxes(std::vector<float> values) {
  const auto n = static_cast<std::int64_t>(values.size()) / 4;
  return torch::tensor(values).reshape({n, 4});
}

TEST(Losses, IntersectionOverUnionByHand) {
  // Two squares of side 0.4 that share a square of side 0.2: 0.04 / (0.16 + 0.16 - 0.04).
  EXPECT_NEAR(iou(boxes({0.1F, 0.1F, 0.5F, 0.5F}), boxes({0.3F, 0.3F, 0.7F, 0.7F})).item<float>(), 0.04 / 0.28, 1e-6);
  EXPECT_NEAR(iou(boxes({0.F, 0.F, 0.2F, 0.2F}), boxes({0.5F, 0.5F, 0.7F, 0.7F})).item<float>(), 0.0, 1e-6);
  EXPECT_NEAR(iou(boxes({0.5F, 0.5F, 0.1F, 0.1F}), boxes({0.1F, 0.1F, 0.5F, 0.5F})).item<float>(), 0.0, 1e-6);
}

TEST(Losses, GeneralisedIntersectionOverUnionByHand) {
  // The enclosing square has side 0.6: 0.04/0.28 - (0.36 - 0.28)/0.36.
  EXPECT_NEAR(generalised_iou(boxes({0.1F, 0.1F, 0.5F, 0.5F}), boxes({0.3F, 0.3F, 0.7F, 0.7F})).item<float>(),
              0.04 / 0.28 - 0.08 / 0.36, 1e-5);
  // Apart: 0 - (0.49 - 0.08)/0.49.
  EXPECT_NEAR(generalised_iou(boxes({0.F, 0.F, 0.2F, 0.2F}), boxes({0.5F, 0.5F, 0.7F, 0.7F})).item<float>(),
              -0.41 / 0.49, 1e-5);
  EXPECT_NEAR(generalised_iou(boxes({0.1F, 0.2F, 0.5F, 0.9F}), boxes({0.1F, 0.2F, 0.5F, 0.9F})).item<float>(), 1.0,
              1e-5);
}

TEST(Losses, ABoxWithCornersOutOfOrderIsPulledIntoOrder) {
  auto predicted = boxes({0.6F, 0.2F, 0.4F, 0.8F}).requires_grad_();  // x0 > x1
  const auto target = boxes({0.2F, 0.2F, 0.8F, 0.8F});
  for (int i = 0; i < 300; ++i) {
    predicted.mutable_grad().reset();
    box_loss(predicted, target, "smooth_l1_giou").backward();
    torch::NoGradGuard no_grad;
    predicted -= 0.005 * predicted.grad();
  }
  EXPECT_GT(iou(predicted, target).item<float>(), 0.9);
}

TEST(Losses, GiouAloneMovesABoxThatIsApart) {
  auto predicted = boxes({0.0F, 0.0F, 0.1F, 0.1F}).requires_grad_();
  const auto target = boxes({0.5F, 0.5F, 0.9F, 0.9F});
  const auto before = generalised_iou(predicted, target).item<float>();
  box_loss(predicted, target, "giou").backward();
  ASSERT_GT(predicted.grad().abs().sum().item<float>(), 0.01);
  torch::NoGradGuard no_grad;
  predicted -= 0.05 * predicted.grad();
  EXPECT_GT(generalised_iou(predicted, target).item<float>(), before);
}

TEST(Losses, SmoothL1IsSummedOverCornersAndMeantOverTheBatch) {
  const auto target = boxes({0.F, 0.F, 0.F, 0.F, 0.F, 0.F, 0.F, 0.F});
  // Errors 0.01 (quadratic: 0.5 * 0.01^2 / 0.05 = 0.001) and 0.5 (linear: 0.5 - 0.025 = 0.475), over two boxes.
  const auto predicted = boxes({0.01F, 0.5F, 0.F, 0.F, 0.F, 0.F, 0.F, 0.F});
  EXPECT_NEAR(box_loss(predicted, target, "smooth_l1").item<float>(), (0.001 + 0.475) / 2, 1e-6);
}

TEST(Losses, LabelSmoothingKeepsAPriceOnCertainty) {
  const auto outputs = torch::tensor({20.F, 0.F, 0.F, 0.F}).reshape({1, 4});
  const auto labels = torch::tensor({0}, torch::kInt64);
  EXPECT_NEAR(classification_loss(outputs, labels, 0.0).item<float>(), 0.0, 1e-6);
  // (1 - 0.1) * 0 + 0.1 * mean(0, 20, 20, 20)
  EXPECT_NEAR(classification_loss(outputs, labels, 0.1).item<float>(), 1.5, 1e-4);
}

}  // namespace
}  // namespace edgewise::train
