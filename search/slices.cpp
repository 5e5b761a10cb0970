#include <algorithm>
#include <array>

#include "search/slices_internal.hpp"

namespace edgewise::search::by_slices {

namespace {

constexpr std::size_t most_objectives = 4;
using Point = std::array<double, most_objectives>;  // those beyond the dimension are 0
using Points = std::vector<Point>;

bool covers(const Point& a, const Point& b, std::size_t m) {
  for (std::size_t k = 0; k < m; ++k)
    if (a[k] > b[k]) return false;
  return true;
}

double box(const Point& point, const Point& reference, std::size_t m) {
  double volume = 1;
  for (std::size_t k = 0; k < m; ++k) volume *= reference[k] - point[k];
  return volume;
}

double volume(Points points, const Point& reference, std::size_t m);

/// The points cut down to the box of `corner`, without those that another covers; the corner itself when one covers it.
Points cut_down(const Points& points, const Point& corner, std::size_t m) {
  struct Cut {
    Point point;
    double away;
  };
  std::vector<Cut> cuts;
  cuts.reserve(points.size());
  for (const auto& point : points) {
    Cut cut{.point = {}, .away = 0};
    for (std::size_t k = 0; k < m; ++k) {
      cut.point[k] = std::max(point[k], corner[k]);
      cut.away += cut.point[k] - corner[k];
    }
    if (cut.away == 0) return {corner};
    cuts.push_back(cut);
  }
  // The nearest first: nothing that comes later covers what is kept, but for rounding, which costs time alone. Of many
  // points the few nearest cover most of the others, which need no sorting then.
  const auto is_nearer = [](const Cut& a, const Cut& b) {
    return a.away != b.away ? a.away < b.away : a.point < b.point;
  };
  constexpr std::ptrdiff_t nearest = 24;
  if (cuts.size() > 4 * static_cast<std::size_t>(nearest)) {
    std::ranges::nth_element(cuts, cuts.begin() + nearest, is_nearer);
    std::ranges::sort(cuts.begin(), cuts.begin() + nearest, is_nearer);
    const auto is_covered = [&](const Cut& cut) {
      return std::any_of(cuts.begin(), cuts.begin() + nearest,
                         [&](const Cut& near) { return covers(near.point, cut.point, m); });
    };
    cuts.erase(std::remove_if(cuts.begin() + nearest, cuts.end(), is_covered), cuts.end());
  }
  std::ranges::sort(cuts, is_nearer);
  Points kept;
  for (const auto& cut : cuts) {
    bool is_covered = false;
    for (std::size_t i = 0; i < kept.size() && !is_covered; ++i) {
      if (!covers(kept[i], cut.point, m)) continue;
      is_covered = true;
      std::swap(kept[i], kept[i / 2]);  // what covers often comes early
    }
    if (!is_covered) kept.push_back(cut.point);
  }
  return kept;
}

/// What `point` covers and none of `others` does.
double alone(const Point& point, const Points& others, const Point& reference, std::size_t m) {
  return std::max(0.0, box(point, reference, m) - volume(cut_down(others, point, m), reference, m));
}

double area(Points points, const Point& reference) {
  std::ranges::sort(points);
  double sum = 0, top = reference[1];
  for (const auto& point : points) {
    if (point[1] >= top) continue;
    sum += (reference[0] - point[0]) * (top - point[1]);
    top = point[1];
  }
  return sum;
}

double volume(Points points, const Point& reference, std::size_t m) {
  if (points.empty()) return 0;
  if (points.size() == 1) return box(points.front(), reference, m);
  if (m == 2) return area(std::move(points), reference);
  const std::size_t last = m - 1;
  std::ranges::sort(points,
                    [&](const Point& a, const Point& b) { return a[last] != b[last] ? a[last] < b[last] : a < b; });
  double sum = 0;
  Points before;  // of the slices so far, without those that a later one covers in the other objectives
  for (const auto& point : points) {
    if (std::ranges::any_of(before, [&](const Point& other) { return covers(other, point, last); })) continue;
    sum += (reference[last] - point[last]) * alone(point, before, reference, last);
    std::erase_if(before, [&](const Point& other) { return covers(point, other, last); });
    before.push_back(point);
  }
  return sum;
}

Point point_of(std::span<const double> values) {
  Point point{};
  std::ranges::copy(values, point.begin());
  return point;
}

Points points_of(const Matrix& matrix) {
  Points points;
  for (const auto& row : matrix) points.push_back(point_of(row));
  return points;
}

}  // namespace

double hypervolume(const Matrix& points, std::span<const double> reference) {
  EDGEWISE_ASSERT(reference.size() >= 2 && reference.size() <= most_objectives,
                  "slices are for two to four objectives");
  return volume(points_of(points), point_of(reference), reference.size());
}

std::vector<double> contributions(const Matrix& points, std::span<const double> reference) {
  EDGEWISE_ASSERT(reference.size() >= 2 && reference.size() <= most_objectives,
                  "slices are for two to four objectives");
  const Point end = point_of(reference);
  Points others = points_of(points);
  std::vector<double> all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point own = others[i];
    std::swap(others[i], others.back());
    others.pop_back();
    all.push_back(alone(own, others, end, reference.size()));
    others.push_back(own);
    std::swap(others[i], others.back());
  }
  return all;
}

}  // namespace edgewise::search::by_slices
