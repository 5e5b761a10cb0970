#include "replay/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <pagmo/problem.hpp>
#include <pagmo/problems/dtlz.hpp>
#include <pagmo/problems/zdt.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include "replay/synthetic.hpp"

namespace edgewise::replay {
namespace {

std::vector<double> at(const Problem& problem, const std::vector<double>& x) {
  space::Choice choice;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto& parameter = problem.space.parameters()[i];
    if (std::holds_alternative<space::Integer>(parameter.domain))
      choice[parameter.name] = static_cast<std::int64_t>(x[i]);
    else
      choice[parameter.name] = x[i];
  }
  EXPECT_TRUE(problem.space.check(choice)) << problem.name;
  std::vector<double> result;
  const auto outcome = problem.evaluate(choice, 0);
  for (const auto& objective : problem.objectives) result.push_back(outcome.values.at(objective.name));
  return result;
}

Problem named(const std::string& name, std::size_t dimensions = 0, std::size_t objectives = 0) {
  return synthetic_problem(name, dimensions, objectives).value();
}

TEST(Synthetic, IsPagmosWherePagmoHasIt) {
  const std::vector<double> x{0.3, 0.1, 0.9, 0.5, 0.25, 0.7};
  for (unsigned number = 1; number <= 3; ++number)
    EXPECT_EQ(at(named("zdt" + std::to_string(number)), x), pagmo::problem(pagmo::zdt(number, 6)).fitness(x)) << number;
  for (unsigned number = 1; number <= 7; ++number)
    EXPECT_EQ(at(named("dtlz" + std::to_string(number), 6, 3), x), pagmo::problem(pagmo::dtlz(number, 6, 3)).fitness(x))
        << number;
}

TEST(Synthetic, GivesKnownValues) {
  using std::numbers::pi;
  const double c = std::cos(pi / 12), s = std::sin(pi / 12);
  const double u = 1.0, v = 3 * std::cos(u) + 3;  // on the front of oka1, turned back by 15 degrees
  const auto oka1 = at(named("oka1"), {c * u + s * v, c * v - s * u});
  EXPECT_NEAR(oka1[0], 1.0, 1e-12);
  EXPECT_NEAR(oka1[1], std::sqrt(2 * pi) - 1, 1e-4);  // the cube root makes 1e-13 out of 1e-39
  EXPECT_NEAR(at(named("oka2"), {0, 5, 0})[1], 0.75, 1e-12);
  EXPECT_NEAR(at(named("vlmop2"), {std::sqrt(0.5), std::sqrt(0.5)})[0], 0, 1e-12);
  EXPECT_NEAR(at(named("vlmop2"), {std::sqrt(0.5), std::sqrt(0.5)})[1], 1 - std::exp(-4.0), 1e-12);
  const auto vlmop3 = at(named("vlmop3"), {0, 0});
  EXPECT_NEAR(vlmop3[0], 0, 1e-12);
  EXPECT_NEAR(vlmop3[1], 2 + 1.0 / 27 + 15, 1e-12);
  EXPECT_NEAR(vlmop3[2], -0.1, 1e-12);
  // Ideal points that the authors of the RE suite publish.
  EXPECT_NEAR(at(named("re23"), {1, 1, 10, 10})[0], 15.9018007813, 1e-9);
  EXPECT_NEAR(at(named("re24"), {0.5, 0.5})[0], 60.5, 1e-12);
  // By hand: 200 (2 + 2 + 2^(1/4) + 1) and 0.01 (2 + 2 - 2 + 2).
  const auto re21 = at(named("re21"), {1, std::numbers::sqrt2, std::numbers::sqrt2, 1});
  EXPECT_NEAR(re21[0], 200 * (5 + std::pow(2, 0.25)), 1e-9);
  EXPECT_NEAR(re21[1], 0.04, 1e-12);
}

TEST(Synthetic, HasAFrontThatNoSampleDominates) {
  for (const std::string& name : synthetic_names()) {
    const auto problem = named(name);
    auto random = RandomStream::named(1, name);
    for (int i = 0; i < 200; ++i) {
      const auto choice = problem.space.sample(random).value();
      const auto point = feasible_point(problem, problem.evaluate(choice, 0)).value();
      ASSERT_EQ(point.size(), problem.reference.size());
      for (const auto& f : problem.front) ASSERT_FALSE(pagmo::pareto_dominance(point, f)) << name;
    }
  }
}

TEST(Synthetic, RefusesUnknownNamesAndSizes) {
  EXPECT_EQ(synthetic_problem("zdt9").error().next, "did you mean \"zdt1\"?");
  EXPECT_FALSE(synthetic_problem("zdt1", 1));
  EXPECT_FALSE(synthetic_problem("dtlz2", 3, 3));
  EXPECT_FALSE(synthetic_problem("dtlz2", 3, 1));
}

TEST(FrontOf, IsPagmosFrontOfRandomPointsWithTies) {
  auto random = RandomStream::named(3, "points");
  for (int round = 0; round < 50; ++round) {
    search::Matrix points;
    for (int i = 0; i < 40; ++i)
      points.push_back({static_cast<double>(random.below(8)), static_cast<double>(random.below(8)),
                        static_cast<double>(random.below(8))});
    std::ranges::sort(points);
    points.erase(std::ranges::unique(points).begin(), points.end());
    search::Matrix expected;
    const auto sorted = pagmo::fast_non_dominated_sorting(points);
    for (const auto i : std::get<0>(sorted)[0]) expected.push_back(points[i]);
    std::ranges::sort(expected);
    EXPECT_EQ(front_of(points), expected);
  }
  EXPECT_EQ(front_of({{1, 2}, {1, 2}, {2, 2}}), (search::Matrix{{1, 2}}));
  EXPECT_TRUE(front_of({}).empty());
}

TEST(TableProblem, KeepsDirectionsConstraintsAndFailures) {
  const auto table = make_table(
      "table: t\nparameters: [{column: k}]\nobjectives: [{name: acc, direction: maximize}, {name: ms, known: true}]\n"
      "constraints: [\"ms < 5\"]\nmissing: fail\ncanonical: iso\n",
      "t.yaml", "k,acc,ms,iso\na,90,3,1\nb,95,6,2\nc,80,4,1\nd,,1,3\n", "t.csv");
  ASSERT_TRUE(table) << to_text(table.error().front());
  const auto problem = table_problem(*table).value();
  const auto point = [&](const char* k) { return feasible_point(problem, problem.evaluate({{"k", k}}, 0)); };
  EXPECT_EQ(point("a"), (std::vector{-90.0, 3.0}));
  EXPECT_FALSE(point("b"));  // too slow
  EXPECT_FALSE(point("d"));
  EXPECT_EQ(problem.evaluate({{"k", "d"}}, 0).failure, "the table has no \"acc\" for it (line 5)");
  EXPECT_EQ(problem.front, (search::Matrix{{-90, 3}}));
  EXPECT_EQ(problem.reference, (std::vector{-80.0, 6.0}));
  EXPECT_EQ(problem.known({{"k", "b"}}), (std::map<std::string, double>{{"ms", 6}}));
  EXPECT_EQ(problem.canonical({{"k", "c"}}), problem.canonical({{"k", "a"}}));
}

TEST(TableProblem, RefusesConstraintsThatNoRowKeeps) {
  const auto table = make_table(
      "table: t\nname: tiny\nparameters: [{column: k}]\nobjectives: [{name: ms}]\nconstraints: [\"ms < 1\", \"ms > "
      "2\"]\n",
      "t.yaml", "k,ms\na,3\n", "t.csv");
  ASSERT_TRUE(table) << to_text(table.error().front());
  EXPECT_EQ(table_problem(*table).error().message, "no row of \"tiny\" keeps all constraints");
}

}  // namespace
}  // namespace edgewise::replay
