#include "search/picks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>

#include "search/fronts.hpp"

namespace edgewise::search {

namespace {

/// Trial 0, when it has all objectives: it may break a constraint and still be what others are compared with.
const study::Trial* baseline_of(const study::Study& study) {
  if (study.trials.empty()) return nullptr;
  const auto& trial = study.trials.front();
  if (trial.results.empty() || trial.state == study::State::failed) return nullptr;
  for (const auto& objective : study.settings.objectives)
    if (const auto value = trial.value(objective.name); !value || !std::isfinite(*value)) return nullptr;
  return &trial;
}

bool is_better(const study::Objective& objective, double a, double b) {
  return objective.direction == study::Direction::maximize ? a > b : a < b;
}

/// "0.4 %", "12 %": two digits are enough to choose by.
std::string percent(double share) {
  return std::format("{} %", share < 0.0995 ? std::format("{:.2g}", share * 100) : std::format("{:.0f}", share * 100));
}

std::string told_baseline(const study::Study& study, const study::Trial& trial, const study::Trial& baseline) {
  if (&trial == &baseline) return "the baseline (trial 0) itself: nothing is better in everything";
  bool is_worse = false;
  for (const auto& objective : study.settings.objectives)
    is_worse = is_worse || is_better(objective, *baseline.value(objective.name), *trial.value(objective.name));
  return std::format("closest to the baseline (trial 0){}: {}",
                     is_worse ? "; nothing is as good in everything" : " of those that are as good in everything",
                     compared(study, trial, baseline));
}

}  // namespace

std::string compared(const study::Study& study, const study::Trial& trial, const study::Trial& other) {
  std::string told;
  for (const auto& objective : study.settings.objectives) {
    const double now = trial.value(objective.name).value_or(0), before = other.value(objective.name).value_or(0),
                 difference = now - before;
    told += (told.empty() ? "" : ", ") + objective.name + " ";
    if (difference == 0)
      told += "the same";
    else
      told += before != 0
                  ? std::format("{} {}", percent(std::abs(difference / before)), difference > 0 ? "higher" : "lower")
                  : std::format("{:.4g} {}", std::abs(difference), difference > 0 ? "higher" : "lower");
  }
  return told;
}

std::vector<Pick> picks(const study::Study& study) {
  const auto front = pareto_front(study);
  if (front.empty()) return {};
  const auto& objectives = study.settings.objectives;
  const Matrix points = objective_matrix(objectives, front);
  std::vector<Pick> result;
  for (std::size_t m = 0; m < objectives.size(); ++m) {
    // Of several with the best value the one that is better in the others stays on the front, so there is only one, but
    // for more than two objectives.
    const auto best = std::ranges::min_element(
                          points, [&](const auto& a, const auto& b) { return a[m] != b[m] ? a[m] < b[m] : a < b; }) -
                      points.begin();
    result.push_back(
        {"best:" + objectives[m].name, front[static_cast<std::size_t>(best)],
         std::format("{} {} of the front", objectives[m].direction == study::Direction::maximize ? "highest" : "lowest",
                     objectives[m].name)});
  }
  if (const auto knee = knee_point(points))
    result.push_back({"knee", front[*knee], "nearest to the best of every objective, in shares of the front's ranges"});
  if (const auto bend = bend_point(points))
    result.push_back(
        {"bend", front[*bend],
         "every step from here along the front loses more than it gains, in shares of the front's ranges"});
  if (const auto* baseline = baseline_of(study))
    if (const auto closest = closest_to_baseline(points, objective_matrix(objectives, {baseline}).front()))
      result.push_back({"baseline", front[*closest], told_baseline(study, *front[*closest], *baseline)});
  return result;
}

std::optional<Pick> find_pick(const study::Study& study, const std::string& name) {
  for (auto& pick : picks(study))
    if (pick.name == name) return std::move(pick);
  return std::nullopt;
}

Shares contribution_shares(const study::Study& study) {
  constexpr std::size_t most_objectives = 4;
  constexpr std::array<std::size_t, most_objectives> most_points{1'000'000, 1'000'000, 5'000, 1'000};  // by objectives
  const auto front = pareto_front(study);
  const auto objectives = study.settings.objectives.size();
  if (front.empty() || objectives == 0) return {};
  if (objectives > most_objectives)
    return {{}, std::format("shares of the hypervolume are left out: {} objectives take too long", objectives)};
  if (front.size() > most_points[objectives - 1])
    return {{},
            std::format("shares of the hypervolume are left out: {} trials of {} objectives take too long; at most {} "
                        "are worked out",
                        front.size(), objectives, most_points[objectives - 1])};
  const Matrix points = objective_matrix(study.settings.objectives, front);
  const Shares without_volume{
      {}, "shares of the hypervolume are left out: the values are too large, or too near to each other, for a volume"};
  const auto reference = reference_point({}, points);
  if (!reference) return without_volume;
  const auto total = hypervolume(points, *reference);
  const auto contributions = hypervolume_contributions(points, *reference);
  if (!total || !contributions || !(*total > 0) || !std::isfinite(*total)) return without_volume;
  Shares shares;
  // Beyond nine decimals there is only rounding, which differs between processors.
  for (std::size_t i = 0; i < front.size(); ++i)
    shares.of[front[i]->id] = std::round((*contributions)[i] / *total * 1e9) / 1e9;
  return shares;
}

std::optional<Cover> front_cover(const study::Study& study, std::size_t most) {
  const auto front = pareto_front(study);
  if (front.size() <= most) return std::nullopt;
  const auto thin = thinned_front(objective_matrix(study.settings.objectives, front), most);
  Cover cover{.share = thin.share};
  for (const std::size_t i : thin.members) cover.trials.push_back(front[i]);
  return cover;
}

}  // namespace edgewise::search
