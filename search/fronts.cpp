#include "search/fronts.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <ranges>
#include <set>
#include <tuple>

#include "search/pagmo_internal.hpp"
#include "search/slices_internal.hpp"

namespace edgewise::search {

namespace {

Status check_points(const Matrix& points, std::size_t objectives) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].size() != objectives)
      return invalid(std::format("point {} has {} objectives, not {}", i, points[i].size(), objectives));
    if (!std::ranges::all_of(points[i], [](double v) { return std::isfinite(v); }))
      return invalid(std::format("point {} has a value that is not finite", i));
  }
  return {};
}

bool is_inside(const std::vector<double>& point, std::span<const double> reference) {
  return std::ranges::equal(point, reference, std::ranges::less());
}

/// Best and worst of each objective.
struct Bounds {
  std::vector<double> low, high;
  explicit Bounds(const Matrix& points) : low(points.front()), high(points.front()) {
    for (const auto& point : points) include(point);
  }
  void include(const std::vector<double>& point) {
    for (std::size_t m = 0; m < low.size(); ++m) {
      low[m] = std::min(low[m], point[m]);
      high[m] = std::max(high[m], point[m]);
    }
  }
  /// 0 to 1; halves, so that the range of huge values does not overflow. 0 where there is no range.
  [[nodiscard]] double scaled(double value, std::size_t m) const {
    return high[m] > low[m] ? (value / 2 - low[m] / 2) / (high[m] / 2 - low[m] / 2) : 0.0;
  }
};

Matrix non_dominated(const Matrix& points) {
  const auto ranks = non_dominated_ranks(points);
  Matrix front;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (ranks[i] == 0) front.push_back(points[i]);
  return front;
}

/// Indices by point, then by index: an order that does not depend on how equal points were given.
std::vector<std::size_t> canonical_order(const Matrix& points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  return order;
}

/// Indices of the points that no other dominates, in canonical order.
std::vector<std::size_t> front_order(const Matrix& points) {
  const auto ranks = non_dominated_ranks(points);
  auto order = canonical_order(points);
  std::erase_if(order, [&](std::size_t i) { return ranks[i] != 0; });
  return order;
}

/// Of each box of edges `epsilon` that no other box dominates the point nearest to its best corner.
/// @param order  as `front_order` gives it
std::vector<std::size_t> one_a_box(const Matrix& points, const std::vector<std::size_t>& order, const Bounds& bounds,
                                   std::span<const double> epsilon) {
  struct Member {
    double distance;
    std::size_t index;
  };
  std::map<std::vector<double>, Member> boxes;
  for (const std::size_t i : order) {
    std::vector<double> box;
    double distance = 0;
    for (std::size_t m = 0; m < epsilon.size(); ++m) {
      const double place = (points[i][m] - bounds.low[m]) / epsilon[m];
      box.push_back(std::floor(place));
      distance += (place - box.back()) * (place - box.back());
    }
    const auto [at, is_new] = boxes.try_emplace(std::move(box), Member{distance, i});
    if (!is_new && distance < at->second.distance) at->second = {distance, i};
  }
  // A box that dominates another comes before it, and what dominates that one dominates both: the kept ones suffice.
  std::vector<const std::vector<double>*> kept;
  std::vector<std::size_t> members;
  for (const auto& [box, member] : boxes) {
    if (std::ranges::any_of(kept, [&](const auto* other) { return dominates(*other, box); })) continue;
    kept.push_back(&box);
    members.push_back(member.index);
  }
  std::ranges::sort(members);
  return members;
}

}  // namespace

Result<std::vector<double>> reference_point(const ReferenceRule& rule, const Matrix& points) {
  if (rule.kind == ReferenceRule::Kind::given) {
    if (rule.point.empty()) return invalid("the reference point has no objective");
    if (!std::ranges::all_of(rule.point, [](double v) { return std::isfinite(v); }))
      return invalid("the reference point has a value that is not finite");
    TRY_DO(check_points(points, rule.point.size()));
    return rule.point;
  }
  if (points.empty() || points.front().empty())
    return invalid("without points there is no reference point", "give one");
  TRY_DO(check_points(points, points.front().size()));
  if (!(rule.margin >= 0))
    return invalid(std::format("the margin of a reference point is {}; it must be 0 or more", rule.margin));
  const bool is_nadir = rule.kind == ReferenceRule::Kind::nadir;
  const Bounds bounds(is_nadir ? non_dominated(points) : points);
  std::vector<double> reference = bounds.high;
  for (std::size_t m = 0; m < reference.size() && is_nadir; ++m) {
    const double range = bounds.high[m] - bounds.low[m];
    const double size = range > 0 ? range : std::abs(reference[m]) > 0 ? std::abs(reference[m]) : 1.0;
    reference[m] += rule.margin * size;
  }
  return reference;
}

Result<std::vector<double>> hypervolume_contributions(const Matrix& points, std::span<const double> reference) {
  constexpr std::size_t many = 200;                         // points from which slices are the faster way
  TRY(const double total, hypervolume(points, reference));  // checks everything
  std::vector<double> contributions(points.size(), 0.0);
  if (total == 0) return contributions;
  std::map<std::vector<double>, std::vector<std::size_t>> different;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (is_inside(points[i], reference)) different[points[i]].push_back(i);
  const Matrix inside(std::views::keys(different).begin(), std::views::keys(different).end());
  std::vector<double> exclusive{total};
  if (inside.size() > 1 && reference.size() == 1) {
    exclusive.assign(inside.size(), 0.0);
    exclusive[0] = inside[1][0] - inside[0][0];
  } else if (inside.size() > many && reference.size() >= 3 && reference.size() <= 4) {
    exclusive = by_slices::contributions(inside, reference);
  } else if (inside.size() > 1) {
    TRY(exclusive, by_pagmo::contributions(inside, {reference.begin(), reference.end()}));
  }
  const auto ranks = non_dominated_ranks(inside);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (ranks[i] > 0) continue;  // exactly 0, whatever rounding says
    const auto& same = different.at(inside[i]);
    if (same.size() == 1) contributions[same.front()] = std::max(0.0, exclusive[i]);
  }
  return contributions;
}

Result<std::vector<std::size_t>> greedy_hypervolume_subset(const Matrix& points, std::size_t count,
                                                           std::span<const double> reference) {
  TRY_DO(hypervolume(points, reference));  // checks everything
  const auto order = canonical_order(points);
  struct Bound {
    double gain;
    std::size_t place, round;  // `gain` was right when `round` points were chosen, and can only have shrunk since
    bool operator<(const Bound& other) const { return gain != other.gain ? gain < other.gain : place > other.place; }
  };
  std::priority_queue<Bound> bounds;
  for (std::size_t place = 0; place < order.size(); ++place) {
    double volume = 1;
    for (std::size_t m = 0; m < reference.size(); ++m) volume *= std::max(0.0, reference[m] - points[order[place]][m]);
    bounds.push({volume, place, 0});
  }
  std::vector<std::size_t> chosen;
  Matrix kept;
  double total = 0;
  while (chosen.size() < count && !bounds.empty()) {
    Bound top = bounds.top();
    bounds.pop();
    const auto& point = points[order[top.place]];
    if (top.round < chosen.size() && top.gain > 0) {
      kept.push_back(point);
      TRY(const double with, hypervolume(kept, reference));
      kept.pop_back();
      // What is dominated or doubled adds exactly nothing; rounding must not say otherwise.
      const bool is_covered = std::ranges::any_of(
          kept, [&](const auto& k) { return std::ranges::equal(k, point, std::ranges::less_equal()); });
      bounds.push({is_covered ? 0.0 : std::clamp(with - total, 0.0, top.gain), top.place, chosen.size()});
      continue;
    }
    chosen.push_back(order[top.place]);
    if (top.gain <= 0) continue;
    kept.push_back(point);
    TRY(total, hypervolume(kept, reference));
  }
  return chosen;
}

Result<std::vector<std::size_t>> epsilon_front(const Matrix& points, std::span<const double> epsilon) {
  for (const double e : epsilon)
    if (!(e > 0)) return invalid(std::format("epsilon is {}; it must be above 0", e));
  TRY_DO(check_points(points, epsilon.size()));
  if (points.empty()) return std::vector<std::size_t>{};
  return one_a_box(points, front_order(points), Bounds(points), epsilon);
}

ThinFront thinned_front(const Matrix& points, std::size_t count) {
  EDGEWISE_ASSERT(count > 0, "a front is not thinned to nothing");
  if (points.empty()) return {};
  const auto ranks = non_dominated_ranks(points);
  const Matrix front = non_dominated(points);
  ThinFront thin;
  std::set<std::vector<double>> seen;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (ranks[i] == 0 && seen.insert(points[i]).second) thin.members.push_back(i);
  if (thin.members.size() <= count) return thin;
  const Bounds bounds(front), all(points);
  const auto order = front_order(points);
  constexpr std::size_t finest = 100;  // nobody tells 1 % of a range from less when choosing
  for (std::size_t k = finest; thin.members.size() > count; --k) {
    // In boxes of twice the range everything is in one.
    thin.share = k > 0 ? 1 / static_cast<double>(k) : 2;
    std::vector<double> epsilon;
    for (std::size_t m = 0; m < bounds.low.size(); ++m)
      epsilon.push_back(bounds.high[m] > bounds.low[m] ? (bounds.high[m] - bounds.low[m]) * thin.share : 1.0);
    thin.members = one_a_box(points, order, all, epsilon);
  }
  return thin;
}

std::optional<std::size_t> bend_point(const Matrix& front) {
  if (front.size() < 3) return std::nullopt;
  const Bounds bounds(front);
  double best_sum = 1 - 1e-9;  // the plane itself; what is on it up to rounding does not bulge
  std::optional<std::size_t> best;
  for (const std::size_t i : canonical_order(front)) {
    double sum = 0;
    for (std::size_t m = 0; m < front[i].size(); ++m) sum += bounds.scaled(front[i][m], m);
    if (sum < best_sum) {
      best_sum = sum;
      best = i;
    }
  }
  return best;
}

std::optional<std::size_t> closest_to_baseline(const Matrix& front, const std::vector<double>& baseline) {
  if (front.empty()) return std::nullopt;
  Bounds bounds(front);
  bounds.include(baseline);
  std::optional<std::size_t> best;
  double best_distance = infinity;
  bool best_dominates = false;
  for (const std::size_t i : canonical_order(front)) {
    double distance = 0;
    for (std::size_t m = 0; m < baseline.size(); ++m)
      distance += std::pow(bounds.scaled(front[i][m], m) - bounds.scaled(baseline[m], m), 2);
    const bool is_better = dominates(front[i], baseline);
    if (best && (is_better != best_dominates ? best_dominates : distance >= best_distance)) continue;
    best = i;
    best_distance = distance;
    best_dominates = is_better;
  }
  return best;
}

Result<Matrix> attainment_surface(std::span<const Matrix> runs, std::size_t k) {
  if (k < 1 || k > runs.size())
    return invalid(std::format("an attainment surface of {} of {} runs was asked for", k, runs.size()));
  struct Event {
    double x, y;
    std::size_t run;
  };
  std::vector<Event> events;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    TRY_DO(check_points(runs[run], 2));
    for (const auto& point : runs[run]) events.push_back({point[0], point[1], run});
  }
  std::ranges::sort(events, {}, [](const Event& event) { return std::tuple(event.x, event.y, event.run); });
  // From left to right: the best second value of each run so far. The k-th best of them is what k runs attain here.
  std::vector<double> best(runs.size(), infinity), sorted;
  Matrix surface;
  for (std::size_t i = 0; i < events.size(); ++i) {
    best[events[i].run] = std::min(best[events[i].run], events[i].y);
    if (i + 1 < events.size() && events[i + 1].x == events[i].x) continue;
    sorted = best;
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(k - 1));
    const double y = sorted[k - 1];
    if (y < (surface.empty() ? infinity : surface.back()[1])) surface.push_back({events[i].x, y});
  }
  return surface;
}

}  // namespace edgewise::search
