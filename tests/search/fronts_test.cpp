#include "search/fronts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "search/slices_internal.hpp"

namespace edgewise::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What every property is tried on: whole numbers, so that equal values, equal points and points on and beyond the
/// reference (8) are frequent and volumes are exact.
Matrix drawn_points(int objectives, int most = 12) {
  const int count = *rc::gen::inRange(1, most + 1);
  Matrix points;
  for (int i = 0; i < count; ++i) {
    auto& point = points.emplace_back();
    for (int m = 0; m < objectives; ++m) point.push_back(*rc::gen::inRange(0, 10));
  }
  return points;
}

std::vector<double> eights(int objectives) {
  return std::vector<double>(static_cast<std::size_t>(objectives), 8.0);
}

Matrix at(const Matrix& points, const std::vector<std::size_t>& indices) {
  Matrix chosen;
  for (const auto i : indices) chosen.push_back(points[i]);
  return chosen;
}

bool covers(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, std::ranges::less_equal());
}

/// Runs `property` on random inputs; the seed is printed when it fails.
void expect_for_all(const char* what, const std::function<void()>& property) {
  EXPECT_TRUE(rc::check(what, property)) << what;
}

TEST(HypervolumeContributions, AreWhatIsLostWithoutEachPoint) {
  for (const int objectives : {1, 2, 3, 4})
    expect_for_all("contribution = volume with - volume without", [&] {
      const auto points = drawn_points(objectives);
      const auto reference = eights(objectives);
      const auto contributions = hypervolume_contributions(points, reference).value();
      for (std::size_t i = 0; i < points.size(); ++i) {
        auto others = points;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        const double lost = hypervolume(points, reference).value() - hypervolume(others, reference).value();
        RC_ASSERT(std::abs(contributions[i] - lost) < 1e-9);
      }
    });
}

TEST(Slices, GiveTheSameVolumesAsPagmo) {
  for (const int objectives : {2, 3, 4})
    expect_for_all("volume and contributions in slices", [&] {
      const auto drawn = drawn_points(objectives, 20);
      const auto reference = eights(objectives);
      Matrix points;  // slices want what is inside
      for (const auto& point : drawn)
        if (std::ranges::all_of(point, [](double v) { return v < 8; })) points.push_back(point);
      RC_ASSERT(by_slices::hypervolume(points, reference) == hypervolume(points, reference).value());
      RC_ASSERT(by_slices::contributions(points, reference) == hypervolume_contributions(points, reference).value());
    });
}

TEST(Slices, OfManyPointsOnASphereAgreeWithPagmo) {
  for (const std::size_t objectives : {3U, 4U}) {
    auto random = RandomStream::named(3, "sphere");
    Matrix points;
    for (int i = 0; i < 150; ++i) {
      auto& point = points.emplace_back();
      double size = 0;
      for (std::size_t m = 0; m < objectives; ++m) {
        point.push_back(std::abs(random.normal()));
        size += point.back() * point.back();
      }
      for (double& v : point) v /= std::sqrt(size);
    }
    const std::vector<double> reference(objectives, 1.1);
    const auto contributions = hypervolume_contributions(points, reference).value();  // by pagmo: few points
    const auto sliced = by_slices::contributions(points, reference);
    EXPECT_NEAR(by_slices::hypervolume(points, reference), hypervolume(points, reference).value(), 1e-12);
    for (std::size_t i = 0; i < points.size(); ++i) EXPECT_NEAR(sliced[i], contributions[i], 1e-12);
  }
}

TEST(HypervolumeContributions, OfASmallFrontAreAsByHand) {
  // 3 * 1, 2 * 2, 1 * 3 less what two share; the last two are equal, then one is dominated, one beyond the reference.
  EXPECT_THAT(hypervolume_contributions({{1, 3}, {2, 2}, {3, 1}, {3, 3}, {0, 9}}, std::vector{4.0, 4.0}).value(),
              ElementsAre(1, 1, 1, 0, 0));
  EXPECT_THAT(hypervolume_contributions({{1, 3}, {3, 1}, {3, 1}}, std::vector{4.0, 4.0}).value(), ElementsAre(2, 0, 0));
  EXPECT_THAT(hypervolume_contributions({{1, 3}}, std::vector{4.0, 4.0}).value(), ElementsAre(3));
  EXPECT_THAT(hypervolume_contributions({{4, 3}}, std::vector{4.0, 4.0}).value(), ElementsAre(0));
  EXPECT_THAT(hypervolume_contributions({}, std::vector{4.0, 4.0}).value(), IsEmpty());
  EXPECT_THAT(hypervolume_contributions({{1, NAN}}, std::vector{4.0, 4.0}).error().message, HasSubstr("not finite"));
  EXPECT_THAT(hypervolume_contributions({{1, 2, 3}}, std::vector{4.0, 4.0}).error().message,
              HasSubstr("has 3 objectives"));
}

TEST(GreedyHypervolumeSubset, TakesTheLargestGainEachTime) {
  for (const int objectives : {2, 3, 4})
    expect_for_all("as trying every point at every step", [&] {
      const auto points = drawn_points(objectives);
      const auto reference = eights(objectives);
      const auto chosen = greedy_hypervolume_subset(points, points.size(), reference).value();
      RC_ASSERT(std::set(chosen.begin(), chosen.end()).size() == points.size());
      Matrix kept;
      for (const auto i : chosen) {
        const double before = hypervolume(kept, reference).value();
        double best = 0;
        for (const auto& point : points) {
          kept.push_back(point);
          best = std::max(best, hypervolume(kept, reference).value() - before);
          kept.pop_back();
        }
        kept.push_back(points[i]);
        RC_ASSERT(std::abs(hypervolume(kept, reference).value() - before - best) < 1e-9);
      }
    });
}

TEST(GreedyHypervolumeSubset, DoesNotDependOnTheOrderOfThePoints) {
  expect_for_all("shuffled points, same choice", [] {
    auto points = drawn_points(3);
    const auto count = static_cast<std::size_t>(*rc::gen::inRange(0, 8));
    const auto before = at(points, greedy_hypervolume_subset(points, count, eights(3)).value());
    RandomStream random(static_cast<std::uint64_t>(*rc::gen::inRange(0, 1000)));
    random.shuffle(std::span(points));
    RC_ASSERT(at(points, greedy_hypervolume_subset(points, count, eights(3)).value()) == before);
  });
}

TEST(ReferencePoint, FollowsItsRule) {
  const Matrix points = {{0, 10}, {4, 2}, {9, 20}};
  EXPECT_THAT(reference_point({}, points).value(),
              ElementsAre(testing::DoubleEq(4.4), testing::DoubleEq(10.8)));  // the last one is dominated
  EXPECT_THAT(reference_point({.kind = ReferenceRule::Kind::worst}, points).value(), ElementsAre(9, 20));
  EXPECT_THAT(reference_point({.kind = ReferenceRule::Kind::given, .point = {7, 8}}, points).value(),
              ElementsAre(7, 8));
  EXPECT_THAT(reference_point({}, {{-5, 0}, {-5, 0}}).value(),
              ElementsAre(-4.5, 0.1));  // no range: of the size, or of 1
  EXPECT_THAT(reference_point({}, {}).error().message, HasSubstr("without points"));
  EXPECT_THAT(reference_point({}, {{1, INFINITY}}).error().message, HasSubstr("not finite"));
  EXPECT_THAT(reference_point({.margin = -1}, points).error().message, HasSubstr("margin"));
  EXPECT_THAT(reference_point({.kind = ReferenceRule::Kind::given, .point = {7}}, points).error().message,
              HasSubstr("has 2 objectives, not 1"));
  EXPECT_THAT(reference_point({.kind = ReferenceRule::Kind::given, .point = {NAN, 1}}, points).error().message,
              HasSubstr("not finite"));
}

TEST(ReferencePoint, OfTheNadirRuleLetsEveryDifferentFrontPointCount) {
  for (const int objectives : {2, 3})
    expect_for_all("contribution above 0 exactly for single non-dominated points", [&] {
      const auto points = drawn_points(objectives);
      const auto contributions = hypervolume_contributions(points, reference_point({}, points).value()).value();
      const auto ranks = non_dominated_ranks(points);
      for (std::size_t i = 0; i < points.size(); ++i)
        RC_ASSERT((contributions[i] > 0) == (ranks[i] == 0 && std::ranges::count(points, points[i]) == 1));
    });
}

TEST(EpsilonFront, CoversEveryPointWithinEpsilonByFewNonDominatedOnes) {
  for (const int objectives : {2, 3})
    expect_for_all("an epsilon-Pareto set, one a box", [&] {
      const auto points = drawn_points(objectives, 40);
      std::vector<double> epsilon;
      for (int m = 0; m < objectives; ++m) epsilon.push_back(*rc::gen::inRange(1, 6));
      const auto members = epsilon_front(points, epsilon).value();
      const auto ranks = non_dominated_ranks(points);
      for (const auto i : members) RC_ASSERT(ranks[i] == 0U);
      for (const auto& point : points)
        RC_ASSERT(std::ranges::any_of(members, [&](std::size_t i) {
          auto relaxed = point;
          for (std::size_t m = 0; m < epsilon.size(); ++m) relaxed[m] += epsilon[m];
          return std::ranges::equal(points[i], relaxed, std::ranges::less());
        }));
      // No more than one a column of boxes when there are two objectives.
      if (objectives == 2) RC_ASSERT(static_cast<double>(members.size()) <= std::floor(9 / epsilon[0]) + 1);
      auto turned = points;
      std::ranges::reverse(turned);
      auto before = at(points, members), after = at(turned, epsilon_front(turned, epsilon).value());
      std::ranges::sort(before);
      std::ranges::sort(after);
      RC_ASSERT(before == after);
    });
}

TEST(EpsilonFront, OfTinyBoxesIsTheWholeFrontAndBadOnesAreRefused) {
  EXPECT_THAT(epsilon_front({{0, 3}, {1, 1}, {3, 0}, {3, 3}, {1, 1}}, std::vector{0.5, 0.5}).value(),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(epsilon_front({}, std::vector{0.5, 0.5}).value(), IsEmpty());
  EXPECT_THAT(epsilon_front({{0, 3}}, std::vector{0.5, 0.0}).error().message, HasSubstr("must be above 0"));
  EXPECT_THAT(epsilon_front({{0, NAN}}, std::vector{0.5, 0.5}).error().message, HasSubstr("not finite"));
}

TEST(ThinnedFront, HasAtMostSoManyPointsThatCoverTheRest) {
  for (const int objectives : {2, 3})
    expect_for_all("few points within the share", [&] {
      const auto points = drawn_points(objectives, 40);
      const auto count = static_cast<std::size_t>(*rc::gen::inRange(1, 8));
      const auto thin = thinned_front(points, count);
      RC_ASSERT(!thin.members.empty());
      RC_ASSERT(thin.members.size() <= count);
      const auto ranks = non_dominated_ranks(points);
      std::vector<double> low(eights(objectives)), high(static_cast<std::size_t>(objectives), 0.0);
      for (auto& l : low) l = 10;
      for (std::size_t i = 0; i < points.size(); ++i)
        for (std::size_t m = 0; m < low.size() && ranks[i] == 0; ++m) {
          low[m] = std::min(low[m], points[i][m]);
          high[m] = std::max(high[m], points[i][m]);
        }
      for (std::size_t i = 0; i < points.size(); ++i)
        RC_ASSERT(std::ranges::any_of(thin.members, [&](std::size_t j) {
          auto relaxed = points[i];
          for (std::size_t m = 0; m < low.size(); ++m) relaxed[m] += thin.share * (high[m] - low[m]) + 1e-9;
          return covers(points[j], relaxed);
        }));
    });
  EXPECT_THAT(thinned_front({{0, 3}, {1, 1}, {3, 0}}, 3).members, ElementsAre(0, 1, 2));
  EXPECT_EQ(thinned_front({{0, 3}, {1, 1}, {3, 0}}, 3).share, 0);
}

TEST(BendPoint, LosesMoreThanItGainsByGoingAnywhereElse) {
  EXPECT_EQ(bend_point({{0, 10}, {2, 3}, {10, 0}}), 1U);
  EXPECT_EQ(bend_point({{0, 10}, {5, 5}, {10, 0}}), std::nullopt);  // a straight front
  EXPECT_EQ(bend_point({{0, 10}, {9, 9}, {10, 0}}), std::nullopt);  // bent to the worse side
  EXPECT_EQ(bend_point({{0, 10}, {10, 0}}), std::nullopt);
  EXPECT_EQ(bend_point({}), std::nullopt);
  // Nearest to the best of both is {3, 3.2}; the bend is where the sum of the shares is least.
  EXPECT_EQ(bend_point({{0, 10}, {0.5, 5.5}, {3, 3.2}, {10, 0}}), 1U);
  EXPECT_EQ(knee_point({{0, 10}, {0.5, 5.5}, {3, 3.2}, {10, 0}}), 2U);
}

TEST(ClosestToBaseline, PrefersWhatDominatesIt) {
  const Matrix front = {{0, 10}, {2, 3}, {6, 2}, {10, 0}};
  EXPECT_EQ(closest_to_baseline(front, {6, 4}), 2U);
  EXPECT_EQ(closest_to_baseline(front, {3, 9}), 1U);  // {0, 10} is nearer, but worse in the second
  EXPECT_EQ(closest_to_baseline(front, {9, 0}), 3U);  // nothing dominates it: the nearest
  EXPECT_EQ(closest_to_baseline(front, {2, 3}), 1U);  // itself
  EXPECT_EQ(closest_to_baseline({}, {2, 3}), std::nullopt);
  EXPECT_EQ(closest_to_baseline({{5, 5}}, {5, 5}), 0U);
}

TEST(AttainmentSurface, OfThreeRunsIsAsByHand) {
  const std::vector<Matrix> runs = {{{1, 5}, {4, 2}}, {{2, 3}}, {{3, 4}, {5, 1}}};
  EXPECT_EQ(attainment_surface(runs, 1).value(), (Matrix{{1, 5}, {2, 3}, {4, 2}, {5, 1}}));
  EXPECT_EQ(attainment_surface(runs, 2).value(), (Matrix{{2, 5}, {3, 4}, {4, 3}, {5, 2}}));
  EXPECT_EQ(attainment_surface(runs, 3).value(), (Matrix{{3, 5}, {4, 4}, {5, 3}}));
  EXPECT_THAT(attainment_surface(runs, 4).error().message, HasSubstr("4 of 3 runs"));
  EXPECT_THAT(attainment_surface(runs, 0).error().message, HasSubstr("0 of 3 runs"));
  EXPECT_THAT(attainment_surface(std::vector<Matrix>{{{1, 2, 3}}}, 1).error().message, HasSubstr("not 2"));
  EXPECT_EQ(attainment_surface(std::vector<Matrix>{{{1, 2}}, {}}, 2).value(), Matrix{});
}

TEST(AttainmentSurface, SeparatesWhatEnoughRunsAttainFromTheRest) {
  expect_for_all("a point is attained by k runs exactly when the surface covers it", [] {
    std::vector<Matrix> runs;
    for (int i = *rc::gen::inRange(1, 6); i > 0; --i) runs.push_back(drawn_points(2, 6));
    const auto k = static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(runs.size()) + 1));
    const auto surface = attainment_surface(runs, k).value();
    RC_ASSERT(std::ranges::is_sorted(surface));
    for (double x = 0; x < 10; ++x)
      for (double y = 0; y < 10; ++y) {
        const std::vector<double> point = {x, y};
        const auto covered = [&](const Matrix& set) {
          return std::ranges::any_of(set, [&](const auto& p) { return covers(p, point); });
        };
        RC_ASSERT(covered(surface) == (std::ranges::count_if(runs, covered) >= static_cast<std::ptrdiff_t>(k)));
      }
    const auto ranks = non_dominated_ranks(surface);
    RC_ASSERT(std::ranges::all_of(ranks, [](std::size_t rank) { return rank == 0; }));
  });
}

}  // namespace
}  // namespace edgewise::search
