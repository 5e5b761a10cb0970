#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <span>

#include "task/box/box.hpp"
#include "task/classification/classification.hpp"
#include "train/losses/box_internal.hpp"
#include "train/losses/loss.hpp"

namespace edgewise::train {
namespace {

torch::Tensor boxes(const std::vector<float>& values) {
  const auto n = static_cast<std::int64_t>(values.size()) / 4;
  return torch::tensor(values).reshape({n, 4});
}

torch::Tensor in_order(const torch::Tensor& low, const torch::Tensor& high) {
  return (high - low).clamp_min(0);
}

/// (n) intersection over union, by LibTorch.
torch::Tensor iou(const torch::Tensor& p, const torch::Tensor& t) {
  const auto corner = [](const torch::Tensor& boxes, int k) { return boxes.select(1, k); };
  const auto area = [&](const torch::Tensor& b) {
    return in_order(corner(b, 0), corner(b, 2)) * in_order(corner(b, 1), corner(b, 3));
  };
  const auto width = in_order(torch::max(corner(p, 0), corner(t, 0)), torch::min(corner(p, 2), corner(t, 2)));
  const auto height = in_order(torch::max(corner(p, 1), corner(t, 1)), torch::min(corner(p, 3), corner(t, 3)));
  const auto intersection = width * height;
  return intersection / (area(p) + area(t) - intersection).clamp_min(1e-7);
}

// Curves of old studies go on: what the judge computes is what LibTorch computed.
TEST(Losses, TheJudgeOfBoxesOverlapsThemAsLibTorchDoes) {
  torch::manual_seed(5);
  const auto predicted = torch::rand({1000, 4}) * 1.5 - 0.25, target = torch::rand({1000, 4});
  const auto wanted = iou(predicted, target).contiguous();
  const auto rows = [](const torch::Tensor& all, std::int64_t i) {
    return std::span(all.data_ptr<float>() + 4 * i, 4);
  };
  for (std::int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(task::overlap(rows(predicted, i), rows(target, i)), wanted.data_ptr<float>()[i]) << i;
}

TEST(Losses, TheLargestScoreIsLibTorchs) {
  torch::manual_seed(6);
  auto scores = torch::randint(0, 6, {500, 7}).to(torch::kFloat32);  // many are equal
  scores[3][5] = scores[4][0] = scores[4][6] = std::numeric_limits<float>::quiet_NaN();
  const auto wanted = scores.argmax(1);
  for (std::int64_t i = 0; i < 500; ++i)
    ASSERT_EQ(static_cast<std::int64_t>(task::largest(std::span(scores.data_ptr<float>() + 7 * i, 7))),
              wanted[i].item<std::int64_t>())
        << i;
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
  const Loss& loss = **loss_of(task::classification());
  const auto outputs = torch::tensor({20.F, 0.F, 0.F, 0.F}).reshape({1, 4});
  task::Targets targets;
  targets.add(std::vector{0.F});
  const auto labels = loss.targets(targets, 4).value();
  const auto smoothed = [&](double smoothing) {
    return loss.of(outputs, labels, edgewise::Settings(task::ClassificationLossOptions{smoothing})).item<float>();
  };
  EXPECT_NEAR(smoothed(0.0), 0.0, 1e-6);
  // (1 - 0.1) * 0 + 0.1 * mean(0, 20, 20, 20)
  EXPECT_NEAR(smoothed(0.1), 1.5, 1e-4);
}

TEST(Losses, WeightsOfClassesAreOneInTheMeanOverThePictures) {
  const Loss& loss = **loss_of(task::classification());
  task::Targets training;
  for (const float label : {0.F, 0.F, 0.F, 0.F, 1.F}) training.add(std::vector{label});
  const auto weights = [&](const std::string& how) {
    const edgewise::Settings told(task::ClassificationLossOptions{.class_weights = how});
    return loss.fitted(told, training, 2).as<task::ClassificationLossOptions>().weights;
  };
  EXPECT_TRUE(weights("none").empty());
  ASSERT_EQ(weights("balanced").size(), 2U);
  EXPECT_NEAR(weights("balanced")[0], 0.625, 1e-6);  // 4 * 0.625 + 2.5 = 5, and both classes add up to as much
  EXPECT_NEAR(weights("balanced")[1], 2.5, 1e-6);
  EXPECT_NEAR(4 * weights("root")[0] + weights("root")[1], 5, 1e-5);
  EXPECT_NEAR(weights("root")[1] / weights("root")[0], 2, 1e-6);

  // A picture of the rare class counts 4 times as much as one of the other.
  const auto outputs = torch::tensor({1.F, 0.F, 1.F, 0.F}).reshape({2, 2});
  const auto labels = torch::tensor({0, 1}, torch::kInt64);
  const auto told =
      loss.fitted(edgewise::Settings(task::ClassificationLossOptions{.class_weights = "balanced"}), training, 2);
  const double right = std::log(1 + std::exp(-1.0)), wrong = std::log(1 + std::exp(1.0));
  EXPECT_NEAR(loss.of(outputs, labels, told).item<double>(), (right + 4 * wrong) / 5, 1e-6);
}

TEST(Losses, TheDistanceFromATeacherIsTheDivergenceOfSoftenedProbabilities) {
  const Loss& loss = **loss_of(task::classification());
  torch::manual_seed(2);
  const auto outputs = torch::randn({5, 4}), taught = torch::randn({5, 4});
  EXPECT_NEAR(loss.from_teacher(taught, taught, 3).item<double>(), 0, 1e-6);
  const auto p = torch::softmax(taught / 3, 1);
  const auto wanted = 9 * (p * (p.log() - torch::log_softmax(outputs / 3, 1))).sum(1).mean().item<double>();
  EXPECT_NEAR(loss.from_teacher(outputs, taught, 3).item<double>(), wanted, 1e-5);
}

TEST(Losses, RefuseTargetsThatDoNotFit) {
  task::Targets targets;
  targets.add(std::vector{7.F});
  EXPECT_EQ((*loss_of(task::classification()))->targets(targets, 7).error().message,
            "the class 7 of a picture is not in [0, 6]");
  EXPECT_FALSE((*loss_of(task::box()))->targets(targets, 4).has_value());
}

}  // namespace
}  // namespace edgewise::train
