/// What the halving strategies share: the rungs, who stands on one, and who goes on. A rung is a fidelity; a
/// trial reaches rung r + 1 from rung r by one promotion, so its rung is that of its first stage plus its stage.
#pragma once

#include <string>
#include <vector>

#include "search/ranking_internal.hpp"
#include "search/rungs/options.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

constexpr std::size_t most_rungs = 5;

/// Units (of training: epochs) of the rungs, growing: full / reduction^k, ..., full / reduction, full (rounded down),
/// with the largest k <= 4 that leaves one. Fewer rungs with less training on the lowest would rank noise.
/// @param full >= 1 @param reduction >= 2
std::vector<int> rung_units(int full, int reduction);

/// Where the trials of one group stand at one stage.
struct Rung {
  std::vector<Entry>
      completed;           ///< trials with a result of this stage, with the values they had then; the promoted ones too
  std::size_t ended = 0;   ///< completed, pruned or failed here, or promoted from here
  std::size_t active = 0;  ///< waiting or running here
  std::size_t promoted = 0;  ///< went on from here
};
/// Counts `trial` into the rung of stage `stage`. Rejected trials never stood there.
void add_to_rung(Rung& rung, const study::Trial& trial, int stage);

/// The best first, at most `count`: feasible ones by non-dominated rank, and of the last rank that does not fit as a
/// whole those that add most hypervolume
/// (`greedy_hypervolume_subset` below the nadir of that rank plus a tenth of its range), so that what goes on is spread
/// over the rank; then infeasible ones by how much they break constraints. With `rank` by that expression instead (a
/// user who writes one wants a scalar). Depends on the entries, not on their order.
Ranking best_for_promotion(const study::Settings& settings, std::vector<Entry> entries, std::size_t count,
                           const std::optional<study::Expression>& rank);

/// The reduction as it is wanted, or the smallest above it that has no rung below the fewest units which evaluations
/// can have (`Common::offered`).
int usable_reduction(const Common& common, int wanted);

/// What the halving strategies make of their options.
struct RungSettings {
  std::vector<study::Fidelity> rungs;  ///< growing, the last one full
  std::size_t reduction = 3;
  std::optional<study::Expression> rank;
  std::size_t trials = default_trials;
};
/// @error invalid_input: a reduction below 2, a rank that does not parse
Result<RungSettings> make_rung_settings(const Common& common, const RungOptions& options);

/// "the best 4 of 13 by non-dominated rank and hypervolume", and what is odd about it.
std::string tell_promotion(const Ranking& ranking, std::size_t kept, std::size_t completed,
                           const std::optional<study::Expression>& rank);

}  // namespace edgewise::search
