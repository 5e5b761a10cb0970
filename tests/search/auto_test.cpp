// What `auto` takes, and that it takes the same when a search goes on.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string note(Options options, const space::Space& space) {
  options.strategy = "auto";
  const auto strategy = make_strategy(options, space).value();
  study::Study study;
  study.settings = two_objectives();
  return strategy->ask(study, 1).value().note;
}

constexpr double hour = 3600;

TEST(Auto, TriesAWholeSpaceOnlyWhereTheBudgetPaysForIt) {
  const auto space = finite_space();  // 15 choices, 2 parameters: a model needs 8 trials
  EXPECT_EQ(note({.common = {.trials = 40}}, space),
            "strategy auto takes grid: the space has 15 choices and 40 may be tried: all of them");
  EXPECT_THAT(note({.common = {.trials = 40, .price = {.evaluation_s = 100, .budget_s = 1500}}}, space),
              StartsWith("strategy auto takes grid"));
  EXPECT_THAT(note({.common = {.trials = 40, .price = {.evaluation_s = 100, .budget_s = 1499}}}, space),
              StartsWith("strategy auto takes mobo"));
  EXPECT_THAT(note({.common = {.trials = 40, .price = {.evaluation_s = 100}}}, space),
              StartsWith("strategy auto takes grid"))
      << "no bound";
  EXPECT_THAT(note({.common = {.trials = 40, .price = {.budget_s = 10}}}, space),
              StartsWith("strategy auto takes grid"))
      << "the cost is not known";
}

TEST(Auto, SpreadsTrialsEvenlyWhereTheyAreCheaperThanThinking) {
  EXPECT_EQ(note({.common = {.trials = 500, .price = {.evaluation_s = 0.002}}}, infinite_space()),
            "strategy auto takes sobol: an evaluation takes 2 ms, less than thinking about the next one would: spread "
            "evenly");
  EXPECT_THAT(note({.common = {.trials = 40, .price = {.evaluation_s = 0.002}}}, finite_space()),
              StartsWith("strategy auto takes grid"));
  EXPECT_THAT(note({.common = {.trials = 500, .price = {.evaluation_s = 0.02}}}, infinite_space()),
              StartsWith("strategy auto takes mobo"));
}

TEST(Auto, HalvesWhereTheBudgetPaysForFewerFullTrainingsThanAModelNeeds) {
  Options options{.common = {.trials = 40,
                             .effort = {.full = study::Fidelity::training(27)},
                             .price = {.evaluation_s = hour, .budget_s = 5.5 * hour}}};
  // Rungs 1, 3, 9 and 27: 40 trials cost 40 * 1 + 13 * 2 + 4 * 6 + 1 * 18 = 108 epochs, 4 full trainings.
  EXPECT_EQ(note(options, infinite_space()),
            "strategy auto takes halving: 5.5 h pay for 5 full evaluations of 60 min, fewer than the 8 that a model "
            "needs: 40 begin with 1 epochs and the best go on");
  options.common.price.budget_s =
      2 * hour;  // 48.6 of 54 epochs: 14 * 1 + 4 * 2 + 1 * 6 + 1 * 18 = 46, and 15 would cost 49
  EXPECT_THAT(note(options, infinite_space()), HasSubstr("pay for 2 full evaluations"));
  EXPECT_THAT(note(options, infinite_space()), HasSubstr("14 begin with 1 epochs"));
  options.common.price.budget_s = 8 * hour;
  EXPECT_THAT(note(options, infinite_space()), StartsWith("strategy auto takes mobo")) << "a model has what it needs";
  options.common.price.budget_s = 5.5 * hour;
  options.common.trials = 5;
  EXPECT_THAT(note(options, infinite_space()), StartsWith("strategy auto takes sobol: 5 trials are too few"))
      << "the trials are the bound, not the budget";
  options.common.trials = 40;
  options.common.effort.full = study::Fidelity::training(8);
  EXPECT_EQ(
      note(options, infinite_space()),
      "strategy auto takes sobol: 5.5 h pay for 5 full evaluations of 60 min, too few for a model: spread evenly");
}

TEST(Auto, HalvesOnlyWhereThatBeginsMoreThanFullTrainingsWould) {
  const Options options{.common = {.trials = 40,
                                   .effort = {.full = study::Fidelity::training(9)},
                                   .price = {.evaluation_s = hour, .budget_s = 1.05 * hour}}};
  EXPECT_THAT(note(options, infinite_space()), StartsWith("strategy auto takes sobol"));
}

TEST(Auto, NeedsTwoTrialsForEachParameterAndTwoMore) {
  std::vector<space::Parameter> parameters;
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    parameters.push_back({.name = name, .domain = space::Real{0, 1}});
  const auto space = space::make_space(parameters).value();  // a model needs 16
  Options options{.common = {.trials = 100,
                             .effort = {.full = study::Fidelity::training(30)},
                             .price = {.evaluation_s = 10, .budget_s = 159}}};
  EXPECT_THAT(note(options, space), HasSubstr("takes halving: 159 s"));
  EXPECT_THAT(note(options, space), HasSubstr("fewer than the 16 that a model needs"));
  options.common.price.budget_s = 160;
  EXPECT_THAT(note(options, space), StartsWith("strategy auto takes mobo"));
  options.common.price.budget_s = 159;
  options.common.effort.full = study::Fidelity::training(5);
  EXPECT_THAT(note(options, space), StartsWith("strategy auto takes mobo")) << "no rungs, but enough for a beginning";
}

/// Seconds that the planned stages take, one after the other, times the workers.
double planned_seconds(const std::vector<PlannedStage>& plan, const Price& price) {
  const double epoch_s = (price.evaluation_s - price.stage_s) / plan.back().after.epochs();
  double seconds = 0;
  for (const auto& stage : plan)
    seconds += price.workers * std::ceil(static_cast<double>(stage.trials) / price.workers) *
               ((stage.after.epochs() - (price.restarts ? 0 : stage.before.epochs())) * epoch_s + price.stage_s);
  return seconds;
}

TEST(Auto, HalvingStaysWithinItsBudgetAndEndsWithAFullyTrainedNetwork) {
  const auto space = infinite_space();
  for (const Price& kind : {Price{}, Price{.stage_s = 0.2 * hour}, Price{.workers = 4}, Price{.restarts = true},
                            Price{.stage_s = 0.1 * hour, .workers = 3, .restarts = true}}) {
    int halved = 0;
    for (const double hours : {1.5, 2.0, 3.0, 5.5, 7.5}) {
      SCOPED_TRACE(testing::Message() << hours << " hours, stage " << kind.stage_s << ", workers " << kind.workers
                                      << ", restarts " << kind.restarts);
      Options options{.strategy = "auto",
                      .common = {.trials = 60, .effort = {.full = study::Fidelity::training(27)}, .price = kind}};
      options.common.price.evaluation_s = hour;
      options.common.price.budget_s = hours * hour;
      const auto strategy = make_strategy(options, space).value();
      const auto plan = strategy->plan();
      if (plan.size() == 1) {
        EXPECT_THAT(note(options, space), HasSubstr("too few for a model"))
            << "the stages would cost more than they save";
        EXPECT_TRUE(kind.stage_s > 0 || kind.workers > 1 || kind.restarts);
        continue;
      }
      ++halved;
      EXPECT_EQ(plan.back().after.epochs(), 27);
      EXPECT_LE(planned_seconds(plan, options.common.price), hours * hour);
      Simulation simulation(two_objectives());
      simulation.run(options, space, 3, 1, 1, [](const study::Trial& trial) {
        auto outcome = usual_outcome(trial);
        outcome.state = study::State::complete;
        return outcome;
      });
      int most = 0;
      for (const auto& trial : simulation.study().trials) most = std::max(most, trial.fidelity.epochs());
      EXPECT_EQ(most, 27);
    }
    EXPECT_GT(halved, 0);
  }
}

TEST(Auto, GoesOnWithTheSameStrategyInANewProcess) {
  const auto space = infinite_space();
  for (const Options& options :
       {Options{.strategy = "auto",
                .common = {.trials = 40,
                           .effort = {.full = study::Fidelity::training(27)},
                           .price = {.evaluation_s = hour, .budget_s = 5 * hour}}},
        Options{.strategy = "auto", .common = {.trials = 30, .price = {.evaluation_s = 0.001}}},
        Options{.strategy = "auto", .common = {.trials = 14, .price = {.evaluation_s = hour}}}}) {
    const auto searched = [&](bool is_stopped) {
      Simulation simulation(two_objectives());
      RandomStream random(1);
      auto strategy = make_strategy(options, space).value();
      for (int round = 0; round < 14; ++round) {
        if (is_stopped) strategy = make_strategy(options, space).value();
        simulation.propose(*strategy, 1);
        simulation.work(random, 1);
      }
      std::vector<std::pair<std::string, int>> trials;
      for (const auto& trial : simulation.study().trials)
        trials.emplace_back(space::to_text(trial.choice), trial.fidelity.epochs());
      return trials;
    };
    EXPECT_EQ(searched(true), searched(false));
  }
}

}  // namespace
}  // namespace edgewise::search
