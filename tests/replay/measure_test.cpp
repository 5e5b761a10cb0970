#include "replay/measure.hpp"

#include <gtest/gtest.h>

namespace edgewise::replay {
namespace {

Problem square() {
  Problem problem;
  problem.objectives = {{"a"}, {"b"}};
  problem.reference = {4, 4};
  problem.front = {{1, 3}, {2, 2}, {3, 1}};  // 3 + 2 + 1 = 6 of hypervolume, by hand
  return problem;
}

std::vector<Evaluation> evaluations(const std::vector<std::optional<std::vector<double>>>& points) {
  std::vector<Evaluation> list;
  for (const auto& point : points) list.push_back({.point = point});
  return list;
}

TEST(Measure, CountsShareAndPointsOfTheFront) {
  const auto progress =
      measure(square(), evaluations({{}, {{3, 3}}, {{2, 2}}, {{2, 2}}, {{9, 0}}, {{1, 3}}, {{3, 1}}})).value();
  const std::vector<double> expected{0, 1.0 / 6, 4.0 / 6, 4.0 / 6, 4.0 / 6, 5.0 / 6, 1};
  ASSERT_EQ(progress.share.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(progress.share[i], expected[i], 1e-12) << i;
  EXPECT_EQ(progress.front_found, (std::vector<std::size_t>{0, 0, 1, 1, 1, 2, 3}));
}

TEST(Measure, IgnoresEarlierStages) {
  auto list = evaluations({{{1, 3}}, {{2, 2}}});
  list[0].is_full = false;
  EXPECT_EQ(measure(square(), list).value().front_found, (std::vector<std::size_t>{0, 1}));
}

TEST(Measure, RefusesAReferenceThatTheFrontDoesNotReach) {
  auto problem = square();
  problem.reference = {1, 1};
  EXPECT_FALSE(measure(problem, evaluations({{{1, 3}}})));
}

TEST(Measure, FindsWhenABoundWasReached) {
  const std::vector<double> share{0.1, 0.95, 0.99};
  EXPECT_EQ(evaluations_to(share, 0.95), 2u);
  EXPECT_FALSE(evaluations_to(share, 0.999));
}

TEST(Quantile, SaysNothingWhenItFallsAmongAbsentValues) {
  EXPECT_EQ(quantile({3.0, 1.0, 2.0}, 0.5), 2.0);
  EXPECT_EQ(quantile({1.0, 2.0}, 0.5), 1.5);
  EXPECT_EQ(quantile({1.0, {}, 2.0}, 0.5), 2.0);
  EXPECT_EQ(quantile({1.0, {}, {}}, 0.5), std::nullopt);
  EXPECT_EQ(quantile({1.0, {}}, 0.25), std::nullopt);
}

}  // namespace
}  // namespace edgewise::replay
