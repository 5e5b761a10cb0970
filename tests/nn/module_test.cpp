#include "nn/module.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

namespace edgewise::nn {
namespace {

using namespace graph;

Graph must(Result<Graph> graph) {
  EXPECT_TRUE(graph.has_value()) << (graph ? "" : edgewise::to_text(graph.error()));
  return std::move(graph).value();
}

// Every operator once, with parameters of every kind.
Graph all_operators() {
  GraphBuilder b({4, 12, 12});
  auto x = b.add(Conv2d{.out_channels = 8, .kernel_size = {3, 3}, .padding = {1, 1}}, {b.input()}, "conv");
  x = b.add(BatchNorm2d{}, {x}, "bn");
  x = b.add(Activation{ActivationKind::relu6}, {x}, "act");
  const auto gate = b.add(AdaptiveAvgPool2d{}, {x});
  const auto narrow = b.add(Conv2d{.out_channels = 8}, {gate}, "gate");
  const auto open = b.add(Activation{ActivationKind::hardsigmoid}, {narrow});
  x = b.add(Mul{}, {x, open});
  const auto left = b.add(Split{.axis = 0, .parts = 2, .index = 0}, {x}),
             right = b.add(Split{.axis = 0, .parts = 2, .index = 1}, {x});
  const auto light = b.add(Activation{ActivationKind::silu}, {right});
  x = b.add(Concat{}, {left, light});
  x = b.add(ChannelShuffle{2}, {x});
  x = b.add(
      Conv2d{
          .out_channels = 8, .kernel_size = {3, 3}, .padding = {2, 2}, .dilation = {2, 2}, .groups = 8, .bias = false},
      {x}, "depthwise");
  const auto scaled = b.add(LayerScale{0.5}, {x}, "block.layer_scale");
  const auto dropped = b.add(StochasticDepth{0.2}, {scaled});
  x = b.add(Add{}, {x, dropped});
  x = b.add(MaxPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .ceil_mode = true}, {x});
  x = b.add(Activation{ActivationKind::hardswish}, {x});
  x = b.add(AvgPool2d{.kernel_size = {2, 2}, .stride = {1, 1}}, {x});
  x = b.add(Resize{.output_size = {6, 6}}, {x});
  x = b.add(Permute{{1, 2, 0}}, {x});
  x = b.add(Reshape{{36, 8}}, {x});
  x = b.add(LayerNorm{}, {x}, "ln");
  const auto query = b.add(Linear{.out_features = 8}, {x}, "q"), keys = b.add(Linear{.out_features = 8}, {x}, "k");
  const auto scores = b.add(MatMul{.transpose_b = true, .scale = 0.35}, {query, keys});
  const auto attention = b.add(Softmax{}, {scores});
  x = b.add(MatMul{}, {attention, x});
  x = b.add(Activation{ActivationKind::gelu}, {x});
  x = b.add(Activation{ActivationKind::sigmoid}, {x});
  x = b.add(Reshape{{288}}, {x});
  x = b.add(Dropout{0.3}, {x});
  x = b.add(Linear{.out_features = 5}, {x}, "head");
  return must(std::move(b).finish(x));
}

torch::Tensor input(std::int64_t n, const Graph& graph, int seed = 1) {
  torch::manual_seed(seed);
  Shape shape{n};
  shape.insert(shape.end(), graph.input_shape().begin(), graph.input_shape().end());
  return torch::randn(shape);
}

TEST(Network, GivesEveryNodeItsInferredShape) {
  const auto graph = all_operators();
  Network network(graph, RandomStream(1));
  const auto values = network->trace(input(3, graph));
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto wanted = graph.shape(i);
    wanted.insert(wanted.begin(), 3);
    EXPECT_EQ(values[i].sizes().vec(), wanted) << graph.node(i).name;
  }
}

TEST(Network, GivesSeveralOutputsThatNothingOverwrites) {
  GraphBuilder b({4, 6, 6});
  const auto conv = b.add(Conv2d{.out_channels = 8}, {b.input()});
  const auto norm = b.add(BatchNorm2d{}, {conv});
  const auto act = b.add(Activation{}, {norm});  // would be computed along with the norm, and over it
  const auto sum = b.add(Add{}, {act, norm});
  const auto last = b.add(Activation{ActivationKind::relu6}, {sum});
  const std::vector<GraphBuilder::NamedValue> named{{"last", last}, {"norm", norm}, {"sum", sum}, {"conv", conv}};
  const auto graph = must(std::move(b).finish(named));
  Network network(graph, RandomStream(1));
  const auto x = input(3, graph);
  for (const bool training : {true, false}) {
    network->train(training);
    const auto values = network->trace(x);
    const auto outputs = network->outputs(x);
    ASSERT_EQ(outputs.size(), 4U);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      EXPECT_TRUE(torch::allclose(outputs[i], values[graph.outputs()[i].node], 1e-5, 1e-6)) << named[i].name;
  }
  EXPECT_DEATH(network->forward(x), "several outputs");
}

TEST(Network, RepeatsConstantsForEachSampleAndKeepsTypes) {
  GraphBuilder b({3}, DataType::uint8);
  const auto table = b.add(Constant{{{3}, std::vector<std::int32_t>{10, 20, 30}}}, {});
  const auto sum = b.add(Add{}, {b.add(Cast{DataType::int32}, {b.input()}), table});
  const auto half = b.add(Constant{{{1}, std::vector<Float16>{to_float16(0.5F)}}}, {});
  const auto joined = b.add(Concat{}, {b.add(Cast{DataType::float32}, {sum}), b.add(Cast{DataType::float32}, {half})});
  const std::vector<GraphBuilder::NamedValue> named{{"sum", sum}, {"joined", joined}, {"table", table}};
  const auto graph = must(std::move(b).finish(named));
  Network network(graph);
  for (const auto precision : {Precision::fp32, Precision::bf16}) {
    network->set_precision(precision);
    const auto outputs = network->outputs(torch::tensor({{1, 2, 3}, {4, 5, 200}}, torch::kUInt8));
    EXPECT_TRUE(torch::equal(outputs[0], torch::tensor({{11, 22, 33}, {14, 25, 230}}, torch::kInt32)));
    EXPECT_TRUE(torch::equal(outputs[1], torch::tensor({{11.F, 22.F, 33.F, 0.5F}, {14.F, 25.F, 230.F, 0.5F}})));
    EXPECT_TRUE(torch::equal(outputs[2], torch::tensor({{10, 20, 30}, {10, 20, 30}}, torch::kInt32)));
    EXPECT_EQ(outputs[1].scalar_type(), torch::kFloat32);
  }
  EXPECT_TRUE(network->tensors().empty());
}

TEST(Network, ComputesTheSameWithAndWithoutOverwritingValues) {
  const auto graph = all_operators();
  Network network(graph, RandomStream(1));
  const auto x = input(3, graph);
  for (const bool training : {false, true}) {
    network->train(training);
    network->seed(7);
    const auto expected = network->trace(x)[graph.output()];
    network->seed(7);
    EXPECT_TRUE(torch::allclose(network->forward(x), expected, 1e-5, 1e-6)) << (training ? "training" : "evaluation");
  }
}

TEST(Network, PassesAGradientToEveryParameter) {
  const auto graph = all_operators();
  Network network(graph, RandomStream(1));
  network->train();
  network->forward(input(4, graph)).pow(2).sum().backward();
  const auto specs = graph.tensors();
  const auto tensors = network->tensors();
  ASSERT_EQ(tensors.size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(tensors[i].sizes().vec(), specs[i].shape) << specs[i].name;
    if (!specs[i].trainable) continue;
    ASSERT_TRUE(tensors[i].grad().defined()) << specs[i].name;
    EXPECT_TRUE(torch::isfinite(tensors[i].grad()).all().item<bool>()) << specs[i].name;
    // A bias in front of a normalisation, or equal for all keys of a softmax, changes nothing: rounding is all there
    // is.
    if (specs[i].name == "conv.bias" || specs[i].name == "k.bias") continue;
    EXPECT_GT(tensors[i].grad().abs().sum().item<double>(), 1e-9) << specs[i].name;
  }
}

// A batch norm and the activation behind it are one step of our own in `forward`; `trace` computes both by LibTorch.
TEST(Network, NormalisesAndClampsAsLibTorchDoes) {
  struct Case {
    Shape shape;
    std::optional<ActivationKind> activation;
  };
  for (const auto& [shape, activation] : std::vector<Case>{{{1, 9, 7}, {}},
                                                           {{3, 5, 5}, ActivationKind::relu},
                                                           {{8, 64, 64}, ActivationKind::relu6},
                                                           {{33, 4, 4}, ActivationKind::relu},
                                                           {{256, 7, 7}, {}},
                                                           {{300, 1, 1}, ActivationKind::relu6},
                                                           {{520, 3, 2}, ActivationKind::relu}}) {
    GraphBuilder b(shape);
    auto last = b.add(BatchNorm2d{}, {b.input()}, "bn");
    if (activation) last = b.add(Activation{*activation}, {last}, "act");
    const auto graph = must(std::move(b).finish(last));
    Network fused(graph, RandomStream(1)), apart(graph, RandomStream(1));
    for (auto* network : {&fused, &apart}) {
      torch::manual_seed(5);
      const torch::NoGradGuard no_grad;
      for (auto& parameter : (*network)->parameters()) parameter.copy_(torch::randn_like(parameter) + 0.5);
    }
    const auto x = (input(16, graph) * 3 + 7).contiguous(torch::MemoryFormat::ChannelsLast);
    const auto weights = input(16, graph, 2);
    const auto x_fused = x.detach().clone().requires_grad_(), x_apart = x.detach().clone().requires_grad_();
    const auto y_fused = fused->forward(x_fused), y_apart = apart->trace(x_apart).back();
    (y_fused * weights).sum().backward();
    (y_apart * weights).sum().backward();
    const auto same = [&](const torch::Tensor& a, const torch::Tensor& b, const char* what) {
      EXPECT_TRUE(torch::allclose(a, b, 1e-3, 1e-4 * (1 + b.abs().max().item<double>())))
          << what << " of " << graph::to_text(shape) << " differ by " << (a - b).abs().max().item<float>();
    };
    same(y_fused, y_apart, "outputs");
    same(x_fused.grad(), x_apart.grad(), "gradients of the input");
    for (std::size_t i = 0; i < fused->parameters().size(); ++i)
      same(fused->parameters()[i].grad(), apart->parameters()[i].grad(), "gradients of the parameters");
    for (std::size_t i = 2; i < 4; ++i) same(fused->tensors()[i], apart->tensors()[i], "running statistics");
    fused->eval();
    apart->eval();
    const torch::NoGradGuard no_grad;
    same(fused->forward(x), apart->trace(x).back(), "outputs in evaluation");
  }
}

// The step of our own writes over the gradient that it is given, but only when nobody else reads it.
TEST(Network, KeepsAGradientOfABatchNormThatOthersHold) {
  GraphBuilder b({8, 6, 6});
  const auto norm = b.add(BatchNorm2d{}, {b.input()}, "bn");
  const auto graph = must(std::move(b).finish(norm));
  Network network(graph, RandomStream(1));
  network->train();
  const auto x = input(4, graph).contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  const auto held = input(4, graph, 2).contiguous(torch::MemoryFormat::ChannelsLast), copy = held.clone();
  network->forward(x).backward(held);
  EXPECT_TRUE(torch::equal(held, copy));
  const auto expected = x.grad().clone();
  x.mutable_grad().reset();
  // Times one, so that the gradient is a value that only the batch norm gets.
  (network->forward(x) * torch::ones_like(x)).backward(held);
  EXPECT_TRUE(torch::equal(held, copy));
  EXPECT_TRUE(torch::equal(x.grad(), expected));
}

// oneDNN 3.6 crashed here for fewer than 16 channels: see must_pick_pixels in nn/module.cpp.
TEST(Network, GivesStridedPointwiseConvolutionsTheirGradient) {
  for (const std::int64_t channels : {3, 4, 8, 12, 16}) {
    GraphBuilder b({channels, 64, 63});
    const auto x =
        b.add(Conv2d{.out_channels = 16, .kernel_size = {1, 1}, .stride = {2, 2}, .bias = false}, {b.input()}, "conv");
    const auto graph = must(std::move(b).finish(x));
    Network network(graph, RandomStream(1));
    network->train();
    const auto in = input(32, graph);
    const auto weight = network->tensors().front();
    const auto exact = weight.detach().to(torch::kDouble).requires_grad_();
    const auto expected = torch::conv2d(in.to(torch::kDouble), exact, {}, 2);
    expected.square().mean().backward();
    const auto output = network->forward(in);
    output.square().mean().backward();
    EXPECT_TRUE(torch::allclose(output, expected.to(torch::kFloat32), 1e-4, 1e-5)) << channels;
    EXPECT_TRUE(torch::allclose(weight.grad(), exact.grad().to(torch::kFloat32), 1e-4, 1e-6)) << channels;
  }
}

TEST(Network, ReturnsTheWeightsItWasGiven) {
  const auto graph = all_operators();
  Network first(graph, RandomStream(1)), second(graph);
  first->train();
  first->forward(input(4, graph));  // moves running statistics and their counter
  const auto saved = weights(first);
  EXPECT_EQ(saved.size(), graph.tensors().size());
  EXPECT_EQ(saved.at("bn.num_batches_tracked").floats(), std::vector<float>{1});
  ASSERT_TRUE(load_weights(second, saved).has_value());
  EXPECT_EQ(weights(second), saved);
  first->eval();
  second->eval();
  const auto x = input(2, graph, 5);
  EXPECT_TRUE(torch::equal(first->forward(x), second->forward(x)));
}

TEST(Network, RefusesWeightsThatDoNotFit) {
  const auto graph = all_operators();
  Network network(graph, RandomStream(1));
  auto wrong = weights(network);
  wrong.erase("head.bias");
  const auto status = load_weights(network, wrong);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(edgewise::to_text(status.error()), ::testing::HasSubstr("head.bias"));
}

TEST(Network, DrawsEachTensorByItsName) {
  const auto graph = all_operators();
  Network first(graph, RandomStream(1)), same(graph, RandomStream(1)), other(graph, RandomStream(2));
  EXPECT_EQ(weights(first), weights(same));
  EXPECT_NE(weights(first).at("q.weight"), weights(other).at("q.weight"));
  EXPECT_NE(weights(first).at("q.weight").floats(), weights(first).at("k.weight").floats());
  EXPECT_EQ(weights(first).at("block.layer_scale").floats(), std::vector<float>(8, 0.5F));
  EXPECT_EQ(weights(first).at("bn.running_var").floats(), std::vector<float>(8, 1.0F));
}

TEST(Network, ShufflesChannelsAsWritten) {
  GraphBuilder b({6, 1, 1});
  const auto out = b.add(ChannelShuffle{2}, {b.input()});
  Network network(must(std::move(b).finish(out)));
  const auto y = network->forward(torch::arange(6, torch::kFloat32).reshape({1, 6, 1, 1})).flatten();
  EXPECT_TRUE(torch::equal(y, torch::tensor({0.F, 3.F, 1.F, 4.F, 2.F, 5.F}))) << y;  // channel g * 3 + i to i * 2 + g
}

TEST(Network, DropsWholeSamplesAndKeepsTheMean) {
  GraphBuilder b({2, 3, 3});
  const auto out = b.add(StochasticDepth{0.25}, {b.input()});
  Network network(must(std::move(b).finish(out)));
  const auto ones = torch::ones({4000, 2, 3, 3});
  network->eval();
  EXPECT_TRUE(torch::equal(network->forward(ones), ones));
  network->train();
  network->seed(3);
  const auto y = network->forward(ones);
  const auto per_sample = y.flatten(1);
  EXPECT_TRUE(torch::equal(std::get<0>(per_sample.min(1)), std::get<0>(per_sample.max(1))));
  EXPECT_NEAR(y.mean().item<double>(), 1.0, 0.03);
  EXPECT_NEAR(y.max().item<double>(), 1.0 / 0.75, 1e-6);
  network->seed(3);
  EXPECT_TRUE(torch::equal(network->forward(ones), y));
  EXPECT_FALSE(torch::equal(network->forward(ones), y));
}

TEST(Network, DropsSingleNumbersAndKeepsTheMean) {
  GraphBuilder b({1000});
  const auto out = b.add(Dropout{0.5}, {b.input()});
  Network network(must(std::move(b).finish(out)));
  network->train();
  const auto y = network->forward(torch::ones({16, 1000}));
  EXPECT_NEAR((y == 0).to(torch::kFloat32).mean().item<double>(), 0.5, 0.02);
  EXPECT_NEAR(y.max().item<double>(), 2.0, 1e-6);
}

TEST(Network, IsNearlyTheSameInBf16) {
  const auto graph = all_operators();
  Network network(graph, RandomStream(1));
  network->eval();
  const auto x = input(3, graph);
  const auto exact = network->forward(x);
  network->set_precision(Precision::bf16);
  const auto rough = network->forward(x);
  EXPECT_EQ(rough.scalar_type(), torch::kFloat32);
  EXPECT_FALSE(torch::equal(rough, exact));
  EXPECT_LT((rough - exact).abs().max().item<double>(), 0.03 * exact.abs().max().item<double>());
}

Graph lone_norm(double momentum) {
  GraphBuilder b({2, 4, 4});
  const auto out = b.add(BatchNorm2d{.momentum = momentum}, {b.input()}, "bn");
  return must(std::move(b).finish(out));
}

TEST(Network, StartsRunningStatisticsAsTheMeanOverTheBatchesSeen) {
  Network network(lone_norm(0.0003));
  network->train();
  network->set_norm_momentum_floor(0.1);
  for (const float value : {1.F, 2.F, 6.F}) network->forward(torch::full({2, 2, 4, 4}, value));
  EXPECT_NEAR(weights(network).at("bn.running_mean").floats()[0], 3.0, 1e-5);
}

TEST(Network, KeepsTheNodesOwnMomentumWithoutAFloor) {
  Network network(lone_norm(0.25));
  network->train();
  network->forward(torch::full({2, 2, 4, 4}, 4.F));
  EXPECT_NEAR(weights(network).at("bn.running_mean").floats()[0], 1.0, 1e-6);
}

}  // namespace
}  // namespace edgewise::nn
