/// The entries of the catalogue, each in the file of its strategy, and what goes before any of them.
#pragma once

#include <memory>
#include <vector>

#include "search/candidates.hpp"
#include "search/strategies.hpp"

namespace edgewise::search {

StrategyEntry asha_entry();
StrategyEntry auto_entry();
StrategyEntry evolution_entry();
StrategyEntry grid_entry();
StrategyEntry halving_entry();
StrategyEntry hyperband_entry();
StrategyEntry lhs_entry();
StrategyEntry local_entry();
StrategyEntry mobo_entry();
StrategyEntry nsga2_entry();
StrategyEntry random_entry();
StrategyEntry sobol_entry();
StrategyEntry staged_entry();
StrategyEntry tpe_entry();

/// `inner` with the choices of `start_with` before its own; `inner` itself when there are none. Doubled ones count
/// once.
/// @error invalid_input with the number of a choice that the space does not have
Result<std::unique_ptr<Strategy>> make_queued(const std::vector<space::Choice>& start_with, const space::Space& space,
                                              std::unique_ptr<Strategy> inner);

}  // namespace edgewise::search
