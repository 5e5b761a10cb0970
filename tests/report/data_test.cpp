#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden.hpp"
#include "report/report.hpp"
#include "sample_study.hpp"

namespace edgewise {
namespace {

TEST(ReportData, OfThreeTrialsIsAsApproved) {
  expect_golden("three_trials.json", report::report_data(sample::three_trials()).dump(2) + "\n");
}

TEST(ReportData, TellsFrontKneeRankAndFeasibility) {
  const auto data = report::report_data(sample::three_trials());
  // By hand: 0 has the better iou, 1 the lower latency; 2 breaks latency_ms < 33; 3 failed.
  EXPECT_EQ(data["front"].size(), 2U);
  EXPECT_TRUE(data["trials"][0]["front"]);
  EXPECT_TRUE(data["trials"][1]["front"]);
  EXPECT_FALSE(data["trials"][2]["front"]);
  EXPECT_FALSE(data["trials"][2]["feasible"]);
  EXPECT_THAT(data["trials"][2]["violated"].get<std::string>(), testing::StartsWith("latency_ms < 33"));
  EXPECT_TRUE(data["trials"][3]["rank"].is_null());
  EXPECT_THAT(data["front"], testing::Contains(data["knee"]));
  EXPECT_EQ(data["knee"], data["chosen"]);
}

TEST(ReportData, OfAnEmptyStudyHasNoKnee) {
  const auto data = report::report_data(sample::empty_study());
  EXPECT_TRUE(data["knee"].is_null());
  EXPECT_TRUE(data["trials"].empty());
  EXPECT_TRUE(data["front"].empty());
}

TEST(ReportData, ShowsTheAccountOfTheDataThatTheStudyKept) {
  auto study = sample::three_trials();
  EXPECT_TRUE(report::report_data(study)["data"].is_null());
  const Json facts = {{"remarks", {"warning: 3 of 9 pictures are left out: 3 without a label"}},
                      {"account", {{"pictures", {{"found", 9}, {"used", 6}}}}}};
  study.settings.job["frame"] = {{"outputs", 4}, {"data", facts}};
  const auto data = report::report_data(study);
  EXPECT_EQ(data["data"], facts);
  EXPECT_EQ(data["job"]["frame"], (Json{{"outputs", 4}}));  // said once
}

TEST(ReportData, TellsOfRecordedValuesWhatIsDeclaredOfThem) {
  const std::vector<Quantity> declared{{.name = "latency_ms", .unit = "ms", .sentence = "median time"},
                                       {.name = "energy_j", .unit = "J", .sentence = "not recorded here"},
                                       {.name = "iou", .better = Direction::maximize, .sentence = "overlap"}};
  const auto data = report::report_data(sample::three_trials(), {.quantities = declared, .test = {}});
  EXPECT_EQ(data["quantities"],
            Json::parse(R"([{"name": "iou", "unit": "", "better": "maximize", "sentence": "overlap"},
                            {"name": "latency_ms", "unit": "ms", "better": "minimize", "sentence": "median time"}])"));
}

TEST(ReportData, HoldsWhatTheTestSplitShowed) {
  const auto study = sample::three_trials();
  EXPECT_FALSE(report::report_data(study).contains("test"));
  EXPECT_FALSE(report::report_data(study, {.quantities = {}, .test = Json::object()}).contains("test"));
  const Json test = {{"0", {{"iou", 0.75}}}};
  EXPECT_EQ(report::report_data(study, {.quantities = {}, .test = test})["test"], test);
}

TEST(ReportData, NamesTheClassesThatTheStudyKept) {
  EXPECT_EQ(report::report_data(sample::resnet_study(1, 2))["classes"], (Json{"crossing", "no crossing"}));
  EXPECT_TRUE(report::report_data(sample::three_trials())["classes"].empty());
}

TEST(ReportData, FollowsTheRankExpressionOfTheJob) {
  auto study = sample::three_trials();
  const auto rank_of_1 = [&](const std::string& expression) {
    study.settings.job["search"]["rank"] = expression;
    return report::report_data(study)["trials"][1]["rank"];
  };
  EXPECT_EQ(rank_of_1("iou"), 2);
  EXPECT_EQ(rank_of_1("0 - latency_ms"), 1);
}

TEST(ReportData, IsValidJsonWhateverBytesTheStudyHolds) {
  std::string text;
  ASSERT_NO_THROW(text = report::report_data(sample::hostile_study()).dump());
  EXPECT_THAT(text, testing::HasSubstr("\"odd\":null"));
  EXPECT_THAT(text, testing::HasSubstr("\uFFFD\uFFFD bytes"));
}

TEST(Csv, OfThreeTrialsIsAsApproved) {
  expect_golden("three_trials.csv", report::csv_table(sample::three_trials()));
}

TEST(Csv, QuotesWhatNeedsQuotesAndEndsLinesAsTheStandardSays) {
  auto study = sample::three_trials();
  study.trials.resize(1);
  study.trials[0].reason = "a \"b\", c\nd";
  const auto csv = report::csv_table(study);
  EXPECT_THAT(csv, testing::EndsWith(",\"a \"\"b\"\", c\nd\"\r\n"));
}

TEST(Csv, KeepsColumnsApartThatShareAName) {
  auto study = sample::three_trials();
  study.trials[0].choice["latency_ms"] = std::int64_t{4};
  study.trials[0].choice["rank"] = std::int64_t{7};
  const auto csv = report::csv_table(study);
  EXPECT_THAT(csv, testing::StartsWith("id,state,stage,epochs,front,rank,contribution,disturbed,backbone,choice."
                                       "latency_ms,learning_rate,choice.rank,iou,latency_ms,"));
}

TEST(Csv, NumbersReadBackExactly) {
  auto study = sample::three_trials();
  study.trials.resize(1);
  study.trials[0].results[0].values["iou"].value = 0.1 + 0.2;
  EXPECT_THAT(report::csv_table(study), testing::HasSubstr("0.30000000000000004"));
}

TEST(Csv, OfAnEmptyStudyIsItsHeader) {
  EXPECT_EQ(report::csv_table(sample::empty_study()),
            "id,state,stage,epochs,front,rank,contribution,disturbed,iou,latency_ms,reason\r\n");
}

}  // namespace
}  // namespace edgewise
