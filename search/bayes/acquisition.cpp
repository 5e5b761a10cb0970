#include <algorithm>
#include <cmath>
#include <limits>

#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

/// log(mean of exp).
double log_mean(const std::vector<double>& logs) {
  const double largest = std::ranges::max(logs);
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double v : logs) sum += std::exp(v - largest);
  return largest + std::log(sum / static_cast<double>(logs.size()));
}

}  // namespace

Catalogue<AcquisitionEntry>& acquisitions() {
  static Catalogue<AcquisitionEntry> all("acquisition", {ehvi_entry(), nehvi_entry(), ei_entry(), ucb_entry(),
                                                         pi_entry(), thompson_entry(), identity_entry()});
  return all;
}

Improvement seen_front(const Beliefs& beliefs) {
  return {beliefs.points(), beliefs.reference(), beliefs.units()};
}

Acquisition by_mean_and_variance(const Beliefs& beliefs, double (*value)(double mean, double variance, double best)) {
  std::vector<double> best(beliefs.objectives(), std::numeric_limits<double>::infinity());
  for (const auto& point : beliefs.points())
    for (std::size_t m = 0; m < best.size(); ++m) best[m] = std::min(best[m], point[m]);
  return {beliefs, seen_front(beliefs),
          [value, best](std::span<const space::Choice>, const Belief& belief) -> Result<Matrix> {
            Matrix points = belief.mean;
            for (std::size_t i = 0; i < points.size(); ++i)
              for (std::size_t m = 0; m < best.size(); ++m)
                points[i][m] = value(belief.mean[i][m], belief.variance[i][m], best[m]);
            return points;
          }};
}

Result<Worth> Acquisition::of(std::span<const space::Choice> candidates) const {
  TRY(const auto belief, beliefs_->about(candidates));
  Worth worth{.points = {}, .score = belief.log_feasible};
  if (optimistic_) {
    TRY(worth.points, optimistic_(candidates, belief));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      // Points that add nothing are still told apart, by how far they are from adding something.
      const double gain = improvements_.front().of(worth.points[i]);
      const std::vector<double> nearly(worth.points[i].size(), 1e-4);
      worth.score[i] +=
          gain > 0 ? std::log(gain) : std::min(-25.0, improvements_.front().log_expected(worth.points[i], nearly));
      for (double& value : worth.points[i]) value -= std::max(-10.0, belief.log_feasible[i]);
    }
    return worth;
  }
  for (std::size_t i = 0; i < candidates.size() && !improvements_.empty(); ++i) {
    std::vector<double> logs;
    for (const auto& improvement : improvements_)
      logs.push_back(improvement.log_expected(belief.mean[i], belief.variance[i]));
    worth.score[i] += log_mean(logs);
  }
  for (const double score : worth.score) worth.points.push_back({-std::max(score, -1e12)});
  return worth;
}

}  // namespace edgewise::search
