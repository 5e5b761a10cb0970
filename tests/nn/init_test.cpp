#include <gtest/gtest.h>

#include <cmath>

#include "nn/module.hpp"

namespace edgewise::nn {
namespace {

using graph::Init;

double deviation(const torch::Tensor& tensor) {
  return tensor.std().item<double>();
}

TEST(Init, KaimingNormalHasTheSpreadOfTheOutgoingFan) {
  const auto weight = draw({Init::kaiming_normal_fan_out}, {64, 32, 3, 3}, RandomStream(1));
  EXPECT_NEAR(deviation(weight), std::sqrt(2.0 / (64 * 9)), 0.001);
  EXPECT_NEAR(weight.mean().item<double>(), 0.0, 0.002);
}

TEST(Init, UniformKindsStayWithinTheirBound) {
  const double kaiming = std::sqrt(6.0 / 200), xavier = std::sqrt(6.0 / 300);
  const auto a = draw({Init::kaiming_uniform}, {100, 200}, RandomStream(1));
  EXPECT_LE(a.abs().max().item<double>(), kaiming);
  EXPECT_NEAR(deviation(a), kaiming / std::sqrt(3.0), 0.002);
  const auto b = draw({Init::xavier_uniform}, {100, 200}, RandomStream(1));
  EXPECT_LE(b.abs().max().item<double>(), xavier);
  EXPECT_NEAR(deviation(b), xavier / std::sqrt(3.0), 0.002);
  const auto c = draw({Init::uniform, 0.25}, {100, 200}, RandomStream(1));
  EXPECT_LE(c.abs().max().item<double>(), 0.25);
  EXPECT_NEAR(deviation(c), 0.25 / std::sqrt(3.0), 0.004);
}

TEST(Init, AGivenSpreadReplacesTheImpliedOne) {
  EXPECT_LE(draw({Init::kaiming_uniform, 0.01}, {100, 200}, RandomStream(1)).abs().max().item<double>(), 0.01);
}

TEST(Init, TruncatedNormalIsCutAtTwoDeviations) {
  const auto weight = draw({Init::trunc_normal, 0.02}, {200, 200}, RandomStream(1));
  EXPECT_LE(weight.abs().max().item<double>(), 0.04);
  EXPECT_NEAR(deviation(weight), 0.02 * 0.8796, 0.0003);  // standard deviation of a normal cut at 2
  EXPECT_NEAR(deviation(draw({Init::normal, 0.02}, {200, 200}, RandomStream(1))), 0.02, 0.0003);
}

TEST(Init, DependsOnTheStreamAlone) {
  const auto one = draw({}, {8, 8}, RandomStream(1));
  EXPECT_TRUE(torch::equal(one, draw({}, {8, 8}, RandomStream(1))));
  EXPECT_FALSE(torch::equal(one, draw({}, {8, 8}, RandomStream(2))));
}

}  // namespace
}  // namespace edgewise::nn
