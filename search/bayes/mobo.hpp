/// The parts that multi-objective Bayesian optimisation is put together from; any combination works.
#pragma once

#include <string>
#include <vector>

namespace edgewise::search {

/// What evaluating a candidate is worth:
/// - "ehvi": log of the expected growth of the hypervolume; "nehvi": the same averaged over what the front may be when
/// values are noisy;
/// - "ei", "pi", "ucb", "thompson", "identity": an optimistic value for each objective (expected improvement or
/// probability of improvement on
///   its best value, lower confidence bound, a drawn function, the mean), judged by how much hypervolume a point there
///   would add.
const std::vector<std::string>& acquisition_names();

/// Where candidates come from: "local": the neighbourhood of the front and of the best random ones, climbed; "nsga2":
/// an evolved population; "pool": random ones.
const std::vector<std::string>& solver_names();

/// Which of a solver's candidates make the batch: "hvi": one after the other by acquisition, each taken as evaluated
/// before the next is chosen; "uncertainty", "dominance" (rank and crowding of the optimistic values), "diversity" (far
/// from what was evaluated), "random".
const std::vector<std::string>& selection_names();

}  // namespace edgewise::search
