#include "search/history.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace edgewise::search {

namespace {

const study::StageResult* result_at(const study::Trial& trial, int stage) {
  const auto found = std::ranges::find(trial.results, stage, &study::StageResult::stage);
  return found == trial.results.end() ? nullptr : &*found;
}

std::optional<double> value_of(const study::Trial& trial, const study::StageResult* at, const std::string& name) {
  if (at == nullptr) return trial.value(name);
  if (const auto found = at->values.find(name); found != at->values.end()) return found->second.value;
  const auto found = trial.known.find(name);
  return found == trial.known.end() ? std::nullopt : std::optional(found->second.value);
}

std::map<std::string, double> values_of(const study::Trial& trial, const study::StageResult* at) {
  if (at == nullptr) return trial.values();
  auto values = numbers(trial.known);
  for (const auto& [name, value] : at->values) values[name] = value.value;
  return values;
}

/// Nothing when an objective is missing or not finite.
std::optional<Observation> observed(const study::Settings& settings, const study::Trial& trial,
                                    std::optional<int> at_stage) {
  if (trial.results.empty()) return std::nullopt;
  const auto* at = at_stage ? result_at(trial, *at_stage) : nullptr;
  if (at_stage && at == nullptr) return std::nullopt;
  Observation observation{.trial = &trial};
  observation.objectives.reserve(settings.objectives.size());
  for (const auto& objective : settings.objectives) {
    const auto value = value_of(trial, at, objective.name);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    observation.objectives.push_back(tamed(objective.direction == study::Direction::maximize ? -*value : *value));
  }
  if (settings.constraints.empty()) return observation;
  const auto values = values_of(trial, at);
  for (const auto& constraint : settings.constraints)
    observation.excess.push_back(tamed(constraint.comparison.excess(values).value_or(0.0)));
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

History outcomes_of(const study::Study& study, std::span<const study::Trial> prior, std::optional<int> at_stage) {
  History history;
  history.observations.reserve(prior.size() + study.trials.size());
  for (const auto& trial : prior)
    if (auto observation = observed(study.settings, trial, at_stage))
      history.observations.push_back(std::move(*observation));
  for (const auto& trial : study.trials) {
    const bool is_open = trial.state == study::State::waiting || trial.state == study::State::running;
    if (!at_stage && is_open) {
      history.pending.push_back(&trial);
    } else if (auto observation =
                   trial.state == study::State::failed ? std::nullopt : observed(study.settings, trial, at_stage)) {
      history.observations.push_back(std::move(*observation));
    } else {
      (is_open ? history.pending : history.failed).push_back(&trial);
    }
  }
  return history;
}

History history_of(const study::Study& study, std::span<const study::Trial> prior, std::optional<int> at_stage) {
  auto history = outcomes_of(study, prior, at_stage);
  for (const auto& trial : study.trials) history.known.insert(trial.choice);
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
  for (std::size_t i = 0; i < observations.size(); ++i)
    (observations[i].is_feasible() ? feasible : broken).push_back(i);
  Matrix points;
  for (const auto i : feasible) points.push_back(observations[i].objectives);
  for (const auto i : order_by_dominance(points)) order.push_back(feasible[i]);
  std::ranges::stable_sort(broken, {}, [&](std::size_t i) { return observations[i].violation(); });
  std::ranges::copy(broken, std::back_inserter(order));
  return order;
}

}  // namespace edgewise::search
