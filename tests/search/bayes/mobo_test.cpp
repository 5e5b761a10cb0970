#include "search/bayes/mobo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>

#include "search/bayes/beliefs.hpp"
#include "surrogate/surrogate.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using testing::HasSubstr;

space::Space cell_space() {
  std::vector<space::Parameter> parameters;
  for (const char* name : {"a", "b", "c"})
    parameters.push_back({.name = name, .domain = space::Categorical{{"none", "small", "large"}}});
  parameters.push_back({.name = "width", .domain = space::Integer{.low = 8, .high = 64, .step = 8}});
  return space::make_space(std::move(parameters)).value();
}

double ops(const space::Choice& choice, const std::string& word) {
  double count = 0;
  for (const char* name : {"a", "b", "c"}) count += std::get<std::string>(choice.at(name)) == word ? 1.0 : 0.0;
  return count;
}
double cost_of(const space::Choice& choice) {
  return (1 + ops(choice, "small") + 4 * ops(choice, "large")) *
         static_cast<double>(std::get<std::int64_t>(choice.at("width")));
}
double error_of(const space::Choice& choice) {
  return 40.0 / (1 + 2 * ops(choice, "small") + 3 * ops(choice, "large")) +
         100.0 / static_cast<double>(std::get<std::int64_t>(choice.at("width")));
}

study::Settings error_and_cost() {
  study::Settings settings;
  settings.objectives = {{"error", study::Direction::minimize}, {"cost", study::Direction::minimize}};
  return settings;
}

Outcome evaluated(const study::Trial& trial) {
  return {.state = study::State::complete,
          .values = {{"error", error_of(trial.choice)}, {"cost", cost_of(trial.choice)}}};
}

double volume(const study::Study& study) {
  Matrix points;
  for (const auto& trial : study.trials)
    if (trial.state == study::State::complete) points.push_back({error_of(trial.choice), cost_of(trial.choice)});
  return hypervolume(points, std::vector{60.0, 850.0}).value();
}

study::Study searched(const Options& options, std::uint64_t order = 1) {
  Simulation simulation(error_and_cost());
  const auto space = cell_space();
  simulation.run(options, space, order, 1, 1, evaluated);
  return simulation.study();
}

/// What the space hides: how many of each kind there are, and a number that is known of no choice.
std::shared_ptr<const Description> counts(bool is_looked_up, int* calls = nullptr) {
  const std::vector<DescribingColumn> columns{
      {"small", "counts"}, {"large", "counts"}, {"log.cost", "costs"}, {"error", "hidden"}};
  return std::make_shared<const Description>(
      columns,
      [calls](const space::Choice& choice) -> std::vector<double> {
        if (calls) ++*calls;
        return {ops(choice, "small"), ops(choice, "large"), std::log(cost_of(choice)), error_of(choice)};
      },
      is_looked_up);
}

TEST(Mobo, EveryModelLearnsFromWhatDescribesAChoice) {
  for (const auto& surrogate : surrogate::surrogates().names()) {
    SCOPED_TRACE(surrogate);
    const Options options{.strategy = "mobo",
                          .common = {.trials = 11, .description = counts(true)},
                          .settings = told("mobo", MoboOptions{.initial = {8}, .surrogate = surrogate})};
    EXPECT_EQ(searched(options).trials.size(), 11u);
  }
}

TEST(Mobo, FindsMoreWhenTheNetworkIsDescribed) {
  double with = 0, without = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Options options{.strategy = "mobo",
                    .common = {.trials = 16, .seed = seed, .description = counts(true)},
                    .settings = told("mobo", MoboOptions{.initial = {6}})};
    with += volume(searched(options, seed));
    options.common.features = "none";
    without += volume(searched(options, seed));
  }
  EXPECT_GT(with, without);
}

TEST(Mobo, LooksCloselyOnlyAtWhatTheScreenLetsThrough) {
  int all = 0, screened = 0;
  for (const bool is_looked_up : {true, false}) {
    int& calls = is_looked_up ? all : screened;
    const Options options{.strategy = "mobo",
                          .common = {.trials = 10, .description = counts(is_looked_up, &calls)},
                          .settings = told("mobo", MoboOptions{.initial = {8}, .solver = "pool"})};
    EXPECT_EQ(searched(options).trials.size(), 10u);
  }
  EXPECT_GT(all, 200);  // the space has 216 choices
  EXPECT_LT(screened, all / 2);
}

TEST(Mobo, FeaturesOfTheWrongKindAreLeftOut) {
  const double infinite = std::numeric_limits<double>::infinity(), none = std::nan("");
  std::vector<DescribingColumn> columns;
  for (int i = 0; i < 3000; ++i) columns.push_back({std::to_string(i), i % 2 == 0 ? "even" : "odd"});
  const auto description = std::make_shared<const Description>(
      columns,
      [=](const space::Choice& choice) {
        std::vector<double> numbers(3000, 7.0);
        for (std::size_t i = 0; i < numbers.size(); i += 3) numbers[i] = i % 2 == 0 ? none : infinite;
        numbers[4] = ops(choice, "small");
        numbers[5] = 1e300 * ops(choice, "large");
        return numbers;
      },
      true);
  const Options options{.strategy = "mobo",
                        .common = {.trials = 12, .description = description},
                        .settings = told("mobo", MoboOptions{.initial = {8}})};
  EXPECT_EQ(searched(options).trials.size(), 12u);
}

TEST(Mobo, EveryCombinationOfPartsRunsToTheEnd) {
  // All surrogates with all acquisitions, then all solvers with all selections: whatever one part hands to the next,
  // two at a time meet.
  for (const auto& surrogate : surrogate::surrogates().names())
    for (const auto& acquisition : acquisitions().names()) {
      SCOPED_TRACE(surrogate + " " + acquisition);
      const bool is_slow = surrogate == "bnn" || surrogate == "mlp_ensemble";
      const Options options{
          .strategy = "mobo",
          .common = {.trials = is_slow ? 9 : 12},
          .settings =
              told("mobo",
                   MoboOptions{.initial = {8}, .surrogate = surrogate, .acquisition = acquisition, .solver = "pool"})};
      EXPECT_EQ(searched(options).trials.size(), static_cast<std::size_t>(options.common.trials));
    }
  for (const auto& acquisition : acquisitions().names())
    for (const auto& solver : solvers().names())
      for (const auto& selection : selections().names()) {
        SCOPED_TRACE(acquisition + " " + solver + " " + selection);
        const Options options{.strategy = "mobo",
                              .common = {.trials = 12},
                              .settings = told("mobo", MoboOptions{.initial = {8},
                                                                   .surrogate = "bayesian_ridge",
                                                                   .acquisition = acquisition,
                                                                   .solver = solver,
                                                                   .selection = selection})};
        EXPECT_EQ(searched(options).trials.size(), 12U);
      }
}

TEST(Mobo, EveryModelGoesOnAfterExtremeValues) {
  const auto extreme = [](const study::Trial& trial) -> Outcome {
    constexpr double values[] = {1.7e308, -1.7e308, 1e-320, 0.0, -0.0, 5e-324, 1.0};
    const auto pick = [&](std::int64_t step) {
      return values[static_cast<std::size_t>(trial.id.value * step) % std::size(values)];
    };
    return {.state = study::State::complete, .values = {{"error", pick(1)}, {"cost", pick(3)}}};
  };
  for (const auto& surrogate : surrogate::surrogates().names())
    for (const auto& acquisition : acquisitions().names()) {
      SCOPED_TRACE(surrogate + " " + acquisition);
      Simulation simulation(error_and_cost());
      const auto space = cell_space();
      simulation.run(
          {.strategy = "mobo",
           .common = {.trials = 10},
           .settings =
               told("mobo",
                    MoboOptions{.initial = {8}, .surrogate = surrogate, .acquisition = acquisition, .solver = "pool"})},
          space, 1, 1, 1, extreme);
      EXPECT_EQ(simulation.study().trials.size(), 10U);
    }
}

TEST(Tamed, KeepsTheOrderAndLeavesOrdinaryValuesAlone) {
  for (const double value : {0.0, 1e-320, 5.0, -1e60, 1e60}) EXPECT_EQ(tamed(value), value);
  const std::vector<double> sorted{
      -std::numeric_limits<double>::infinity(), -1e200, -1e61, -1e60, 0.0, 1e60, 1.1e60, 1e61, 1e200, 1.7e308};
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) EXPECT_LT(tamed(sorted[i]), tamed(sorted[i + 1])) << sorted[i];
  EXPECT_LE(tamed(1.7e308), 4e60);
}

TEST(Mobo, FindsMoreThanRandomSearch) {
  double ours = 0, random = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    ours += volume(searched({.strategy = "mobo",
                             .common = {.trials = 30, .seed = seed},
                             .settings = told("mobo", MoboOptions{.initial = {8}})}));
    random += volume(searched({.strategy = "random", .common = {.trials = 30, .seed = seed}}));
  }
  EXPECT_GT(ours, random);
}

TEST(Mobo, TellsWhatIsWrongWithItsParts) {
  const auto space = cell_space();
  const auto message = [&](const Options& options) { return make_strategy(options, space).error(); };
  EXPECT_THAT(message({.strategy = "mobo", .settings = told("mobo", MoboOptions{.surrogate = "gb"})}).message,
              HasSubstr("surrogate \"gb\" is not one of"));
  EXPECT_EQ(message({.strategy = "mobo", .settings = told("mobo", MoboOptions{.acquisition = "ehv"})}).next,
            "did you mean \"ehvi\"?");
  EXPECT_EQ(message({.strategy = "mobo", .settings = told("mobo", MoboOptions{.solver = "locl"})}).next,
            "did you mean \"local\"?");
  EXPECT_EQ(message({.strategy = "mobo", .settings = told("mobo", MoboOptions{.selection = "hvy"})}).next,
            "did you mean \"hvi\"?");
}

TEST(Auto, PicksByTheSizeOfTheSpaceAndTheNumberOfTrialsAndSaysWhy) {
  const auto note = [](std::int64_t trials, const space::Space& space) {
    const auto strategy = make_strategy({.strategy = "auto", .common = {.trials = trials}}, space).value();
    study::Study study;
    study.settings = error_and_cost();
    return strategy->ask(study, 1).value().note;
  };
  EXPECT_THAT(note(0, finite_space()), HasSubstr("grid"));
  EXPECT_THAT(note(5, cell_space()), HasSubstr("sobol"));
  EXPECT_THAT(note(60, cell_space()), HasSubstr("mobo"));
  EXPECT_THAT(note(100'000, infinite_space()), HasSubstr("tpe"));
}

/// A study of the first choices of the space, in steps.
study::Study evaluated_study(const space::Space& space, const study::Settings& settings, std::uint64_t step) {
  study::Study study;
  study.settings = settings;
  for (std::uint64_t i = 0; i < *space.size(); i += step) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                       .choice = *space.at(i),
                       .state = study::State::complete};
    trial.results.push_back({.values = study::values_of(study::Source::told, {{"error", error_of(trial.choice)},
                                                                              {"cost", cost_of(trial.choice)}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

study::Constraint constraint(const std::string& text) {
  return {text, study::Comparison::parse(text).value()};
}

TEST(Beliefs, LearnHowLikelyAConstraintHolds) {
  const auto space = cell_space();
  auto settings = error_and_cost();
  settings.constraints = {constraint("cost < 200")};
  const auto study = evaluated_study(space, settings, 5);
  const auto beliefs = Beliefs::learn(space, study, history_of(study), {}).value();
  const auto cheap = space::Choice{{"a", "none"}, {"b", "none"}, {"c", "small"}, {"width", std::int64_t{24}}};
  const auto dear = space::Choice{{"a", "large"}, {"b", "large"}, {"c", "large"}, {"width", std::int64_t{56}}};
  const auto belief = beliefs.about(std::vector{cheap, dear}).value();
  EXPECT_GT(belief.log_feasible[0], std::log(0.9));
  EXPECT_LT(belief.log_feasible[1], std::log(0.05));
  for (const auto& point : beliefs.points()) EXPECT_EQ(point.size(), 2U);
}

TEST(Beliefs, TakeWhatIsKnownBeforeATrialAsExact) {
  const auto space = cell_space();
  auto settings = error_and_cost();
  settings.constraints = {constraint("cost < 200")};
  const auto study = evaluated_study(space, settings, 9);
  BeliefOptions options;
  options.known = [](const space::Choice& choice) { return std::map<std::string, double>{{"cost", cost_of(choice)}}; };
  const auto beliefs = Beliefs::learn(space, study, history_of(study), options).value();
  std::vector<space::Choice> some;
  for (std::uint64_t i = 1; i < *space.size(); i += 7) some.push_back(*space.at(i));
  const auto belief = beliefs.about(some).value();
  const auto units = beliefs.units();
  for (std::size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(belief.variance[i][1], 0.0);
    EXPECT_NEAR(units[1](belief.mean[i][1]), cost_of(some[i]), 1e-6 * cost_of(some[i]));
    EXPECT_EQ(belief.log_feasible[i] > -1, cost_of(some[i]) < 200);
  }
}

TEST(Beliefs, AvoidWhatFailed) {
  const auto space = cell_space();
  auto study = evaluated_study(space, error_and_cost(), 5);
  for (auto& trial : study.trials)
    if (std::get<std::string>(trial.choice.at("a")) == "large") {
      trial.state = study::State::failed;
      trial.results.clear();
    }
  const auto beliefs = Beliefs::learn(space, study, history_of(study), {}).value();
  const auto bad = space::Choice{{"a", "large"}, {"b", "none"}, {"c", "small"}, {"width", std::int64_t{32}}};
  const auto good = space::Choice{{"a", "small"}, {"b", "none"}, {"c", "small"}, {"width", std::int64_t{32}}};
  const auto belief = beliefs.about(std::vector{bad, good}).value();
  EXPECT_LT(belief.log_feasible[0], std::log(0.3));
  EXPECT_GT(belief.log_feasible[1], std::log(0.7));
}

TEST(Beliefs, AssumedTrialsCountAndLeaveNothingToLearnThere) {
  const auto space = cell_space();
  const auto study = evaluated_study(space, error_and_cost(), 11);
  auto beliefs = Beliefs::learn(space, study, history_of(study), {}).value();
  const auto before = beliefs.points().size();
  const auto choice = std::vector{*space.at(3)};
  const double variance = beliefs.about(choice)->variance[0][0];
  ASSERT_TRUE(beliefs.assume(choice[0]));
  EXPECT_EQ(beliefs.points().size(), before + 1);
  EXPECT_LT(beliefs.about(choice)->variance[0][0], variance);
}

/// Each a little better than the one before and at another cost: all are on the front.
study::Study front_at(std::span<const space::Choice> choices, const std::vector<double>& costs) {
  study::Study study;
  study.settings = error_and_cost();
  for (std::size_t i = 0; i < costs.size(); ++i)
    study.trials.push_back(
        {.id = static_cast<study::TrialId>(i),
         .choice = choices[i],
         .state = study::State::complete,
         .results = {{.values = study::values_of(study::Source::told,
                                                 {{"error", 50.0 - static_cast<double>(i)}, {"cost", costs[i]}})}}});
  return study;
}

double cost_limit(const space::Space& space, const study::Study& study, const BeliefOptions& options = {}) {
  const auto beliefs = Beliefs::learn(space, study, history_of(study), options).value();
  return beliefs.units()[1](beliefs.reference()[1]);
}

TEST(Beliefs, CountHypervolumeFromTheWorstOfAFrontWithoutAWideGap) {
  const auto space = cell_space();
  std::vector<space::Choice> choices;
  for (std::uint64_t i = 0; i < 5; ++i) choices.push_back(*space.at(i));
  // On a logarithm 0.05 is further from the rest than 20 is: no gap on the costly side that is wider than all of
  // the rest.
  EXPECT_GT(cost_limit(space, front_at(choices, {0.05, 1, 1.2, 1.5, 20})), 20);
  const auto wide = front_at(choices, {0.9, 1, 1.2, 1.5, 20});
  EXPECT_LT(cost_limit(space, wide), 3) << "now the gap is";
  const auto width = [](const space::Choice& choice) {
    return std::vector{static_cast<double>(std::get<std::int64_t>(choice.at("width")))};
  };
  const auto described =
      std::make_shared<const Description>(std::vector<DescribingColumn>{{"width", "all"}}, width, true);
  EXPECT_GT(cost_limit(space, wide, {.description = described}), 20) << "models that see the networks know better";
}

TEST(Beliefs, CountHypervolumeBeyondTheGapsOfAFunctionOfRealNumbers) {
  const auto space = space::make_space({{.name = "x", .domain = space::Real{0.0, 1.0}}}).value();
  std::vector<space::Choice> choices;
  for (const double x : {0.0, 0.1, 0.2, 0.3, 0.4}) choices.push_back({{"x", x}});
  EXPECT_GT(cost_limit(space, front_at(choices, {0.9, 1, 1.2, 1.5, 20})), 20);
}

TEST(Beliefs, AreTheSameWithAMemory) {
  const auto space = cell_space();
  auto study = evaluated_study(space, error_and_cost(), 4);
  auto shorter = study;
  shorter.trials.resize(study.trials.size() - 5);
  Beliefs::Memory memory;
  ASSERT_TRUE(Beliefs::learn(space, shorter, history_of(shorter), {}, &memory));
  const auto with = Beliefs::learn(space, study, history_of(study), {}, &memory).value(),
             without = Beliefs::learn(space, study, history_of(study), {}).value();
  const auto choices = std::vector{*space.at(1), *space.at(50)};
  const auto a = with.about(choices).value(), b = without.about(choices).value();
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t m = 0; m < 2; ++m) EXPECT_NEAR(a.mean[i][m], b.mean[i][m], 1e-9);
}

TEST(Warp, AValueNearZeroLeavesTheOthersApart) {
  const Warp warp({1e-6, 1, 10});
  // Counted from -1/9: the smallest is then a tenth of the median, and 10 is 9.1 of it.
  EXPECT_NEAR((warp(10) - warp(1)) / (warp(1) - warp(1e-6)), std::log(9.1) / std::log(10.0), 1e-4);
  EXPECT_NEAR(warp.inverse(warp(1e-6)), 1e-6, 1e-9);
  const Warp near({2, 3, 10});  // no value below a tenth of the median: plain logarithms
  EXPECT_NEAR((near(10) - near(3)) / (near(3) - near(2)), std::log(10.0 / 3) / std::log(1.5), 1e-9);
}

TEST(Warp, IsMonotoneAndInvertible) {
  const std::vector<double> values{0.5, 1, 2, 3, 8, 90};
  const Warp warp(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(warp.inverse(warp(values[i])), values[i], 1e-9 * values[i]);
    if (i > 0) {
      EXPECT_GT(warp(values[i]), warp(values[i - 1]));
    }
  }
  const Warp negative({-0.9, -0.8, -0.5});
  EXPECT_LT(negative(-0.95), negative(-0.9));
  EXPECT_NEAR(negative.inverse(negative(-0.6)), -0.6, 1e-9);
  EXPECT_TRUE(std::isfinite(Warp({3, 3, 3})(3)));
}

}  // namespace
}  // namespace edgewise::search
