// All 21 backbones, exported and run in ONNX Runtime, against their LibTorch modules.
#include <gtest/gtest.h>

#include <print>
#include <set>

#include "space/backbones.hpp"
#include "task/box/box.hpp"
#include "task/classification/classification.hpp"
#include "tests/deploy/parity.hpp"

namespace edgewise::deploy {
namespace {

TEST(OnnxParity, AllBackbonesComputeInOnnxRuntimeWhatTheirModulesCompute) {
  // All at 64 with torchvision's classifier; at 224 and with the box head a few, one of each kind of block.
  const std::set<std::string> large{"resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1"};
  const std::set<std::string> boxes{"vgg11_bn",     "resnet18",       "squeezenet1_0", "densenet121",
                                    "mobilenet_v2", "regnet_y_400mf", "convnext_tiny"};
  std::println("{:<20} {:>5} {:>15}   {}", "backbone", "size", "difference", "head");
  ASSERT_EQ(space::backbone_names().size(), 21U);
  const auto compare = [](const std::string& name, std::int64_t size, const task::Task& task) {
    const space::Frame frame{.input_size = size, .head = task::head_of(task), .outputs = task.outputs(10)};
    const auto graph = space::build_backbone(name, frame);
    ASSERT_TRUE(graph) << to_text(graph.error());
    const double difference = export_difference(*graph, 7, 1);
    std::println("{:<20} {:>5} {:>15.2e}   {}", name, size, difference, task.name());
    EXPECT_LE(difference, 1e-4) << name << " at " << size;
  };
  for (const std::string& name : space::backbone_names()) {
    compare(name, 64, task::classification());
    if (boxes.contains(name)) compare(name, 64, task::box());
    if (large.contains(name)) compare(name, 224, task::classification());
  }
}

}  // namespace
}  // namespace edgewise::deploy
