#include <gtest/gtest.h>
#include <torch/optim.h>
#include <torch/utils.h>

#include "train/optimizer_internal.hpp"

namespace edgewise::train {
namespace {

// A little problem whose gradient changes from step to step.
torch::Tensor loss(const torch::Tensor& w, const torch::Tensor& b) {
  return ((w * w).sum() - 3 * w.sum() * b.sum() + (b * b * b).sum() * 0.1).tanh() + w.sum();
}

struct Problem {
  torch::Tensor w, b;
  Problem() {
    torch::manual_seed(1);
    w = torch::randn({3, 4}).requires_grad_();
    b = torch::randn({4}).requires_grad_();
  }
};

template <class Reference>
void compare(const std::string& name, Reference&& make) {
  Problem ours, theirs;
  Optimizer optimizer({.name = name, .weight_decay = 0.1, .momentum = 0.9}, {ours.w}, {ours.b});
  auto reference = make(theirs);
  for (int i = 0; i < 20; ++i) {
    optimizer.clear_gradients();
    loss(ours.w, ours.b).backward();
    optimizer.step(0.01);
    reference->zero_grad();
    loss(theirs.w, theirs.b).backward();
    reference->step();
  }
  EXPECT_TRUE(torch::allclose(ours.w, theirs.w, 1e-5, 1e-6)) << name << ours.w << theirs.w;
  EXPECT_TRUE(torch::allclose(ours.b, theirs.b, 1e-5, 1e-6)) << name;
}

// Two groups as torch::optim takes them: weight decay on w alone.
template <class Options>
std::vector<torch::optim::OptimizerParamGroup> groups(const Problem& p, const Options& options) {
  auto decayed = std::make_unique<Options>(options);
  decayed->weight_decay(0.1);
  auto plain = std::make_unique<Options>(options);
  plain->weight_decay(0.0);
  std::vector<torch::optim::OptimizerParamGroup> result;
  result.emplace_back(std::vector<torch::Tensor>{p.w}, std::move(decayed));
  result.emplace_back(std::vector<torch::Tensor>{p.b}, std::move(plain));
  return result;
}

TEST(Optimizer, AdamwStepsAsTorchOptimDoes) {
  compare("adamw", [](const Problem& p) {
    return std::make_unique<torch::optim::AdamW>(groups(p, torch::optim::AdamWOptions(0.01)));
  });
}

TEST(Optimizer, AdamStepsAsTorchOptimDoes) {
  compare("adam", [](const Problem& p) {
    return std::make_unique<torch::optim::Adam>(groups(p, torch::optim::AdamOptions(0.01)));
  });
}

TEST(Optimizer, SgdStepsAsTorchOptimDoes) {
  compare("sgd", [](const Problem& p) {
    return std::make_unique<torch::optim::SGD>(groups(p, torch::optim::SGDOptions(0.01).momentum(0.9)),
                                               torch::optim::SGDOptions(0.01).momentum(0.9));
  });
}

TEST(Optimizer, ClipsTheGradientToItsNorm) {
  auto w = torch::zeros({4}).requires_grad_();
  Optimizer optimizer({.name = "sgd", .momentum = 0.0, .clip_norm = 1.0}, {}, {w});
  (w * torch::tensor({3.F, 0.F, 4.F, 0.F})).sum().backward();
  EXPECT_NEAR(optimizer.step(1.0), 5.0, 1e-5);
  EXPECT_TRUE(torch::allclose(w, torch::tensor({-0.6F, 0.F, -0.8F, 0.F}))) << w;
}

TEST(Optimizer, ChangesNothingWhenTheGradientIsNotANumber) {
  auto w = torch::ones({2}).requires_grad_();
  Optimizer optimizer({.name = "adamw", .weight_decay = 0.1, .clip_norm = 1.0}, {w}, {});
  (w * std::numeric_limits<float>::quiet_NaN()).sum().backward();
  EXPECT_TRUE(std::isnan(optimizer.step(1.0)));
  EXPECT_TRUE(torch::equal(w, torch::ones({2})));
  EXPECT_EQ(optimizer.steps(), 0);
}

TEST(Optimizer, UpdatesChannelsLastWeightsInTheRightPlaces) {
  torch::manual_seed(1);
  auto plain = torch::randn({4, 3, 3, 3}).requires_grad_();
  auto last = plain.detach().clone(torch::MemoryFormat::ChannelsLast).requires_grad_();
  const auto slope = torch::randn({4, 3, 3, 3});
  Optimizer a({.name = "adamw", .weight_decay = 0.1}, {plain}, {}),
      b({.name = "adamw", .weight_decay = 0.1}, {last}, {});
  for (int i = 0; i < 3; ++i) {
    a.clear_gradients();
    b.clear_gradients();
    (plain * slope).pow(2).sum().backward();
    (last * slope).pow(2).sum().backward();
    a.step(0.1);
    b.step(0.1);
  }
  EXPECT_TRUE(torch::allclose(plain, last, 1e-5, 1e-6));
}

TEST(Optimizer, DecaysWeightsOfConvolutionsAndLinearLayersAlone) {
  const graph::Node conv{.name = "c", .op = graph::Conv2d{}}, norm{.name = "n", .op = graph::BatchNorm2d{}},
      layer_norm{.name = "l", .op = graph::LayerNorm{}}, linear{.name = "f", .op = graph::Linear{}},
      scale{.name = "s", .op = graph::LayerScale{}};
  EXPECT_TRUE(is_decayed(conv, "c.weight"));
  EXPECT_TRUE(is_decayed(linear, "f.weight"));
  EXPECT_FALSE(is_decayed(conv, "c.bias"));
  EXPECT_FALSE(is_decayed(linear, "f.bias"));
  EXPECT_FALSE(is_decayed(norm, "n.weight"));
  EXPECT_FALSE(is_decayed(layer_norm, "l.weight"));
  EXPECT_FALSE(is_decayed(scale, "s"));
}

}  // namespace
}  // namespace edgewise::train
