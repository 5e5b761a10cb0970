#include "replay/measure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgewise::replay {

namespace {

bool is_covered(const search::Matrix& front, const std::vector<double>& point) {
  return std::ranges::any_of(front, [&](const auto& other) {
    for (std::size_t i = 0; i < point.size(); ++i)
      if (other[i] > point[i]) return false;
    return true;
  });
}

}  // namespace

Result<Progress> measure(const Problem& problem, std::span<const Evaluation> evaluations) {
  double whole = 1;
  if (!problem.front.empty()) {
    TRY(whole, search::hypervolume(problem.front, problem.reference));
    if (whole <= 0)
      return invalid("no point of the true front is better than the reference in every objective",
                     "give a reference that the front reaches");
  }
  Progress progress;
  search::Matrix front;
  double share = 0;
  std::size_t found = 0;
  for (const auto& evaluation : evaluations) {
    if (evaluation.is_full && evaluation.point && !is_covered(front, *evaluation.point)) {
      front.push_back(*evaluation.point);
      front = front_of(std::move(front));
      TRY(const double volume, search::hypervolume(front, problem.reference));
      share = volume / whole;
      // A point of the true front is never covered by others, so it is met here once and stays.
      if (std::ranges::binary_search(problem.front, *evaluation.point)) ++found;
    }
    progress.share.push_back(share);
    progress.front_found.push_back(found);
  }
  return progress;
}

std::optional<std::size_t> evaluations_to(std::span<const double> share, double bound) {
  const auto reached = std::ranges::find_if(share, [&](double s) { return s >= bound; });
  if (reached == share.end()) return std::nullopt;
  return static_cast<std::size_t>(reached - share.begin()) + 1;
}

std::optional<double> quantile(const std::vector<std::optional<double>>& values, double probability) {
  EDGEWISE_ASSERT(!values.empty() && probability >= 0 && probability <= 1, "a quantile needs values and a probability");
  std::vector<double> sorted;
  for (const auto& value : values) sorted.push_back(value.value_or(std::numeric_limits<double>::infinity()));
  std::ranges::sort(sorted);
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const double rest = place - std::floor(place);
  const double result = rest == 0 ? sorted[below] : sorted[below] * (1 - rest) + sorted[below + 1] * rest;
  if (!std::isfinite(result)) return std::nullopt;
  return result;
}

}  // namespace edgewise::replay
