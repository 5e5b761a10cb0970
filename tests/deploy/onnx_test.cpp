// What the file holds, and the mistakes that writing finds.
#include "deploy/onnx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <limits>

#include "base/file.hpp"
#include "tests/deploy/networks.hpp"
#include "tests/deploy/random_weights.hpp"

namespace edgewise::deploy {
namespace {

using namespace graph;
using testing::ElementsAre;
using testing::HasSubstr;

onnx::ModelProto written(const Graph& graph, const Metadata& metadata = {}) {
  const TestFolder folder;
  const auto status = write_onnx(graph, random_weights(graph, 1), metadata, folder / "model.onnx");
  EXPECT_TRUE(status) << to_text(status.error());
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(read_file(folder / "model.onnx").value()));
  return model;
}

std::vector<std::string> operators(const onnx::ModelProto& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) types.push_back(node.op_type());
  return types;
}

Graph conv_norm(bool reads_conv_twice) {
  GraphBuilder b({3, 8, 8});
  const auto conv = b.add(Conv2d{.out_channels = 4, .bias = false}, {b.input()}, "conv");
  const auto norm = b.add(BatchNorm2d{}, {b.add(Dropout{}, {conv})}, "norm");
  const auto sum = b.add(Add{}, {norm, reads_conv_twice ? conv : norm}, "add");
  const auto out = b.add(Dropout{}, {sum}, "drop");
  return std::move(b).finish(out).value();
}

TEST(Onnx, FoldsABatchNormIntoTheConvolutionThatNothingElseReads) {
  EXPECT_THAT(operators(written(conv_norm(false))), ElementsAre("Conv", "Add"));
}

TEST(Onnx, WritesTheWayFromAMapToPatchesAndBackAsItsOwnOperators) {
  EXPECT_THAT(operators(written(patches_and_back(2))), ElementsAre("Conv", "SpaceToDepth", "Reshape", "Transpose",
                                                                   "Relu", "Transpose", "Reshape", "DepthToSpace"));
  // Where something else reads a value in between, that way stays as it is.
  EXPECT_THAT(operators(written(patches_and_back(2, true))),
              ElementsAre("Conv", "Reshape", "Transpose", "Reshape", "Relu", "Transpose", "Reshape", "DepthToSpace"));
}

TEST(Onnx, KeepsABatchNormWhoseConvolutionIsReadElsewhere) {
  EXPECT_THAT(operators(written(conv_norm(true))), ElementsAre("Conv", "BatchNormalization", "Add"));
}

TEST(Onnx, KeepsABatchNormWhenTheConvolutionIsTheOutputToo) {
  GraphBuilder b({3, 8, 8});
  const auto first = b.add(Conv2d{.out_channels = 4}, {b.input()});
  const auto norm = b.add(BatchNorm2d{}, {first});
  const auto second = b.add(BatchNorm2d{}, {norm});
  EXPECT_THAT(operators(written(std::move(b).finish(second).value())), ElementsAre("Conv", "BatchNormalization"));
}

TEST(Onnx, NamesInputAndOutputWithABatchOfOneAndSaysWhichOperatorsItUses) {
  const auto model = written(conv_norm(false));
  EXPECT_EQ(model.ir_version(), 8);
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  const auto extents = [](const onnx::ValueInfoProto& value) {
    std::vector<std::int64_t> found;
    for (const auto& dim : value.type().tensor_type().shape().dim()) found.push_back(dim.dim_value());
    return found;
  };
  ASSERT_EQ(model.graph().input_size(), 1);
  ASSERT_EQ(model.graph().output_size(), 1);
  EXPECT_EQ(model.graph().input(0).name(), "image");
  EXPECT_THAT(extents(model.graph().input(0)), ElementsAre(1, 3, 8, 8));
  EXPECT_EQ(model.graph().output(0).name(), "output");
  EXPECT_THAT(extents(model.graph().output(0)), ElementsAre(1, 4, 8, 8));
}

TEST(Onnx, NamesEveryOutputAndStoresConstantsInTheirTypes) {
  const auto model = written(several_outputs().value());
  std::vector<std::string> names;
  for (const auto& output : model.graph().output()) names.push_back(output.name());
  EXPECT_THAT(names, ElementsAre("features/8", "boxes", "boxes again", "scores", "picture"));
  EXPECT_THAT(operators(model),
              ElementsAre("Conv", "Relu", "Conv", "GlobalAveragePool", "Reshape", "Identity", "Identity"));
  std::set<int> types;
  const auto typed = written(typed_values().value());
  for (const auto& made : typed.graph().initializer()) types.insert(made.data_type());
  EXPECT_THAT(types, ElementsAre(onnx::TensorProto::FLOAT, onnx::TensorProto::UINT8, onnx::TensorProto::INT8,
                                 onnx::TensorProto::INT32, onnx::TensorProto::INT64, onnx::TensorProto::BOOL,
                                 onnx::TensorProto::FLOAT16));
  for (const auto& node : typed.graph().node()) EXPECT_NE(node.op_type(), "Constant");
}

TEST(Onnx, RefusesAnOutputCalledAsTheInputAndAWrappingThatDoesNotFit) {
  const TestFolder folder;
  const std::vector<graph::Node> nodes = conv_norm(false).nodes();
  const auto graph = make_graph(nodes, {{"image", nodes.size() - 1}}).value();
  EXPECT_EQ(write_onnx(graph, random_weights(graph, 1), {}, folder / "model.onnx").error().message,
            "an output is called \"image\", as the input of every file is");
  const auto plain = conv_norm(false);
  const Wrapping wrapping{.preprocess = make_preprocess(8, 9, 3).value()};
  EXPECT_EQ(write_onnx(plain, random_weights(plain, 1), {}, folder / "model.onnx", wrapping).error().message,
            "pictures become 3x8x9 float32, but the network takes 3x8x8 float32");
  EXPECT_FALSE(std::filesystem::exists(folder / "model.onnx"));
}

TEST(Onnx, HoldsTheMetadata) {
  const auto model = written(conv_norm(false), {{"task", "box"}, {"classes", "[\"face\"]"}});
  ASSERT_EQ(model.metadata_props_size(), 2);
  EXPECT_EQ(model.metadata_props(0).key(), "classes");
  EXPECT_EQ(model.metadata_props(0).value(), "[\"face\"]");
  EXPECT_EQ(model.metadata_props(1).key(), "task");
}

TEST(Onnx, WritesEqualBytesForEqualNetworks) {
  const TestFolder folder;
  const auto graph = attention_block().value();
  for (const char* name : {"a", "b"})
    ASSERT_TRUE(write_onnx(graph, random_weights(graph, 1), {{"study", "s"}, {"trial", "3"}}, folder / name));
  EXPECT_EQ(read_file(folder / "a").value(), read_file(folder / "b").value());
}

TEST(Onnx, KeepsNamesApartThatAreTakenByTheInputTheOutputOrAWeight) {
  GraphBuilder b({2, 4, 4});
  auto x = b.add(Conv2d{.out_channels = 2}, {b.input()}, "image");
  x = b.add(Activation{ActivationKind::silu}, {x}, "output");
  x = b.add(Activation{ActivationKind::relu}, {x}, "image.weight");
  x = b.add(Activation{ActivationKind::relu}, {x}, "output/sigmoid");
  const auto model = written(std::move(b).finish(x).value());
  std::set<std::string> names{"image"};
  for (const auto& made : model.graph().initializer()) EXPECT_TRUE(names.insert(made.name()).second) << made.name();
  for (const auto& node : model.graph().node())
    for (const auto& value : node.output()) EXPECT_TRUE(names.insert(value).second) << value;
  EXPECT_TRUE(names.contains("output"));
}

TEST(Onnx, RefusesWeightsThatDoNotFit) {
  const TestFolder folder;
  const auto graph = conv_norm(false);
  auto weights = random_weights(graph, 1);
  weights.erase("conv.weight");
  const auto status = write_onnx(graph, weights, {}, folder / "model.onnx");
  ASSERT_FALSE(status);
  EXPECT_THAT(to_text(status.error()), HasSubstr("conv.weight"));
  EXPECT_FALSE(std::filesystem::exists(folder / "model.onnx"));
}

TEST(Onnx, RefusesANegativeVariance) {
  const TestFolder folder;
  const auto graph = conv_norm(false);
  auto weights = random_weights(graph, 1);
  weights.at("norm.running_var").floats()[2] = -0.5F;
  const auto status = write_onnx(graph, weights, {}, folder / "model.onnx");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "\"norm.running_var\" holds -0.5, but a variance is at least 0");
  EXPECT_EQ(status.error().where, "norm");
}

TEST(Onnx, SaysWhereItCannotWrite) {
  const auto graph = conv_norm(false);
  const auto status = write_onnx(graph, random_weights(graph, 1), {}, "/no/such/folder/model.onnx");
  ASSERT_FALSE(status);
  EXPECT_THAT(to_text(status.error()), HasSubstr("/no/such/folder/model.onnx"));
}

TEST(RelativeDifference, IsTheLargestDifferenceOverTheLargestExpectedMagnitude) {
  EXPECT_DOUBLE_EQ(relative_difference({1.0F, 6.0F}, {2.0F, 4.0F}), 0.5);  // |6 - 4| / 4
  EXPECT_DOUBLE_EQ(relative_difference({0.25F}, {0.5F}), 0.25);            // below 1 it is absolute
  EXPECT_DOUBLE_EQ(relative_difference({}, {}), 0.0);
}

TEST(RelativeDifference, IsInfiniteForDifferentLengthsAndForNumbersThatAreNone) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(relative_difference({1.0F}, {1.0F, 2.0F}), infinite);
  EXPECT_EQ(relative_difference({std::numeric_limits<float>::quiet_NaN()}, {1.0F}), infinite);
  EXPECT_EQ(relative_difference({1.0F}, {std::numeric_limits<float>::infinity()}), infinite);
}

}  // namespace
}  // namespace edgewise::deploy
