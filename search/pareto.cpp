#include "search/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>
#include <map>
#include <numeric>
#include <ranges>

#include "search/pagmo_internal.hpp"
#include "search/slices_internal.hpp"

namespace edgewise::search {

namespace {

void check_points(const Matrix& points) {
  for (const auto& point : points) {
    EDGEWISE_ASSERT(point.size() == points.front().size(), "every point has the same number of objectives");
    EDGEWISE_ASSERT(std::ranges::all_of(point, [](double v) { return std::isfinite(v); }), "objectives are finite");
  }
}

/// Different points in their own order, each with the indices that have it: what is computed from it cannot depend on
/// the order of the points.
std::map<std::vector<double>, std::vector<std::size_t>> grouped(const Matrix& points) {
  std::map<std::vector<double>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto point = points[i];
    for (double& value : point) value += 0.0;  // -0.0 becomes 0.0
    groups[std::move(point)].push_back(i);
  }
  return groups;
}

std::vector<std::size_t> ranks_of_different(const Matrix& points) {
  if (points.size() < 2 || points.front().empty()) return std::vector<std::size_t>(points.size(), 0);
  if (points.front().size() > 1) return by_pagmo::ranks(points);
  std::vector<std::size_t> ranks(points.size());
  std::iota(ranks.begin(), ranks.end(), std::size_t{0});  // one objective: `grouped` sorted them
  return ranks;
}

/// Two objectives in O(n log n). In lexicographic order a point can be dominated only by one before it, and the lowest
/// second objective of the fronts grows with their rank, so that a binary search finds the first front that does not
/// dominate the point (M. T. Jensen, IEEE TEC 7(5), 2003).
std::vector<std::size_t> ranks_of_two_objectives(const Matrix& points) {
  struct Entry {
    double first, second;
    std::size_t index;
  };
  std::vector<Entry> entries;
  entries.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) entries.push_back({points[i][0], points[i][1], i});
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  std::vector<std::size_t> ranks(points.size());
  std::vector<double> lowest;  // second objective, by rank
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (i > 0 && entry.first == entries[i - 1].first && entry.second == entries[i - 1].second) {
      ranks[entry.index] = ranks[entries[i - 1].index];
      continue;
    }
    const auto front = std::ranges::upper_bound(lowest, entry.second);
    ranks[entry.index] = static_cast<std::size_t>(front - lowest.begin());
    if (front == lowest.end())
      lowest.push_back(entry.second);
    else
      *front = entry.second;
  }
  return ranks;
}

std::vector<double> crowding_of_different(Matrix front) {
  if (front.size() <= 2 || front.front().size() < 2) return std::vector<double>(front.size(), infinity);
  // Distances are shares of a range, which must not overflow. A power of two changes no digit of numbers this large.
  constexpr double large = 1e300, smaller = 0x1p-8;
  for (std::size_t m = 0; m < front.front().size(); ++m)
    if (std::ranges::any_of(front, [&](const auto& point) { return std::abs(point[m]) > large; }))
      for (auto& point : front) point[m] *= smaller;
  return by_pagmo::crowding(front);
}

/// Objectives in which the front is constant say nothing about crowding, and would divide by zero.
Matrix without_constant_objectives(const Matrix& front) {
  std::vector<std::size_t> kept;
  for (std::size_t m = 0; m < front.front().size(); ++m)
    if (std::ranges::any_of(front, [&](const auto& point) { return point[m] != front.front()[m]; })) kept.push_back(m);
  Matrix reduced(front.size());
  for (std::size_t i = 0; i < front.size(); ++i)
    for (const std::size_t m : kept) reduced[i].push_back(front[i][m]);
  return reduced;
}

}  // namespace

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool is_better = false;
  for (std::size_t m = 0; m < a.size(); ++m) {
    if (a[m] > b[m]) return false;
    is_better = is_better || a[m] < b[m];
  }
  return is_better;
}

double tamed(double value) {
  constexpr double most = 1e60;
  if (std::abs(value) <= most || std::isnan(value)) return value;
  const double size = std::isinf(value) ? std::numeric_limits<double>::max() : std::abs(value);
  return std::copysign(most * (1 + std::log10(size / most) / 100), value);
}

Matrix objective_matrix(const std::vector<study::Objective>& objectives,
                        const std::vector<const study::Trial*>& trials) {
  Matrix points;
  for (const study::Trial* trial : trials) {
    const auto values = trial->values();
    auto& point = points.emplace_back();
    for (const auto& objective : objectives) {
      const auto found = values.find(objective.name);
      EDGEWISE_ASSERT(found != values.end(), "only trials with all objectives become points");
      point.push_back(objective.direction == study::Direction::maximize ? -found->second : found->second);
    }
  }
  return points;
}

std::vector<std::size_t> non_dominated_ranks(const Matrix& points) {
  check_points(points);
  if (!points.empty() && points.front().size() == 2) return ranks_of_two_objectives(points);
  const auto groups = grouped(points);
  const Matrix different(std::views::keys(groups).begin(), std::views::keys(groups).end());
  const auto group_ranks = ranks_of_different(different);
  std::vector<std::size_t> ranks(points.size());
  for (std::size_t g = 0; const auto& [point, indices] : groups) {
    for (const std::size_t i : indices) ranks[i] = group_ranks[g];
    ++g;
  }
  return ranks;
}

std::vector<double> crowding_distances(const Matrix& points, const std::vector<std::size_t>& ranks) {
  check_points(points);
  EDGEWISE_ASSERT(points.size() == ranks.size(), "every point has a rank");
  std::vector<double> distances(points.size());
  std::map<std::size_t, std::vector<std::size_t>> fronts;
  for (std::size_t i = 0; i < ranks.size(); ++i) fronts[ranks[i]].push_back(i);
  for (const auto& [rank, members] : fronts) {
    Matrix front;
    for (const std::size_t i : members) front.push_back(points[i]);
    const auto groups = grouped(front);
    const Matrix different(std::views::keys(groups).begin(), std::views::keys(groups).end());
    const auto of_groups = crowding_of_different(without_constant_objectives(different));
    for (std::size_t g = 0; const auto& [point, indices] : groups) {
      for (const std::size_t i : indices) distances[members[i]] = of_groups[g] / static_cast<double>(indices.size());
      ++g;
    }
  }
  return distances;
}

std::vector<std::size_t> order_by_dominance(const Matrix& points) {
  const auto ranks = non_dominated_ranks(points);
  const auto distances = crowding_distances(points, ranks);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : distances[a] > distances[b];
  });
  return order;
}

Result<double> hypervolume(const Matrix& points, std::span<const double> reference) {
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (!std::ranges::all_of(reference, is_finite))
    return invalid("the reference point of a hypervolume has a value that is not finite");
  if (reference.empty()) return invalid("the reference point of a hypervolume has no objective");
  Matrix inside;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].size() != reference.size())
      return invalid(
          std::format("point {} has {} objectives, the reference point has {}", i, points[i].size(), reference.size()));
    if (!std::ranges::all_of(points[i], is_finite))
      return invalid(std::format("point {} has a value that is not finite", i));
    bool is_inside = true;
    for (std::size_t m = 0; m < reference.size(); ++m) is_inside = is_inside && points[i][m] < reference[m];
    if (is_inside) inside.push_back(points[i]);
  }
  if (inside.empty()) return 0.0;
  if (reference.size() == 1) return reference[0] - std::ranges::min(inside)[0];
  std::ranges::sort(inside);  // sums of floats depend on the order
  // WFG is fast for few points, and its sums are what replays of old were compared by.
  constexpr std::size_t many = 200, most_sliced = 4;
  if (reference.size() == most_sliced && inside.size() > many) return by_slices::hypervolume(inside, reference);
  return by_pagmo::hypervolume(inside, {reference.begin(), reference.end()});
}

std::optional<std::size_t> knee_point(const Matrix& front) {
  if (front.empty()) return std::nullopt;
  check_points(front);
  std::vector<double> low = front.front(), high = front.front();
  for (const auto& point : front)
    for (std::size_t m = 0; m < point.size(); ++m) {
      low[m] = std::min(low[m], point[m]);
      high[m] = std::max(high[m], point[m]);
    }
  std::size_t best = 0;
  double best_distance = infinity;
  for (std::size_t i = 0; i < front.size(); ++i) {
    double distance = 0;
    for (std::size_t m = 0; m < low.size(); ++m)
      if (high[m] > low[m]) {
        // Halves, so that the range of huge values does not overflow.
        const double scaled = (front[i][m] / 2 - low[m] / 2) / (high[m] / 2 - low[m] / 2);
        distance += scaled * scaled;
      }
    if (distance < best_distance || (distance == best_distance && front[i] < front[best])) {
      best = i;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<const study::Trial*> pareto_front(const study::Study& study) {
  const auto trials = study::feasible_trials(study);
  const Matrix points = objective_matrix(study.settings.objectives, trials);
  const auto ranks = non_dominated_ranks(points);
  std::map<std::vector<double>, const study::Trial*> front;  // of equal points the first trial
  for (std::size_t i = 0; i < trials.size(); ++i)
    if (ranks[i] == 0) front.try_emplace(points[i], trials[i]);
  std::vector<const study::Trial*> sorted(std::views::values(front).begin(), std::views::values(front).end());
  if (!study.settings.objectives.empty() && study.settings.objectives.front().direction == study::Direction::maximize)
    std::ranges::reverse(sorted);
  return sorted;
}

}  // namespace edgewise::search
