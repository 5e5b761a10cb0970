#include "search/history.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace edgewise::search {

namespace {

std::optional<std::map<std::string, double>> values_of(const study::Trial& trial, std::optional<int> at_stage) {
  if (!at_stage) return trial.values();
  for (const auto& result : trial.results) {
    if (result.stage != *at_stage) continue;
    auto values = trial.known;
    for (const auto& [name, value] : result.values) values[name] = value;
    return values;
  }
  return std::nullopt;
}

/// Nothing when an objective is missing or not finite.
std::optional<Observation> observed(const study::Settings& settings, const study::Trial& trial, std::optional<int> at_stage) {
  if (trial.results.empty()) return std::nullopt;
  const auto values = values_of(trial, at_stage);
  if (!values) return std::nullopt;
  Observation observation{.trial = &trial};
  for (const auto& objective : settings.objectives) {
    const auto found = values->find(objective.name);
    if (found == values->end() || !std::isfinite(found->second)) return std::nullopt;
    observation.objectives.push_back(objective.direction == study::Direction::maximize ? -found->second : found->second);
  }
  for (const auto& constraint : settings.constraints) observation.excess.push_back(constraint.comparison.excess(*values).value_or(0.0));
  return observation;
}

}  // namespace

bool Observation::is_feasible() const {
  return std::ranges::all_of(excess, [](double e) { return e <= 0.0; });
}

double Observation::violation() const {
  double sum = 0;
  for (const double e : excess) sum += std::max(0.0, e);
  return sum;
}

History history_of(const study::Study& study, std::span<const study::Trial> prior, std::optional<int> at_stage) {
  History history;
  for (const auto& trial : prior)
    if (auto observation = observed(study.settings, trial, at_stage)) history.observations.push_back(std::move(*observation));
  for (const auto& trial : study.trials) {
    history.known.insert(trial.choice);
    if (!at_stage && (trial.state == study::State::waiting || trial.state == study::State::running)) {
      history.pending.push_back(&trial);
    } else if (auto observation = trial.state == study::State::failed ? std::nullopt : observed(study.settings, trial, at_stage)) {
      history.observations.push_back(std::move(*observation));
    } else if (trial.state == study::State::waiting || trial.state == study::State::running) {
      history.pending.push_back(&trial);
    } else {
      history.failed.push_back(&trial);
    }
  }
  return history;
}

Matrix points_of(const std::vector<Observation>& observations) {
  Matrix points;
  points.reserve(observations.size());
  for (const auto& observation : observations) points.push_back(observation.objectives);
  return points;
}

std::vector<std::size_t> order_by_constrained_dominance(const std::vector<Observation>& observations) {
  std::vector<std::size_t> feasible, broken, order;
  for (std::size_t i = 0; i < observations.size(); ++i) (observations[i].is_feasible() ? feasible : broken).push_back(i);
  Matrix points;
  for (const auto i : feasible) points.push_back(observations[i].objectives);
  for (const auto i : order_by_dominance(points)) order.push_back(feasible[i]);
  std::ranges::stable_sort(broken, {}, [&](std::size_t i) { return observations[i].violation(); });
  std::ranges::copy(broken, std::back_inserter(order));
  return order;
}

}  // namespace edgewise::search
