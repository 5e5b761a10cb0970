#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "search/rungs/rungs_internal.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

space::Space numbers(std::int64_t count) {
  return space::make_space({{.name = "n", .domain = space::Integer{.low = 0, .high = count - 1}}}).value();
}

std::size_t number_of(const study::Trial& trial) {
  return static_cast<std::size_t>(std::get<std::int64_t>(trial.choice.at("n")));
}

/// Values that differ with the stage; nothing fails.
Outcome sound_outcome(const study::Trial& trial) {
  auto outcome = usual_outcome(trial);
  outcome.state = study::State::complete;
  return outcome;
}

/// Trials that ended each number of epochs, promoted ones included.
std::map<int, int> ended_by_epochs(const study::Study& study) {
  std::map<int, int> counts;
  for (const auto& trial : study.trials)
    for (const auto& result : trial.results) ++counts[result.fidelity.epochs()];
  return counts;
}

/// All of a small space ended its first stage with the values that `trainer` gives; what goes on, by "n".
std::vector<std::size_t> first_promotions(const Options& options, std::int64_t count, Trainer trainer,
                                          const study::Settings& settings = two_objectives(),
                                          std::string* note = nullptr) {
  const auto space = numbers(count);
  const auto strategy = make_strategy(options, space).value();
  Simulation simulation(settings);
  RandomStream random(1);
  std::vector<std::size_t> promoted;
  // One after the other, so that asha has not promoted anybody before everybody has ended.
  std::vector<study::Trial> trials;
  for (std::int64_t i = 0; i < count; ++i)
    trials.push_back({.choice = {{"n", i}}, .fidelity = study::Fidelity::training(1)});
  EXPECT_TRUE(simulation.storage().add(trials, 0));
  simulation.work(random, trials.size(), trainer);
  const auto study = simulation.study();
  const auto advice = strategy->ask(study, 100).value();
  if (note) *note = advice.note;
  for (const auto& proposal : advice.proposals)
    if (proposal.promote)
      promoted.push_back(number_of(study.trials[static_cast<std::size_t>(proposal.promote->value)]));
  return promoted;
}

TEST(Rungs, GrowByTheReductionUpToAllEpochs) {
  EXPECT_THAT(rung_units(81, 3), ElementsAre(1, 3, 9, 27, 81));
  EXPECT_THAT(rung_units(100, 3), ElementsAre(1, 3, 11, 33, 100));
  EXPECT_THAT(rung_units(1000, 3), ElementsAre(12, 37, 111, 333, 1000));
  EXPECT_THAT(rung_units(60, 2), ElementsAre(3, 7, 15, 30, 60));
  EXPECT_THAT(rung_units(10, 4), ElementsAre(2, 10));
  EXPECT_THAT(rung_units(2, 3), ElementsAre(2));
  EXPECT_THAT(rung_units(1, 2), ElementsAre(1));
}

TEST(AllHalving, SaysWhatIsWrong) {
  for (const char* name : {"halving", "hyperband", "asha"}) {
    EXPECT_EQ(make_strategy({.strategy = name, .settings = told(name, RungOptions{.reduction = 1})}, finite_space())
                  .error()
                  .message,
              "reduction is 1; at least 2 is needed");
    EXPECT_THAT(make_strategy({.strategy = name, .common = {.rank = "iou -"}}, finite_space()).error().message,
                HasSubstr("the rank \"iou -\""));
    EXPECT_EQ(make_strategy({.strategy = name}, finite_space()).value()->name(), name);
  }
}

TEST(AllHalving, PromotesTheParetoBestNotTheScalarBest) {
  // The best three by iou are 0, 1, 2; two of them are dominated by 0. The front is 0, 3, 4.
  const Trainer trainer = [](const study::Trial& trial) -> Outcome {
    constexpr double iou[] = {0.9, 0.89, 0.88, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1},
                     latency_ms[] = {30, 31, 32, 10, 1, 2, 3, 4, 5};
    return {.values = {{"iou", iou[number_of(trial)]}, {"latency_ms", latency_ms[number_of(trial)]}}};
  };
  for (const char* name : {"halving", "asha"}) {
    std::string note;
    EXPECT_THAT(
        first_promotions({.strategy = name, .common = {.trials = 9, .effort = {.full = study::Fidelity::training(9)}}},
                         9, trainer, two_objectives(), &note),
        testing::UnorderedElementsAre(0, 3, 4))
        << name;
    EXPECT_EQ(note, "rung 2 of 3: the best 3 of 9 by non-dominated rank and hypervolume") << name;
    // Who writes a rank gets it.
    EXPECT_THAT(
        first_promotions({.strategy = name,
                          .common = {.trials = 9, .effort = {.full = study::Fidelity::training(9)}, .rank = "iou"}},
                         9, trainer),
        ElementsAre(0, 1, 2))
        << name;
  }
}

TEST(AllHalving, TakesOfTheLastRankWhatAddsMostHypervolume) {
  // One front; by hand in losses and latency (0, 10), (1, 6), (1.2, 5.5), (5, 5), (10, 0), reference (11, 11):
  // alone 1.2, 5.5 covers 53.9, more than 1, 6 with 50; then the ends are left: 10, 0 adds 5.5, 5, 5 adds 3, 0, 10
  // adds 1.2.
  const Trainer trainer = [](const study::Trial& trial) -> Outcome {
    constexpr double loss[] = {0, 1, 1.2, 5, 10, 20}, latency_ms[] = {10, 6, 5.5, 5, 0, 20};
    return {.values = {{"iou", -loss[number_of(trial)]}, {"latency_ms", latency_ms[number_of(trial)]}}};
  };
  for (const char* name : {"halving", "asha"}) {
    EXPECT_THAT(
        first_promotions({.strategy = name, .common = {.trials = 6, .effort = {.full = study::Fidelity::training(9)}}},
                         6, trainer),
        ElementsAre(2, 4))
        << name;
    EXPECT_THAT(first_promotions({.strategy = name,
                                  .common = {.trials = 6, .effort = {.full = study::Fidelity::training(9)}},
                                  .settings = told(name, RungOptions{.reduction = 2})},
                                 6, trainer),
                testing::SizeIs(3))
        << name;
  }
}

TEST(AllHalving, PutsFeasibleTrialsFirstAndNeverPromotesFailedOrPrunedOnes) {
  auto settings = two_objectives();
  settings.constraints.push_back({"latency_ms < 33", study::Comparison::parse("latency_ms < 33").value()});
  const Trainer trainer = [](const study::Trial& trial) -> Outcome {
    switch (number_of(trial)) {
      case 0:
        return {.values = {{"iou", 0.9}, {"latency_ms", 50}}};
      case 1:
        return {.values = {{"iou", 0.8}, {"latency_ms", 40}}};  // breaks it by less
      case 2:
        return {.values = {{"iou", 0.1}, {"latency_ms", 20}}};
      case 3:
        return {.state = study::State::pruned, .values = {{"iou", 0.95}, {"latency_ms", 1}}};
      case 4:
        return {.values = {{"latency_ms", 1}}};  // no iou: cannot be ranked
      default:
        return {.state = study::State::failed};
    }
  };
  std::string note;
  EXPECT_THAT(first_promotions({.strategy = "halving",
                                .common = {.trials = 6, .effort = {.full = study::Fidelity::training(4)}},
                                .settings = told("halving", RungOptions{.reduction = 2})},
                               6, trainer, settings, &note),
              ElementsAre(2, 1, 0));
  EXPECT_THAT(
      note, HasSubstr("2 of them break a constraint, because only 1 keeps all; 1 left out, whose values are missing"));
  EXPECT_THAT(first_promotions(
                  {.strategy = "halving", .common = {.trials = 6, .effort = {.full = study::Fidelity::training(9)}}}, 6,
                  trainer, settings),
              ElementsAre(2, 1));
}

TEST(Halving, FillsEveryRungWhateverTheOrderInWhichTrialsEnd) {
  const auto space = infinite_space();
  const Options options{.strategy = "halving",
                        .common = {.trials = 54, .effort = {.full = study::Fidelity::training(27)}}};
  std::set<std::tuple<std::string, int, int>> expected;
  for (std::uint64_t order = 0; order < 8; ++order) {
    SCOPED_TRACE(order);
    Simulation simulation(two_objectives());
    simulation.run(options, space, order, 1 + order * 3, 1 + order % 4, sound_outcome);
    EXPECT_EQ(ended_by_epochs(simulation.study()), (std::map<int, int>{{1, 54}, {3, 18}, {9, 6}, {27, 2}}));
    if (order == 0) expected = reached(simulation.study());
    EXPECT_EQ(reached(simulation.study()), expected);
  }
}

TEST(SynchronousHalving, ReachesTheSameWithFailuresWhateverTheOrder) {
  const auto space = infinite_space();
  for (const char* name : {"halving", "hyperband"}) {
    std::set<std::tuple<std::string, int, int>> expected;
    for (std::uint64_t order = 0; order < 8; ++order) {
      SCOPED_TRACE(std::string(name) + std::to_string(order));
      Simulation simulation(two_objectives());
      simulation.run({.strategy = name, .common = {.trials = 60, .effort = {.full = study::Fidelity::training(9)}}},
                     space, order, 1 + order * 3, 1 + order % 4);
      if (order == 0) expected = reached(simulation.study());
      EXPECT_EQ(reached(simulation.study()), expected);
      EXPECT_EQ(simulation.study().trials.size(), 60U);
    }
  }
}

TEST(Hyperband, BeginsTheTrialsOfABracketOnItsRung) {
  // Rungs 1, 3, 9: brackets of ceil(3 / 3 * 9) = 9, ceil(3 / 2 * 3) = 5 and 3 trials.
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  simulation.run({.strategy = "hyperband", .common = {.trials = 34, .effort = {.full = study::Fidelity::training(9)}}},
                 space, 3, 4, 3, sound_outcome);
  const auto study = simulation.study();
  ASSERT_EQ(study.trials.size(), 34U);
  std::map<int, int> begun;
  for (const auto& trial : study.trials) ++begun[trial.results.front().fidelity.epochs()];
  EXPECT_EQ(begun, (std::map<int, int>{{1, 18}, {3, 10}, {9, 6}}));
  // Two rounds; of each 9 -> 3 -> 1, 5 -> 1, 3.
  EXPECT_EQ(ended_by_epochs(study), (std::map<int, int>{{1, 18}, {3, 10 + 6}, {9, 6 + 2 + 2}}));
  for (const auto& trial : study.trials) {
    // Each stage is one rung above the one before.
    for (std::size_t stage = 0; stage < trial.results.size(); ++stage) {
      EXPECT_EQ(trial.results[stage].stage, static_cast<int>(stage));
      if (stage > 0) {
        EXPECT_EQ(trial.results[stage].fidelity.epochs(), 3 * trial.results[stage - 1].fidelity.epochs());
      }
    }
  }
  const auto plan =
      make_strategy(
          {.strategy = "hyperband", .common = {.trials = 34, .effort = {.full = study::Fidelity::training(9)}}}, space)
          .value()
          ->plan();
  std::map<int, int> planned;
  for (const auto& stage : plan) planned[stage.after.epochs()] += static_cast<int>(stage.trials);
  EXPECT_EQ(planned, ended_by_epochs(study));
  EXPECT_EQ(plan.front().name, "bracket 1 of 3, rung 1 of 3");
}

TEST(Hyperband, PromotesWithinTheBracketOnly) {
  // The earlier the bracket, the worse: compared with each other, nobody of the first would ever go on.
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  simulation.run(
      {.strategy = "hyperband", .common = {.trials = 17, .effort = {.full = study::Fidelity::training(9)}}}, space, 1,
      17, 17, [](const study::Trial& trial) -> Outcome {
        return {.values = {{"iou", trial.results.empty() ? trial.fidelity.epochs() : 0.0}, {"latency_ms", 1.0}}};
      });
  EXPECT_EQ(ended_by_epochs(simulation.study()), (std::map<int, int>{{1, 9}, {3, 3 + 5}, {9, 1 + 1 + 3}}));
}

TEST(Hyperband, FinishesARoundBeforeTheNextOneEnds) {
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  const auto strategy = make_strategy({.strategy = "hyperband",
                                       .common = {.trials = 1000, .effort = {.full = study::Fidelity::training(9)}}},
                                      space)
                            .value();
  RandomStream random(1);
  for (int i = 0; i < 40; ++i) {
    simulation.propose(*strategy, 2);
    simulation.work(random, 2, sound_outcome);
  }
  int promoted_to_the_top = 0;
  for (const auto& trial : simulation.study().trials)
    promoted_to_the_top += trial.results.size() > 1 && trial.results.back().fidelity.epochs() == 9;
  EXPECT_GE(promoted_to_the_top, 2);
}

TEST(Asha, PromotesAsSoonAsItCanAndNeverWaits) {
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  const auto strategy =
      make_strategy({.strategy = "asha", .common = {.trials = 30, .effort = {.full = study::Fidelity::training(9)}}},
                    space)
          .value();
  RandomStream random(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(simulation.propose(*strategy, 1).proposals.at(0).promote, std::nullopt);
    simulation.work(random, 1, sound_outcome);
  }
  simulation.propose(*strategy, 4);  // four more are begun; two ended are too few to promote one
  simulation.work(random, 1, sound_outcome);
  const auto advice = simulation.propose(*strategy, 2);  // while three still run
  ASSERT_EQ(advice.proposals.size(), 2U);
  ASSERT_TRUE(advice.proposals[0].promote.has_value());
  EXPECT_EQ(advice.proposals[0].fidelity.epochs(), 3);
  EXPECT_EQ(advice.proposals[1].promote, std::nullopt);
  EXPECT_EQ(advice.proposals[1].fidelity.epochs(), 1);
  while (simulation.study().trials.size() < 30) {
    EXPECT_FALSE(simulation.propose(*strategy, 1).proposals.empty());
    if (random.chance(0.3)) simulation.work(random, 1, sound_outcome);
  }
}

TEST(Asha, EndsWithATrialOnEveryRungHoweverFewThereAre) {
  const auto space = infinite_space();
  for (std::uint64_t order = 0; order < 6; ++order) {
    SCOPED_TRACE(order);
    Simulation simulation(two_objectives());
    simulation.run({.strategy = "asha", .common = {.trials = 4, .effort = {.full = study::Fidelity::training(27)}}},
                   space, order, 2, 1 + order % 3, sound_outcome);
    EXPECT_EQ(simulation.study().trials.size(), 4U);
    const auto ended = ended_by_epochs(simulation.study());
    for (const int epochs : {3, 9, 27}) EXPECT_GE(ended.contains(epochs) ? ended.at(epochs) : 0, 1) << epochs;
    Simulation large(two_objectives());
    large.run({.strategy = "asha", .common = {.trials = 90, .effort = {.full = study::Fidelity::training(27)}}}, space,
              order, 2, 1 + order % 3, sound_outcome);
    const auto counts = ended_by_epochs(large.study());
    EXPECT_EQ(counts.at(1), 90);
    EXPECT_GE(counts.at(3), 30);  // promoted early, some by mistake: at least a third, not many more
    EXPECT_LE(counts.at(3), 45);
    EXPECT_GE(counts.at(27), 3);
  }
}

TEST(Asha, GivesUpWhenNothingCompletes) {
  const auto space = infinite_space();
  for (const char* name : {"asha", "halving", "hyperband"}) {
    Simulation simulation(two_objectives());
    simulation.run({.strategy = name, .common = {.trials = 12, .effort = {.full = study::Fidelity::training(9)}}},
                   space, 1, 3, 3, [](const study::Trial&) { return Outcome{.state = study::State::failed}; });
    EXPECT_EQ(simulation.study().trials.size(), 12U);
    Simulation nothing(two_objectives());
    nothing.run({.strategy = name, .common = {.trials = 12, .effort = {.full = study::Fidelity::training(9)}}}, space,
                1, 3, 3, [](const study::Trial&) { return Outcome{}; });  // no values
    for (const auto& trial : nothing.study().trials) EXPECT_EQ(trial.stage, 0);
  }
}

/// One worker; with kills, what runs is put back now and then, and every ask is of a new strategy.
std::vector<std::string> events(const Options& options, const space::Space& space, bool has_kills, std::uint64_t seed) {
  Simulation simulation(two_objectives());
  RandomStream random(seed), order(1);
  const auto lasting = make_strategy(options, space).value();
  std::vector<std::string> events;
  for (int step = 0; step < 10'000; ++step) {
    const auto fresh = make_strategy(options, space).value();
    if (has_kills && random.chance(0.3)) {
      // Killed after asking, before the answer was recorded; then in the middle of a training.
      EXPECT_TRUE(fresh->ask(simulation.study(), 1 + random.below(5)));
      if (const auto claim = simulation.storage().claim("a:2").value()) {
        EXPECT_TRUE(simulation.storage().release(*claim));
      }
    }
    const auto advice = simulation.propose(has_kills ? *fresh : *lasting, 1);
    for (const auto& proposal : advice.proposals)
      events.push_back(space::to_text(proposal.choice) + " " + std::to_string(proposal.fidelity.epochs()) +
                       (proposal.promote ? " again" : ""));
    if (advice.is_finished) return events;
    simulation.work(order, 1);
  }
  ADD_FAILURE() << "the search does not end";
  return events;
}

TEST(AllHalving, ARunWithKillsEqualsTheOneWithout) {
  const auto space = infinite_space();
  for (const char* name : {"halving", "hyperband", "asha"}) {
    const Options options{.strategy = name, .common = {.trials = 40, .effort = {.full = study::Fidelity::training(9)}}};
    const auto expected = events(options, space, false, 0);
    EXPECT_GT(expected.size(), 45U) << name;
    for (std::uint64_t seed = 1; seed < 5; ++seed) EXPECT_EQ(events(options, space, true, seed), expected) << name;
  }
}

TEST(AllHalving, PlansWhatASoundSearchTakes) {
  const auto space = infinite_space();
  for (const char* name : {"halving", "asha"}) {
    const auto plan =
        make_strategy({.strategy = name, .common = {.trials = 30, .effort = {.full = study::Fidelity::training(9)}}},
                      space)
            .value()
            ->plan();
    ASSERT_EQ(plan.size(), 3U);
    EXPECT_EQ(plan[0].trials, 30U);
    EXPECT_EQ(plan[1].trials, 10U);
    EXPECT_EQ(plan[2].trials, 3U);
    EXPECT_EQ(plan[2].before.epochs(), 3);
    EXPECT_EQ(plan[2].after.epochs(), 9);
    EXPECT_EQ(plan[2].name, "rung 3 of 3");
  }
  EXPECT_EQ(make_strategy({.strategy = "halving"}, space).value()->plan()[0].trials, default_trials);
}

TEST(AllHalving, EndWithASmallSpaceAndOneRung) {
  for (const char* name : {"halving", "hyperband", "asha"}) {
    Simulation simulation(two_objectives());
    simulation.run({.strategy = name, .common = {.trials = 100, .effort = {.full = study::Fidelity::training(2)}}},
                   finite_space(), 1, 4, 2, sound_outcome);
    EXPECT_EQ(ended_by_epochs(simulation.study()), (std::map<int, int>{{2, 15}})) << name;
  }
}

}  // namespace
}  // namespace edgewise::search
