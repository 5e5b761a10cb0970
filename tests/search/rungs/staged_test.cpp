#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/pareto.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::HasSubstr;

const Options three_stages{.strategy = "staged",
                           .settings = told("staged", StagedOptions{.stages = {{10, 6}, {30, 2}, {60, 0}}})};

/// Proposes the first stage and finishes every trial with the values that `trainer` gives.
Simulation after_first_stage(const Options& options, const space::Space& space, const study::Settings& settings,
                             Trainer trainer) {
  Simulation simulation(settings);
  simulation.propose(*make_strategy(options, space).value(), 1000);
  RandomStream random(1);
  simulation.work(random, 1000, trainer);
  return simulation;
}

std::vector<std::string> promoted(const Advice& advice) {
  std::vector<std::string> result;
  for (const auto& proposal : advice.proposals) result.push_back(space::to_text(proposal.choice));
  return result;
}

TEST(Staged, PromotesTheBestByDominance) {
  const auto space = space::make_space({{.name = "n", .domain = space::Integer{.low = 0, .high = 5}}}).value();
  const Options options{.strategy = "staged",
                        .settings = told("staged", StagedOptions{.stages = {{10, 3}, {30, 1}, {60, 0}}})};
  // iou 0.9 0.8 0.5 0.7 0.1 0.6 at latency 30 10 1 20 2 9: the front is 0, 1, 5, 2 (5 is crowded most, 1 more than
  // none), 3 and 4 are dominated.
  const Trainer trainer = [](const study::Trial& trial) -> Outcome {
    const auto n = static_cast<std::size_t>(std::get<std::int64_t>(trial.choice.at("n")));
    constexpr double iou[] = {0.9, 0.8, 0.5, 0.7, 0.1, 0.6}, latency_ms[] = {30, 10, 1, 20, 2, 9};
    return {.values = {{"iou", iou[n]}, {"latency_ms", latency_ms[n]}}};
  };
  auto simulation = after_first_stage(options, space, two_objectives(), trainer);
  const auto strategy = make_strategy(options, space).value();
  const auto advice = strategy->ask(simulation.study(), 10).value();
  // Crowding: 1 has (0.9 - 0.6) / 0.4 + (30 - 9) / 29 = 1.47, 5 has (0.8 - 0.5) / 0.4 + (10 - 1) / 29 = 1.06; the ends
  // have infinity.
  EXPECT_EQ(promoted(advice), (std::vector<std::string>{"n=0", "n=2", "n=1"}));
  EXPECT_EQ(advice.proposals[0].promote, study::TrialId{0});
  EXPECT_EQ(advice.proposals[0].fidelity.epochs(), 30);
  EXPECT_EQ(advice.note, "stage 2 of 3: the best 3 of 6 by non-dominated rank");
  // Asked for one at a time, the same ones come.
  EXPECT_EQ(promoted(simulation.propose(*strategy, 1)), (std::vector<std::string>{"n=0"}));
  EXPECT_EQ(promoted(simulation.propose(*strategy, 1)), (std::vector<std::string>{"n=2"}));
  RandomStream random(1);
  simulation.work(random, 2, trainer);  // ended at the second stage before the last one is promoted to it
  EXPECT_EQ(promoted(simulation.propose(*strategy, 5)), (std::vector<std::string>{"n=1"}));
  const auto waits = strategy->ask(simulation.study(), 5).value();
  EXPECT_TRUE(waits.proposals.empty());
  EXPECT_FALSE(waits.is_finished);
  EXPECT_EQ(waits.note, "stage 2 of 3: 1 trial has still to end");
  EXPECT_TRUE(strategy->ask(simulation.study(), 0)->proposals.empty());
}

TEST(Staged, PromotesTheBestByTheRank) {
  const auto space = space::make_space({{.name = "n", .domain = space::Integer{.low = 0, .high = 5}}}).value();
  const Options options{.strategy = "staged",
                        .common = {.rank = "iou - latency_ms / 10"},
                        .settings = told("staged", StagedOptions{.stages = {{10, 2}, {30, 0}}})};
  const auto simulation = after_first_stage(options, space, two_objectives(), [](const study::Trial& trial) -> Outcome {
    const auto n = static_cast<double>(std::get<std::int64_t>(trial.choice.at("n")));
    return {.values = {{"iou", n / 10}, {"latency_ms", n == 5 ? 4.0 : 1.0}}};  // 5 is the best alone by iou
  });
  const auto advice = make_strategy(options, space).value()->ask(simulation.study(), 10).value();
  EXPECT_EQ(promoted(advice), (std::vector<std::string>{"n=4", "n=3"}));
  EXPECT_EQ(advice.note, "stage 2 of 2: the best 2 of 6 by \"iou - latency_ms / 10\"");
}

TEST(Staged, PutsFeasibleTrialsFirstAndNeverPromotesFailedOrPrunedOnes) {
  const auto space = space::make_space({{.name = "n", .domain = space::Integer{.low = 0, .high = 6}}}).value();
  const Options options{.strategy = "staged",
                        .common = {.rank = "iou"},
                        .settings = told("staged", StagedOptions{.stages = {{10, 4}, {30, 0}}})};
  auto settings = two_objectives();
  for (const char* text : {"latency_ms < 33", "memory_mb < 100"})
    settings.constraints.push_back({text, study::Comparison::parse(text).value()});
  const auto simulation = after_first_stage(options, space, settings, [](const study::Trial& trial) -> Outcome {
    switch (std::get<std::int64_t>(trial.choice.at("n"))) {
      case 0:
        return {.values = {{"iou", 0.9}, {"latency_ms", 40}, {"memory_mb", 200}}};  // breaks two
      case 1:
        return {.values = {{"iou", 0.8}, {"latency_ms", 40}, {"memory_mb", 50}}};  // breaks one
      case 2:
        return {.values = {{"iou", 0.1}, {"latency_ms", 20}, {"memory_mb", 50}}};
      case 3:
        return {.values = {{"iou", 0.2}, {"latency_ms", 20}, {"memory_mb", 50}}};
      case 4:
        return {.state = study::State::pruned, .values = {{"iou", 0.95}, {"latency_ms", 20}}};
      case 5:
        return {.values = {{"latency_ms", 20}}};  // no iou: cannot be ranked
      default:
        return {.state = study::State::failed};
    }
  });
  const auto advice = make_strategy(options, space).value()->ask(simulation.study(), 10).value();
  EXPECT_EQ(promoted(advice), (std::vector<std::string>{"n=3", "n=2", "n=1", "n=0"}));
  EXPECT_EQ(advice.note,
            "stage 2 of 2: the best 4 of 5 by \"iou\"; 2 of them break a constraint, because only 2 keep all; 1 left "
            "out, whose values are missing");
}

TEST(Staged, EndsWithAReasonWhenNothingCanGoOn) {
  const auto space = finite_space();
  const auto failed = after_first_stage(three_stages, space, two_objectives(),
                                        [](const study::Trial&) { return Outcome{.state = study::State::failed}; });
  auto advice = make_strategy(three_stages, space).value()->ask(failed.study(), 10).value();
  EXPECT_TRUE(advice.is_finished);
  EXPECT_EQ(advice.note, "no trial of stage 1 can go on: none completed it");
  const auto valueless = after_first_stage(three_stages, space, two_objectives(),
                                           [](const study::Trial&) { return Outcome{.values = {{"iou", 0.5}}}; });
  advice = make_strategy(three_stages, space).value()->ask(valueless.study(), 10).value();
  EXPECT_TRUE(advice.is_finished);
  EXPECT_EQ(advice.note, "no trial of stage 1 can go on: the values that rank them were recorded for none");
}

TEST(Staged, DecidesByTheStageThatEndedNotByLaterResults) {
  const auto space = space::make_space({{.name = "n", .domain = space::Integer{.low = 0, .high = 3}}}).value();
  const Options options{.strategy = "staged",
                        .common = {.rank = "iou"},
                        .settings = told("staged", StagedOptions{.stages = {{10, 2}, {30, 0}}})};
  const Trainer trainer = [](const study::Trial& trial) -> Outcome {
    const auto n = static_cast<double>(std::get<std::int64_t>(trial.choice.at("n")));
    return {.values = {{"iou", trial.stage == 0 ? n : -100.0}}};  // the promoted ones become the worst
  };
  auto simulation = after_first_stage(options, space, two_objectives(), trainer);
  const auto strategy = make_strategy(options, space).value();
  EXPECT_EQ(promoted(simulation.propose(*strategy, 1)), (std::vector<std::string>{"n=3"}));
  RandomStream random(1);
  simulation.work(random, 1, trainer);
  EXPECT_EQ(promoted(simulation.propose(*strategy, 5)), (std::vector<std::string>{"n=2"}));
  simulation.work(random, 1, trainer);
  EXPECT_TRUE(strategy->ask(simulation.study(), 5)->is_finished);
}

TEST(Staged, TakesRandomCandidatesWhenTheSpaceIsInfiniteOrTheirNumberIsGiven) {
  const auto infinite = infinite_space();
  EXPECT_EQ(make_strategy(three_stages, infinite).value()->plan()[0].trials, 40U);
  Options options = three_stages;
  options.common.trials = 9;
  EXPECT_EQ(make_strategy(options, infinite).value()->plan()[0].trials, 9U);
  const auto finite = finite_space();
  const auto strategy = make_strategy(options, finite).value();
  const auto advice = strategy->ask({}, 100).value();
  EXPECT_EQ(advice.proposals.size(), 9U);
  EXPECT_NE(space::to_text(advice.proposals[0].choice) + space::to_text(advice.proposals[1].choice),
            "backbone=a blocks=1backbone=a blocks=2");
}

TEST(Staged, PlansItsStages) {
  const auto space = finite_space();
  const auto plan = make_strategy(three_stages, space).value()->plan();
  ASSERT_EQ(plan.size(), 3U);
  EXPECT_EQ(std::tuple(plan[0].trials, plan[0].before.epochs(), plan[0].after.epochs()), std::tuple(15U, 0, 10));
  EXPECT_EQ(std::tuple(plan[1].trials, plan[1].before.epochs(), plan[1].after.epochs()), std::tuple(6U, 10, 30));
  EXPECT_EQ(std::tuple(plan[2].trials, plan[2].before.epochs(), plan[2].after.epochs()), std::tuple(2U, 30, 60));
  EXPECT_EQ(plan[2].name, "stage 3");
  Options few = three_stages;
  few.common.trials = 4;
  EXPECT_EQ(make_strategy(few, space).value()->plan()[1].trials, 4U);
}

TEST(Staged, DoesNotDependOnTheOrderInWhichTrialsEndNorOnKills) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const auto infinite = infinite_space(), finite = finite_space();
    const space::Space& space = seed % 2 == 0 ? finite : infinite;
    Options options = three_stages;
    options.common.seed = seed;
    if (seed % 3 == 0) options.common.rank = "iou - latency_ms / 10";
    auto settings = two_objectives();
    if (seed % 4 == 0)
      settings.constraints.push_back({"latency_ms < 3", study::Comparison::parse("latency_ms < 3").value()});
    std::set<std::tuple<std::string, int, int>> expected;
    for (std::uint64_t order = 0; order < 6; ++order) {
      Simulation simulation(settings);
      simulation.run(options, space, order, 1 + order * 3,
                     1 + order);  // every ask is of a new strategy, as after a kill
      if (order == 0) expected = reached(simulation.study());
      EXPECT_EQ(reached(simulation.study()), expected) << order;
    }
    int third_stage = 0;
    for (const auto& [choice, stage, epochs] : expected) third_stage += stage == 2;
    EXPECT_EQ(third_stage, 2);
  }
}

TEST(EveryStrategy, GivesTheSameAdviceForTheSameStudyAtEachPoint) {
  const auto space = finite_space();
  for (const std::string& name : strategies().names()) {
    SCOPED_TRACE(name);
    Options options = three_stages;
    options.strategy = name;
    Simulation simulation(two_objectives());
    RandomStream random(3);
    const auto kept = make_strategy(options, space).value();  // lives through the whole search
    for (;;) {
      const auto study = simulation.study();
      const auto fresh = make_strategy(options, space).value()->ask(study, 3).value(),
                 old = kept->ask(study, 3).value();
      EXPECT_EQ(fresh.proposals, old.proposals);
      EXPECT_EQ(fresh.is_finished, old.is_finished);
      EXPECT_EQ(fresh.note, old.note);
      if (simulation.propose(*kept, 3).is_finished) break;
      simulation.work(random, 2);
    }
    EXPECT_EQ(simulation.study().trials.size(), 15U);
  }
}

}  // namespace
}  // namespace edgewise::search
