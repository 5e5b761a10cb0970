// Writes the networks of the export tests and some backbones as ONNX files into a folder, for check_networks.py.
#include <filesystem>
#include <print>

#include "deploy/onnx.hpp"
#include "space/backbones.hpp"
#include "tests/deploy/networks.hpp"
#include "tests/deploy/random_weights.hpp"

int main(int count, char** words) {
  using namespace edgewise;
  if (count != 2) return 2;
  const std::filesystem::path folder = words[1];
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto networks = deploy::all_networks();
  for (const char* name : {"resnet18", "squeezenet1_1", "densenet121", "shufflenet_v2_x0_5", "mobilenet_v3_small",
                           "mnasnet0_5", "regnet_y_400mf"})
    networks.emplace_back(name, space::build_backbone(name, {.input_size = 64}));
  for (const auto& [name, graph] : networks) {
    const auto status = graph ? deploy::write_onnx(*graph, deploy::random_weights(*graph, 1), {{"task", "test"}},
                                                   folder / (name + ".onnx"))
                              : Status(std::unexpected(graph.error()));
    if (status) continue;
    std::println(stderr, "{}: {}", name, to_text(status.error()));
    return 1;
  }
}
