// Property: what graph/ infers is what LibTorch computes, for graphs put together at random.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include "nn/module.hpp"

namespace edgewise::nn {
namespace {

using namespace graph;

Operator random_operator(RandomStream& random, const Shape& shape) {
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  const auto pair = [&](std::int64_t low, std::int64_t high) { return Pair{between(low, high), between(low, high)}; };
  if (shape.size() == 3) {
    switch (random.below(12)) {
      case 0:
        return Conv2d{.out_channels = between(1, 9),
                      .kernel_size = pair(1, 4),
                      .stride = pair(1, 3),
                      .padding = pair(0, 3),
                      .dilation = pair(1, 2),
                      .bias = random.chance(0.5)};
      case 1:
        return Conv2d{.out_channels = shape[0] * between(1, 2),
                      .kernel_size = pair(1, 3),
                      .padding = pair(0, 2),
                      .groups = shape[0]};
      case 2:
        return BatchNorm2d{};
      case 3:
        return MaxPool2d{
            .kernel_size = pair(2, 4), .stride = pair(1, 3), .padding = pair(0, 1), .ceil_mode = random.chance(0.5)};
      case 4:
        return AvgPool2d{.kernel_size = pair(2, 4),
                         .stride = pair(1, 3),
                         .padding = pair(0, 1),
                         .ceil_mode = random.chance(0.5),
                         .count_include_pad = random.chance(0.5)};
      case 5:
        return AdaptiveAvgPool2d{pair(1, 6)};
      case 6:
        return Resize{pair(1, 12), random.chance(0.5) ? ResizeMode::nearest : ResizeMode::bilinear};
      case 7:
        return Permute{{2, 0, 1}};
      case 8:
        return Reshape{{shape[0], shape[1] * shape[2]}};
      case 9:
        return Split{.axis = between(0, 2), .parts = 2, .index = between(0, 1)};
      case 10:
        return ChannelShuffle{2};
      default:
        return Activation{static_cast<ActivationKind>(random.below(7))};
    }
  }
  switch (random.below(6)) {
    case 0:
      return Linear{.out_features = between(1, 9), .bias = random.chance(0.5)};
    case 1:
      return LayerNorm{};
    case 2:
      return Softmax{};
    case 3:
      return shape.size() == 2 ? Operator(Permute{{1, 0}}) : Operator(Softmax{});
    case 4:
      return Activation{static_cast<ActivationKind>(random.below(7))};
    default:
      return Dropout{0.1};
  }
}

TEST(RandomGraphs, HaveTheShapesThatLibTorchComputes) {
  int nodes = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    GraphBuilder builder({static_cast<std::int64_t>(1 + random.below(6)),
                          static_cast<std::int64_t>(4 + random.below(20)),
                          static_cast<std::int64_t>(4 + random.below(20))});
    auto value = builder.input();
    for (int step = 0; step < 12; ++step) {
      const auto shape = builder.shape(value);
      const auto op = random_operator(random, shape);
      if (!infer_shape(op, {shape})) continue;  // a kernel larger than what is left of the image
      const auto next = builder.add(op, {value});
      value = builder.shape(next) == shape && random.chance(0.5) ? builder.add(Add{}, {value, next}) : next;
    }
    if (value.index == 0) continue;
    const auto graph = std::move(builder).finish(value);
    ASSERT_TRUE(graph.has_value()) << edgewise::to_text(graph.error());
    Network network(*graph, RandomStream(seed));
    network->eval();
    Shape shape{2};
    shape.insert(shape.end(), graph->input_shape().begin(), graph->input_shape().end());
    torch::manual_seed(static_cast<std::int64_t>(seed));
    const auto x = torch::randn(shape);
    const auto values = network->trace(x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto wanted = graph->shape(i);
      wanted.insert(wanted.begin(), 2);
      ASSERT_EQ(values[i].sizes().vec(), wanted) << graph->node(i).name;
      ++nodes;
    }
    EXPECT_TRUE(torch::allclose(network->forward(x), values[graph->output()], 1e-4, 1e-5, true));
  }
  EXPECT_GT(nodes, 1000);
}

}  // namespace
}  // namespace edgewise::nn
