#include <algorithm>
#include <cmath>
#include <format>
#include <limits>

#include "search/bayes/mobo.hpp"
#include "search/bayes/mobo_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t front_draws = 8;     // of nehvi
constexpr double confidence = 1.5;         // of ucb: standard deviations below the mean
constexpr std::size_t drawn_points = 100;  // best points that a drawn front is made of

using Optimistic = double (*)(double mean, double variance, double best);

double by_ei(double mean, double variance, double best) {
  return best - expected_below(best, mean, std::sqrt(variance));
}
double by_pi(double mean, double variance, double best) {
  // In warped units: a sure improvement counts as one standard deviation.
  return best - (variance > 0 ? normal_probability((best - mean) / std::sqrt(variance)) : (mean < best ? 1.0 : 0.0));
}
double by_ucb(double mean, double variance, double /*best*/) {
  return mean - confidence * std::sqrt(variance);
}
double by_identity(double mean, double /*variance*/, double /*best*/) {
  return mean;
}

struct Named {
  const char* name;
  Optimistic value;  // null: not from mean and variance alone
};
constexpr Named acquisitions[] = {{"ehvi", nullptr},        {"nehvi", nullptr}, {"ei", by_ei},
                                  {"ucb", by_ucb},          {"pi", by_pi},      {"thompson", nullptr},
                                  {"identity", by_identity}};

std::vector<space::Choice> best_choices(const Beliefs& beliefs, std::size_t most) {
  std::vector<space::Choice> best;
  for (const auto i : order_by_dominance(beliefs.points())) {
    if (best.size() == most) break;
    best.push_back(beliefs.choices()[i]);
  }
  return best;
}

/// log(mean of exp).
double log_mean(const std::vector<double>& logs) {
  const double largest = std::ranges::max(logs);
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double v : logs) sum += std::exp(v - largest);
  return largest + std::log(sum / static_cast<double>(logs.size()));
}

}  // namespace

const std::vector<std::string>& acquisition_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& entry : acquisitions) list.emplace_back(entry.name);
    return list;
  }();
  return names;
}

Result<Acquisition> Acquisition::make(const std::string& name, const Beliefs& beliefs, std::uint64_t number) {
  const auto* found = std::ranges::find_if(acquisitions, [&](const Named& entry) { return name == entry.name; });
  EDGEWISE_ASSERT(found != std::end(acquisitions), "the acquisition's name was checked");
  Acquisition acquisition;
  acquisition.beliefs_ = &beliefs;
  if (!beliefs.has_points()) return acquisition;  // nothing feasible yet: only the constraints count
  const auto reference = beliefs.reference();
  const auto units = beliefs.units();
  if (name == "nehvi") {
    const auto choices = best_choices(beliefs, drawn_points);
    for (std::size_t k = 0; k < front_draws; ++k)
      acquisition.improvements_.emplace_back(beliefs.drawn(choices, number * front_draws + k), reference, units);
    return acquisition;
  }
  acquisition.improvements_.emplace_back(beliefs.points(), reference, units);
  if (name == "thompson") {
    acquisition.optimistic_ = [&beliefs, number](std::span<const space::Choice> candidates,
                                                 const Belief&) -> Result<Matrix> {
      return beliefs.drawn(candidates, number);
    };
  } else if (found->value) {
    std::vector<double> best(beliefs.objectives(), std::numeric_limits<double>::infinity());
    for (const auto& point : beliefs.points())
      for (std::size_t m = 0; m < best.size(); ++m) best[m] = std::min(best[m], point[m]);
    acquisition.optimistic_ = [value = found->value, best](std::span<const space::Choice>,
                                                           const Belief& belief) -> Result<Matrix> {
      Matrix points = belief.mean;
      for (std::size_t i = 0; i < points.size(); ++i)
        for (std::size_t m = 0; m < best.size(); ++m)
          points[i][m] = value(belief.mean[i][m], belief.variance[i][m], best[m]);
      return points;
    };
  }
  return acquisition;
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
