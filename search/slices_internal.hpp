/// Volumes of many points in three and four objectives. Only for the sources of search/.
#pragma once

#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace edgewise::search::by_slices {

/// Volume dominated by `points` and bounded by `reference`, in slices along the last objective: each point adds what it
/// alone covers of the other objectives, times its distance from the end (as in the slicing of While, Hingston, Barone,
/// Huband, IEEE TEC 10(1), 2006; what one point covers alone is its box without the volume of the others cut down to
/// that box: While, Bradstreet, Barone, IEEE TEC 16(1), 2012). 3,000 points of a sphere in four objectives take a
/// fraction of a second, where pagmo's WFG takes ten.
/// @param points     (n, m), m of 2 to 4, all inside `reference`; doubled and dominated ones change nothing
double hypervolume(const Matrix& points, std::span<const double> reference);

/// What the volume loses without each point; 0 for dominated and doubled ones.
std::vector<double> contributions(const Matrix& points, std::span<const double> reference);

}  // namespace edgewise::search::by_slices
