#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/search/simulation.hpp"
#include "tests/search/zdt.hpp"

namespace edgewise::search {
namespace {

/// Settings and margin fixed before the first run with them: ZDT1 in 10 dimensions, 400 trials, seeds 1 to 8, reference
/// 11; the medians are compared. (150 trials in 6 dimensions, tried first, are too few for NSGA-II: five generations.)
double median_volume(const std::string& strategy) {
  std::vector<double> volumes;
  for (std::uint64_t seed = 1; seed <= 8; ++seed)
    volumes.push_back(
        volume_of(search_zdt({.strategy = strategy, .common = {.trials = 400, .seed = seed}}, 1, 10), {11, 11}));
  std::ranges::sort(volumes);
  return (volumes[3] + volumes[4]) / 2;
}

/// What is missing of the best possible, 120.67, must be less than two thirds of what random search misses.
TEST(ModelFree, BeatsRandomSearchByAMargin) {
  const double best = 120.0 + 2.0 / 3.0, by_random = median_volume("random");
  for (const char* strategy : {"nsga2", "tpe", "evolution", "local"})
    EXPECT_LT(best - median_volume(strategy), (best - by_random) * 2 / 3) << strategy;
}

space::Space line() {
  return space::make_space({{.name = "blocks", .domain = space::Integer{.low = 0, .high = 100'000}}}).value();
}

void add(study::Study& study, std::int64_t blocks, double value) {
  add_complete(study, {{"blocks", blocks}}, {value, value});
}

TEST(Evolution, ForgetsTheOldHoweverGoodTheyWere) {
  const auto space = line();
  auto study = two_minimised();
  for (int i = 0; i < 10; ++i) add(study, 100 + i, 0.0);         // old and best
  for (int i = 0; i < 10; ++i) add(study, 90'000 + i, 1.0 + i);  // young
  const auto near_old = [&](std::int64_t population) {
    const auto advice = make_strategy({.strategy = "evolution",
                                       .common = {.trials = 1000},
                                       .settings = told("evolution", PopulationOptions{.population = population})},
                                      space)
                            .value()
                            ->ask(study, 60)
                            .value();
    int count = 0;
    for (const auto& proposal : advice.proposals)
      count += std::get<std::int64_t>(proposal.choice.at("blocks")) < 30'000 ? 1 : 0;
    return count;
  };
  // Half of the mutations are steps of about 10,000, the others go anywhere: a random child is near the old ones three
  // times in ten.
  EXPECT_GT(near_old(20), 30);
  EXPECT_LT(near_old(10), 20);
}

TEST(Nsga2, BreedsFromEarlierGenerationsOnly) {
  const auto space = line();
  auto study = two_minimised();
  const auto strategy = make_strategy({.strategy = "nsga2",
                                       .common = {.trials = 1000},
                                       .settings = told("nsga2", PopulationOptions{.population = 10})},
                                      space)
                            .value();
  const auto ask = [&] { return strategy->ask(study, 1).value().proposals.at(0).choice; };
  for (int i = 0; i < 10; ++i) add(study, 1000 * i, 1.0 + i);
  auto without = study;
  for (int i = 0; i < 4; ++i) add(study, 50'000 + i, 0.0);  // of the same generation as the trial that is asked for
  for (int i = 0; i < 4; ++i) add(without, 70'000 + i, 99.0);
  const auto with = ask();
  std::swap(study, without);
  EXPECT_EQ(ask(), with);
}

TEST(Local, TriesTheNeighboursOfTheFrontFirst) {
  const space::Integer range{.low = 0, .high = 20};
  const auto space = space::make_space({{.name = "a", .domain = range}, {.name = "b", .domain = range}}).value();
  auto study = two_minimised();
  const auto put = [&](std::int64_t a, std::int64_t b, double first, double second) {
    add_complete(study, {{"a", a}, {"b", b}}, {first, second});
  };
  put(5, 5, 1, 3);
  put(15, 15, 3, 1);
  put(10, 10, 4, 4);
  const auto advice =
      make_strategy(
          {.strategy = "local", .common = {.trials = 100}, .settings = told("local", InitialOptions{.initial = 3})},
          space)
          .value()
          ->ask(study, 8)
          .value();
  std::set<std::string> choices;
  for (const auto& proposal : advice.proposals) choices.insert(space::to_text(proposal.choice));
  EXPECT_THAT(choices, testing::UnorderedElementsAre("a=4 b=5", "a=6 b=5", "a=5 b=4", "a=5 b=6", "a=14 b=15",
                                                     "a=16 b=15", "a=15 b=14", "a=15 b=16"));
}

TEST(Local, StartsAnewWhenTheNeighbourhoodIsKnown) {
  const auto space = finite_space(2);
  Simulation simulation(two_objectives());
  simulation.run(
      {.strategy = "local", .common = {.trials = 100}, .settings = told("local", InitialOptions{.initial = 1})}, space,
      1, 1, 1);
  EXPECT_EQ(simulation.study().trials.size(), 6U);
}

}  // namespace
}  // namespace edgewise::search
