#include "search/pareto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/random.hpp"

namespace edgewise::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The obvious slow way: peel off what nothing left dominates.
std::vector<std::size_t> slow_ranks(const Matrix& points) {
  std::vector<std::size_t> ranks(points.size(), points.size());
  for (std::size_t rank = 0, left = points.size(); left > 0; ++rank) {
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (ranks[i] < points.size()) continue;
      bool is_dominated = false;
      for (std::size_t j = 0; j < points.size(); ++j)
        is_dominated = is_dominated || (ranks[j] == points.size() && dominates(points[j], points[i]));
      if (!is_dominated) front.push_back(i);
    }
    for (const std::size_t i : front) ranks[i] = rank;
    left -= front.size();
  }
  return ranks;
}

/// The obvious slow way on whole numbers: count the unit cells that some point dominates.
double slow_volume(const Matrix& points, const std::vector<double>& reference) {
  std::vector<double> cell(reference.size(), 0);
  double volume = 0;
  for (;;) {
    for (const auto& point : points)
      if (std::ranges::equal(point, cell, std::ranges::less_equal())) {
        ++volume;
        break;
      }
    std::size_t m = 0;
    while (m < cell.size() && ++cell[m] == reference[m]) cell[m++] = 0;
    if (m == cell.size()) return volume;
  }
}

/// Crowding by its definition, for a front of different points that differ in every objective.
std::vector<double> slow_crowding(const Matrix& front) {
  std::vector<double> distances(front.size(), 0);
  for (std::size_t m = 0; m < front.front().size(); ++m)
    for (std::size_t i = 0; i < front.size(); ++i) {
      double below = -infinity, above = infinity, low = infinity, high = -infinity;
      for (const auto& other : front) {
        if (other[m] < front[i][m]) below = std::max(below, other[m]);
        if (other[m] > front[i][m]) above = std::min(above, other[m]);
        low = std::min(low, other[m]);
        high = std::max(high, other[m]);
      }
      distances[i] += std::isfinite(below) && std::isfinite(above) ? (above - below) / (high - low) : infinity;
    }
  return distances;
}

Matrix random_points(RandomStream& random, std::size_t count, std::size_t objectives, std::uint64_t values) {
  Matrix points(count, std::vector<double>(objectives));
  for (auto& point : points)
    for (double& value : point) value = static_cast<double>(random.below(values));
  return points;
}

Matrix permuted(const Matrix& points, const std::vector<std::size_t>& order) {
  Matrix result;
  for (const std::size_t i : order) result.push_back(points[i]);
  return result;
}

TEST(Pareto, APointDominatesWhatIsNowhereBetterAndSomewhereWorse) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_TRUE(dominates({0, 0}, {1, 1}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({1, 2}, {2, 1}));
  EXPECT_FALSE(dominates({1, 3}, {1, 2}));
}

TEST(NonDominatedRanks, EqualTheObviousOnes) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    const auto points = random_points(random, random.below(25), 1 + random.below(4), 2 + random.below(8));
    const auto ranks = non_dominated_ranks(points);
    if (!points.empty() && points.front().size() == 1) {
      std::set<double> values;  // one objective: the rank is the number of smaller values
      for (const auto& point : points) values.insert(point[0]);
      for (std::size_t i = 0; i < points.size(); ++i)
        EXPECT_EQ(ranks[i], static_cast<std::size_t>(std::distance(values.begin(), values.find(points[i][0]))));
    }
    EXPECT_EQ(ranks, slow_ranks(points));
  }
}

TEST(NonDominatedRanks, HandleFewPoints) {
  EXPECT_THAT(non_dominated_ranks({}), ElementsAre());
  EXPECT_THAT(non_dominated_ranks({{1, 2}}), ElementsAre(0));
  EXPECT_THAT(non_dominated_ranks({{1, 2}, {1, 2}}), ElementsAre(0, 0));
  EXPECT_THAT(non_dominated_ranks({{3}, {1}, {3}, {2}}), ElementsAre(2, 0, 2, 1));
  EXPECT_THAT(non_dominated_ranks({{0.0, 1}, {-0.0, 1}}), ElementsAre(0, 0));
}

TEST(CrowdingDistances, FollowTheirDefinition) {
  // By hand: the middle one has (4 - 1) / (4 - 1) + (4 - 1) / (4 - 1).
  EXPECT_THAT(crowding_distances({{1, 4}, {2, 2}, {4, 1}}, {0, 0, 0}), ElementsAre(infinity, 2.0, infinity));
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    const std::size_t objectives = 2 + random.below(3);
    Matrix points(12, std::vector<double>(objectives));
    for (auto& point : points)
      for (double& value : point) value = random.uniform();
    const auto ranks = non_dominated_ranks(points);
    const auto distances = crowding_distances(points, ranks);
    for (std::size_t rank = 0; rank < points.size(); ++rank) {
      Matrix front;
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < points.size(); ++i)
        if (ranks[i] == rank) front.push_back(points[i]), members.push_back(i);
      if (front.empty()) break;
      const auto expected = slow_crowding(front);
      for (std::size_t i = 0; i < front.size(); ++i) {
        if (std::isfinite(expected[i]))
          EXPECT_NEAR(distances[members[i]], expected[i], 1e-12);
        else
          EXPECT_EQ(distances[members[i]], infinity);
      }
    }
  }
}

TEST(CrowdingDistances, AreSharedByEqualPoints) {
  EXPECT_THAT(crowding_distances({{1, 4}, {2, 2}, {4, 1}, {2, 2}}, {0, 0, 0, 0}),
              ElementsAre(infinity, 1.0, infinity, 1.0));
  EXPECT_THAT(crowding_distances({{1, 4}, {1, 4}}, {0, 0}), ElementsAre(infinity, infinity));
  EXPECT_THAT(crowding_distances({{3}, {3}, {5}}, {0, 0, 1}), ElementsAre(infinity, infinity, infinity));
}

TEST(CrowdingDistances, IgnoreAnObjectiveInWhichTheFrontIsEqual) {
  EXPECT_EQ(crowding_distances({{1, 4, 7}, {2, 2, 7}, {4, 1, 7}}, {0, 0, 0}),
            crowding_distances({{1, 4}, {2, 2}, {4, 1}}, {0, 0, 0}));
}

TEST(OrderByDominance, DoesNotDependOnTheOrderOfThePoints) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    const auto points = random_points(random, 1 + random.below(20), 1 + random.below(4), 2 + random.below(5));
    const auto shuffle = random.permutation(points.size());
    const auto shuffled = permuted(points, shuffle);
    const auto ranks = non_dominated_ranks(points), shuffled_ranks = non_dominated_ranks(shuffled);
    const auto distances = crowding_distances(points, ranks),
               shuffled_distances = crowding_distances(shuffled, shuffled_ranks);
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(shuffled_ranks[i], ranks[shuffle[i]]);
      EXPECT_EQ(shuffled_distances[i], distances[shuffle[i]]);
      EXPECT_FALSE(std::isnan(distances[i]));
    }
    const auto order = order_by_dominance(points);
    for (std::size_t k = 1; k < order.size(); ++k) {
      const auto key = [&](std::size_t i) { return std::tuple(ranks[i], -distances[i], i); };
      EXPECT_LT(key(order[k - 1]), key(order[k]));
    }
  }
}

TEST(NonDominatedRanks, OfTwoObjectivesAreThoseThatPagmoGives) {
  RandomStream random(7);
  for (int round = 0; round < 200; ++round) {
    Matrix two, three;  // a third objective that is the same for all changes no rank, but takes the way through pagmo
    const auto levels = 2 + random.below(40);
    for (std::uint64_t i = random.below(80); i > 0; --i) {
      two.push_back({static_cast<double>(random.below(levels)) - 10.0, static_cast<double>(random.below(levels)) / 3});
      three.push_back({two.back()[0], two.back()[1], 1.0});
    }
    EXPECT_EQ(non_dominated_ranks(two), non_dominated_ranks(three));
  }
  EXPECT_EQ(non_dominated_ranks({{0.0, 1.0}, {-0.0, 1.0}, {0.0, 1.0}}), (std::vector<std::size_t>{0, 0, 0}));
}

TEST(Hypervolume, EqualsCountedCells) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    const std::size_t objectives = 1 + random.below(4);
    const auto points = random_points(random, random.below(12), objectives, 8);  // some lie beyond the reference
    const std::vector<double> reference(objectives, 6);
    EXPECT_NEAR(hypervolume(points, reference).value(), slow_volume(points, reference), 1e-9);
  }
}

TEST(Hypervolume, IsUnchangedByDominatedEqualAndFarPoints) {
  const std::vector<double> reference{4, 4};
  EXPECT_DOUBLE_EQ(hypervolume({{1, 3}, {2, 2}}, reference).value(), 5.0);  // 3 * 1 + 2 * 2 - 2 * 1, by hand
  EXPECT_DOUBLE_EQ(hypervolume({{1, 3}, {2, 2}, {3, 3}, {2, 2}, {0, 4}, {9, 0}}, reference).value(), 5.0);
  EXPECT_EQ(hypervolume({}, reference).value(), 0.0);
  EXPECT_EQ(hypervolume({{4, 4}}, reference).value(), 0.0);
}

TEST(Hypervolume, RefusesWhatIsNotFiniteOrNotOfOneSize) {
  const auto message = [](const Matrix& points, const std::vector<double>& reference) {
    const auto volume = hypervolume(points, reference);
    EXPECT_FALSE(volume);
    EXPECT_EQ(volume.error().code, ErrorCode::invalid_input);
    return volume ? "" : volume.error().message;
  };
  EXPECT_EQ(message({{1, 1}, {1, std::nan("")}}, {4, 4}), "point 1 has a value that is not finite");
  EXPECT_EQ(message({{1, -infinity}}, {4, 4}), "point 0 has a value that is not finite");
  EXPECT_EQ(message({{1, 1}}, {4, infinity}), "the reference point of a hypervolume has a value that is not finite");
  EXPECT_EQ(message({{1}}, {4, 4}), "point 0 has 1 objectives, the reference point has 2");
  EXPECT_EQ(message({}, {}), "the reference point of a hypervolume has no objective");
}

TEST(KneePoint, IsNearestToTheBestOfEachObjective) {
  EXPECT_EQ(knee_point({}), std::nullopt);
  EXPECT_EQ(knee_point({{5, 5}}), 0U);
  EXPECT_EQ(knee_point({{0, 100}, {0.2, 20}, {1, 0}}), 1U);
  EXPECT_EQ(knee_point({{0, 1000}, {200, 200}, {1000, 0}}), 1U);  // scale does not matter
  EXPECT_EQ(knee_point({{3}, {1}, {2}}), 1U);
  EXPECT_EQ(knee_point({{7, 3}, {7, 2}}), 1U);  // an objective in which all are equal says nothing
  EXPECT_EQ(knee_point({{1, 0}, {0, 1}}), 1U);  // of equals the one that is smaller in the first objective,
  EXPECT_EQ(knee_point({{0, 1}, {1, 0}}), 0U);  // wherever it stands
  EXPECT_EQ(knee_point({{-1e308, 1e308}, {0, 0}, {1e308, -1e308}}), 1U);
}

}  // namespace
}  // namespace edgewise::search
