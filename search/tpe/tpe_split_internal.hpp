/// The division of observations into good and bad ones that the tree-structured Parzen estimator rests on.
#pragma once

#include <span>
#include <vector>

#include "search/history.hpp"

namespace edgewise::search {

struct GoodOnes {
  std::vector<std::size_t> indices;  ///< ascending
  std::vector<double> weights;       ///< of each, in (0, 1]
};

/// The best `count`: feasible ones by non-dominated rank, of the rank that does not fit whole the subset of largest
/// hypervolume, chosen greedily; then infeasible ones by violation. Weights with two or more objectives are hypervolume
/// contributions relative to the largest, so that dominated and infeasible ones have next to none (Ozaki et al., GECCO
/// 2020; Watanabe, arXiv:2304.11127, 2023); with one objective see `weights_by_age`.
GoodOnes good_ones(const std::vector<Observation>& observations, std::size_t count);

/// A tenth, rounded up, at most 25 (Watanabe 2023, "linear").
std::size_t count_good(std::size_t observations);

/// 1 for the youngest 25, falling to 1/n for the oldest (Bergstra et al., ICML 2013). Oldest first.
std::vector<double> weights_by_age(std::size_t count);

/// Indices of `count` points of a front, ascending: each next one adds the most hypervolume below `reference`
/// (Guerreiro, Fonseca, Paquete, Evolutionary Computation 24(3), 2016). Of equal ones the first.
std::vector<std::size_t> largest_hypervolume_subset(const Matrix& front, std::span<const double> reference,
                                                    std::size_t count);

}  // namespace edgewise::search
