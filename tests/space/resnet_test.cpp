#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <format>
#include <fstream>
#include <map>

#include "graph/costs.hpp"
#include "space/backbones.hpp"
#include "space/family.hpp"
#include "task/box/box.hpp"

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Family resnet(const char* options = "{}", const Frame& frame = {}) {
  auto made = make_family("resnet", parse_json(options, "options").value(), frame);
  EDGEWISE_ASSERT(made.has_value(), made ? "" : made.error().message.c_str());
  return *std::move(made);
}

TEST(ResNet, OfEighteenLayersHasTheBlocksOfTheBackbone) {
  const Frame frame{.input_size = 64, .outputs = 10};
  const auto family = resnet(R"({"filters": [64], "max_parameters": 1e9, "max_macs": 1e12})", frame);
  const auto choice = choice_from_json(family.space, parse_json(R"({"stages": 4, "blocks1": 2, "blocks2": 2,
      "blocks3": 2, "blocks4": 2, "block": "basic", "kernel_size": 3, "stem_kernel_size": 7, "stem_stride": 2,
      "filters": 64, "width_growth": 2, "input_size": 64})",
                                                                "choice")
                                                         .value());
  ASSERT_TRUE(choice) << to_text(choice.error());
  const auto mine = family.build(*choice, frame)->graph.tensors(),
             theirs = build_backbone("resnet18", frame)->tensors();
  EXPECT_EQ(mine, theirs);  // names, shapes and order; it differs in the pooling after the stem, which has no tensors
}

/// resnet_golden.csv was written by the C++ family that the file replaced, with networks of its own sampling.
TEST(ResNet, AsAFileBuildsWhatTheCodeBuilt) {
  std::ifstream golden(RESNET_GOLDEN);
  std::string line;
  std::getline(golden, line);
  EXPECT_EQ(line, "input_size,options,choice,canonical_hash,structural_hash");
  int rows = 0;
  const auto unquoted = [](std::string text) {
    for (auto at = text.find("\"\""); at != std::string::npos; at = text.find("\"\"", at + 1)) text.erase(at, 1);
    return text;
  };
  while (std::getline(golden, line)) {
    const std::string between = "\",\"";
    const auto first = line.find(",\""), middle = line.find(between, first), last = line.rfind("\",");
    const Frame frame{.channels = 3, .input_size = std::stoi(line), .outputs = 7};
    const auto family = resnet(unquoted(line.substr(first + 2, middle - first - 2)).c_str(), frame);
    const auto json = parse_json(unquoted(line.substr(middle + 3, last - middle - 3)), "choice").value();
    const auto choice = choice_from_json(family.space, json);
    ASSERT_TRUE(choice) << line << to_text(choice.error());
    const auto graph = family.build(*choice, frame)->graph;
    EXPECT_EQ(std::format("{:016x},{:016x}", graph::canonical_hash(graph), graph::structural_hash(graph)),
              line.substr(last + 2));
    ++rows;
  }
  EXPECT_EQ(rows, 80);
}

TEST(ResNet, PredictsItsParametersAndBuildsWhatTheChoiceSays) {
  RandomStream random(7);
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < 300; ++i) {
    Frame frame{.channels = 4, .input_size = 64, .head = {}, .outputs = 2};
    if (i % 2 != 0) frame = {.channels = 4, .input_size = 64, .head = task::head_of(task::box()), .outputs = 4};
    const auto family = resnet("{}", frame);
    const auto choice = family.space.sample(random).value();
    SCOPED_TRACE(to_text(choice));
    const auto candidate = family.build(choice, frame);
    ASSERT_TRUE(candidate.has_value()) << to_text(candidate.error());
    const auto& graph = candidate->graph;
    EXPECT_THAT(graph.input_shape(), ElementsAre(4, std::get<std::int64_t>(choice.at("input_size")),
                                                 std::get<std::int64_t>(choice.at("input_size"))));
    EXPECT_THAT(graph.output_shape(), ElementsAre(frame.outputs));
    std::map<std::string, int> blocks;
    for (const auto& node : graph.nodes()) {
      if (node.name.ends_with(".add")) ++blocks[node.name.substr(0, 6)];
    }
    EXPECT_EQ(blocks.size(), std::get<std::int64_t>(choice.at("stages")));
    for (const auto& [stage, count] : blocks)
      EXPECT_EQ(count, std::get<std::int64_t>(choice.at("blocks" + stage.substr(5))));
    const auto costs = graph::costs(graph);
    EXPECT_LE(costs.parameters, 2'000'000);
    EXPECT_LE(costs.macs, 400'000'000);
    sizes.push_back(costs.parameters);
  }
  std::ranges::sort(sizes);
  EXPECT_LT(sizes.front(), 20'000);
  EXPECT_GT(sizes.back(), 1'000'000);
}

TEST(ResNet, RefusesAMapBelowOnePixelAndTooManyParameters) {
  const auto small = resnet(R"({"stages": [4], "stem_stride": [2], "input_size": [15]})", {.input_size = 15});
  RandomStream random(1);
  EXPECT_THAT(small.space.sample(random).error().message,
              HasSubstr("stem stride 2 and 4 stages shrink an input of 15 pixels below 1"));
  const auto family = resnet(R"({"max_parameters": 50000, "stages": 4, "filters": 64, "block": "basic"})");
  const auto refused = family.space.sample(random);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("more than max_parameters 50000"));
  const auto heavy = resnet(R"({"max_parameters": 1e9, "max_macs": 1e6, "stages": 4, "filters": 64})");
  EXPECT_THAT(heavy.space.sample(random).error().message, HasSubstr("more than max_macs 1000000"));
}

TEST(ResNet, OffersInputSizesUpToTheJobsOwn) {
  const auto sizes = [](std::int64_t input) {
    const auto family = resnet("{}", {.input_size = input});
    const auto found = std::ranges::find(family.space.parameters(), "input_size", &Parameter::name);
    const auto& range = std::get<Integer>(found->domain);
    return std::vector<std::int64_t>{range.low, range.high, range.step};
  };
  EXPECT_THAT(sizes(64), ElementsAre(32, 64, 16));
  EXPECT_THAT(sizes(100), ElementsAre(52, 100, 16));
  EXPECT_THAT(sizes(24), ElementsAre(24, 24, 16));
}

TEST(ResNet, LearnsAtARateOnlyWhenTheJobAsks) {
  RandomStream random(2);
  const auto fixed = resnet();
  EXPECT_TRUE(fixed.build(fixed.space.sample(random).value(), {})->training.empty());
  EXPECT_TRUE(fixed.space.size().has_value());
  const auto searched = resnet(R"({"learning_rate": {"low": 0.001}})");
  const auto rate =
      std::get<double>(searched.build(searched.space.sample(random).value(), {})->training.at("learning_rate"));
  EXPECT_GE(rate, 0.001);
  EXPECT_LE(rate, 0.01);
}

}  // namespace
}  // namespace edgewise::space
