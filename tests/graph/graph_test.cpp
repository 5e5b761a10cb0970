#include "graph/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "random_graph.hpp"

namespace edgewise::graph {
namespace {

using testing::ElementsAre;

Node node(std::string name, Operator op, std::vector<std::size_t> inputs = {}) {
  return {std::move(name), std::move(op), std::move(inputs), {}};
}

Error mistake(std::vector<Node> nodes, std::size_t output) {
  const auto graph = make_graph(std::move(nodes), output);
  EXPECT_FALSE(graph);
  return graph ? Error{} : graph.error();
}

TEST(Graph, KnowsShapesAndTensorsAsInAStateDict) {
  const auto graph = make_graph(
      {node("input", Input{{3, 8, 8}}),
       node("conv", Conv2d{.out_channels = 4, .kernel_size = {3, 1}, .groups = 1}, {0}), node("bn", BatchNorm2d{}, {1}),
       node("scale", LayerScale{}, {2}), node("pool", AdaptiveAvgPool2d{}, {3}), node("flat", Reshape{{4}}, {4}),
       node("norm", LayerNorm{}, {5}), node("fc", Linear{10, false}, {6})},
      7);
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_EQ(graph->input_shape(), (Shape{3, 8, 8}));
  EXPECT_EQ(graph->shape(1), (Shape{4, 6, 8}));
  EXPECT_EQ(graph->output_shape(), (Shape{10}));
  const auto tensors = graph->tensors();
  EXPECT_THAT(tensors, ElementsAre(TensorSpec{"conv.weight", {4, 3, 3, 1}, true}, TensorSpec{"conv.bias", {4}, true},
                                   TensorSpec{"bn.weight", {4}, true}, TensorSpec{"bn.bias", {4}, true},
                                   TensorSpec{"bn.running_mean", {4}, false}, TensorSpec{"bn.running_var", {4}, false},
                                   TensorSpec{"bn.num_batches_tracked", {}, false},
                                   TensorSpec{"scale", {4, 1, 1}, true}, TensorSpec{"norm.weight", {4}, true},
                                   TensorSpec{"norm.bias", {4}, true}, TensorSpec{"fc.weight", {10, 4}, true}));
  EXPECT_THAT(graph->tensors(4), ElementsAre());
}

TEST(Graph, SplitsTheInputChannelsOfAWeightByGroups) {
  const auto graph = make_graph(
      {node("input", Input{{8, 4, 4}}), node("c", Conv2d{.out_channels = 16, .groups = 4, .bias = false}, {0})}, 1);
  ASSERT_TRUE(graph);
  EXPECT_THAT(graph->tensors(), ElementsAre(TensorSpec{"c.weight", {16, 2, 1, 1}, true}));
}

TEST(Graph, NamesTheNodeOfAMistake) {
  EXPECT_EQ(mistake({node("input", Input{{3, 8, 8}}), node("features.3", Conv2d{.kernel_size = {9, 9}}, {0})}, 1),
            (Error{ErrorCode::invalid_input, "\"kernel_size\" 9x9 reaches over 9x9, more than the padded input 8x8",
                   "node \"features.3\"", "make the kernel smaller, the padding or the image larger"}));
  EXPECT_EQ(mistake({node("input", Input{{3}}), node("a", Softmax{}, {0}), node("b", Softmax{}, {0})}, 2).where,
            "node \"a\"");
  EXPECT_EQ(mistake({node("input", Input{{3}}), node("a", Softmax{}, {0}), node("b", Softmax{}, {0})}, 2).message,
            "the output \"b\" does not depend on this node");
}

TEST(Graph, RefusesABrokenStructure) {
  EXPECT_EQ(mistake({}, 0).message, "the graph has no nodes");
  EXPECT_EQ(mistake({node("a", Softmax{})}, 0).message, "the first node is not an \"input\"");
  EXPECT_EQ(mistake({node("a", Input{{3}}), node("b", Input{{3}})}, 1).message, "this is a second \"input\"");
  EXPECT_EQ(mistake({node("a", Input{{3}}), node("a", Softmax{}, {0})}, 1).message, "two nodes have this name");
  EXPECT_EQ(mistake({node("a", Input{{3}}), node("b", Softmax{}, {1})}, 1).message,
            "input 1 is not an earlier node than node 1");
  EXPECT_EQ(mistake({node("a", Input{{3}}), node("b", Softmax{}, {99})}, 1).message,
            "input 99 is not an earlier node than node 1");
  EXPECT_EQ(mistake({node("a", Input{{3}})}, 1).message, "the output is node 1, but there are 1 nodes");
  EXPECT_EQ(mistake({node("a", Input{{}})}, 0).message, "\"shape\" of the input is empty");
  EXPECT_EQ(mistake({node("a", Input{{3, 0}})}, 0).message, "the output 3x0 has an axis of 0, less than 1");
  EXPECT_EQ(mistake({node("a", Input{{3, std::int64_t{1} << 40}})}, 0).message,
            "the output 3x1099511627776 has more than 2147483648 elements");
  EXPECT_EQ(mistake({node("a", Input{{1, 1, 1, 1, 1, 1, 1, 1, 1}})}, 0).message, "the output has 9 axes, more than 8");
  EXPECT_EQ(mistake(std::vector<Node>(100'001, node("a", Input{{3}})), 0).message,
            "the graph has 100001 nodes, more than 100000");
}

TEST(Graph, RefusesNamesThatCannotBeWritten) {
  const auto message = [](const std::string& name) { return mistake({node(name, Input{{3}})}, 0).message; };
  EXPECT_EQ(message(""), "the name is empty");
  EXPECT_EQ(mistake({node("", Input{{3}})}, 0).where, "node 0");
  EXPECT_EQ(message(std::string(201, 'a')), "the name has 201 bytes, more than 200");
  for (const std::string name :
       {"a\nb", "a\x7f", "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbf\xbf", "\xc2\x85"})
    EXPECT_EQ(message(name), "the name is not printable UTF-8 text") << testing::PrintToString(name);
  EXPECT_TRUE(make_graph({node("größe 層 😀 <&>", Input{{3}})}, 0));
}

TEST(Graph, RefusesTwoTensorsOfOneName) {
  const Error error = mistake(
      {node("input", Input{{3, 4, 4}}), node("a", Conv2d{.out_channels = 3}, {0}), node("a.weight", LayerScale{}, {1})},
      2);
  EXPECT_EQ(error.message, "its tensor \"a.weight\" has the name of another node's tensor");
  EXPECT_EQ(error.where, "node \"a.weight\"");
}

TEST(Graph, RefusesCostsThatCouldNotBeAdded) {
  // Almost 2^31 outputs of 2^16 products each are almost 2^47.
  const std::int64_t wide = std::int64_t{1} << 15;
  const Error error =
      mistake({node("input", Input{{2, wide, wide}}),
               node("c", Conv2d{.out_channels = 2, .kernel_size = {256, 128}, .padding = {127, 63}}, {0})},
              1);
  EXPECT_EQ(error.message, "more than 70368744177664 multiply-accumulates in one operation");
  EXPECT_EQ(error.where, "node \"c\"");
}

TEST(Graph, GivesTextOfShapes) {
  EXPECT_EQ(to_text(Shape{3, 224, 224}), "3x224x224");
  EXPECT_EQ(to_text(Shape{5}), "5");
  EXPECT_EQ(to_text(Shape{}), "scalar");
}

TEST(GraphBuilder, PutsAGraphTogether) {
  GraphBuilder builder({3, 8, 8});
  const auto conv = builder.add(Conv2d{.out_channels = 4}, {builder.input()});
  const auto act = builder.add(Activation{ActivationKind::hardswish}, {conv}, "act");
  EXPECT_EQ(builder.shape(act), (Shape{4, 8, 8}));
  const auto graph = std::move(builder).finish(act);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->node(1).name, "conv2d_1");
  EXPECT_EQ(graph->node(2).name, "act");
  EXPECT_EQ(operator_name(graph->node(2).op), "hardswish");
}

TEST(GraphBuilder, KeepsTheFirstMistake) {
  GraphBuilder builder({3, 8, 8});
  const auto bad = builder.add(Conv2d{.groups = 2}, {builder.input()}, "first");
  const auto worse = builder.add(Linear{0, true}, {bad}, "second");
  EXPECT_EQ(builder.shape(worse), Shape{});
  const auto graph = std::move(builder).finish(worse);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().where, "node \"first\"");
  EXPECT_EQ(graph.error().message, "\"groups\" 2 does not divide the 3 input channels");
  GraphBuilder nothing({0});
  EXPECT_FALSE(std::move(nothing).finish({0}));
}

TEST(Graph, GivesSeveralNamedOutputs) {
  const std::vector<Node> nodes{node("input", Input{{3, 8, 8}}), node("a", Activation{}, {0}),
                                node("b", Conv2d{.out_channels = 2}, {1})};
  const auto graph = make_graph(nodes, {{"scores", 2}, {"features", 1}});
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_THAT(graph->outputs(), ElementsAre(Output{"scores", 2}, Output{"features", 1}));
  EXPECT_TRUE(graph->is_output(1));
  EXPECT_FALSE(graph->is_output(0));
  EXPECT_DEATH(static_cast<void>(graph->output()), "the only output");
  const auto message = [&](std::vector<Output> outputs) {
    const auto made = make_graph(nodes, std::move(outputs));
    return made ? "no mistake" : made.error().message;
  };
  EXPECT_EQ(message({}), "the graph has no outputs");
  EXPECT_EQ(message({{"", 2}}), "no mistake");
  EXPECT_EQ(message({{"scores", 2}}), "no mistake");
  EXPECT_EQ(message({{"", 2}, {"features", 1}}), "the name is empty");
  EXPECT_EQ(message({{"a\n", 2}}), "the name is not printable UTF-8 text");
  EXPECT_EQ(message({{"a", 2}, {"a", 1}}), "two outputs have the name \"a\"");
  EXPECT_EQ(message({{"a", 2}, {"b", 2}}), "the outputs \"a\" and \"b\" are one value");
  EXPECT_EQ(message({{"a", 2}, {"b", 3}}), "the output is node 3, but there are 3 nodes");
  EXPECT_EQ(message({{"a", 1}, {"b", 0}}), "none of the 2 outputs depends on this node");
}

TEST(Graph, CarriesTypesOfValues) {
  GraphBuilder builder({3, 4, 4}, DataType::uint8);
  const auto flat = builder.add(Reshape{{48}}, {builder.input()});
  const auto cast = builder.add(Cast{DataType::float32}, {flat});
  const auto table = builder.add(Constant{{{48}, std::vector<float>(48, 2.0F)}}, {});
  EXPECT_EQ(builder.type(flat), DataType::uint8);
  EXPECT_EQ(builder.type(table), DataType::float32);
  const auto product = builder.add(Mul{}, {cast, table});
  const std::vector<GraphBuilder::NamedValue> outputs{{"flat", flat}, {"product", product}};
  const auto graph = GraphBuilder(builder).finish(outputs);
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_EQ(graph->type(0), DataType::uint8);
  EXPECT_EQ(graph->type(graph->outputs()[1].node), DataType::float32);
  EXPECT_THAT(graph->tensors(), testing::IsEmpty());
  builder.add(Mul{}, {flat, table}, "mixed");
  const auto error = std::move(builder).finish(product).error();
  EXPECT_EQ(error.message, "mul takes values of \"float32\", \"int64\" or \"int32\", not uint8");
  EXPECT_EQ(error.where, "node \"mixed\"");
}

TEST(Types, FollowTheOperator) {
  using enum DataType;
  const auto mistake_of = [](const Operator& op, const std::vector<DataType>& types) {
    const auto type = infer_type(op, types);
    return type ? "no mistake" : type.error().message;
  };
  EXPECT_EQ(infer_type(Cast{int8}, {float32}), int8);
  EXPECT_EQ(infer_type(Permute{{0}}, {boolean}), boolean);
  EXPECT_EQ(infer_type(Add{}, {int32, int32}), int32);
  EXPECT_EQ(mistake_of(Add{}, {int32, int64}), "add takes values of one type, not int32 and int64");
  EXPECT_EQ(mistake_of(Concat{}, {int8, uint8}), "concat takes values of one type, not int8 and uint8");
  EXPECT_EQ(mistake_of(Conv2d{}, {float16}), "conv2d takes values of \"float32\", not float16");
  EXPECT_EQ(mistake_of(MatMul{}, {float32, int8}), "matmul takes values of \"float32\", not int8");
}

TEST(Constants, AreChecked) {
  const auto message = [](Tensor tensor) {
    const auto shape = infer_shape(Constant{std::move(tensor)}, {});
    return shape ? "no mistake" : shape.error().message;
  };
  EXPECT_EQ(message({{2}, std::vector<float>{1, 2}}), "no mistake");
  EXPECT_EQ(message({{3}, std::vector<float>{1, 2}}), "\"value\" holds 2 numbers for the shape 3");
  EXPECT_EQ(message({{2}, std::vector<float>{1, std::nanf("")}}), "\"value\" holds what is not a number (NaN)");
  EXPECT_EQ(message({{}, std::vector<float>{1}}), "\"value\" of the constant has no axis");
  EXPECT_EQ(message({{1, 0}, std::vector<float>{}}), "\"value\" 1x0 has an axis of 0, less than 1");
  EXPECT_EQ(infer_shape(Constant{{{1}, std::vector<float>{1}}}, {{3}}).error().message,
            "constant takes 0 inputs, not 1");
}

TEST(GraphBuilder, LabelsPartsWhichMakeNoOtherNetwork) {
  const auto build = [](bool with_parts) {
    GraphBuilder builder({3, 8, 8});
    if (with_parts) builder.begin_part("stem");
    const auto stem = builder.add(Conv2d{.out_channels = 4}, {builder.input()});
    if (with_parts) builder.begin_part("head");
    const auto head = builder.add(Activation{}, {stem});
    return std::move(builder).finish(head).value();
  };
  const Graph labelled = build(true), plain = build(false);
  EXPECT_EQ(labelled.node(0).part, "");
  EXPECT_EQ(labelled.node(1).part, "stem");
  EXPECT_EQ(labelled.node(2).part, "head");
  EXPECT_NE(labelled, plain);
  EXPECT_EQ(structural_hash(labelled), structural_hash(plain));
  EXPECT_EQ(canonical_hash(labelled), canonical_hash(plain));
  EXPECT_EQ(mistake({{"input", Input{{3}}, {}, {}, "a\nb"}}, 0).message,
            "\"part\" is not printable UTF-8 text of at most 200 bytes");
}

TEST(StructuralHash, DependsOnOperatorsAndLinksAlone) {
  const auto make = [](const std::string& name, Operator op, std::vector<std::size_t> inputs, WeightInit init = {}) {
    return *make_graph({node("input", Input{{4, 8, 8}}),
                        node("x", Activation{}, {0}),
                        {name, std::move(op), std::move(inputs), init},
                        node("sum", Add{}, {1, 2})},
                       3);
  };
  const std::uint64_t hash = structural_hash(make("a", Conv2d{.out_channels = 4}, {0}));
  EXPECT_EQ(hash, structural_hash(make("b", Conv2d{.out_channels = 4}, {0})));
  EXPECT_EQ(hash, structural_hash(make("b", Conv2d{.out_channels = 4}, {0}, {Init::zeros, 0.0})));
  EXPECT_NE(hash, structural_hash(make("a", Conv2d{.out_channels = 4}, {1})));
  EXPECT_NE(hash, structural_hash(make("a", Conv2d{.out_channels = 4, .bias = false}, {0})));
  EXPECT_NE(structural_hash(make("a", Dropout{0.1}, {0})), structural_hash(make("a", Dropout{0.2}, {0})));
  EXPECT_NE(structural_hash(make("a", Dropout{0.1}, {0})), structural_hash(make("a", StochasticDepth{0.1}, {0})));
  // Fixed for good: hashes are stored in studies.
  EXPECT_EQ(hash, 2019298048208891660ULL);
}

TEST(RandomGraphs, HavePositiveShapes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Graph graph = random_graph(RandomStream::named(seed, "shapes"), 40);
    for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
      EXPECT_FALSE(graph.shape(i).empty());
      EXPECT_THAT(graph.shape(i), testing::Each(testing::Ge(1))) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace edgewise::graph
