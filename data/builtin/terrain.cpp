#include <algorithm>
#include <cmath>
#include <numbers>
#include <queue>
#include <tuple>

#include "data/builtin/terrain_internal.hpp"

namespace edgewise::data {

double Grid::between(double x, double y) const {
  const double last = static_cast<double>(edge - 1);
  x = std::clamp(x, 0.0, last);
  y = std::clamp(y, 0.0, last);
  const auto x0 = static_cast<std::int64_t>(x), y0 = static_cast<std::int64_t>(y);
  const std::int64_t x1 = std::min(x0 + 1, edge - 1), y1 = std::min(y0 + 1, edge - 1);
  const double u = x - static_cast<double>(x0), v = y - static_cast<double>(y0);
  return (at(x0, y0) * (1 - u) + at(x1, y0) * u) * (1 - v) + (at(x0, y1) * (1 - u) + at(x1, y1) * u) * v;
}

namespace {

struct Step {
  std::int64_t dx, dy;
};
constexpr std::array<Step, 8> around{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {1, 1}, {-1, 1}, {-1, -1}, {1, -1}}};
constexpr double fall = 1e-5;  ///< of a filled depression towards its outlet, per cell

}  // namespace

Drainage drain(const Grid& elevation) {
  const std::int64_t edge = elevation.edge;
  const auto count = elevation.values.size();
  Drainage result{elevation, std::vector<std::int64_t>(count, -1), {}, Grid(edge, 1)};
  result.order.reserve(count);

  // Lowest first; equal heights in the order they came, so that the outcome is the same everywhere.
  using Entry = std::tuple<double, std::uint64_t, std::int64_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  std::vector<char> is_seen(count, 0);
  std::uint64_t number = 0;
  const auto push = [&](std::int64_t x, std::int64_t y) {
    const std::int64_t cell = y * edge + x;
    is_seen[static_cast<std::size_t>(cell)] = 1;
    open.emplace(result.filled.at(x, y), number++, cell);
  };
  for (std::int64_t i = 0; i < edge; ++i)
    for (const auto& [x, y] : {std::pair{i, std::int64_t{0}}, {i, edge - 1}, {std::int64_t{0}, i}, {edge - 1, i}})
      if (!is_seen[static_cast<std::size_t>(y * edge + x)]) push(x, y);
  while (!open.empty()) {
    const auto [height, ignored, cell] = open.top();
    open.pop();
    result.order.push_back(cell);
    const std::int64_t x = cell % edge, y = cell / edge;
    for (const auto& [dx, dy] : around) {
      if (!elevation.has(x + dx, y + dy) || is_seen[static_cast<std::size_t>((y + dy) * edge + x + dx)]) continue;
      double& next = result.filled.at(x + dx, y + dy);
      next = std::max(next, height + fall);
      push(x + dx, y + dy);
    }
  }

  for (std::int64_t y = 1; y + 1 < edge; ++y)
    for (std::int64_t x = 1; x + 1 < edge; ++x) {
      double steepest = 0;
      for (std::size_t k = 0; k < around.size(); ++k) {
        const double length = k < 4 ? 1 : std::numbers::sqrt2;
        const double slope = (result.filled.at(x, y) - result.filled.at(x + around[k].dx, y + around[k].dy)) / length;
        if (slope > steepest) {
          steepest = slope;
          result.to[static_cast<std::size_t>(y * edge + x)] = (y + around[k].dy) * edge + x + around[k].dx;
        }
      }
    }
  for (auto it = result.order.rbegin(); it != result.order.rend(); ++it)
    if (const std::int64_t next = result.to[static_cast<std::size_t>(*it)]; next >= 0)
      result.cells.values[static_cast<std::size_t>(next)] += result.cells.values[static_cast<std::size_t>(*it)];
  return result;
}

}  // namespace edgewise::data
