#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/strategies.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;

Error error_of(const Options& options, const space::Space& space = finite_space()) {
  const auto strategy = make_strategy(options, space);
  EXPECT_FALSE(strategy);
  return strategy ? Error{} : strategy.error();
}

TEST(MakeStrategy, TellsWhatIsWrong) {
  EXPECT_THAT(strategies().names(), IsSupersetOf({"grid", "random", "staged", "halving", "hyperband", "asha", "mobo",
                                                  "evolution", "lhs", "local", "nsga2", "sobol", "tpe", "auto"}));
  const auto unknown = error_of({.strategy = "stagd"});
  EXPECT_EQ(unknown.message, "strategy \"stagd\" is not one of " + quoted_list(strategies().names()));
  EXPECT_EQ(unknown.next, "did you mean \"staged\"?");
  EXPECT_EQ(error_of({.strategy = "xyzzy"}).next, "");
  EXPECT_EQ(error_of({.strategy = "random", .common = {.trials = -1}}).message,
            "trials is -1; it must be 0 (no bound) or more");
  EXPECT_EQ(error_of({.strategy = "random", .common = {.effort = {.full = study::Fidelity::training(0)}}}).message,
            "epochs is 0; at least 1 is needed");
  const auto grid = error_of({.strategy = "grid"}, infinite_space());
  EXPECT_EQ(grid.message, "a grid needs a finite space: \"learning_rate\" is a real number");
  EXPECT_THAT(grid.next, HasSubstr("use the strategy \"random\""));
  std::vector<space::Parameter> parameters;
  for (const char* name : {"a", "b", "c", "d"})
    parameters.push_back({.name = name, .domain = space::Integer{.low = 0, .high = 100'000}});
  const auto huge = space::make_space(parameters).value();
  EXPECT_EQ(error_of({.strategy = "grid"}, huge).message, "a grid needs a finite space: it has more than 2^63 choices");
}

TEST(MakeStrategy, ChecksStages) {
  const auto message = [](std::vector<Stage> stages) {
    return error_of({.strategy = "staged", .settings = told("staged", StagedOptions{.stages = std::move(stages)})})
        .message;
  };
  EXPECT_EQ(message({}), "a staged search has no stages");
  EXPECT_EQ(message({{0, 3}, {5, 0}}), "stage 1 has 0 epochs; at least 1 is needed");
  EXPECT_EQ(message({{10, 3}, {10, 0}}), "stage 2 ends at 10 epochs, but the stage before it at 10");
  EXPECT_EQ(message({{10, 0}, {20, 0}}), "stage 1 keeps 0 trials; at least 1 is needed");
  EXPECT_EQ(message({{10, 3}, {20, 3}, {30, 0}}), "stage 2 keeps 3 trials, but only 3 reach it");
  EXPECT_TRUE(make_strategy({.strategy = "staged", .settings = told("staged", StagedOptions{.stages = {{10, 0}}})},
                            finite_space()));
  EXPECT_TRUE(make_strategy({.strategy = "staged"}, finite_space()));
}

TEST(MakeStrategy, ChecksTheRank) {
  Options options{.strategy = "staged", .common = {.rank = "iuo - latency_ms", .recorded = {"iou", "latency_ms"}}};
  const auto unknown = error_of(options);
  EXPECT_EQ(unknown.message, "the rank uses \"iuo\", which no trial records; there are \"iou\" or \"latency_ms\"");
  options.common.rank = "iou_ - latency_ms";
  EXPECT_EQ(error_of(options).next, "did you mean \"iou\"?");
  options.common.rank = "iou - ";
  const auto broken = error_of(options);
  EXPECT_EQ(broken.message, "the rank \"iou - \": the expression ends where a value is expected");
  EXPECT_EQ(broken.where, "column 7");
  options.common.rank = "iou - latency_ms / 33";
  EXPECT_TRUE(make_strategy(options, finite_space()));
}

TEST(SetOption, SetsWhatAJobFileSets) {
  Options options{.strategy = "mobo"};
  for (const char* text : {"initial=7", "surrogate=random_forest", "rank=iou - latency_ms / 33", "reduction= 4",
                           "stages=[{epochs: 2, keep: 3}, {epochs: 5}]", "neighbours=3"})
    EXPECT_TRUE(set_option(options, text)) << text;
  const auto of = [&](const char* name) -> const Settings& { return options.settings.of(*strategies().find(name)); };
  EXPECT_EQ(of("mobo").as<MoboOptions>().initial.initial, 7);
  EXPECT_EQ(of("mobo").as<MoboOptions>().surrogate, "random_forest");
  EXPECT_EQ(of("tpe").as<InitialOptions>().initial, 7);
  EXPECT_EQ(of("asha").as<RungOptions>().reduction, 4);
  EXPECT_EQ(of("staged").as<StagedOptions>().stages, (std::vector<Stage>{{2, 3}, {5, 0}}));
  EXPECT_EQ(options.common.rank, "iou - latency_ms / 33");
  EXPECT_EQ(Options{}.settings.of(*strategies().find("mobo")).as<MoboOptions>().initial.initial, 0) << "copies differ";
  const auto message = [&](const char* text) { return set_option(options, text).error(); };
  EXPECT_EQ(message("initial").message, "\"initial\" sets nothing");
  EXPECT_EQ(message("reduction=1").message, "reduction must be at least 2 and at most 1000, not \"1\"");
  EXPECT_THAT(message("surogate=gp").message, HasSubstr("\"surogate\" is not an option; the options are \"stages\""));
  EXPECT_EQ(message("surogate=gp").next, "did you mean \"surrogate\"?");
  EXPECT_THAT(message("acquisition=ehvy").message, HasSubstr("acquisition \"ehvy\" is not one of \"ehvi\""));
  EXPECT_THAT(message("stages=[{epochs: 5, keep: 0}, {epochs: 9}]").message, HasSubstr("keep must be at least 1"));
}

TEST(SetOption, ListsOptionsInTheOrderOfTheReference) {
  Options options;
  const Json written = config::write([&](config::Options& o) { options.fields(o); });
  std::vector<std::string> names;
  for (const auto& [name, value] : written.items()) names.push_back(name);
  const std::vector<std::string> built_in{"strategy",  "trials",      "stages",     "rank",
                                          "features",  "initial",     "population", "reduction",
                                          "surrogate", "acquisition", "solver",     "selection"};
  ASSERT_GE(names.size(), built_in.size());
  EXPECT_TRUE(std::ranges::equal(built_in, std::span(names).first(built_in.size())));
  // What an entry from elsewhere declares follows.
  EXPECT_THAT(names, IsSupersetOf({"draws", "neighbours"}));
}

TEST(Grid, ProposesEveryValidChoiceOnceInOrder) {
  const auto space =
      space::make_space(finite_space().parameters(), [](const space::Choice& choice) -> std::optional<std::string> {
        if (space::to_text(choice) == "backbone=b blocks=2") return "no";
        return std::nullopt;
      }).value();
  Simulation simulation(two_objectives());
  const Options options{.strategy = "grid", .common = {.effort = {.full = study::Fidelity::training(7)}}};
  const auto strategy = make_strategy(options, space).value();
  EXPECT_EQ(strategy->name(), "grid");
  const auto first = simulation.propose(*strategy, 4);
  ASSERT_EQ(first.proposals.size(), 4U);
  EXPECT_EQ(space::to_text(first.proposals[0].choice), "backbone=a blocks=1");
  EXPECT_EQ(space::to_text(first.proposals[3].choice), "backbone=a blocks=4");
  EXPECT_EQ(first.proposals[0].fidelity.epochs(), 7);
  EXPECT_EQ(first.proposals[0].promote, std::nullopt);
  EXPECT_FALSE(first.is_finished);
  EXPECT_EQ(simulation.propose(*strategy, 100).proposals.size(), 10U);
  EXPECT_TRUE(simulation.propose(*strategy, 100).is_finished);
  ASSERT_EQ(strategy->plan().size(), 1U);
  EXPECT_EQ(strategy->plan()[0].trials, 14U);
  EXPECT_EQ(strategy->plan()[0].before.epochs(), 0);
  EXPECT_EQ(strategy->plan()[0].after.epochs(), 7);
}

TEST(Grid, StopsAtTheNumberOfTrialsButRejectedOnesDoNotCount) {
  Simulation simulation(two_objectives());
  const auto space = finite_space();
  const auto strategy = make_strategy({.strategy = "grid", .common = {.trials = 4}}, space).value();
  simulation.propose(*strategy, 3, {"backbone=a blocks=2", "backbone=a blocks=3"});
  EXPECT_EQ(simulation.propose(*strategy, 10).proposals.size(), 3U);
  EXPECT_TRUE(simulation.propose(*strategy, 10).is_finished);
  EXPECT_EQ(simulation.study().trials.size(), 6U);
  EXPECT_EQ(strategy->plan()[0].trials, 4U);
}

TEST(RandomSearch, IsAFunctionOfSeedAndNumberHoweverItIsAsked) {
  const auto space = infinite_space();
  const auto choices = [&](std::uint64_t seed, std::size_t n) {
    Simulation simulation(two_objectives());
    simulation.run({.strategy = "random", .common = {.trials = 20, .seed = seed}}, space, n, n, 3);
    std::vector<space::Choice> result;
    for (const auto& trial : simulation.study().trials) result.push_back(trial.choice);
    return result;
  };
  const auto expected = choices(1, 1);
  EXPECT_EQ(expected.size(), 20U);
  EXPECT_EQ(choices(1, 7), expected);
  EXPECT_EQ(choices(1, 100), expected);
  EXPECT_NE(choices(2, 1), expected);
}

TEST(RandomSearch, NeverRepeatsAndEndsWhenASmallSpaceIsExhausted) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Simulation simulation(two_objectives());
    const auto space = finite_space();
    simulation.run({.strategy = "random", .common = {.trials = 1000, .seed = seed}}, space, seed, 4, 3);
    EXPECT_EQ(reached(simulation.study()).size(), 15U);
    EXPECT_EQ(simulation.study().trials.size(), 15U);
    const auto strategy =
        make_strategy({.strategy = "random", .common = {.trials = 1000, .seed = seed}}, space).value();
    EXPECT_EQ(strategy->ask(simulation.study(), 1)->note,
              "the space has no choice that was not tried; 15 trials of 1000 were made");
    EXPECT_EQ(strategy->plan()[0].trials, 15U);
  }
}

TEST(RandomSearch, MakesFortyTrialsUnlessToldOtherwise) {
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  simulation.run({.strategy = "random"}, space, 1, 8, 4);
  EXPECT_EQ(simulation.study().trials.size(), 40U);
}

TEST(RandomSearch, LooksOnWhileTrialsAreRejectedButNotForEver) {
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  const auto strategy = make_strategy({.strategy = "random", .common = {.trials = 2}}, space).value();
  std::size_t asked = 0;
  for (;; ++asked) {
    ASSERT_LT(asked, 1000U);
    const auto advice = strategy->ask(simulation.study(), 10).value();
    if (advice.is_finished) {
      EXPECT_THAT(advice.note,
                  HasSubstr("choices were rejected before training; loosen the constraints or narrow the space"));
      break;
    }
    ASSERT_EQ(advice.proposals.size(), 2U);
    std::vector<study::Trial> rejected;
    for (const auto& proposal : advice.proposals)
      rejected.push_back({.choice = proposal.choice, .state = study::State::rejected});
    ASSERT_TRUE(simulation.storage().add(rejected, simulation.study().trials.size()));
  }
  EXPECT_EQ(simulation.study().trials.size(), 200U);
}

TEST(RandomSearch, FindsTheFewValidChoicesOfATightSpace) {
  const auto space = space::make_space({{.name = "a", .domain = space::Integer{.low = 0, .high = 50'000}}},
                                       [](const space::Choice& choice) -> std::optional<std::string> {
                                         if (std::get<std::int64_t>(choice.at("a")) % 25'000 == 1) return std::nullopt;
                                         return "no";
                                       })
                         .value();
  Simulation simulation(two_objectives());
  simulation.run({.strategy = "random", .common = {.trials = 5}}, space, 1, 2, 2);
  EXPECT_EQ(simulation.study().trials.size(), 2U);
}

}  // namespace
}  // namespace edgewise::search
