#include "space/survey.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/costs.hpp"
#include "graph/quantities.hpp"

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Family surveyed(const std::string& text) {
  auto made = make_family(Source{"s.yaml", text}, {});
  EDGEWISE_ASSERT(made.has_value(), made ? "" : to_text(made.error()).c_str());
  return *std::move(made);
}

std::vector<std::string> oddities_of(const std::string& text) {
  const auto family = surveyed(text);
  std::vector<std::string> all;
  for (const auto& error : errors_of(find_oddities(family, {}, 1), family)) all.push_back(to_text(error));
  return all;
}

TEST(Survey, CountsASmallSpaceExactly) {
  const auto family = surveyed(
      "parameters: {a: {type: integer, low: 1, high: 10}, b: [1, 2]}\n"
      "constraints: [check: a != 3]\n"
      "network: [conv: {out: a * b}]\n");
  const auto seen = survey(family, {}, 1000, 1, graph::known_values);
  EXPECT_TRUE(seen.count.is_exact);
  EXPECT_EQ(seen.count.choices, 20u);
  EXPECT_EQ(seen.count.looked_at, 20u);
  EXPECT_EQ(seen.count.valid, 18u);
  EXPECT_EQ(seen.count.low, 0.9);
  EXPECT_EQ(seen.count.high, 0.9);
  const auto& parameters = seen.spreads.at("parameters");
  EXPECT_EQ(parameters.low, 3 * 1 + 1 * 10 + 10);
  EXPECT_EQ(parameters.high, 3 * 20 + 20 * 10 + 10);
}

TEST(LargestNetwork, IsTheOneOfAllChoicesWithTheMostParameters) {
  const auto family = surveyed(
      "parameters: {a: {type: integer, low: 4, high: 64, step: 4}, b: {type: integer, low: 1, high: 6}, c: [3, 5], d: "
      "[1, 2]}\n"
      "constraints: [check: a * b <= 200]\n"
      "network: [conv: {out: a, stride: d}, {repeat: b, do: [conv_norm: {out: a, kernel: c}]}]\n");
  std::int64_t most = 0;
  for (std::uint64_t i = 0; i < *family.space.size(); ++i)
    if (const auto choice = family.space.at(i))
      most = std::max(most, graph::costs(family.build(*choice, {}).value().graph).parameters);
  const auto largest = largest_network(family, {}).value();
  EXPECT_EQ(graph::costs(family.build(largest, {}).value().graph).parameters, most);
  EXPECT_FALSE(largest_network(
      surveyed("parameters: {a: [1, 2]}\nconstraints: [check: a > 2]\nnetwork: [conv: {out: a}]\n"), {}));
}

TEST(Survey, OfALargeSpaceGivesAnIntervalThatHoldsTheShare) {
  const auto family = surveyed(
      "parameters: {a: {type: integer, low: 1, high: 1000}, b: {type: integer, low: 1, high: 1000}}\n"
      "constraints: [check: a <= 250]\n"
      "network: [conv: {out: a + b}]\n");
  int held = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto seen = survey(family, {}, 400, seed, graph::known_values);
    EXPECT_FALSE(seen.count.is_exact);
    EXPECT_LT(seen.count.high - seen.count.low, 0.1);
    held += seen.count.low <= 0.25 && seen.count.high >= 0.25 ? 1 : 0;
  }
  EXPECT_GE(held, 17);  // of 20 at 95 %: fewer come once in 100 runs; the seeds are fixed
}

TEST(Oddities, OfASoundSpaceAreNone) {
  EXPECT_THAT(oddities_of("parameters: {a: {type: integer, low: 1, high: 4}, b: [x, y]}\n"
                          "network: [conv: {out: a}, {choose: b, from: {x: [norm], y: []}}]\n"),
              ElementsAre());
}

TEST(Oddities, AreParametersWithoutEffect) {
  // The published HyT-NAS has three: its depths of transformers, which the code does not build.
  const auto found = oddities_of(
      "parameters:\n"
      "  width: {type: integer, low: 1, high: 4}\n"
      "  depth: [1, 2, 3]\n"
      "  rate: {type: real, low: 0.1, high: 1, training: true}\n"
      "network: [conv: {out: width}]\n");
  ASSERT_EQ(found.size(), 1u) << testing::PrintToString(found);
  EXPECT_THAT(found.front(), HasSubstr("parameter \"depth\" changes neither the network nor its training"));
  EXPECT_THAT(found.front(), HasSubstr("s.yaml:3:3"));
}

TEST(Oddities, AreValuesThatNothingHas) {
  const auto found = oddities_of(
      "parameters: {a: [1, 2, 3], b: [2, 3], c: {values: [1, 4], when: {b: [3]}}}\n"
      "constraints: [check: a < b]\n"
      "network: [conv: {out: \"12 * a * if(is_set(c), c, 1) + b\", groups: 1}, conv: {out: 6, groups: \"if(a == 2, 7, "
      "1)\"}]\n");
  ASSERT_EQ(found.size(), 2u) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("parameter \"a\" never has the value 2"));
  EXPECT_THAT(found[0], HasSubstr("groups"));
  EXPECT_THAT(found[1], HasSubstr("parameter \"a\" never has the value 3: no choice with it is valid (\"a < b\""));
}

TEST(Oddities, OfTheBuiltInSpacesAreNone) {
  for (const auto& name : families().names()) {
    if (name == "backbones") continue;
    const Frame frame{.input_size = 96, .outputs = 2};
    const auto family = make_family(name, Json::object(), frame);
    ASSERT_TRUE(family) << name << to_text(family.error());
    for (const auto& error : errors_of(find_oddities(*family, frame, 1), *family)) ADD_FAILURE() << to_text(error);
  }
}

}  // namespace
}  // namespace edgewise::space
