#include "space/space_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// "line:column message | next" of every mistake.
std::vector<std::string> mistakes(const std::string& text) {
  const auto space = parse_space(text, "s.yaml");
  std::vector<std::string> told;
  if (space) return told;
  for (const auto& error : space.error())
    told.push_back(error.where.substr(std::min(error.where.size(), std::string("s.yaml:").size())) + " " +
                   error.message + (error.next.empty() ? "" : " | " + error.next));
  return told;
}

TEST(SpaceFile, ReadsEveryKindOfParameter) {
  const auto space = parse_space(R"(
parameters:
  optimizer: [sgd, adam]
  layers: {type: integer, low: 2, high: 16, step: 2, log: true, description: how deep}
  learning_rate: {type: real, low: 1e-5, high: 0.1, log: yes}
  momentum: {type: real, low: 0, high: 0.99, when: {optimizer: sgd}}
  width: {values: [0.5, 1, 2], when: {layers: [2, 4]}}
)",
                                 "s.yaml");
  ASSERT_TRUE(space) << to_text(space.error().front());
  const auto& p = space->parameters();
  ASSERT_EQ(p.size(), 5U);
  EXPECT_THAT(std::get<Categorical>(p[0].domain).values, ElementsAre("sgd", "adam"));
  const auto& layers = std::get<Integer>(p[1].domain);
  EXPECT_EQ(layers.low, 2);
  EXPECT_EQ(layers.high, 16);
  EXPECT_EQ(layers.step, 2);
  EXPECT_TRUE(layers.log_scale);
  EXPECT_EQ(p[1].description, "how deep");
  EXPECT_DOUBLE_EQ(std::get<Real>(p[2].domain).low, 1e-5);
  EXPECT_TRUE(std::get<Real>(p[2].domain).log_scale);
  EXPECT_FALSE(std::get<Real>(p[3].domain).log_scale);
  EXPECT_EQ(p[3].condition->parent, "optimizer");
  EXPECT_THAT(p[3].condition->values, ElementsAre("sgd"));
  EXPECT_THAT(std::get<Categorical>(p[4].domain).values, ElementsAre("0.5", "1", "2"));
  EXPECT_THAT(p[4].condition->values, ElementsAre("2", "4"));
}

/// What each value of a category means, and its text in a choice.
std::vector<std::string> categories(const std::string& list) {
  const auto space = parse_space("parameters:\n  a: " + list + "\n", "s.yaml");
  if (!space) return {space.error().front().message};
  std::vector<std::string> told;
  const auto& parameter = space->parameters().front();
  for (const auto& value : std::get<Categorical>(parameter.domain).values)
    told.push_back(value + " = " + dump(to_json(parameter, Value(value))));
  return told;
}

TEST(SpaceFile, CategoriesKeepTheKindThatTheyAreWrittenAs) {
  EXPECT_THAT(categories("[16, \"32\", 0.5]"), ElementsAre("16 = 16", "32 = \"32\"", "0.5 = 0.5"));
  EXPECT_THAT(categories("[True, false]"), ElementsAre("true = true", "false = false"));
  EXPECT_THAT(categories("[null, relu]"), ElementsAre("null = null", "relu = \"relu\""));
  EXPECT_THAT(categories("[sgd, adam]"), ElementsAre("sgd = \"sgd\"", "adam = \"adam\""));
  // A number and its text are two values; what a choice holds of the text has its quotes then.
  EXPECT_THAT(categories("[1, \"1\", true, 'true', null, 'null']"),
              ElementsAre("1 = 1", "\"1\" = \"1\"", "true = true", "\"true\" = \"true\"", "null = null",
                          "\"null\" = \"null\""));
  EXPECT_THAT(categories("[1, true]"), ElementsAre("1 = 1", "true = true"));
  EXPECT_THAT(categories("[1, 1.0]"), ElementsAre("parameter \"a\" has the value 1 twice, as 1 and as 1.0"));
  EXPECT_THAT(categories("[0.5, 5e-1]"), ElementsAre("parameter \"a\" has the value 0.5 twice"));
  EXPECT_THAT(categories("[true, True]"), ElementsAre("parameter \"a\" has the value true twice"));
  EXPECT_THAT(categories("[null, ~]"), ElementsAre("parameter \"a\" has the value null twice"));
  EXPECT_THAT(categories("['1', \"1\"]"), ElementsAre("parameter \"a\" has the value \"1\" twice"));
  EXPECT_THAT(categories("[16, [32]]"), ElementsAre("parameters.a.values must be texts, numbers, true, false or null"));
}

TEST(SpaceFile, FindsACategoryByWhatItMeansElseByItsText) {
  const auto found = [](const std::string& list, const Json& json) {
    const auto space = parse_space("parameters:\n  a: " + list + "\n", "s.yaml").value();
    const auto value = value_from_json(space.parameters().front(), json);
    return value ? dump(to_json(space.parameters().front(), *value)) : "none";
  };
  EXPECT_EQ(found("[16, 32]", 16), "16");
  EXPECT_EQ(found("[16, 32]", 16.0), "16");
  EXPECT_EQ(found("[16, 32]", "16"), "16");  // as tables have it
  EXPECT_EQ(found("[16, 32]", 17), "none");
  EXPECT_EQ(found("[\"16\", \"32\"]", 16), "\"16\"");
  EXPECT_EQ(found("[1, \"1\"]", 1), "1");
  EXPECT_EQ(found("[1, \"1\"]", "1"), "\"1\"");
  EXPECT_EQ(found("[true, false]", false), "false");
  EXPECT_EQ(found("[true, false]", "False"), "false");
  EXPECT_EQ(found("[\"True\", \"False\"]", false), "\"False\"");
  EXPECT_EQ(found("[1, 0]", true), "none");
  EXPECT_EQ(found("[null, relu]", nullptr), "null");
  EXPECT_EQ(found("[null, relu]", "None"), "null");
  EXPECT_EQ(found("[None, relu]", nullptr), "\"None\"");
  EXPECT_EQ(found("[sgd, adam]", nullptr), "none");
  EXPECT_EQ(found("[sgd, adam]", Json::array({"sgd"})), "none");
}

TEST(SpaceFile, ConditionsMeanCategoriesOfTheirKind) {
  const auto space = parse_space(R"(
parameters:
  bn: [true, false, "true"]
  act: [null, relu, 1e-3]
  momentum: {type: real, low: 0, high: 1, when: {bn: [true]}}
  slope: {type: real, low: 0, high: 1, when: {act: [null, 0.001]}}
)",
                                 "s.yaml");
  ASSERT_TRUE(space) << to_text(space.error().front());
  EXPECT_TRUE(choice_from_json(*space, {{"bn", true}, {"act", "relu"}, {"momentum", 0.5}}));
  EXPECT_FALSE(choice_from_json(*space, {{"bn", "true"}, {"act", "relu"}, {"momentum", 0.5}}));
  EXPECT_TRUE(choice_from_json(*space, {{"bn", "true"}, {"act", nullptr}, {"slope", 0.5}}));
  EXPECT_TRUE(choice_from_json(*space, {{"bn", false}, {"act", 1e-3}, {"slope", 0.5}}));
  const Json json = to_json(*space);
  EXPECT_EQ(json["parameters"]["momentum"]["when"]["bn"], Json::array({true}));
  const auto again = parse_space(config::to_yaml(json), "again.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front());
  EXPECT_EQ(to_json(*again), json);
  EXPECT_THAT(mistakes("parameters:\n  a: [1, 2]\n  b: {type: real, low: 0, high: 1, when: {a: [3]}}\n"),
              ElementsAre("3:36 parameter \"b\" depends on \"a\" being \"3\", but that must be one of 1 or 2"));
  EXPECT_EQ(choice_from_json(*space, {{"bn", nullptr}, {"act", "relu"}}).error().message,
            "parameter \"bn\" must be one of true, false or \"true\", not empty");
}

TEST(SpaceFile, RangesThatOverflowAreToldAndOthersSearched) {
  EXPECT_THAT(mistakes("parameters:\n  a: {type: real, low: -1.7e308, high: 1.7e308}\n"),
              ElementsAre(HasSubstr("parameter \"a\" goes from -1.7e+308 to 1.7e+308, which is further than any "
                                    "number; the ends may be at most 2e+308 apart")));
  EXPECT_THAT(mistakes("parameters:\n  a: {type: integer, low: -9223372036854775808, high: 9223372036854775807}\n"),
              testing::SizeIs(2));
  for (const auto& [low, high] : std::vector<std::pair<const char*, const char*>>{
           {"1e-300", "1e300"}, {"5e-324", "1"}, {"5e-324", "1.7e308"}, {"4e-320", "2e-310"}, {"1e-150", "1e150"}}) {
    SCOPED_TRACE(low);
    const auto space =
        parse_space(std::string("parameters:\n  a: {type: real, low: ") + low + ", high: " + high + ", log: true}\n",
                    "s.yaml")
            .value();
    const auto& parameter = space.parameters().front();
    const auto range = std::get<Real>(parameter.domain);
    for (const double place : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      const auto choice = space.decode({place});
      EXPECT_NEAR(space.encode(choice).front(), place, 0.01);
      const double wanted = std::log(range.low) + place * (std::log(range.high) - std::log(range.low));
      EXPECT_NEAR(std::log(std::get<double>(choice.at("a"))), wanted, 0.5);
    }
  }
}

TEST(SpaceFile, ReadsBackWhatItWrites) {
  const auto space = parse_space(R"(
parameters:
  a: [x, "1", "true"]
  n: {type: integer, low: -5, high: 20, step: 5, when: {a: ["1", x]}}
  r: {type: real, low: 0.1, high: 0.30000000000000004, log: true, description: "a # b"}
)",
                                 "s.yaml");
  ASSERT_TRUE(space) << to_text(space.error().front());
  const Json json = to_json(*space);
  const auto again = parse_space(config::to_yaml(json), "again.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front()) << config::to_yaml(json);
  EXPECT_EQ(to_json(*again), json);
  EXPECT_EQ(again->parameters()[2].name, "r");
  EXPECT_EQ(std::get<Real>(again->parameters()[2].domain).high, 0.30000000000000004);
}

TEST(SpaceFile, TellsAllMistakesAtOnceWhereTheyAre) {
  const auto told = mistakes(R"(parameters:
  a: {type: reel, low: 0, high: 1}
  b: {low: 0, high: 1}
  c: []
  d: {type: real, low: 2, high: 1}
  e: {type: integer, low: 0, high: 8, log: true}
  f: {type: real, high: 1}
  g: [x, y, x]
  h: {type: real, low: 0, high: 1, stp: 2}
  i: {type: integer, low: 0.5, high: 8, step: 0}
other: 1
)");
  EXPECT_THAT(
      told,
      ElementsAre("2:13 parameters.a.type \"reel\" is not one of \"categorical\", \"integer\" or \"real\" | did you "
                  "mean \"real\"?",
                  HasSubstr("3:6 parameters.b has no type; it must be one of"), "4:6 parameter \"c\" has no values",
                  "5:6 parameter \"d\" has its low end 2 above its high end 1",
                  "6:6 parameter \"e\" has a log scale from 0; it must start above 0",
                  HasSubstr("7:6 parameters.f has no \"low\""), "8:6 parameter \"g\" has the value \"x\" twice",
                  HasSubstr("9:36 \"stp\" is not an option of \"parameters.h\""),
                  HasSubstr("10:27 parameters.i.low must be a whole number"),
                  HasSubstr("10:47 parameters.i.step must be at least 1"),
                  HasSubstr("11:1 \"other\" is not an option; the options are \"parameters\"")));
}

TEST(SpaceFile, ChecksConditions) {
  const auto told = mistakes(R"(parameters:
  early: {type: real, low: 0, high: 1, when: {optimizer: [sgd]}}
  optimizer: [sgd, adam]
  real: {type: real, low: 0, high: 1}
  a: {type: real, low: 0, high: 1, when: {optimiser: [sgd]}}
  b: {type: real, low: 0, high: 1, when: {optimizer: [rmsprop]}}
  c: {type: real, low: 0, high: 1, when: {optimizer: []}}
  d: {type: real, low: 0, high: 1, when: {real: [0]}}
  e: {type: real, low: 0, high: 1, when: {e: [0]}}
  f: {type: real, low: 0, high: 1, when: sgd}
  g: {type: real, low: 0, high: 1, when: {optimizer: [sgd], real: [1]}}
)");
  EXPECT_THAT(
      told,
      ElementsAre(
          "2:40 parameter \"early\" depends on \"optimizer\", which comes after it or is itself | put the one that "
          "decides first",
          "5:36 parameter \"a\" depends on \"optimiser\", which is not a parameter | did you mean \"optimizer\"?",
          "6:36 parameter \"b\" depends on \"optimizer\" being \"rmsprop\", but that must be one of \"sgd\" or "
          "\"adam\"",
          "7:36 parameter \"c\" depends on no value of \"optimizer\" and would never exist",
          "8:36 parameter \"d\" depends on \"real\", which is a real number",
          HasSubstr("9:36 parameter \"e\" depends on \"e\", which comes after it or is itself"),
          HasSubstr("10:42 parameters.f.when must be a section"), HasSubstr("11:42 a condition names one parameter")));
}

TEST(SpaceFile, RefusesWhatIsNoSpace) {
  EXPECT_THAT(mistakes(""), ElementsAre(HasSubstr("the file is empty")));
  EXPECT_THAT(mistakes("parameters:\n"), ElementsAre(HasSubstr("parameters is empty; at least one is needed")));
  EXPECT_THAT(mistakes("parameters: 3\n"), ElementsAre(HasSubstr("1:13 parameters must be a section")));
  EXPECT_THAT(mistakes("{}\n"), ElementsAre(HasSubstr("parameters is missing: what may be chosen?")));
  EXPECT_THAT(mistakes("parameters:\n  a: [x]\n  a: [y]\n"),
              ElementsAre(HasSubstr("\"a\" is given twice (first in line 2)")));
  std::string many = "parameters:\n";
  for (int i = 0; i < 1001; ++i) many += "  p" + std::to_string(i) + ": [x]\n";
  EXPECT_THAT(mistakes(many), ElementsAre(HasSubstr("1001 parameters are too many; at most 1000 are searched")));
  const auto missing = read_space("/does/not/exist.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().front().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace edgewise::space
