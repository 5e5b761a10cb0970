#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/session.hpp"

namespace edgewise::run {
namespace {

using testing::HasSubstr;

/// Trial 0 is the baseline, 1 to 4 are the front, 5 is dominated.
study::Study five_trials() {
  study::Study study;
  study.settings.objectives = {{"iou", study::Direction::maximize}, {"latency_ms", study::Direction::minimize}};
  for (const auto& [iou, latency_ms] :
       {std::pair(0.5, 20.0), {0.9, 40.0}, {0.8, 18.0}, {0.5, 5.0}, {0.1, 1.0}, {0.4, 30.0}}) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())}, .state = study::State::complete};
    trial.results.push_back(
        {.values = study::values_of(study::Source::told, {{"iou", iou}, {"latency_ms", latency_ms}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

TEST(Pick, UnderstandsNamesAndNumbers) {
  const auto study = five_trials();
  const auto number = [&](const char* what) { return pick(study, what).value()->id.value; };
  EXPECT_EQ(number("best:iou"), 1);
  EXPECT_EQ(number("best:latency_ms"), 4);
  EXPECT_EQ(number("knee"), 2);
  EXPECT_EQ(number("bend"), 2);
  EXPECT_EQ(number("baseline"), 2);
  EXPECT_EQ(number("0"), 0);
  EXPECT_EQ(number("5"), 5);
}

TEST(Pick, SaysWhatCanBePicked) {
  auto study = five_trials();
  EXPECT_EQ(pick(study, "baselin").error().next, "did you mean \"baseline\"?");
  EXPECT_THAT(
      pick(study, "fastest").error().message,
      HasSubstr("it is none of \"best:iou\", \"best:latency_ms\", \"knee\", \"bend\" or \"baseline\" and no number"));
  EXPECT_EQ(pick(study, "6").error().message, "there is no trial 6; the study has 6 trials");
  study.trials[0].state = study::State::failed;
  EXPECT_EQ(pick(study, "baseline").error().message, "there is no baseline: trial 0 did not record all objectives");
  study.trials.resize(2);
  EXPECT_THAT(pick(study, "bend").error().message, HasSubstr("no bend"));
  study.trials.clear();
  EXPECT_THAT(pick(study, "knee").error().message, HasSubstr("no trial has finished"));
}

}  // namespace
}  // namespace edgewise::run
