#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/costs.hpp"
#include "space/built_in_spaces.hpp"
#include "space/family.hpp"
#include "space/language/program.hpp"

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Family file_family(const std::string& text, const Frame& frame = {}, const char* options = "{}") {
  auto made = make_family(Source{"t.yaml", text, parse_json(options, "options").value()}, frame);
  EDGEWISE_ASSERT(made.has_value(), made ? "" : to_text(made.error()).c_str());
  return *std::move(made);
}

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto made = read_family(Source{"t.yaml", text}, {});
  std::vector<std::string> all;
  if (made) return all;
  for (const auto& error : made.error().in_file) all.push_back(to_text(error));
  if (made.error().in_options) all.push_back(to_text(*made.error().in_options));
  return all;
}

graph::Graph only(const std::string& network, const Frame& frame = {}) {
  const auto made = file_family("parameters: {p: [1, 2]}\nnetwork:\n" + network, frame);
  auto built = made.build({{"p", "2"}}, frame);
  EDGEWISE_ASSERT(built.has_value(), built ? "" : to_text(built.error()).c_str());
  return std::move(built->graph);
}

std::vector<std::string> names(const graph::Graph& graph) {
  std::vector<std::string> all;
  for (const auto& node : graph.nodes()) all.push_back(node.name);
  return all;
}

TEST(SpaceLanguage, BuildsStepsOneAfterTheOther) {
  const auto graph = only(
      "  - conv: {out: 8 * p, kernel: 3, stride: 2}\n"
      "    name: first\n"
      "  - norm\n"
      "  - activation: relu6\n"
      "  - max_pool\n");
  EXPECT_THAT(names(graph),
              ElementsAre("input", "first", "norm", "activation", "max_pool", "global_pool", "flatten", "classifier"));
  EXPECT_THAT(graph.shape(4), ElementsAre(16, 16, 16));
}

TEST(SpaceLanguage, RepeatsWithACounterAndKnowsWhatCameBefore) {
  const auto graph = only(
      "  - repeat: 3\n"
      "    as: k\n"
      "    name: s{k}\n"
      "    do:\n"
      "      - let: {width: \"min(2 * channels, 10)\"}\n"
      "      - conv: {out: width, stride: \"if(height > 20, 2, 1)\"}\n"
      "        name: c{k * 10}\n");
  EXPECT_THAT(names(graph), testing::IsSupersetOf({"s1.c10", "s2.c20", "s3.c30"}));
  EXPECT_THAT(graph.shape(1), ElementsAre(6, 32, 32));
  EXPECT_THAT(graph.shape(2), ElementsAre(10, 16, 16));
  EXPECT_THAT(graph.shape(3), ElementsAre(10, 16, 16));
}

TEST(SpaceLanguage, JoinsBranches) {
  const auto graph = only(
      "  - conv: {out: 4}\n"
      "  - residual: [conv: {out: 4, kernel: 3}]\n"
      "  - residual: [conv: {out: 8}]\n"
      "    shortcut: [conv: {out: 8}]\n"
      "  - concat: [[conv: {out: 2}], [], [conv: {out: 3}]]\n"
      "  - add: [[], [conv: {out: 13}], [conv: {out: 13}]]\n");
  EXPECT_THAT(graph.shape(graph.nodes().size() - 4), ElementsAre(13, 64, 64));
  const auto adds = std::ranges::count_if(graph.nodes(),
                                          [](const auto& node) { return std::holds_alternative<graph::Add>(node.op); });
  EXPECT_EQ(adds, 3);
}

TEST(SpaceLanguage, ChoosesAndLeavesOut) {
  const std::string text =
      "parameters:\n"
      "  op: [conv, pool, skip]\n"
      "  extra: [true, false]\n"
      "  more: {type: integer, low: 2, high: 3, when: {extra: [true]}}\n"
      "network:\n"
      "  - choose: op\n"
      "    from: {conv: [conv: {out: 5}], pool: [max_pool], skip: []}\n"
      "  - conv: {out: 7}\n"
      "    when: extra\n"
      "  - conv: {out: 10 * more}\n"
      "    when: is_set(more)\n";
  const auto made = file_family(text);
  const auto shapes = [&](const Choice& choice) {
    const auto graph = made.build(choice, {}).value().graph;
    std::vector<graph::Shape> all;
    for (std::size_t i = 1; i + 3 < graph.nodes().size(); ++i) all.push_back(graph.shape(i));
    return all;
  };
  using Shapes = std::vector<graph::Shape>;
  EXPECT_EQ(shapes({{"op", "conv"}, {"extra", "false"}}), (Shapes{{5, 64, 64}}));
  EXPECT_EQ(shapes({{"op", "skip"}, {"extra", "true"}, {"more", std::int64_t{3}}}),
            (Shapes{{7, 64, 64}, {30, 64, 64}}));
  EXPECT_EQ(shapes({{"op", "pool"}, {"extra", "false"}}), (Shapes{{3, 32, 32}}));
}

TEST(SpaceLanguage, HasBlocksOfAFilesOwn) {
  const auto graph = file_family(
                         "parameters: {p: [1, 2]}\n"
                         "blocks:\n"
                         "  wide: {takes: {by: null, kernel: 3}, do: [conv: {out: by * channels, kernel: kernel}]}\n"
                         "  twice: {takes: {by: 2}, do: [wide: {by: by}, wide: {by: by, kernel: 1}]}\n"
                         "network:\n"
                         "  - twice\n"
                         "  - wide: p\n")
                         .build({{"p", "2"}}, {})
                         .value()
                         .graph;
  EXPECT_THAT(names(graph), testing::IsSupersetOf({"twice.wide.conv", "twice.wide_2.conv", "wide.conv"}));
  EXPECT_THAT(graph.shape(3), ElementsAre(24, 64, 64));
}

TEST(SpaceLanguage, EndsAsTheFileSaysAndGivesNamedFeatures) {
  const std::string text =
      "parameters: {p: [1, 2]}\n"
      "network:\n"
      "  - conv: {out: 4, stride: 4}\n"
      "  - feature: c2\n"
      "  - conv: {out: 8, stride: 4}\n"
      "classifier: [flatten, dropout: 0.1, linear: {out: outputs + 0 * p}]\n";
  std::vector<std::string> seen;
  Frame frame{.outputs = 5};
  EXPECT_THAT(file_family(text, frame).build({{"p", "1"}}, frame)->graph.output_shape(), ElementsAre(5));
  frame.head = [&](graph::GraphBuilder& builder, const graph::Features& features, std::int64_t outputs) {
    for (const auto& map : features.maps) seen.push_back(std::format("{} {}", map.name, map.stride));
    return graph::HeadOutputs{{"", classify(builder, features, outputs)}};
  };
  EXPECT_TRUE(file_family(text, frame).build({{"p", "1"}}, frame));
  EXPECT_EQ(seen.back(), " 16");
  EXPECT_EQ(seen[seen.size() - 2], "c2 4");
}

TEST(SpaceLanguage, KeepsRulesAndLetsAJobSetTheirBounds) {
  const std::string text =
      "parameters: {width: {type: integer, low: 1, high: 64}, learning_rate: {type: real, low: 0.1, high: 1, training: "
      "true, optional: true}}\n"
      "settings: {most: 200}\n"
      "constraints:\n"
      "  - {check: width != 7, message: \"{width} brings bad luck\"}\n"
      "  - check: parameters <= most\n"
      "network: [conv: {out: width}]\n";
  const auto made = file_family(text, {.outputs = 1});
  EXPECT_EQ(made.space.check({{"width", std::int64_t{7}}}).error().message, "7 brings bad luck");
  EXPECT_THAT(made.space.check({{"width", std::int64_t{64}}}).error().message, HasSubstr("parameters <= most"));
  EXPECT_TRUE(made.space.check({{"width", std::int64_t{8}}}));
  EXPECT_TRUE(file_family(text, {}, R"({"most": 1e6})").space.check({{"width", std::int64_t{64}}}));
  const auto rates = file_family(text, {}, R"({"learning_rate": {}})");
  const auto built = rates.build({{"width", std::int64_t{2}}, {"learning_rate", 0.5}}, {}).value();
  EXPECT_EQ(std::get<double>(built.training.at("learning_rate")), 0.5);
}

TEST(SpaceLanguage, SaysWhatCannotBeBuiltAndWhere) {
  const auto made = file_family(
      "parameters: {p: {type: integer, low: 0, high: 4}, q: {values: [1], when: {p: [3]}}}\n"
      "network:\n"
      "  - conv: {out: 6}\n"
      "  - conv: {out: 6 * p, groups: 4}\n"
      "  - conv: {out: 6 * q}\n");
  const auto reason = [&](std::int64_t p) {
    Choice choice{{"p", p}};
    if (p == 3) choice["q"] = "1";
    const auto checked = made.space.check(choice);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_THAT(reason(0), HasSubstr("\"out\" is 0; it must be a whole number from 1 to 65536 (t.yaml:4:17)"));
  EXPECT_THAT(reason(2), HasSubstr("t.yaml:4:5"));
  EXPECT_THAT(reason(2), HasSubstr("groups"));
}

TEST(SpaceLanguage, TellsAllMistakesInTheirOrder) {
  const auto all = mistakes_of(
      "parametres: {}\n"
      "parameters: {width: [8, 16], depth: {type: integer, low: 1, high: zero}}\n"
      "network:\n"
      "  - conv: {out: widthh, kernal: 3}\n"
      "  - convolution: {out: 3}\n"
      "  - repeat: depth +\n"
      "    do: [norm: 3]\n"
      "  - conv: {kernel: 0.5}\n");
  ASSERT_EQ(all.size(), 9u) << testing::PrintToString(all);
  EXPECT_THAT(all[0], HasSubstr("\"parametres\""));
  EXPECT_THAT(all[0], HasSubstr("did you mean \"parameters\"?"));
  EXPECT_THAT(all[1], HasSubstr("t.yaml:2:"));
  std::string joined;
  for (const auto& one : all) joined += one + "\n";
  EXPECT_THAT(joined, HasSubstr("did you mean \"width\"?"));
  EXPECT_THAT(joined, HasSubstr("the block \"conv\" has no \"kernal\""));
  EXPECT_THAT(joined, HasSubstr("there is no block \"convolution\""));
  EXPECT_THAT(joined, HasSubstr("the block \"norm\" takes no arguments"));
  EXPECT_THAT(joined, HasSubstr("the block \"conv\" needs \"out\": channels that it gives"));
  EXPECT_THAT(joined, HasSubstr("\"kernel\" is 0.5; it must be a whole number from 1 to 255"));
}

TEST(SpaceLanguage, AFewLinesCannotKeepAnyoneBusy) {
  const auto made = file_family(
      "parameters: {p: [1, 2]}\nnetwork:\n  - repeat: 1000\n    do: [{repeat: 1000, do: [{repeat: 1000, do: []}]}]\n");
  const auto checked = made.space.check({{"p", "1"}});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("more than 20000 steps"));
  std::string blocks = "parameters: {p: [1, 2]}\nblocks:\n  b0: {do: [norm]}\n";
  for (int i = 1; i < 300; ++i) blocks += std::format("  b{}: {{do: [b{}]}}\n", i, i - 1);
  EXPECT_THAT(mistakes_of(blocks + "network: [b299]\n"),
              testing::Contains(HasSubstr("300 blocks are too many; at most 200")));
}

TEST(SpaceLanguage, TransformersNeedAMap) {
  const auto made =
      file_family("parameters: {p: [1, 2]}\nnetwork: [conv: {out: 8}, flatten, mobilevit: {width: 8, ffn: 8 * p}]\n");
  const auto checked = made.space.check({{"p", "1"}});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("it works on a map, and what comes before gives none"));
}

TEST(SpaceLanguage, HasNamesWithOtherValuesFromCaseToCase) {
  const std::string text =
      "parameters: {size: [s, l], by: [1, 2]}\n"
      "cases: [{of: size, are: {s: {w1: 4 * by, w2: 8}, l: {w1: 16, w2: 32}}}]\n"
      "network: [conv: {out: w1}, conv: {out: \"w[2]\"}]\n";
  const auto made = file_family(text);
  EXPECT_THAT(made.build({{"size", "s"}, {"by", "2"}}, {})->graph.shape(1), ElementsAre(8, 64, 64));
  EXPECT_THAT(made.build({{"size", "l"}, {"by", "2"}}, {})->graph.shape(2), ElementsAre(32, 64, 64));
  EXPECT_THAT(mistakes_of("parameters: {size: [s, l]}\ncases: [{of: size, are: {s: {a: 1, b: 2}, l: {a: 1}}}]\n"
                          "network: [conv: {out: a}]\n"),
              ElementsAre(HasSubstr("the case \"l\" has no \"b\"")));
}

graph::Graph network(const std::string& family, const std::string& name, const Frame& frame,
                     const char* options = "{}") {
  const auto made = make_family(family, parse_json(options, "options").value(), frame);
  EDGEWISE_ASSERT(made.has_value(), made ? "" : to_text(made.error()).c_str());
  auto built = made->build({{"network", name}}, frame);
  EDGEWISE_ASSERT(built.has_value(), built ? "" : to_text(built.error()).c_str());
  return std::move(built->graph);
}

double parameters_of(const graph::Graph& graph) {
  return static_cast<double>(graph::costs(graph).parameters);
}

TEST(HytNas, CountsThePublishedConfigurationsAsPublished) {
  const Frame frame{.input_size = 224, .outputs = 2};
  EXPECT_NEAR(parameters_of(network("hytnas_published", "hytnas_bl", frame)), 15'100, 50);
  EXPECT_NEAR(parameters_of(network("hytnas_published", "hytnas_o", frame)), 295'200, 50);
  EXPECT_NEAR(parameters_of(network("hytnas_published", "hytnas_o", frame, R"({"most_layers": 1})")), 187'900, 50);
}

/// The multiply-adds that are published of MobileViT: fvcore's count, two operations for each number that a batch norm
/// gives and five for a layer norm included.
double published_macs(const graph::Graph& graph) {
  auto sum = static_cast<double>(graph::costs(graph).macs);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto& op = graph.node(i).op;
    double numbers = 1;
    for (const auto extent : graph.shape(i)) numbers *= static_cast<double>(extent);
    if (std::holds_alternative<graph::BatchNorm2d>(op)) sum += 2 * numbers;
    if (std::holds_alternative<graph::LayerNorm>(op)) sum += 5 * numbers;
  }
  return sum;
}

TEST(MobileVit, CountsAsPublished) {
  const Frame frame{.input_size = 256, .outputs = 1000};
  struct Published {
    const char* name;
    double parameters, macs;
  };
  for (const auto& [name, parameters, macs] : {Published{"mobilevit_xxs", 1.27e6, 0.42e9},
                                               {"mobilevit_xs", 2.32e6, 1.05e9},
                                               {"mobilevit_s", 5.58e6, 2.03e9}}) {
    const auto graph = network("mobilevit", name, frame);
    EXPECT_NEAR(parameters_of(graph), parameters, 0.005e6) << name;
    EXPECT_NEAR(published_macs(graph), macs, 0.005e9) << name;
  }
}

TEST(HytNas, HasThePublishedSize) {
  const Frame frame{.input_size = 224, .outputs = 2};
  const auto tried = make_family("hytnas", Json::object(), frame);
  ASSERT_TRUE(tried) << to_text(tried.error());
  const auto& made = *tried;
  EXPECT_NEAR(static_cast<double>(*made.space.size()), 3.97e11, 0.005e11);
  EXPECT_EQ(made.space.parameters().size(), 23u);
}

TEST(HytNas, BuildsAnythingThatIsDrawn) {
  const Frame frame{.input_size = 96, .outputs = 2};
  const auto made = make_family("hytnas", Json::object(), frame).value();
  RandomStream random(3);
  for (int i = 0; i < 30; ++i) {
    const auto choice = made.space.sample(random);
    ASSERT_TRUE(choice) << to_text(choice.error());
    ASSERT_TRUE(made.build(*choice, frame));
  }
}

TEST(BuiltInSpaces, CanBeReadInAMinute) {
  for (const auto& [name, text] : built_in_spaces()) EXPECT_LE(std::ranges::count(text, '\n'), 120) << name;
}

}  // namespace
}  // namespace edgewise::space
