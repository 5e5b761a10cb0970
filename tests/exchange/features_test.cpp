#include "exchange/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "exchange/optimize.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::exchange {
namespace {

using testing::HasSubstr;

Problem described_problem() {
  return parse_problem(
             "parameters:\n  kind: [a, b, c, d]\n  n: {type: integer, low: 1, high: 40}\n"
             "objectives: {error: minimize}\n",
             "p.yaml")
      .value();
}
space::Choice of_kind(const char* kind, std::int64_t n) {
  return {{"kind", std::string(kind)}, {"n", n}};
}

class FeaturesOfATable : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Features>> read(const std::string& text) {
    EXPECT_TRUE(write_file(folder_.path() / "f.csv", text));
    return features_of_table((folder_.path() / "f.csv").string(), described_problem().space);
  }
  std::string mistake(const std::string& text) {
    const auto features = read(text);
    return features ? "none" : features.error().message;
  }
  TestFolder folder_;
};

TEST_F(FeaturesOfATable, AreItsColumnsOfNumbersByChoice) {
  const auto features = read("kind,n,depth,log.macs,log.size,note\na,1,3,10.5,,x\nb,2,4,11,2,y\nb,41,5,1,1,z\n");
  ASSERT_TRUE(features) << to_text(features.error());
  const auto description = (*features)->description();
  ASSERT_EQ(description->columns().size(), 3u);
  EXPECT_EQ(description->columns()[0].group, "features");
  EXPECT_EQ(description->columns()[1].name, "log.macs");
  EXPECT_EQ(description->columns()[1].group, "log");
  const std::vector<space::Choice> choices{of_kind("b", 2), of_kind("a", 1), of_kind("c", 1)};
  const auto rows = description->rows(choices);
  EXPECT_EQ(rows(0, 1), 11);
  EXPECT_EQ(rows(1, 0), 3);
  EXPECT_TRUE(std::isnan(rows(1, 2)));
  EXPECT_TRUE(std::isnan(rows(2, 0)));
  ASSERT_EQ((*features)->remarks().size(), 1u);
  EXPECT_THAT((*features)->remarks().front(), HasSubstr("41"));
}

TEST_F(FeaturesOfATable, TellsWhatIsWrong) {
  EXPECT_THAT(mistake("kind,n,depth\n"), HasSubstr("has no rows"));
  EXPECT_EQ(mistake("kind,n,depth\na,1,3\na,1,3\n"), "none") << "twice the same is no contradiction";
  EXPECT_THAT(mistake("kind,n,depth\na,1,3\nb,1,3\na,1,4\n"),
              HasSubstr(R"(says both 3 and 4 is the "depth" of kind=a n=1)"));
  EXPECT_THAT(mistake("kind,n,depth\ne,1,3\n"), HasSubstr("is a choice of the space"));
  EXPECT_THAT(mistake("kind,n\na,1\n"), HasSubstr("no column of numbers besides the parameters"));
  EXPECT_EQ(features_of_table("none.csv", described_problem().space).error().code, ErrorCode::not_found);
}

/// A shell's loop that answers every line alike.
std::string always(const std::string& line) {
  return "while read -r line; do echo '" + line + "'; done";
}

TEST(FeaturesOfAProgram, AreWhatItAnswers) {
  // The length of the line stands for a feature of the choice.
  const auto features = features_of_program(
      R"(while read -r line; do echo "{\"features\": {\"length\": ${#line}, \"log.one\": null}}"; done)",
      described_problem().space);
  ASSERT_TRUE(features) << to_text(features.error());
  const auto description = (*features)->description();
  ASSERT_EQ(description->columns().size(), 2u);
  const std::vector<space::Choice> choices{of_kind("a", 1), of_kind("a", 10)};
  const auto rows = description->rows(choices);
  EXPECT_EQ(rows(1, 0), rows(0, 0) + 1);
  EXPECT_TRUE(std::isnan(rows(0, 1)));
  EXPECT_TRUE((*features)->status());
}

TEST(FeaturesOfAProgram, TellsWhatIsWrongWithTheFirstAnswer) {
  const auto mistake = [](const std::string& command) {
    const auto features = features_of_program(command, described_problem().space);
    return features ? "none" : features.error().message;
  };
  EXPECT_THAT(mistake("exit 3"), HasSubstr("exited with 3"));
  EXPECT_THAT(mistake(always("hello")), HasSubstr("that is no JSON"));
  EXPECT_THAT(mistake(always("{}")), HasSubstr("there is no \"features\""));
  EXPECT_THAT(mistake(always(R"({"features": 3})")), HasSubstr("is no object"));
  EXPECT_THAT(mistake(always(R"({"features": {"a": "x"}})")), HasSubstr("\"a\" is no number"));
  EXPECT_THAT(mistake(always(R"({"features": null})")), HasSubstr("named no features"));
}

TEST(FeaturesOfAProgram, ThatEndsLaterEndsTheAskAndChangesNothing) {
  OptimizeOptions options{.strategy = "mobo", .set = {"initial=3"}, .trials = 20};
  options.feature_program = R"(for i in 1 2 3 4; do read -r line; echo '{"features": {"a": '$i'}}'; done; exit 5)";
  const auto optimizer = Optimizer::make(described_problem(), options);
  ASSERT_TRUE(optimizer) << to_text(optimizer.error());
  const auto answer = [&](const std::string& line) { return parse_json((*optimizer)->answer(line), "answer").value(); };
  ASSERT_EQ(answer(R"({"ask": 3})")["trials"].size(), 3u);
  for (int i = 0; i < 3; ++i) answer(Json{{"tell", i}, {"values", {{"error", 0.1 * (i + 1)}}}}.dump());
  EXPECT_THAT(answer(R"({"ask": 1})").value("error", ""), HasSubstr("exited with 5"));
  EXPECT_EQ(answer(R"({"status": true})")["trials"], 3);
}

TEST(FeaturesOfAProgram, MakeAStudyOfTheirOwn) {
  const TestFolder folder;
  OptimizeOptions options{.study = folder.path() / "s"};
  options.feature_program = always(R"({"features": {"a": 1}})");
  ASSERT_TRUE(Optimizer::make(described_problem(), options));
  ASSERT_TRUE(Optimizer::make(described_problem(), options));
  options.feature_program.clear();
  EXPECT_THAT(Optimizer::make(described_problem(), options).error().message, HasSubstr("feature_program"));
}

}  // namespace
}  // namespace edgewise::exchange
