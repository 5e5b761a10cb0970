#include "graph/weights.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace edgewise::graph {
namespace {

Graph small_graph() {
  GraphBuilder builder({3, 4, 4});
  const auto conv = builder.add(Conv2d{.out_channels = 2}, {builder.input()}, "conv");
  const auto norm = builder.add(BatchNorm2d{}, {conv}, "bn");
  return *std::move(builder).finish(norm);
}

Weights full_weights(const Graph& graph) {
  Weights weights;
  for (const TensorSpec& tensor : graph.tensors()) {
    std::size_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= static_cast<std::size_t>(extent);
    weights[tensor.name] = {tensor.shape, std::vector<float>(count, 0.5F)};
  }
  return weights;
}

Error mistake(const Graph& graph, const Weights& weights) {
  const Status status = check_weights(graph, weights);
  EXPECT_FALSE(status);
  return status ? Error{} : status.error();
}

TEST(Weights, ThatBelongToTheGraphPass) {
  const Graph graph = small_graph();
  EXPECT_TRUE(check_weights(graph, full_weights(graph)));
}

TEST(Weights, ThatDoNotFitNameTheTensor) {
  const Graph graph = small_graph();
  Weights weights = full_weights(graph);
  weights["conv.weight"].shape = {2, 3};
  EXPECT_EQ(mistake(graph, weights).message, "the shape is 2x3, but the network needs 2x3x1x1");
  EXPECT_EQ(mistake(graph, weights).where, "tensor \"conv.weight\"");

  weights = full_weights(graph);
  weights["conv.bias"].floats().push_back(0);
  EXPECT_EQ(mistake(graph, weights).message, "3 numbers for the shape 2");

  weights = full_weights(graph);
  weights["bn.running_var"].floats()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(mistake(graph, weights).message, "element 1 is nan, not a finite number");
  EXPECT_EQ(mistake(graph, weights).where, "tensor \"bn.running_var\"");

  weights = full_weights(graph);
  weights["bn.num_batches_tracked"].floats().clear();
  EXPECT_EQ(mistake(graph, weights).message, "0 numbers for the shape scalar");

  weights = full_weights(graph);
  weights["classifier.weight"] = {{1}, std::vector<float>{0.0F}};
  EXPECT_EQ(mistake(graph, weights).message, "the network has no such tensor (1 left over)");
  EXPECT_EQ(mistake(graph, weights).where, "tensor \"classifier.weight\"");
}

TEST(Weights, ThatLackATensorSuggestWhatItMayBeCalled) {
  const Graph graph = small_graph();
  Weights weights = full_weights(graph);
  auto moved = weights.extract("conv.bias");
  moved.key() = "conv1.bias";
  weights.insert(std::move(moved));
  EXPECT_EQ(mistake(graph, weights), (Error{ErrorCode::invalid_input, "the weights lack this tensor",
                                            "tensor \"conv.bias\"", "is it called \"conv1.bias\" there?"}));
}

}  // namespace
}  // namespace edgewise::graph
