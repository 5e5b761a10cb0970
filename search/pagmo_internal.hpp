/// The only door to pagmo, whose headers are slow to compile. Points of at least two objectives; at least two points.
#pragma once

#include <vector>

#include "search/pareto.hpp"

namespace edgewise::search::by_pagmo {

/// Rank of each point.
std::vector<std::size_t> ranks(const Matrix& points);
/// Of one front, all points different.
std::vector<double> crowding(const Matrix& front);
/// All points better than `reference` in every objective.
Result<double> hypervolume(const Matrix& points, const std::vector<double>& reference);
/// What the hypervolume loses without each point; all are different and better than `reference` in every objective.
Result<std::vector<double>> contributions(const Matrix& points, const std::vector<double>& reference);

}  // namespace edgewise::search::by_pagmo
