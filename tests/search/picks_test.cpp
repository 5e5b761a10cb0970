#include "search/picks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Trials 0, 1, ... with these values of iou (larger is better) and latency.
study::Study study_of(const std::vector<std::pair<double, double>>& values) {
  study::Study study{.settings = two_objectives()};
  for (const auto& [iou, latency_ms] : values) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                       .choice = {{"n", static_cast<std::int64_t>(study.trials.size())}},
                       .state = study::State::complete};
    trial.results.push_back(
        {.values = study::values_of(study::Source::told, {{"iou", iou}, {"latency_ms", latency_ms}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

std::vector<std::pair<std::string, std::int64_t>> named(const study::Study& study) {
  std::vector<std::pair<std::string, std::int64_t>> result;
  for (const auto& pick : picks(study)) result.emplace_back(pick.name, pick.trial->id.value);
  return result;
}

std::string reason(const study::Study& study, const std::string& name) {
  return find_pick(study, name).value().reason;
}

TEST(Picks, NameTheFrontAndSayWhy) {
  // Trial 0 is the baseline and dominated by 2 and 3; 4 is dominated too.
  const auto study = study_of({{0.5, 20}, {0.9, 40}, {0.8, 18}, {0.5, 5}, {0.4, 30}, {0.1, 1}});
  EXPECT_THAT(named(study), ElementsAre(std::pair("best:iou", 1), std::pair("best:latency_ms", 5), std::pair("knee", 2),
                                        std::pair("bend", 2), std::pair("baseline", 2)));
  EXPECT_EQ(reason(study, "best:iou"), "highest iou of the front");
  EXPECT_EQ(reason(study, "best:latency_ms"), "lowest latency_ms of the front");
  EXPECT_EQ(reason(study, "baseline"),
            "closest to the baseline (trial 0) of those that are as good in everything: iou 60 % higher, latency_ms 10 "
            "% lower");
  EXPECT_EQ(find_pick(study, "baselin"), std::nullopt);
}

TEST(Picks, SayWhatTheBaselineWouldLose) {
  // Nothing is better than the baseline in everything, but it breaks a constraint and is not on the front.
  auto study = study_of({{0.8, 10}, {0.9, 12}, {0.2, 1}});
  EXPECT_EQ(reason(study, "baseline"), "the baseline (trial 0) itself: nothing is better in everything");
  study.settings.constraints.push_back({"iou > 0.85", study::Comparison::parse("iou > 0.85").value()});
  EXPECT_EQ(named(study).back(), (std::pair<std::string, std::int64_t>("baseline", 1)));
  EXPECT_EQ(
      reason(study, "baseline"),
      "closest to the baseline (trial 0); nothing is as good in everything: iou 12 % higher, latency_ms 20 % higher");
  study.trials[0].state = study::State::failed;
  EXPECT_EQ(find_pick(study, "baseline"), std::nullopt);
}

TEST(Picks, OfASmallFrontAreFew) {
  EXPECT_THAT(picks(study_of({})), IsEmpty());
  EXPECT_THAT(named(study_of({{0.5, 20}})), ElementsAre(std::pair("best:iou", 0), std::pair("best:latency_ms", 0),
                                                        std::pair("knee", 0), std::pair("baseline", 0)));
}

TEST(Compared, TellsEachObjectiveInPercentOrAsADifference) {
  const auto study = study_of({{0.5, 0}, {0.5, 3}, {0.25, 6}});
  EXPECT_EQ(compared(study, study.trials[1], study.trials[0]), "iou the same, latency_ms 3 higher");
  EXPECT_EQ(compared(study, study.trials[2], study.trials[1]), "iou 50 % lower, latency_ms 100 % higher");
}

TEST(ContributionShares, AreOfTheFrontsHypervolume) {
  // Losses -0.9, -0.5 and latencies 40, 20: reference (-0.5 + 0.04, 42). Volumes 0.44 * 2 and 0.04 * 22, 0.04 * 2 of
  // them both.
  const auto shares = contribution_shares(study_of({{0.5, 20}, {0.9, 40}, {0.4, 30}})).of;
  ASSERT_EQ(shares.size(), 2U);
  const double total = 0.44 * 2 + 0.04 * 22 - 0.04 * 2;
  EXPECT_NEAR(shares.at({0}), (0.04 * 22 - 0.04 * 2) / total, 1e-9);
  EXPECT_NEAR(shares.at({1}), (0.44 * 2 - 0.04 * 2) / total, 1e-9);
  EXPECT_NEAR(contribution_shares(study_of({{0.5, 20}})).of.at({0}), 1.0, 1e-12);
  EXPECT_THAT(contribution_shares(study_of({})).of, IsEmpty());
  EXPECT_EQ(contribution_shares(study_of({})).left_out, "");
  const auto huge = contribution_shares(study_of({{1e308, 1e308}, {-1e308, -1e308}}));
  EXPECT_THAT(huge.of, IsEmpty());
  EXPECT_THAT(huge.left_out, testing::HasSubstr("too large"));
}

TEST(ContributionShares, AreLeftOutWithTheReasonWhereTheyTakeTooLong) {
  study::Study study;
  for (const char* name : {"a", "b", "c", "d"}) study.settings.objectives.push_back({name, study::Direction::minimize});
  const auto add = [&](double x) {  // every point is on the front: what one objective gains another loses
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())}, .state = study::State::complete};
    trial.results.push_back(
        {.fidelity = study::Fidelity::training(1),
         .values = study::values_of(study::Source::told, {{"a", x}, {"b", -x}, {"c", x}, {"d", -x}})});
    study.trials.push_back(std::move(trial));
  };
  for (int i = 0; i < 300; ++i) add(i);
  EXPECT_EQ(contribution_shares(study).of.size(), 300U);
  EXPECT_EQ(contribution_shares(study).left_out, "");
  for (int i = 300; i < 1001; ++i) add(i);
  EXPECT_THAT(contribution_shares(study).of, IsEmpty());
  EXPECT_EQ(
      contribution_shares(study).left_out,
      "shares of the hypervolume are left out: 1001 trials of 4 objectives take too long; at most 1000 are worked out");
}

TEST(FrontCover, StandsForALongFront) {
  std::vector<std::pair<double, double>> values;
  for (int i = 0; i < 40; ++i) values.emplace_back(i, i * i);
  const auto study = study_of(values);
  const auto cover = front_cover(study, 8);
  ASSERT_TRUE(cover.has_value());
  EXPECT_LE(cover->trials.size(), 8U);
  EXPECT_GE(cover->trials.size(), 4U);
  for (const auto& trial : study.trials)
    EXPECT_TRUE(std::ranges::any_of(cover->trials, [&](const auto* kept) {
      return *kept->value("iou") >= *trial.value("iou") - cover->share * 39 &&
             *kept->value("latency_ms") <= *trial.value("latency_ms") + cover->share * 39 * 39;
    }));
  EXPECT_EQ(front_cover(study, 40), std::nullopt);
}

}  // namespace
}  // namespace edgewise::search
