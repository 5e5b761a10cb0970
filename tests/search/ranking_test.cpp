#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/pareto.hpp"

namespace edgewise::search {
namespace {

using study::Direction;
using study::State;
using testing::ElementsAre;

study::Study make_study(const std::vector<std::tuple<double, double>>& iou_and_latency) {
  study::Study study;
  study.settings.objectives = {{"iou", Direction::maximize}, {"latency_ms", Direction::minimize}};
  for (const char* text : {"latency_ms < 33", "memory_mb < 100"})
    study.settings.constraints.push_back({text, study::Comparison::parse(text).value()});
  for (const auto& [iou, latency_ms] : iou_and_latency) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())}, .state = State::complete};
    trial.results.push_back(
        {.values = study::values_of(study::Source::told, {{"iou", iou}, {"latency_ms", latency_ms}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

std::vector<std::int64_t> ids(const std::vector<const study::Trial*>& trials) {
  std::vector<std::int64_t> result;
  for (const auto* trial : trials) result.push_back(trial->id.value);
  return result;
}

TEST(ObjectiveMatrix, NegatesWhatIsMaximised) {
  const auto study = make_study({{0.5, 20}, {0.7, 30}});
  EXPECT_EQ(objective_matrix(study.settings.objectives, {&study.trials[1], &study.trials[0]}),
            (Matrix{{-0.7, 30}, {-0.5, 20}}));
}

TEST(ParetoFront, HasTheFeasibleNonDominatedTrialsInOrderOfTheFirstObjective) {
  auto study = make_study({{0.9, 40},
                           {0.7, 20},
                           {0.5, 10},
                           {0.6, 25},
                           {0.8, 30},
                           {0.7, 20}});  // 0 is too slow, 3 dominated by 1, 5 equals 1
  EXPECT_THAT(ids(pareto_front(study)), ElementsAre(2, 1, 4));
  study.settings.constraints.clear();
  EXPECT_THAT(ids(pareto_front(study)), ElementsAre(2, 1, 4, 0));
  std::ranges::reverse(study.settings.objectives);  // by latency now
  EXPECT_THAT(ids(pareto_front(study)), ElementsAre(2, 1, 4, 0));
  study.settings.objectives = {{"iou", Direction::maximize}};
  EXPECT_THAT(ids(pareto_front(study)), ElementsAre(0));
  study.trials.clear();
  EXPECT_THAT(ids(pareto_front(study)), ElementsAre());
}

TEST(Ranked, PutsFeasibleTrialsFirstThenThoseThatBreakFewerConstraints) {
  auto study = make_study({{0.9, 40}, {0.7, 20}, {0.95, 50}, {0.6, 25}, {0.5, 10}, {0.4, 5}});
  study.trials[2].results[0].values["memory_mb"] = {.value = 200, .source = study::Source::told};  // breaks two
  study.trials[5].state = State::failed;
  study.trials.push_back({.id = {6}});  // waits
  // 1 and 4 are the front, 3 is dominated by 1, 0 breaks one constraint, 2 breaks two.
  EXPECT_THAT(ids(ranked(study, {})), ElementsAre(1, 4, 3, 0, 2));
  const auto rank = study::Expression::parse("iou - 0.5 * latency_ms / 33").value();
  EXPECT_THAT(ids(ranked(study, rank)), ElementsAre(1, 4, 3, 0, 2));
  EXPECT_THAT(ids(ranked(study, study::Expression::parse("iou").value())), ElementsAre(1, 3, 4, 0, 2));
  EXPECT_THAT(ids(ranked(study, study::Expression::parse("memory_mb").value())), ElementsAre(2));
  study.trials[3].results[0].values.erase("iou");  // cannot be ranked
  EXPECT_THAT(ids(ranked(study, {})), ElementsAre(1, 4, 0, 2));
}

}  // namespace
}  // namespace edgewise::search
