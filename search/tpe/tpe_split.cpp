#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <ranges>

#include "search/pareto.hpp"
#include "search/tpe/tpe_split_internal.hpp"

namespace edgewise::search {

namespace {

constexpr double least_weight = 1e-12;

using Points = std::vector<const std::vector<double>*>;
using Fronts = std::vector<std::vector<std::size_t>>;

/// One front and what is left, or nothing when the front has more than `most` points. Each point is compared with the
/// front so far, of which those that dominate often come first: few comparisons a point, where sorting would cost more
/// (block nested loops: Börzsönyi et al., ICDE 2001).
struct Peeled {
  std::vector<std::size_t> front, rest;
};
std::optional<Peeled> peel(const Points& points, const std::vector<std::size_t>& indices, std::size_t most) {
  Peeled peeled;
  auto& front = peeled.front;
  for (const auto i : indices) {
    bool is_dominated = false;
    for (std::size_t k = 0; k < front.size() && !is_dominated; ++k) {
      if (!dominates(*points[front[k]], *points[i])) continue;
      is_dominated = true;
      std::swap(front[k], front[k / 2]);
    }
    if (is_dominated) {
      peeled.rest.push_back(i);
      continue;
    }
    std::erase_if(front, [&](std::size_t j) {
      if (!dominates(*points[i], *points[j])) return false;
      peeled.rest.push_back(j);
      return true;
    });
    front.push_back(i);
    if (front.size() > most) return std::nullopt;
  }
  std::ranges::sort(front);
  return peeled;
}

/// Fronts by ranking all points, which has a bound of O(n log n) with two objectives.
Fronts ranked_fronts(const Points& points, std::size_t count) {
  Matrix matrix;
  for (const auto* point : points) matrix.push_back(*point);
  const auto ranks = non_dominated_ranks(matrix);
  std::vector<std::size_t> sizes(points.size());
  for (const auto rank : ranks) ++sizes[rank];
  std::size_t needed = 0;
  for (std::size_t found = 0; found < std::min(count, points.size()); ++needed) found += sizes[needed];
  Fronts fronts(needed);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (ranks[i] < needed) fronts[ranks[i]].push_back(i);
  return fronts;
}

/// Fronts, best first, until they have `count` points.
Fronts first_fronts(const Points& points, std::size_t count) {
  constexpr std::size_t large = 300;
  if (points.empty()) return {};
  const auto most = points.front()->size() <= 2 ? large : points.size();
  std::vector<std::size_t> rest(points.size());
  std::iota(rest.begin(), rest.end(), std::size_t{0});
  Fronts fronts;
  for (std::size_t found = 0; found < count && !rest.empty(); found += fronts.back().size()) {
    auto peeled = peel(points, rest, most);
    if (!peeled) return ranked_fronts(points, count);
    fronts.push_back(std::move(peeled->front));
    rest = std::move(peeled->rest);
  }
  return fronts;
}

/// A tenth of the range beyond the worst value of each objective, so that the ends of a front count. (Optuna goes by a
/// tenth of the worst value, which depends on where an objective has its zero.)
std::vector<double> reference_of(const Matrix& points) {
  std::vector<double> worst = points.front(), best = points.front();
  for (const auto& point : points)
    for (std::size_t m = 0; m < point.size(); ++m) {
      worst[m] = std::max(worst[m], point[m]);
      best[m] = std::min(best[m], point[m]);
    }
  for (std::size_t m = 0; m < worst.size(); ++m) worst[m] += worst[m] > best[m] ? 0.1 * (worst[m] - best[m]) : 1.0;
  return worst;
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
std::vector<std::size_t> largest_area_subset(const Matrix& front, std::span<const double> reference,
                                             std::size_t count) {
  std::vector<std::pair<double, double>> corners(front.size(), {reference[0], reference[1]});
  std::vector<bool> is_chosen(front.size(), false);
  std::vector<std::size_t> chosen;
  while (chosen.size() < count) {
    std::size_t best = front.size();
    double best_area = -1;
    for (std::size_t i = 0; i < front.size(); ++i) {
      if (is_chosen[i]) continue;
      const double area =
          std::max(0.0, corners[i].first - front[i][0]) * std::max(0.0, corners[i].second - front[i][1]);
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
    const double right = k + 1 < order.size() ? front[order[k + 1]][0] : reference[0],
                 top = k > 0 ? front[order[k - 1]][1] : reference[1];
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
  std::map<std::vector<double>, std::vector<std::size_t>>
      members;  // equal points share what is theirs: alone each would add nothing
  for (std::size_t i = 0; i < points.size(); ++i) {
    good.weights[feasible[i]] = least_weight;
    if (ranks[i] == 0) members[points[i]].push_back(feasible[i]);
  }
  const Matrix front(std::views::keys(members).begin(), std::views::keys(members).end());
  const auto contributions = contributions_of_front(front, reference_of(points));
  const double largest = std::ranges::max(contributions);
  for (std::size_t g = 0; const auto& [point, indices] : members) {
    const double share = largest > 0 ? contributions[g++] / largest / static_cast<double>(indices.size()) : 1.0;
    for (const auto k : indices) good.weights[k] = std::max(share, least_weight);
  }
}

}  // namespace

std::vector<std::size_t> largest_hypervolume_subset(const Matrix& front, std::span<const double> reference,
                                                    std::size_t count) {
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

std::size_t count_good(std::size_t observations) {
  return std::min<std::size_t>((observations + 9) / 10, 25);
}

std::vector<double> weights_by_age(std::size_t count) {
  constexpr std::size_t young = 25;
  std::vector<double> weights(count, 1.0);
  if (count <= young) return weights;
  const std::size_t old = count - young;
  const double least = 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < old; ++i)
    weights[i] = old == 1 ? least : least + (1.0 - least) * static_cast<double>(i) / static_cast<double>(old - 1);
  return weights;
}

GoodOnes good_ones(const std::vector<Observation>& observations, std::size_t count) {
  std::vector<std::size_t> feasible, broken;
  for (std::size_t i = 0; i < observations.size(); ++i)
    (observations[i].is_feasible() ? feasible : broken).push_back(i);
  Points points;
  points.reserve(feasible.size());
  for (const auto i : feasible) points.push_back(&observations[i].objectives);
  GoodOnes good;
  for (const auto& front : first_fronts(points, count)) {
    const auto left = count - good.indices.size();
    if (left == 0) break;
    Matrix members;
    for (const auto i : front) members.push_back(*points[i]);
    for (const auto i : largest_hypervolume_subset(members, reference_of(members), left))
      good.indices.push_back(feasible[front[i]]);
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
