/// Elevation grids and where water flows on them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace edgewise::data {

/// Values on a square grid, cell size 1.
struct Grid {
  explicit Grid(std::int64_t edge_, double value = 0)
      : edge(edge_), values(static_cast<std::size_t>(edge_ * edge_), value) {}
  std::int64_t edge;
  std::vector<double> values;
  double& at(std::int64_t x, std::int64_t y) { return values[static_cast<std::size_t>(y * edge + x)]; }
  [[nodiscard]] double at(std::int64_t x, std::int64_t y) const {
    return values[static_cast<std::size_t>(y * edge + x)];
  }
  [[nodiscard]] bool has(std::int64_t x, std::int64_t y) const { return x >= 0 && y >= 0 && x < edge && y < edge; }
  /// Bilinear; the border is repeated outwards.
  [[nodiscard]] double between(double x, double y) const;
};

/// How water flows: each cell to its lowest neighbour.
struct Drainage {
  Grid filled;  ///< elevation with every depression filled up to where it spills over, and a slight fall to there
  std::vector<std::int64_t> to;     ///< index of the cell that a cell drains to; -1 at the border, where water leaves
  std::vector<std::int64_t> order;  ///< cells from low to high: a cell comes after the one it drains to
  Grid cells;                       ///< how many cells drain through a cell, itself included
};

/// Fills depressions by Priority-Flood with a small fall (Barnes, Lehman, Mulla, Computers & Geosciences 62, 2014,
/// algorithm 3), then lets every cell drain to the neighbour of steepest descent among eight (O'Callaghan, Mark, CVGIP
/// 28, 1984) and counts.
Drainage drain(const Grid& elevation);

}  // namespace edgewise::data
