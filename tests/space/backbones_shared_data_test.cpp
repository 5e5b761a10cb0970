// The same comparison against facts that somebody else derived from torchvision, layer by layer. Skipped where the data
// is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <format>
#include <functional>
#include <map>

#include "backbones_parity.hpp"
#include "base/json.hpp"

namespace edgewise::space {
namespace {

std::filesystem::path tabular(const std::string& file) {
  const auto* folder = std::getenv("EDGEWISE_SHARED_DATA");
  return std::filesystem::path(folder != nullptr ? folder : "") / "tabular" / file;
}

std::string read_gzip(const std::filesystem::path& path) {
  const auto file = gzopen(path.c_str(), "rb");
  EDGEWISE_ASSERT(file != nullptr, "the shared data cannot be read");
  std::string text;
  char block[65536];
  for (int n = 0; (n = gzread(file, block, sizeof block)) > 0;) text.append(block, static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

#define NEED(file) \
  if (!std::filesystem::exists(tabular(file))) GTEST_SKIP() << "the shared data is not here: " << tabular(file)

TEST(BackbonesSharedData, CountsEqualTheTable) {
  NEED("torchvision_backbones.csv");
  const auto text = read_file(tabular("torchvision_backbones.csv"));
  ASSERT_TRUE(text.has_value());
  const auto lines = lines_of(*text);
  const auto columns = cells_of(lines.front());
  int compared = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells = cells_of(lines[i]);
    std::map<std::string, std::string> row;
    for (std::size_t c = 0; c < columns.size(); ++c) row[columns[c]] = cells[c];
    SCOPED_TRACE(row["model"]);
    const auto graph = imagenet_backbone(row["model"]);
    const auto costs = graph::costs(graph);
    EXPECT_EQ(costs.parameters, std::stoll(row["num_params_built"]));
    // The table has six decimals for convolutions and linear layers each.
    EXPECT_NEAR(static_cast<double>(costs.macs) * 1e-9, std::stod(row["conv_gmacs"]) + std::stod(row["linear_gmacs"]),
                1.01e-6);
    EXPECT_EQ(graph.tensors().size(), std::stoull(row["num_state_tensors"]));
    std::int64_t buffer_elements = 0;
    for (const auto& tensor : graph.tensors()) {
      if (!tensor.trainable)
        buffer_elements += std::ranges::fold_left(tensor.shape, std::int64_t{1}, std::multiplies{});
    }
    EXPECT_EQ(buffer_elements, std::stoll(row["num_buffers_built"]));
    ++compared;
  }
  EXPECT_EQ(compared, 21);
}

TEST(BackbonesSharedData, EveryLayerHasItsNameShapeParametersAndMacs) {
  NEED("torchvision_layers.csv.gz");
  std::map<std::string, std::vector<std::string>> expected, actual;
  const auto lines = lines_of(read_gzip(tabular("torchvision_layers.csv.gz")));
  std::map<std::string, int> calls;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells =
        cells_of(lines[i]);  // model,i,name,type,in_shape,out_shape,kernel,stride,pad,groups,bias,params,macs
    // The first block's stochastic depth has probability 0 and is not built.
    if (cells[3] == "StochasticDepth" && cells[2] == "features.1.0.stochastic_depth") continue;
    const auto call = ++calls[cells[0] + "/" + cells[2]];
    // A module called twice is two nodes.
    const auto name = call == 1 ? cells[2] : std::format("{}_{}", cells[2], call);
    expected[cells[0]].push_back(
        std::format("{} {} {} {}", name, cells[5].substr(2), cells[11], cells[12]));  // batch "1x" cut off
  }
  for (const auto& model : backbone_names()) {
    for (const auto& layer : module_layers(imagenet_backbone(model))) {
      actual[model].push_back(
          std::format("{} {} {} {}", layer.name, joined(layer.shape), layer.parameters, layer.macs));
    }
    EXPECT_EQ(first_difference(actual[model], expected[model]), "") << model;
  }
  EXPECT_EQ(expected.size(), 21U);
}

TEST(BackbonesSharedData, TensorsAreTheStateDictInItsOrder) {
  NEED("torchvision_state_dicts.json.gz");
  const auto dicts = parse_json(read_gzip(tabular("torchvision_state_dicts.json.gz")), "state dicts");
  ASSERT_TRUE(dicts.has_value());
  EXPECT_EQ(dicts->size(), 21U);
  for (const auto& [model, dict] : dicts->items()) {
    std::vector<std::string> expected, actual;
    for (const auto& [name, entry] : dict.items()) {
      expected.push_back(std::format("{} {}", name, joined(entry[0].get<graph::Shape>())));
    }
    for (const auto& tensor : in_state_dict_order(imagenet_backbone(model).tensors())) {
      actual.push_back(std::format("{} {}", tensor.name, joined(tensor.shape)));
    }
    EXPECT_EQ(first_difference(actual, expected), "") << model;
  }
}

}  // namespace
}  // namespace edgewise::space
