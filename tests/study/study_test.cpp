#include "study/study.hpp"

#include <gtest/gtest.h>

namespace edgewise::study {
namespace {

Constraint constraint(const std::string& text) {
  return {text, Comparison::parse(text).value()};
}

TEST(State, HasANameThatReadsBack) {
  for (const State state :
       {State::waiting, State::running, State::complete, State::pruned, State::failed, State::rejected})
    EXPECT_EQ(state_from_text(to_text(state)), state);
  EXPECT_EQ(state_from_text("done"), std::nullopt);
  EXPECT_EQ(to_text(TrialId{17}), "17");
}

TEST(Trial, TellsTheLatestValueOfEachName) {
  Trial trial;
  trial.known = values_of(Source::computed, {{"parameters", 1000}, {"macs", 5}});
  trial.results.push_back({.stage = 0, .values = values_of(Source::trained, {{"iou", 0.5}, {"latency_ms", 20}})});
  trial.results.push_back({.stage = 1, .values = values_of(Source::trained, {{"iou", 0.7}, {"parameters", 1001}})});
  EXPECT_EQ(trial.value("iou"), 0.7);
  EXPECT_EQ(trial.value("latency_ms"), 20.0);
  EXPECT_EQ(trial.value("parameters"), 1001.0);
  EXPECT_EQ(trial.value("macs"), 5.0);
  EXPECT_EQ(trial.value("accuracy"), std::nullopt);
  EXPECT_EQ(trial.values(),
            (std::map<std::string, double>{{"iou", 0.7}, {"latency_ms", 20}, {"parameters", 1001}, {"macs", 5}}));
  EXPECT_EQ(trial.result()->stage, 1);
  EXPECT_EQ(Trial().result(), nullptr);
}

TEST(Constraints, TellTheFirstThatDoesNotHold) {
  const std::vector<Constraint> constraints{constraint("memory_mb < 100"), constraint("latency_ms < 33"),
                                            constraint("parameters < 1e6")};
  EXPECT_EQ(violated(constraints, {{"latency_ms", 20}, {"parameters", 5e5}}), std::nullopt);
  EXPECT_EQ(violated(constraints, {}), std::nullopt);
  EXPECT_EQ(violated(constraints, {{"latency_ms", 41.25}, {"parameters", 2e6}}),
            "latency_ms < 33 does not hold (latency_ms is 41.25)");
  EXPECT_EQ(violated({constraint("1 < 0")}, {}), "1 < 0 does not hold");
}

TEST(Study, FindsAChoice) {
  Study study;
  study.trials.resize(2);
  study.trials[1].choice = {{"a", std::int64_t{3}}};
  EXPECT_EQ(study.find({{"a", std::int64_t{3}}}), &study.trials[1]);
  EXPECT_EQ(study.find({{"a", 3.0}}), nullptr);  // an integer is no real number
}

TEST(Study, CallsFeasibleWhatHasAllObjectivesAndKeepsAllConstraints) {
  Study study;
  study.settings.objectives = {{"iou", Direction::maximize}, {"parameters", Direction::minimize}};
  study.settings.constraints = {constraint("latency_ms < 33")};
  const auto add = [&](State state, const std::map<std::string, double>& values, bool has_result = true) {
    Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                .state = state,
                .known = values_of(Source::computed, {{"parameters", 10}})};
    if (has_result) trial.results.push_back({.values = values_of(Source::trained, values)});
    study.trials.push_back(std::move(trial));
  };
  add(State::complete, {{"iou", 0.5}, {"latency_ms", 20}});  // 0: feasible; "parameters" is known beforehand
  add(State::complete, {{"iou", 0.5}, {"latency_ms", 40}});  // too slow
  add(State::complete, {{"latency_ms", 20}});                // no iou
  add(State::failed, {{"iou", 0.5}, {"latency_ms", 20}});
  add(State::pruned, {{"iou", 0.5}, {"latency_ms", 20}});   // 4: its best epoch counts
  add(State::running, {{"iou", 0.5}, {"latency_ms", 20}});  // 5: promoted
  add(State::complete, {{"iou", 0.5}});  // 6: not measured; a constraint over what is not there holds
  add(State::waiting, {}, false);
  std::vector<std::int64_t> ids;
  for (const Trial* trial : feasible_trials(study)) ids.push_back(trial->id.value);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{0, 4, 5, 6}));
}

}  // namespace
}  // namespace edgewise::study
