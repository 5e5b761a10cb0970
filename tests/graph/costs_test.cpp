#include "graph/costs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "graph/quantities.hpp"
#include "random_graph.hpp"

namespace edgewise::graph {
namespace {

Graph residual_block() {
  GraphBuilder builder({4, 8, 8});
  auto y = builder.add(Conv2d{.out_channels = 8, .kernel_size = {3, 3}, .padding = {1, 1}, .groups = 2, .bias = false},
                       {builder.input()});
  y = builder.add(BatchNorm2d{}, {y});
  y = builder.add(Dropout{}, {y});
  y = builder.add(Conv2d{.out_channels = 4}, {y});
  y = builder.add(Add{}, {y, builder.input()});
  y = builder.add(Reshape{{4, 64}}, {y});
  y = builder.add(Linear{10, true}, {y});
  return *std::move(builder).finish(y);
}

TEST(Costs, OfASmallBlockAreAsCountedByHand) {
  const Costs sum = costs(residual_block());
  EXPECT_EQ(sum.macs, 8 * 64 * (2 * 9) + 4 * 64 * 8 + 4 * 10 * 64);
  EXPECT_EQ(sum.parameters, 8 * 2 * 9 + 2 * 8 + (4 * 8 + 4) + (10 * 64 + 10));
  EXPECT_EQ(sum.weight_bytes, 4 * (sum.parameters + 8 + 8 + 1));  // running mean and variance, the counter
  // At the batch norm: the input (for the addition), the convolution's output and its own. Dropout copies nothing.
  EXPECT_EQ(sum.peak_activation_bytes, 4 * (4 * 64 + 8 * 64 + 8 * 64));
  EXPECT_EQ(sum.peak_memory_bytes, sum.weight_bytes + sum.peak_activation_bytes);
}

TEST(Costs, OfAMatrixProductDependOnTheSharedAxis) {
  GraphBuilder builder({2, 6, 5});
  const auto product = builder.add(MatMul{.transpose_b = true}, {builder.input(), builder.input()});
  const Graph graph = *std::move(builder).finish(product);
  EXPECT_EQ(costs(graph).macs, 2 * 6 * 6 * 5);
  EXPECT_EQ(node_costs(graph)[1].output_elements, 2 * 6 * 6);
}

TEST(Costs, CountAViewOfTheOutputOnce) {
  GraphBuilder builder({10});
  const auto y = builder.add(Reshape{{2, 5}}, {builder.add(Activation{}, {builder.input()})});
  EXPECT_EQ(costs(*std::move(builder).finish(y)).peak_activation_bytes, 4 * (10 + 10));
}

TEST(Costs, KeepAValueUntilTheLastReaderOfItsViews) {
  GraphBuilder builder({100});
  const auto view = builder.add(StochasticDepth{0.1}, {builder.input()});
  const auto a = builder.add(Reshape{{10, 10}}, {view});
  const auto b = builder.add(Linear{1, false}, {a});
  const auto c = builder.add(Linear{50, false}, {b});
  const auto d = builder.add(MatMul{.transpose_b = false}, {a, c});  // reads the input's memory through two views
  const Graph graph = *std::move(builder).finish(d);
  EXPECT_EQ(costs(graph).peak_activation_bytes, 4 * (100 + 500 + 500));
}

TEST(Costs, KeepEveryOutputUntilTheEnd) {
  GraphBuilder builder({100});
  const auto a = builder.add(Linear{1000, false}, {builder.input()});
  const auto b = builder.add(Linear{10, false}, {a});
  const auto c = builder.add(Linear{2000, false}, {b});
  const std::vector<GraphBuilder::NamedValue> both{{"wide", a}, {"wider", c}};
  EXPECT_EQ(costs(*GraphBuilder(builder).finish(both)).peak_activation_bytes, 4 * (1000 + 10 + 2000));
  EXPECT_EQ(costs(*GraphBuilder(builder).finish(c)).peak_activation_bytes, 4 * (10 + 2000));
}

TEST(Costs, CountBytesOfTypesAndConstantsBesideTheWeights) {
  GraphBuilder builder({100}, DataType::uint8);
  const auto x = builder.add(Cast{DataType::float32}, {builder.input()});
  const auto shift = builder.add(Constant{{{100}, std::vector<float>(100, 1.0F)}}, {});
  const auto y = builder.add(Add{}, {x, shift});
  const Graph graph = *std::move(builder).finish(y);
  EXPECT_EQ(costs(graph).peak_activation_bytes, 400 + 400);  // the constant is no planned memory
  EXPECT_EQ(costs(graph).weight_bytes, 400);
  EXPECT_EQ(costs(graph).parameters, 0);
}

TEST(Quantities, AreDeclaredForEveryValueThatAGraphTells) {
  const Graph graph = residual_block();
  const auto values = known_values(graph);
  std::vector<std::string> names;
  for (const Quantity& quantity : quantities()) {
    names.push_back(quantity.name);
    EXPECT_EQ(quantity.better, Direction::minimize);
    EXPECT_EQ(quantity.known, Known::from_graph);
    EXPECT_EQ(quantity.range.low, quantity.range.low_is_open ? 0 : 1);
    EXPECT_FALSE(quantity.sentence.empty());
    EXPECT_TRUE(values.contains(quantity.name));
  }
  EXPECT_THAT(names, testing::ElementsAre("parameters", "macs", "weight_mb", "activation_mb"));
  const Costs sum = costs(graph);
  EXPECT_EQ(values,
            (std::map<std::string, double>{{"parameters", static_cast<double>(sum.parameters)},
                                           {"macs", static_cast<double>(sum.macs)},
                                           {"weight_mb", static_cast<double>(sum.weight_bytes) / 1e6},
                                           {"activation_mb", static_cast<double>(sum.peak_activation_bytes) / 1e6}}));
}

// ---- The obvious slow way ----

std::int64_t slow_macs(const Graph& graph) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.node(i);
    std::int64_t for_each_output = 0;
    if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
      for (std::int64_t channel = 0; channel < graph.shape(node.inputs[0])[0]; channel += conv->groups)
        for (std::int64_t row = 0; row < conv->kernel_size.h; ++row) for_each_output += conv->kernel_size.w;
    } else if (std::holds_alternative<Linear>(node.op) || std::holds_alternative<MatMul>(node.op)) {
      for_each_output = graph.shape(node.inputs[0]).back();
    }
    for (std::int64_t element = 0; element < elements_of(graph.shape(i)); ++element) total += for_each_output;
  }
  return total;
}

/// Follows views back to the value that has memory of its own.
std::size_t memory_of(const Graph& graph, std::size_t value) {
  const Operator& op = graph.node(value).op;
  const bool is_view = std::holds_alternative<Reshape>(op) || std::holds_alternative<Dropout>(op) ||
                       std::holds_alternative<StochasticDepth>(op);
  return is_view ? memory_of(graph, graph.node(value).inputs[0]) : value;
}

/// While node `now` runs, a memory is needed when it is being made, or was made before and is read now or later or is
/// the result.
std::int64_t slow_peak_bytes(const Graph& graph) {
  std::int64_t peak = 0;
  for (std::size_t now = 0; now < graph.nodes().size(); ++now) {
    std::set<std::size_t> needed{memory_of(graph, now)};
    for (std::size_t reader = now; reader < graph.nodes().size(); ++reader)
      for (const std::size_t input : graph.node(reader).inputs)
        if (memory_of(graph, input) <= now) needed.insert(memory_of(graph, input));
    for (const Output& output : graph.outputs())
      if (memory_of(graph, output.node) <= now) needed.insert(memory_of(graph, output.node));
    std::int64_t bytes = 0;
    for (const std::size_t value : needed)
      if (!std::holds_alternative<Constant>(graph.node(value).op))
        bytes += bytes_of(graph.type(value)) * elements_of(graph.shape(value));
    peak = std::max(peak, bytes);
  }
  return peak;
}

TEST(Costs, EqualTheSlowWayOnRandomGraphs) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_graph(RandomStream::named(seed, "costs"), 40, seed % 2 == 1);
    const Costs sum = costs(graph);
    ASSERT_EQ(sum.macs, slow_macs(graph)) << "seed " << seed;
    ASSERT_EQ(sum.peak_activation_bytes, slow_peak_bytes(graph)) << "seed " << seed;
    std::int64_t trainable = 0, all = 0;
    for (const TensorSpec& tensor : graph.tensors()) {
      all += elements_of(tensor.shape);
      if (tensor.trainable) trainable += elements_of(tensor.shape);
    }
    ASSERT_EQ(sum.parameters, trainable);
    std::int64_t constants = 0;
    for (std::size_t i = 0; i < graph.nodes().size(); ++i)
      if (std::holds_alternative<Constant>(graph.node(i).op))
        constants += bytes_of(graph.type(i)) * elements_of(graph.shape(i));
    ASSERT_EQ(sum.weight_bytes, 4 * all + constants);
  }
}

}  // namespace
}  // namespace edgewise::graph
