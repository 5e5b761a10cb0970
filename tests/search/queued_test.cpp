// Named configurations before what a strategy proposes itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/strategies.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::HasSubstr;

space::Choice choice(const std::string& backbone, std::int64_t blocks) {
  return {{"backbone", backbone}, {"blocks", blocks}};
}

std::vector<std::string> choices_of(const study::Study& study) {
  std::vector<std::string> texts;
  for (const auto& trial : study.trials) texts.push_back(space::to_text(trial.choice));
  return texts;
}

TEST(StartWith, ComesFirstInItsOrderWithEveryStrategy) {
  const auto space = finite_space();
  for (const auto& name : strategies().names()) {
    SCOPED_TRACE(name);
    Simulation simulation(two_objectives());
    const Options options{
        .strategy = name,
        .common = {.trials = 10, .start_with = {choice("c", 4), choice("a", 2), choice("c", 4), choice("b", 5)}}};
    simulation.run(options, space, 3, 2, 2);
    const auto study = simulation.study();
    ASSERT_GE(study.trials.size(), 10U);
    EXPECT_EQ(study.trials[0].choice, choice("c", 4));
    EXPECT_EQ(study.trials[1].choice, choice("a", 2));
    EXPECT_EQ(study.trials[2].choice, choice("b", 5));
    std::set<space::Choice> different;
    for (const auto& trial : study.trials) different.insert(trial.choice);
    EXPECT_EQ(different.size(), study.trials.size());
  }
}

TEST(StartWith, CountsAgainstTheNumberOfTrials) {
  const auto space = finite_space();
  Simulation simulation(two_objectives());
  simulation.run(
      {.strategy = "random", .common = {.trials = 2, .start_with = {choice("c", 4), choice("a", 2), choice("b", 5)}}},
      space, 1, 5, 2);
  EXPECT_EQ(choices_of(simulation.study()), (std::vector<std::string>{"backbone=c blocks=4", "backbone=a blocks=2"}));
}

TEST(StartWith, GivesTheSameTrialsHoweverItIsAskedAndGoesOnInANewProcess) {
  const auto space = infinite_space();
  const space::Choice baseline{{"backbone", "b"}, {"learning_rate", 1e-3}},
      other{{"backbone", "a"}, {"learning_rate", 2e-3}};
  const auto trials = [&](std::size_t n) {
    Simulation simulation(two_objectives());
    simulation.run({.strategy = "random", .common = {.trials = 12, .start_with = {baseline, other}}}, space, n, n,
                   3);  // a fresh strategy at each ask
    return choices_of(simulation.study());
  };
  const auto expected = trials(1);
  EXPECT_EQ(expected.size(), 12U);
  EXPECT_EQ(trials(3), expected);
  EXPECT_EQ(trials(20), expected);
}

TEST(StartWith, SkipsWhatTheStudyHasEvenWhenItWasRejected) {
  const auto space = finite_space();
  Simulation simulation(two_objectives());
  const auto strategy =
      make_strategy({.strategy = "grid", .common = {.start_with = {choice("c", 4), choice("a", 2)}}}, space).value();
  const auto first = simulation.propose(*strategy, 1, {"backbone=c blocks=4"});
  EXPECT_EQ(first.note, "given configurations first: 1 to 1 of 2");
  const auto second = simulation.propose(*strategy, 5);
  ASSERT_EQ(second.proposals.size(), 1U);  // the strategy's own ones are asked for again, now that it knows of this one
  EXPECT_EQ(second.proposals[0].choice, choice("a", 2));
  const auto third = simulation.propose(*strategy, 2);
  ASSERT_EQ(third.proposals.size(), 2U);
  EXPECT_EQ(third.proposals[0].choice, choice("a", 1));
  EXPECT_EQ(third.proposals[1].choice, choice("a", 3));
}

TEST(StartWith, HasTheEpochsOfTheFirstStage) {
  const auto space = finite_space();
  Simulation simulation(two_objectives());
  const auto strategy = make_strategy({.strategy = "staged",
                                       .common = {.trials = 4, .start_with = {choice("c", 4)}},
                                       .settings = told("staged", StagedOptions{.stages = {{7, 2}, {20, 0}}})},
                                      space)
                            .value();
  const auto advice = simulation.propose(*strategy, 3);
  ASSERT_EQ(advice.proposals.size(), 1U);
  EXPECT_EQ(advice.proposals[0].fidelity.epochs(), 7);
  EXPECT_EQ(strategy->name(), "staged");
  EXPECT_EQ(strategy->plan().size(), 2U);
}

TEST(StartWith, IsCheckedAgainstTheSpace) {
  const auto space = finite_space();
  const auto strategy =
      make_strategy({.strategy = "random", .common = {.start_with = {choice("a", 1), choice("d", 1)}}}, space);
  ASSERT_FALSE(strategy);
  EXPECT_THAT(strategy.error().message,
              HasSubstr("start_with[1]: parameter \"backbone\" is \"d\"; it must be one of \"a\", \"b\" or \"c\""));
}

}  // namespace
}  // namespace edgewise::search
