#include "search/tpe_split_internal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace edgewise::search {

namespace {

constexpr double least_weight = 1e-12;

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool is_better = false;
  for (std::size_t m = 0; m < a.size(); ++m) {
    if (a[m] > b[m]) return false;
    is_better = is_better || a[m] < b[m];
  }
  return is_better;
}

/// Fronts, best first, until they have `count` points: peeling them off costs O(n * front) each, which beats ranking everything when few are wanted.
std::vector<std::vector<std::size_t>> first_fronts(const Matrix& points, std::size_t count) {
  std::vector<std::size_t> rest(points.size());
  std::iota(rest.begin(), rest.end(), std::size_t{0});
  std::ranges::stable_sort(rest, [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<std::vector<std::size_t>> fronts;
  for (std::size_t found = 0; found < count && !rest.empty(); found += fronts.back().size()) {
    std::vector<std::size_t> front, dominated;
    for (const auto i : rest) {
      // In lexicographic order only what is in the front already can dominate a point; near ones do most often.
      const bool is_dominated = std::ranges::any_of(front.rbegin(), front.rend(), [&](std::size_t j) { return dominates(points[j], points[i]); });
      (is_dominated ? dominated : front).push_back(i);
    }
    fronts.push_back(std::move(front));
    rest = std::move(dominated);
  }
  return fronts;
}

std::vector<std::vector<std::size_t>> fronts_of(const Matrix& points, std::size_t count) {
  if (points.empty() || points.front().size() != 2) return first_fronts(points, count);
  const auto ranks = non_dominated_ranks(points);
  std::vector<std::vector<std::size_t>> fronts;
  std::vector<std::size_t> sizes(points.size());
  for (const auto rank : ranks) ++sizes[rank];
  std::size_t needed = 0;
  for (std::size_t found = 0; found < std::min(count, points.size()); ++needed) found += sizes[needed];
  fronts.resize(needed);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (ranks[i] < needed) fronts[ranks[i]].push_back(i);
  return fronts;
}

/// A little beyond the worst value of each objective, so that the ends of a front count.
std::vector<double> reference_of(const Matrix& points) {
  std::vector<double> reference = points.front();
  for (const auto& point : points)
    for (std::size_t m = 0; m < point.size(); ++m) reference[m] = std::max(reference[m], point[m]);
  for (double& value : reference) {
    value = std::max(1.1 * value, 0.9 * value);
    if (value == 0.0) value = least_weight;
  }
  return reference;
}

double box(const std::vector<double>& point, std::span<const double> reference) {
  double volume = 1;
  for (std::size_t m = 0; m < point.size(); ++m) volume *= std::max(0.0, reference[m] - point[m]);
  return volume;
}

/// What `point` adds to the volume below `others`.
double contribution(const std::vector<double>& point, const Matrix& others, std::span<const double> reference) {
  Matrix inside;
  for (const auto& other : others) {
    auto& corner = inside.emplace_back(point);
    for (std::size_t m = 0; m < corner.size(); ++m) corner[m] = std::max(corner[m], other[m]);
  }
  return box(point, reference) - hypervolume(inside, reference).value_or(0.0);
}

/// Two objectives: the boxes left of and above a chosen point shrink what the others would add, each in O(1).
std::vector<std::size_t> largest_area_subset(const Matrix& front, std::span<const double> reference, std::size_t count) {
  std::vector<std::pair<double, double>> corners(front.size(), {reference[0], reference[1]});
  std::vector<bool> is_chosen(front.size(), false);
  std::vector<std::size_t> chosen;
  while (chosen.size() < count) {
    std::size_t best = front.size();
    double best_area = -1;
    for (std::size_t i = 0; i < front.size(); ++i) {
      if (is_chosen[i]) continue;
      const double area = std::max(0.0, corners[i].first - front[i][0]) * std::max(0.0, corners[i].second - front[i][1]);
      if (area > best_area) {
        best = i;
        best_area = area;
      }
    }
    is_chosen[best] = true;
    chosen.push_back(best);
    for (std::size_t i = 0; i < front.size(); ++i) {
      auto& [right, top] = corners[i];
      if (front[i][0] <= front[best][0]) right = std::min(right, front[best][0]);
      if (front[i][1] <= front[best][1]) top = std::min(top, front[best][1]);
    }
  }
  std::ranges::sort(chosen);
  return chosen;
}

std::vector<double> contributions_of_front(const Matrix& front, std::span<const double> reference) {
  std::vector<double> contributions(front.size());
  if (reference.size() != 2) {
    for (std::size_t i = 0; i < front.size(); ++i) {
      Matrix others;
      for (std::size_t j = 0; j < front.size(); ++j)
        if (j != i) others.push_back(front[j]);
      contributions[i] = contribution(front[i], others, reference);
    }
    return contributions;
  }
  std::vector<std::size_t> order(front.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return front[a] < front[b]; });
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto& point = front[order[k]];
    const double right = k + 1 < order.size() ? front[order[k + 1]][0] : reference[0], top = k > 0 ? front[order[k - 1]][1] : reference[1];
    contributions[order[k]] = std::max(0.0, right - point[0]) * std::max(0.0, top - point[1]);
  }
  return contributions;
}

void weigh_by_contribution(const std::vector<Observation>& observations, GoodOnes& good) {
  std::vector<std::size_t> feasible;
  Matrix points;
  for (std::size_t k = 0; k < good.indices.size(); ++k) {
    const auto& observation = observations[good.indices[k]];
    good.weights[k] = observation.is_feasible() ? 1.0 : least_weight;
    if (!observation.is_feasible()) continue;
    feasible.push_back(k);
    points.push_back(observation.objectives);
  }
  if (feasible.size() < 2) return;
  const auto ranks = non_dominated_ranks(points);
  Matrix front;
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < points.size(); ++i) {
    good.weights[feasible[i]] = least_weight;
    if (ranks[i] != 0) continue;
    front.push_back(points[i]);
    members.push_back(feasible[i]);
  }
  const auto contributions = contributions_of_front(front, reference_of(points));
  const double largest = std::max(std::ranges::max(contributions), least_weight);
  for (std::size_t i = 0; i < members.size(); ++i) good.weights[members[i]] = std::max(contributions[i] / largest, least_weight);
}

}  // namespace

std::vector<std::size_t> largest_hypervolume_subset(const Matrix& front, std::span<const double> reference, std::size_t count) {
  std::vector<std::size_t> chosen;
  if (count >= front.size()) {
    chosen.resize(front.size());
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  if (reference.size() == 2) return largest_area_subset(front, reference, count);
  // What a point adds only shrinks as others are chosen: an old number bounds the new one, so few are computed anew.
  std::vector<double> bounds;
  for (const auto& point : front) bounds.push_back(box(point, reference));
  std::vector<bool> is_chosen(front.size(), false);
  Matrix points;
  while (chosen.size() < count) {
    std::vector<std::size_t> order(front.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return bounds[i]; });
    std::size_t best = front.size();
    for (const auto i : order) {
      if (is_chosen[i]) continue;
      if (best < front.size() && bounds[best] >= bounds[i]) break;
      bounds[i] = std::min(bounds[i], contribution(front[i], points, reference));
      if (best == front.size() || bounds[i] > bounds[best] || (bounds[i] == bounds[best] && i < best)) best = i;
    }
    is_chosen[best] = true;
    chosen.push_back(best);
    points.push_back(front[best]);
  }
  std::ranges::sort(chosen);
  return chosen;
}

std::size_t count_good(std::size_t observations) { return std::min<std::size_t>((observations + 9) / 10, 25); }

std::vector<double> weights_by_age(std::size_t count) {
  constexpr std::size_t young = 25;
  std::vector<double> weights(count, 1.0);
  if (count <= young) return weights;
  const std::size_t old = count - young;
  const double least = 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < old; ++i) weights[i] = old == 1 ? least : least + (1.0 - least) * static_cast<double>(i) / static_cast<double>(old - 1);
  return weights;
}

GoodOnes good_ones(const std::vector<Observation>& observations, std::size_t count) {
  std::vector<std::size_t> feasible, broken;
  for (std::size_t i = 0; i < observations.size(); ++i) (observations[i].is_feasible() ? feasible : broken).push_back(i);
  Matrix points;
  points.reserve(feasible.size());
  for (const auto i : feasible) points.push_back(observations[i].objectives);
  GoodOnes good;
  for (const auto& front : fronts_of(points, count)) {
    const auto left = count - good.indices.size();
    if (left == 0) break;
    Matrix members;
    for (const auto i : front) members.push_back(points[i]);
    for (const auto i : largest_hypervolume_subset(members, reference_of(members), left)) good.indices.push_back(feasible[front[i]]);
  }
  std::ranges::stable_sort(broken, {}, [&](std::size_t i) { return observations[i].violation(); });
  for (const auto i : broken)
    if (good.indices.size() < count) good.indices.push_back(i);
  std::ranges::sort(good.indices);
  good.weights = weights_by_age(good.indices.size());
  if (!observations.empty() && observations.front().objectives.size() > 1) weigh_by_contribution(observations, good);
  return good;
}

}  // namespace edgewise::search
