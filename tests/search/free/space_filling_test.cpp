#include <gtest/gtest.h>

#include <set>

#include "search/free/moves_internal.hpp"
#include "search/free/space_filling_internal.hpp"
#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

space::Space all_kinds() {
  return space::make_space({{.name = "kind", .domain = space::Categorical{{"a", "b", "c"}}},
                            {.name = "steps", .domain = space::Integer{.low = 3, .high = 22, .step = 4}},
                            {.name = "log", .domain = space::Integer{.low = 1, .high = 100, .log_scale = true}},
                            {.name = "real", .domain = space::Real{.low = -1, .high = 3}},
                            {.name = "rate",
                             .domain = space::Real{.low = 1e-4, .high = 1e-1, .log_scale = true},
                             .condition = space::Condition{"kind", {"b"}}}})
      .value();
}

/// How many different intervals of `count` equal ones a coordinate of the points meets.
std::size_t intervals_met(const std::vector<std::vector<double>>& points, std::size_t dimension, std::size_t count) {
  std::set<std::size_t> met;
  for (const auto& point : points) met.insert(static_cast<std::size_t>(point[dimension] * static_cast<double>(count)));
  return met.size();
}

std::vector<std::vector<double>> first(UnitSequence& sequence, std::size_t count) {
  std::vector<std::vector<double>> points;
  for (std::size_t i = 0; i < count; ++i) points.push_back(sequence.next());
  return points;
}

TEST(SobolSequence, HasOnePointInEachIntervalAndInEachCellOfItsFirstTwoCoordinates) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto points = first(*sobol_sequence(7, seed), 64);
    for (std::size_t d = 0; d < 7; ++d) EXPECT_EQ(intervals_met(points, d, 64), 64U) << d;
    for (const std::size_t columns : {1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
      std::set<std::pair<std::size_t, std::size_t>> cells;
      for (const auto& point : points)
        cells.insert({static_cast<std::size_t>(point[0] * static_cast<double>(columns)),
                      static_cast<std::size_t>(point[1] * 64.0 / static_cast<double>(columns))});
      EXPECT_EQ(cells.size(), 64U) << columns;
    }
  }
}

TEST(SobolSequence, DependsOnTheSeedAndIsEvenOverSeeds) {
  EXPECT_EQ(first(*sobol_sequence(3, 1), 5), first(*sobol_sequence(3, 1), 5));
  EXPECT_NE(first(*sobol_sequence(3, 1), 5), first(*sobol_sequence(3, 2), 5));
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) sum += sobol_sequence(1, seed)->next()[0];
  EXPECT_NEAR(sum / 400, 0.5, 0.05);  // 3.5 standard deviations
}

TEST(SobolSequence, GoesBeyondTheTable) {
  const auto point = sobol_sequence(3700, 1)->next();
  ASSERT_EQ(point.size(), 3700U);
  for (const double u : point) EXPECT_TRUE(u >= 0 && u < 1);
}

TEST(LatinSequence, HasOnePointInEachIntervalOfEachCube) {
  const auto sequence = latin_sequence(4, 3, 11);
  const auto one = first(*sequence, 11), two = first(*sequence, 11);
  for (std::size_t d = 0; d < 4; ++d) {
    EXPECT_EQ(intervals_met(one, d, 11), 11U);
    EXPECT_EQ(intervals_met(two, d, 11), 11U);
  }
  EXPECT_NE(one, two);
}

TEST(ValueAt, IsTheInverseOfUnitOf) {
  const auto space = all_kinds();
  RandomStream random(1);
  for (int i = 0; i < 500; ++i) {
    const auto choice = space.sample(random).value();
    for (const auto& parameter : space.parameters()) {
      const auto found = choice.find(parameter.name);
      if (found == choice.end()) continue;
      const auto unit = unit_of(parameter, found->second).value();
      const auto value = value_at(parameter, unit);
      if (const auto* real = std::get_if<double>(&value))
        EXPECT_NEAR(*real, std::get<double>(found->second), 1e-12);
      else
        EXPECT_EQ(value, found->second);
    }
  }
  EXPECT_EQ(unit_of(space.parameters()[0], "d"), std::nullopt);
  EXPECT_EQ(unit_of(space.parameters()[1], std::int64_t{4}), std::nullopt);
  EXPECT_EQ(unit_of(space.parameters()[3], 3.5), std::nullopt);
}

TEST(ValueAt, GivesEachValueItsShare) {
  const auto space = all_kinds();
  for (const std::size_t p : {0U, 1U, 2U}) {
    const auto& parameter = space.parameters()[p];
    const auto edges = edges_of(parameter);
    ASSERT_EQ(edges.size(), *count_values(parameter) + 1);
    EXPECT_EQ(edges.front(), 0.0);
    EXPECT_EQ(edges.back(), 1.0);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      ASSERT_LT(edges[i], edges[i + 1]);
      const double margin = 1e-9;
      EXPECT_EQ(value_at(parameter, edges[i] + margin), value_at(parameter, edges[i + 1] - margin));
      EXPECT_TRUE(i == 0 || value_at(parameter, edges[i] - margin) != value_at(parameter, edges[i] + margin));
    }
  }
}

TEST(Mutated, ChangesOneParameterAndDrawsWhatBecomesActive) {
  const auto space = all_kinds();
  RandomStream random(1);
  std::set<std::string> changed;
  for (int i = 0; i < 2000; ++i) {
    const auto choice = space.sample(random).value();
    const auto other = mutated(space, choice, random).value();
    ASSERT_TRUE(space.check(other)) << space::to_text(other);
    std::vector<std::string> names;
    for (const auto& [name, value] : choice)
      if (other.contains(name) && other.at(name) != value) names.push_back(name);
    ASSERT_EQ(names.size(), 1U);
    changed.insert(names[0]);
  }
  EXPECT_EQ(changed.size(), 5U);
  const auto single = space::make_space({{.name = "one", .domain = space::Categorical{{"a"}}}}).value();
  EXPECT_EQ(mutated(single, {{"one", "a"}}, random), std::nullopt);
}

TEST(SpaceFilling, IsValidDifferentAndAPrefixOfALongerOne) {
  const auto space =
      space::make_space(all_kinds().parameters(), [](const space::Choice& choice) -> std::optional<std::string> {
        if (std::get<std::int64_t>(choice.at("log")) > 50) return "too large";
        return std::nullopt;
      }).value();
  const auto many = space_filling(space, 5, 100), few = space_filling(space, 5, 17);
  EXPECT_EQ(many.size(), 100U);
  EXPECT_EQ(std::vector(many.begin(), many.begin() + 17), few);
  EXPECT_EQ(std::set(many.begin(), many.end()).size(), 100U);
  for (const auto& choice : many) EXPECT_TRUE(space.check(choice));
  EXPECT_NE(space_filling(space, 6, 17), few);
  std::map<std::string, int> kinds;
  for (const auto& choice : many) ++kinds[std::get<std::string>(choice.at("kind"))];
  for (const auto& [kind, count] : kinds) EXPECT_NEAR(count, 33, 12) << kind;
}

TEST(SpaceFilling, GivesAllOfASmallSpaceAndNoMore) {
  const auto space = finite_space();
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto all = space_filling(space, seed, 1000), some = space_filling(space, seed, 14);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 15U);
    EXPECT_EQ(std::vector(all.begin(), all.begin() + 14), some);
  }
}

TEST(SobolSearch, SkipsWhatTheStudyHasAndGoesOnInItsSequence) {
  const auto space = infinite_space();
  const auto expected = space_filling(space, 3, 8);
  Simulation simulation(two_objectives());
  ASSERT_TRUE(simulation.storage().add({{.choice = expected[2]}}, 0));
  const auto strategy = make_strategy({.strategy = "sobol", .common = {.trials = 8, .seed = 3}}, space).value();
  simulation.propose(*strategy, 3);
  simulation.propose(*strategy, 4);
  const auto study = simulation.study();
  ASSERT_EQ(study.trials.size(), 8U);
  const std::vector<std::size_t> order{2, 0, 1, 3, 4, 5, 6, 7};
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(study.trials[i].choice, expected[order[i]]) << i;
}

TEST(LatinSearch, SpreadsItsTrialsOverEachParameter) {
  const auto space = infinite_space();
  Simulation simulation(two_objectives());
  simulation.run({.strategy = "lhs", .common = {.trials = 9, .seed = 4}}, space, 1, 2, 2);
  std::map<std::string, int> counts;
  std::set<int> rates;
  for (const auto& trial : simulation.study().trials) {
    ++counts[std::get<std::string>(trial.choice.at("backbone"))];
    rates.insert(
        static_cast<int>(std::log(std::get<double>(trial.choice.at("learning_rate")) / 1e-5) / std::log(1e3) * 9));
  }
  for (const auto& [value, count] : counts) EXPECT_EQ(count, 3) << value;
  EXPECT_EQ(rates.size(), 9U);
}

}  // namespace
}  // namespace edgewise::search
