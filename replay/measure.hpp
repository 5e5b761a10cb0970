/// How far a search has come, evaluation by evaluation.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "replay/problem.hpp"
#include "replay/replay.hpp"

namespace edgewise::replay {

/// After each evaluation.
struct Progress {
  std::vector<double>
      share;  ///< of the true front's hypervolume; of no meaning (the hypervolume itself) when the front is not known
  std::vector<std::size_t> front_found;  ///< points of the true front
};

/// Evaluations of earlier stages and failed ones add nothing, but count. @error invalid_input: the true front lies
/// beyond the reference
Result<Progress> measure(const Problem& problem, std::span<const Evaluation> evaluations);

/// Number of evaluations after which `share` is at least `bound`; nothing when that was not reached.
std::optional<std::size_t> evaluations_to(std::span<const double> share, double bound);

/// Quantile of values of which the absent ones are beyond every number; nothing when it falls among them. Linear
/// between neighbours (type 7 of Hyndman, Fan, The American Statistician 50(4), 1996).
std::optional<double> quantile(const std::vector<std::optional<double>>& values, double probability);

}  // namespace edgewise::replay
