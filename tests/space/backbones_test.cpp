#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <map>
#include <set>

#include "backbones_parity.hpp"
#include "base/random.hpp"
#include "task/box/box.hpp"

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What tools/parity/backbones_golden.py prints, from the graph.
std::string golden_line(const std::string& name) {
  const auto graph = imagenet_backbone(name);
  const auto costs = graph::costs(graph);
  const auto tensors = in_state_dict_order(graph.tensors());
  std::string tensor_lines, layer_lines;
  for (const auto& tensor : tensors) tensor_lines += std::format("{} {}\n", tensor.name, joined(tensor.shape));
  const auto layers = module_layers(graph);
  for (const auto& layer : layers)
    layer_lines += std::format("{} {} {}\n", layer.name, joined(layer.shape), layer.macs);
  return std::format("{},{},{},{},{:016x},{},{:016x}", name, costs.parameters, costs.macs, tensors.size(),
                     stable_hash(tensor_lines), layers.size(), stable_hash(layer_lines));
}

TEST(Backbones, HaveTorchvisionsParametersMacsTensorsAndLayers) {
  const auto text = read_file(BACKBONES_GOLDEN);
  ASSERT_TRUE(text.has_value());
  std::vector<std::string> names;
  for (const auto& line : lines_of(*text)) {
    if (line.starts_with("#") || line.starts_with("model,")) continue;
    names.push_back(cells_of(line).front());
    EXPECT_EQ(golden_line(names.back()), line);
  }
  EXPECT_EQ(names, backbone_names());
  EXPECT_EQ(names.size(), 21U);
}

TEST(Backbones, GiveTheBoxHeadHalfOfTheirFeatures) {
  const std::map<std::string, std::int64_t> features = {{"alexnet", 256},
                                                        {"vgg11", 512},
                                                        {"vgg11_bn", 512},
                                                        {"resnet18", 512},
                                                        {"squeezenet1_0", 512},
                                                        {"squeezenet1_1", 512},
                                                        {"densenet121", 1024},
                                                        {"shufflenet_v2_x0_5", 1024},
                                                        {"shufflenet_v2_x1_0", 1024},
                                                        {"mobilenet_v2", 1280},
                                                        {"mobilenet_v3_small", 576},
                                                        {"mobilenet_v3_large", 960},
                                                        {"mnasnet0_5", 1280},
                                                        {"mnasnet1_0", 1280},
                                                        {"mnasnet1_3", 1280},
                                                        {"regnet_y_400mf", 440},
                                                        {"regnet_y_800mf", 784},
                                                        {"regnet_x_400mf", 400},
                                                        {"regnet_x_800mf", 672},
                                                        {"convnext_tiny", 768},
                                                        {"convnext_small", 768}};
  for (const auto& name : backbone_names()) {
    SCOPED_TRACE(name);
    const auto graph = build_backbone(name, {.input_size = 64, .head = task::head_of(task::box()), .outputs = 4});
    ASSERT_TRUE(graph.has_value()) << to_text(graph.error());
    EXPECT_THAT(graph->output_shape(), ElementsAre(4));
    std::map<std::string, graph::Shape> shapes;
    for (const auto& tensor : graph->tensors()) shapes[tensor.name] = tensor.shape;
    const auto wide = features.at(name);
    EXPECT_THAT(shapes["head.0.weight"], ElementsAre(wide / 2, wide));
    EXPECT_THAT(shapes["head.2.weight"], ElementsAre(4, wide / 2));
    EXPECT_EQ(graph->node(graph->output()).name, "head.2");
  }
}

TEST(Backbones, ShareTheNamesOfTheirFeaturesBetweenBothHeads) {
  for (const auto& name : backbone_names()) {
    std::set<std::string> classifying;
    for (const auto& tensor : build_backbone(name, {.outputs = 7})->tensors()) classifying.insert(tensor.name);
    for (const auto& tensor : build_backbone(name, {.head = task::head_of(task::box()), .outputs = 4})->tensors()) {
      EXPECT_TRUE(tensor.name.starts_with("head.") || classifying.contains(tensor.name)) << name << ": " << tensor.name;
    }
  }
}

TEST(Backbones, AllBuildFrom64PixelsWithAnyNumberOfChannels) {
  for (const auto& name : backbone_names()) {
    for (const std::int64_t channels : {1, 3, 4}) {
      const auto graph = build_backbone(name, {.channels = channels, .input_size = 64, .outputs = 7});
      ASSERT_TRUE(graph.has_value()) << name << ": " << to_text(graph.error());
      EXPECT_THAT(graph->output_shape(), ElementsAre(7));
      EXPECT_THAT(graph->input_shape(), ElementsAre(channels, 64, 64));
    }
  }
}

TEST(Backbones, SayTheSmallestInputThatFits) {
  const std::map<std::string, std::int64_t> smallest = {
      {"alexnet", 63}, {"vgg11", 32}, {"densenet121", 29}, {"convnext_tiny", 32}};
  for (const auto& [name, size] : smallest) {
    const auto refused = build_backbone(name, {.input_size = size - 1});
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_THAT(refused.error().message,
                HasSubstr(std::format("the input size {} is too small for backbone \"{}\"; the smallest is {}",
                                      size - 1, name, size)));
    EXPECT_TRUE(build_backbone(name, {.input_size = size}).has_value()) << name;
  }
  for (const auto& name : backbone_names()) {
    EXPECT_EQ(build_backbone(name, {.input_size = 32}).has_value(), name != "alexnet") << name;
  }
}

TEST(Backbones, RefuseAnUnknownNameWithTheNearestOne) {
  const auto refused = build_backbone("resnet-18", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("\"resnet-18\" is not one of \"alexnet\""));
  EXPECT_EQ(refused.error().next, "did you mean \"resnet18\"?");
}

TEST(Backbones, RefuseAFrameThatCannotBe) {
  EXPECT_THAT(build_backbone("vgg11", {.channels = 0}).error().message, HasSubstr("number of input channels is 0"));
  EXPECT_THAT(build_backbone("vgg11", {.input_size = -5}).error().message, HasSubstr("input size is -5"));
  EXPECT_THAT(build_backbone("vgg11", {.input_size = 1'000'000}).error().message, HasSubstr("from 1 to 4096"));
  EXPECT_THAT(build_backbone("vgg11", {.outputs = 0}).error().message, HasSubstr("number of outputs is 0"));
}

const graph::Node& node_called(const graph::Graph& graph, const std::string& name) {
  const auto found = std::ranges::find(graph.nodes(), name, &graph::Node::name);
  EDGEWISE_ASSERT(found != graph.nodes().end(), name.c_str());
  return *found;
}

TEST(Backbones, CarryTorchvisionsConstantsAndInitialWeights) {
  const auto mobile = imagenet_backbone("mobilenet_v3_small");
  EXPECT_EQ(std::get<graph::BatchNorm2d>(node_called(mobile, "features.0.1").op), (graph::BatchNorm2d{1e-3, 0.01}));
  const auto mnasnet = imagenet_backbone("mnasnet1_0");
  EXPECT_NEAR(std::get<graph::BatchNorm2d>(node_called(mnasnet, "layers.1").op).momentum, 0.0003, 1e-12);
  EXPECT_NEAR(node_called(mnasnet, "classifier.1").init.spread, std::sqrt(3.0 / 1000), 1e-12);
  const auto alexnet = imagenet_backbone("alexnet");
  EXPECT_EQ(node_called(alexnet, "features.3").init,
            (graph::WeightInit{graph::Init::uniform, 1 / std::sqrt(64.0 * 25)}));
  const auto squeeze = imagenet_backbone("squeezenet1_1");
  EXPECT_EQ(node_called(squeeze, "features.3.squeeze").init,
            (graph::WeightInit{graph::Init::uniform, std::sqrt(6.0 / 64)}));
  EXPECT_EQ(node_called(squeeze, "classifier.1").init, (graph::WeightInit{graph::Init::normal, 0.01}));
  EXPECT_TRUE(std::get<graph::MaxPool2d>(node_called(squeeze, "features.2").op).ceil_mode);
  const auto convnext = imagenet_backbone("convnext_small");
  EXPECT_EQ(std::get<graph::LayerScale>(node_called(convnext, "features.1.0.layer_scale").op).initial, 1e-6);
  EXPECT_NEAR(std::get<graph::StochasticDepth>(node_called(convnext, "features.7.2.stochastic_depth").op).p, 0.4,
              1e-12);
  EXPECT_NEAR(std::get<graph::StochasticDepth>(node_called(convnext, "features.1.1.stochastic_depth").op).p, 0.4 / 35,
              1e-12);
  EXPECT_EQ(node_called(convnext, "features.0.0").init, (graph::WeightInit{graph::Init::trunc_normal, 0.02}));
  EXPECT_EQ(std::get<graph::LayerNorm>(node_called(convnext, "classifier.0").op).eps, 1e-6);
}

}  // namespace
}  // namespace edgewise::space
