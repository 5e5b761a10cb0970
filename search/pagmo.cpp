#include <exception>
#include <format>
#include <pagmo/utils/hv_algos/hv_hvwfg.hpp>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include "search/pagmo_internal.hpp"

namespace edgewise::search::by_pagmo {

std::vector<std::size_t> ranks(const Matrix& points) {
  const auto sorted = pagmo::fast_non_dominated_sorting(points);
  const auto& ranks = std::get<3>(sorted);
  return {ranks.begin(), ranks.end()};
}

std::vector<double> crowding(const Matrix& front) {
  return pagmo::crowding_distance(front);
}

Result<double> hypervolume(const Matrix& points, const std::vector<double>& reference) {
  try {
    return pagmo::hypervolume(points, true).compute(reference);
  } catch (const std::exception& e) {
    return invalid(std::format("the hypervolume cannot be computed: {}", e.what()));
  }
}

Result<std::vector<double>> contributions(const Matrix& points, const std::vector<double>& reference) {
  try {
    pagmo::hypervolume volume(points, true);
    if (reference.size() == 2) return volume.contributions(reference);
    // pagmo's default for three objectives (hv3d, pagmo 2.19) is wrong when some points are dominated or share values:
    // (2, 0, 2), (2, 0, 3), (2, 1, 0) within (8, 8, 8).
    pagmo::hvwfg wfg;
    return volume.contributions(reference, wfg);
  } catch (const std::exception& e) {
    return invalid(std::format("the contributions to a hypervolume cannot be computed: {}", e.what()));
  }
}

}  // namespace edgewise::search::by_pagmo
