#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/random.hpp"
#include "graph/costs.hpp"
#include "graph/graph_features.hpp"
#include "space/benchmark_networks.hpp"

namespace edgewise::space {
namespace {

const Frame cifar{.input_size = 32, .outputs = 10};

Result<graph::Graph> build(const std::string& text) {
  return benchmark_networks().at("nasbench201").value()->build(text, cifar);
}

/// As NAS-Bench-201's authors count it: every edge, dead or not.
std::int64_t published_parameters(const std::string& ops) {
  return 73306 + 28000 * std::ranges::count(ops, '2') + 243040 * std::ranges::count(ops, '3');
}

TEST(NasBench201, HasThePublishedNumberOfParameters) {
  for (const std::string ops : {"111111", "222222", "333333", "333132", "103102", "444444"})
    EXPECT_EQ(graph::costs(build(ops).value()).parameters, published_parameters(ops)) << ops;
}

TEST(NasBench201, ReadsStringsAndDigitsAlike) {
  const auto by_string =
      build("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|");
  ASSERT_TRUE(by_string) << to_text(by_string.error());
  EXPECT_EQ(*by_string, build("334131").value());
}

TEST(NasBench201, StandsBesideOurOwnFamilies) {
  const auto* resnet = benchmark_networks().at("resnet").value();
  const std::string rest =
      " blocks1=2 block=bottleneck kernel_size=5 stem_kernel_size=3 stem_stride=2 filters=16 input_size=16";
  const auto family = make_family("resnet", Json::object(), cifar).value();
  const auto choice = choice_from_json(family.space, Json{{"stages", 1},
                                                          {"blocks1", 2},
                                                          {"block", "bottleneck"},
                                                          {"kernel_size", 5},
                                                          {"stem_kernel_size", 3},
                                                          {"stem_stride", 2},
                                                          {"filters", 16},
                                                          {"width_growth", "1.5"},
                                                          {"input_size", 16}})
                          .value();
  // What is not active stands there without a value, as it does in a table.
  EXPECT_EQ(resnet->build("stages=1 blocks2= width_growth=1.5" + rest, cifar).value(),
            family.build(choice, cifar).value().graph);
  for (const std::string wrong : {"stages=1 width_growth=1.5 stages=1", "stages", "=1", "stages=one width_growth=1.5",
                                  "stages=9 width_growth=1.5", "width_growth=1.5", "stages=1 width_growth=3"}) {
    EXPECT_EQ(resnet->check(wrong + rest, cifar).error().code, ErrorCode::invalid_input) << wrong;
    EXPECT_FALSE(resnet->build(wrong + rest, cifar)) << wrong;
  }
}

TEST(NasBench201, LeavesOutWhatLeadsNowhere) {
  EXPECT_EQ(build("033130").value(), build("000100").value());  // nothing reaches node 1, and nobody reads node 2
  EXPECT_EQ(build("334000").value(), build("000000").value());  // nothing reaches the output
}

TEST(NasBench201, OfACellThatGivesNothingIsAClassifierOfTheMeanColour) {
  EXPECT_EQ(graph::costs(build("000000").value()).parameters, 3 * 10 + 10);
}

TEST(NasBench201, TellsWhatIsNoCell) {
  for (const std::string text :
       {"", "33333", "3333335", "53333", "|", "|nor_conv_3x3~0|", "|none~0|+|none~0|none~1|+|none~0|none~1|none~3|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+|none~0|", "|none~0|+|none~0|+|none~0|none~1|none~2|",
        "|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|", "+++", "|~0|+|~0|~1|+|~0|~1|~2|"}) {
    const auto graph = build(text);
    ASSERT_FALSE(graph) << text;
    EXPECT_EQ(graph.error().code, ErrorCode::invalid_input);
  }
}

TEST(NasBench201, NoTextIsTooStrange) {
  const std::string whole = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|";
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomStream random(seed);
    auto text = whole;
    for (std::uint64_t change = 0; change <= random.below(4); ++change) {
      const auto place = random.below(text.size());
      if (random.chance(0.5))
        text.erase(place, 1 + random.below(3));
      else
        text.insert(place, 1, static_cast<char>(random.below(256)));
      if (text.empty()) text = "|";
    }
    if (const auto graph = build(text); !graph) EXPECT_EQ(graph.error().code, ErrorCode::invalid_input);
  }
}

/// Cells that are the same up to the order of their nodes have the same features.
TEST(NasBench201, FeaturesDoNotDependOnHowACellIsNumbered) {
  // Nodes 1 and 2 without an edge between them may be exchanged: edges 0>1 and 0>2, 1>3 and 2>3.
  for (const char a : std::string("01234"))
    for (const char b : std::string("01234"))
      for (const char c : std::string("01234"))
        for (const char d : std::string("01234")) {
          const auto one = build(std::string{a, b, '0', '3', c, d}).value();
          const auto other = build(std::string{b, a, '0', '3', d, c}).value();
          const auto ones = graph::graph_features(one), others = graph::graph_features(other);
          for (std::size_t i = 0; i < ones.size(); ++i)
            if (graph::graph_feature_list()[i].name != "log.activation_bytes")
              ASSERT_NEAR(ones[i], others[i], 1e-9)
                  << graph::graph_feature_list()[i].name << " of " << a << b << '0' << '3' << c << d;
        }
}

}  // namespace
}  // namespace edgewise::space
