#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "golden.hpp"
#include "report/columns_internal.hpp"
#include "report/report.hpp"
#include "sample_study.hpp"

namespace edgewise {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(TextTable, OfAllTrialsIsAsApproved) {
  expect_golden("three_trials_all.txt", report::text_table(sample::three_trials(), false, 120));
}
TEST(TextTable, OfAStagedFrontIsAsApproved) {
  expect_golden("staged_front.txt", report::text_table(sample::staged_study(), true, 100));
}
TEST(TextTable, OfThreeObjectivesIsAsApproved) {
  expect_golden("three_objectives_front.txt", report::text_table(sample::resnet_study(20, 3), true, 120));
}

TEST(TextPicks, OfAStagedStudyAreAsApproved) {
  expect_golden("staged_picks.txt", report::text_picks(sample::staged_study()));
}
TEST(TextPicks, OfALongFrontAreAsApproved) {
  expect_golden("long_front_picks.txt", report::text_picks(sample::resnet_study(200, 3)));
}
TEST(TextPicks, StandForStudiesWithLittleInThem) {
  EXPECT_EQ(report::text_picks(sample::empty_study()), "");
  EXPECT_EQ(report::text_picks(sample::failed_study(2)), "");
  EXPECT_EQ(lines_of(report::text_picks(sample::resnet_study(1, 2))).size(),
            4U);  // the best of two objectives, the knee, the baseline
  EXPECT_THAT(report::text_picks(sample::hostile_study()), testing::Not(testing::HasSubstr("\x1b")));
}

TEST(TextTable, FitsTheTerminal) {
  for (const int width : {60, 80, 100, 140})
    for (const auto& line : lines_of(report::text_table(sample::staged_study(), false, width))) {
      if (!line.starts_with("(")) {
        EXPECT_LE(report::display_width(line), static_cast<std::size_t>(width)) << line;
      }
    }
}

TEST(TextTable, SaysHowManyColumnsDidNotFit) {
  EXPECT_THAT(report::text_table(sample::resnet_study(5, 3), false, 64), testing::HasSubstr("columns left out"));
}

TEST(TextTable, AlignsColumnsByDisplayWidth) {
  auto study = sample::three_trials();
  study.trials[0].choice["backbone"] = std::string("网络");             // four columns, six bytes
  study.trials[1].choice["backbone"] = std::string("e\u0301te\u0301");  // three columns, seven bytes
  const auto lines = lines_of(report::text_table(study, false, 200));
  const auto column_of = [](const std::string& line, const std::string& word) {
    return report::display_width(line.substr(0, line.find(word)));
  };
  EXPECT_EQ(column_of(lines[1], "0.001") + 5, column_of(lines[0], "learning_rate") + 13);
  EXPECT_EQ(column_of(lines[2], "0.0001") + 6, column_of(lines[0], "learning_rate") + 13);
}

TEST(TextTable, CannotSteerTheTerminal) {
  const auto study = sample::hostile_study();
  for (const auto& text : {report::text_table(study, false, 200), report::text_plot(study, 80, 20)}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("\x1b")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("\x07")));
  }
}

TEST(TextTable, StandsForStudiesWithLittleInThem) {
  EXPECT_EQ(report::text_table(sample::empty_study(), true, 80), "no trials yet\n");
  EXPECT_EQ(report::text_table(sample::failed_study(2), true, 80),
            "no trial is on the Pareto front yet (2 trials so far)\n");
  EXPECT_EQ(lines_of(report::text_table(sample::failed_study(2), false, 120)).size(), 3U);
  EXPECT_EQ(lines_of(report::text_table(sample::resnet_study(1, 2), true, 80)).size(), 2U);
  EXPECT_FALSE(report::text_table(sample::staged_study(), false, 1).empty());
}

TEST(TextPlot, OfAStagedStudyIsAsApproved) {
  expect_golden("staged_plot.txt", report::text_plot(sample::staged_study(), 80, 20));
}

TEST(TextPlot, PutsCostToTheRightAndGainUp) {
  // By hand: trial 0 (0.875, 5.25) is at the top, trial 1 (0.75, 2.5) at the left bottom, trial 2 (0.8125, 40) at the
  // right.
  const auto lines = lines_of(report::text_plot(sample::three_trials(), 60, 14));
  EXPECT_THAT(lines[0], testing::StartsWith("iou"));
  EXPECT_THAT(lines[1], testing::HasSubstr("0.875 ┤"));
  EXPECT_THAT(lines[1], testing::ContainsRegex("[o@]$"));
  EXPECT_THAT(lines[10], testing::ContainsRegex("0.75 ┤[o@]$"));
  EXPECT_TRUE(std::ranges::any_of(lines, [](const auto& line) {
    return line.ends_with("x") && report::display_width(line) == 60 - 1;
  })) << report::text_plot(sample::three_trials(), 60, 14);
}

TEST(TextPlot, IsEmptyWithFewerThanTwoPoints) {
  EXPECT_EQ(report::text_plot(sample::empty_study(), 80, 20), "");
  EXPECT_EQ(report::text_plot(sample::failed_study(5), 80, 20), "");
  EXPECT_EQ(report::text_plot(sample::resnet_study(1, 2), 80, 20), "");
  EXPECT_EQ(report::text_plot(sample::resnet_study(9, 1), 80, 20), "");
}

TEST(TextPlot, StandsForAnySize) {
  const auto study = sample::staged_study();
  for (const int size : {-5, 0, 1, 10, 100000}) EXPECT_FALSE(report::text_plot(study, size, size).empty());
}

TEST(TextPlot, StandsForEqualAndEnormousValues) {
  auto study = sample::three_trials();
  for (auto& trial : study.trials)
    if (!trial.results.empty())
      trial.results[0].values = study::values_of(study::Source::told, {{"iou", 0.5}, {"latency_ms", 3.0}});
  EXPECT_FALSE(report::text_plot(study, 40, 10).empty());
  study.trials[0].results[0].values["iou"].value = 1.7e308;
  study.trials[1].results[0].values["iou"].value = -1.7e308;
  EXPECT_FALSE(report::text_plot(study, 40, 10).empty());
}

TEST(Numbers, HaveFourSignificantDigits) {
  EXPECT_EQ(report::short_number(0.87512345), "0.8751");
  EXPECT_EQ(report::short_number(12.3456), "12.35");
  EXPECT_EQ(report::short_number(3504872), "3.505M");
  EXPECT_EQ(report::short_number(4089284608), "4.089G");
  EXPECT_EQ(report::short_number(250), "250");
  EXPECT_EQ(report::short_number(12345.6), "12346");
  EXPECT_EQ(report::short_number(1e-5), "1e-05");
  EXPECT_EQ(report::short_number(std::nan("")), "-");
}

TEST(Texts, AreCutByColumnsNotBytes) {
  EXPECT_EQ(report::cut("resnet18", 8), "resnet18");
  EXPECT_EQ(report::cut("resnet18", 5), "resn…");
  EXPECT_EQ(report::cut("网络结构", 5), "网络…");
  EXPECT_EQ(report::cut("网络结构", 4), "网…");
  EXPECT_EQ(report::cut("abc", 0), "");
}

TEST(Texts, BecomeValidUtf8) {
  EXPECT_EQ(report::valid_utf8("ok é 网 😀"), "ok é 网 😀");
  EXPECT_EQ(report::valid_utf8("\xff"), "\uFFFD");
  EXPECT_EQ(report::valid_utf8("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(report::valid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // surrogate
  EXPECT_EQ(report::valid_utf8("\xe7\xbd"), "\uFFFD\uFFFD");            // cut off
}

}  // namespace
}  // namespace edgewise
