/// Pareto tools. All objectives are minimised in here; directions are applied once, by `objective_matrix`.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::search {

/// One row a trial, one column an objective, smaller is better.
using Matrix = std::vector<std::vector<double>>;
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// The value itself up to 1e60 in size; beyond that its place on a logarithm, at most 4e60, so that the order stays and
/// the volume of four ranges, and what models make of it, are still numbers. For strategies; what is shown to people is
/// not tamed.
double tamed(double value);

/// Values of the trials, negated where the objective is maximised. Every trial must have every objective.
Matrix objective_matrix(const std::vector<study::Objective>& objectives,
                        const std::vector<const study::Trial*>& trials);

/// Whether `a` is nowhere worse than `b` and somewhere better, where less is better.
bool dominates(const std::vector<double>& a, const std::vector<double>& b);

/// Rank of each point: 0 for the non-dominated ones, 1 for those dominated only by rank 0, ... By pagmo (Deb et al.,
/// IEEE TEC 6(2), 2002), O(n^2); two objectives in O(n log n) (Jensen, IEEE TEC 7(5), 2003).
std::vector<std::size_t> non_dominated_ranks(const Matrix& points);

/// Crowding distance within each rank (same source); the ends of a front have infinity. Equal points share what is
/// theirs, whatever their order.
std::vector<double> crowding_distances(const Matrix& points, const std::vector<std::size_t>& ranks);

/// Indices from best to worst: by rank, then larger crowding distance, then index.
std::vector<std::size_t> order_by_dominance(const Matrix& points);

/// Volume dominated by `points` and bounded by `reference`; points beyond it add nothing. By pagmo. @error
/// invalid_input on values not finite
Result<double> hypervolume(const Matrix& points, std::span<const double> reference);

/// The point nearest to the best of every objective after scaling each to [0, 1] over the front: the usual compromise.
/// Nothing for an empty front.
std::optional<std::size_t> knee_point(const Matrix& front);

/// The feasible, non-dominated trials, in order of the first objective's value; one of several equal points.
std::vector<const study::Trial*> pareto_front(const study::Study& study);

/// Trials from best to worst, as the study ranks them: feasible by dominance (or by `rank`, larger first), then
/// infeasible by how many constraints they break.
std::vector<const study::Trial*> ranked(const study::Study& study, const std::optional<study::Expression>& rank);

}  // namespace edgewise::search
