/// What a front is worth point by point, which few points stand for it, and what several runs reach. All objectives are
/// minimised.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace edgewise::search {

/// Where a hypervolume ends.
struct ReferenceRule {
  enum class Kind {
    nadir,  ///< the worst of each objective over the non-dominated points, plus `margin` of the range there: the ends
            ///< of the front count too
    worst,  ///< the worst value seen in each objective, dominated points included
    given,  ///< `point`, as the user gave it
  };
  Kind kind = Kind::nadir;
  double margin = 0.1;
  std::vector<double> point = {};
};

/// Reference point (m) for `points` (n, m). Where the front has no range in an objective (one point, or all equal
/// there), the margin is a share of the value's size, or the margin itself when the value is 0, so that the volume
/// never vanishes.
/// @error invalid_input: no points (unless given), values not finite, rows of different length, a negative margin
Result<std::vector<double>> reference_point(const ReferenceRule& rule, const Matrix& points);

/// What the hypervolume loses without each point. 0 for dominated points, for each of several equal points, and beyond
/// the reference. Dominated points are there to count: what they cover too is not lost with the point before them.
/// Exact. By pagmo: a sweep for 2 objectives, else WFG (While, Bradstreet, Barone, IEEE TEC 16(1), 2012), which is slow
/// beyond 4; for more than 200 points of 3 or 4 objectives in slices, in some hundred comparisons a pair of points.
/// @error as `hypervolume`
Result<std::vector<double>> hypervolume_contributions(const Matrix& points, std::span<const double> reference);

/// Indices of `count` points, each the one that adds most hypervolume to those before it; at least 1 - 1/e of what the
/// best subset has (Guerreiro, Fonseca, Paquete, Evolutionary Computation 24(3), 2016). Points that add nothing come
/// last. Equal gains go to the lexicographically smaller point, then to the smaller index, so the chosen points do not
/// depend on their order.
/// @error as `hypervolume`
Result<std::vector<std::size_t>> greedy_hypervolume_subset(const Matrix& points, std::size_t count,
                                                           std::span<const double> reference);

/// Additive epsilon-Pareto set (Laumanns, Thiele, Deb, Zitzler, Evolutionary Computation 10(3), 2002):
/// non-dominated points, at most one in each box of sides `epsilon` (boxes start at the best of each objective), such
/// that for each point one of them is worse by less than `epsilon` in every objective. Of a box the point nearest to
/// its better corner stays. Indices in ascending order.
/// @error invalid_input: an epsilon not above 0, values not finite, rows of another length than `epsilon`
Result<std::vector<std::size_t>> epsilon_front(const Matrix& points, std::span<const double> epsilon);

/// A front thinned to at most `count` points.
struct ThinFront {
  std::vector<std::size_t> members;  ///< indices, ascending
  double share = 0;  ///< epsilon, as a share of each objective's range over the front; 0 when nothing was left out
};
/// The epsilon-front with the smallest epsilon of range/100, range/99, ..., range/1 that has at most `count` (at least
/// 1) points.
ThinFront thinned_front(const Matrix& points, std::size_t count);

/// The point that bulges most towards the better side from the plane through the ends of the front, each objective
/// scaled to [0, 1] over the front: going from it to any other point loses more than it gains (Das, Structural
/// Optimization 18, 1999; for more than two objectives the plane is that of the unit vectors). Nothing when no point
/// lies before the plane: such a front has no bend.
std::optional<std::size_t> bend_point(const Matrix& front);

/// The point of `front` that dominates `baseline` at the smallest distance, or, where none does, the nearest one; each
/// objective is scaled by its range over both. Nothing for an empty front.
std::optional<std::size_t> closest_to_baseline(const Matrix& front, const std::vector<double>& baseline);

/// Of two objectives: the minimal points that at least `k` of the runs attain, i.e. have a point that is as good in
/// both (Fonseca, Fleming, PPSN IV, 1996); k = 1 is the best of all runs, k = (n + 1) / 2 the median attainment
/// surface, k = n what every run reaches. In ascending order of the first objective; empty when fewer than `k` runs
/// have points. @error invalid_input: k not in 1..runs, points of other than two finite objectives
Result<Matrix> attainment_surface(std::span<const Matrix> runs, std::size_t k);

}  // namespace edgewise::search
