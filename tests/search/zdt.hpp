/// ZDT problems (Zitzler, Deb, Thiele, Evolutionary Computation 8(2), 2000) searched without storage or training.
#pragma once

#include <cmath>
#include <format>
#include <numbers>
#include <string>
#include <vector>

#include "search/history.hpp"
#include "search/strategies.hpp"

namespace edgewise::search {

/// `dimensions` real numbers in [0, 1]: x0, x1, ...
inline space::Space zdt_space(int dimensions) {
  std::vector<space::Parameter> parameters;
  for (int i = 0; i < dimensions; ++i)
    parameters.push_back({.name = std::format("x{}", i), .domain = space::Real{.low = 0, .high = 1}});
  return space::make_space(std::move(parameters)).value();
}

/// ZDT1 to ZDT3.
inline std::vector<double> zdt(int problem, const space::Choice& choice) {
  double sum = 0;
  for (const auto& [name, value] : choice)
    if (name != "x0") sum += std::get<double>(value);
  const double first = std::get<double>(choice.at("x0")), g = 1 + 9 * sum / static_cast<double>(choice.size() - 1),
               ratio = first / g;
  if (problem == 2) return {first, g * (1 - ratio * ratio)};
  return {first, g * (1 - std::sqrt(ratio) - (problem == 3 ? ratio * std::sin(10 * std::numbers::pi * first) : 0.0))};
}

inline study::Study two_minimised() {
  study::Study study;
  study.settings.objectives = {{"f1", study::Direction::minimize}, {"f2", study::Direction::minimize}};
  return study;
}

inline void add_complete(study::Study& study, const space::Choice& choice, const std::vector<double>& values) {
  study::Trial trial{
      .id = {static_cast<std::int64_t>(study.trials.size())}, .choice = choice, .state = study::State::complete};
  trial.results.push_back({.values = study::values_of(study::Source::told, {{"f1", values[0]}, {"f2", values[1]}})});
  study.trials.push_back(std::move(trial));
}

/// A whole search, one trial at a time.
inline study::Study search_zdt(const Options& options, int problem, int dimensions) {
  const auto space = zdt_space(dimensions);
  const auto strategy = make_strategy(options, space).value();
  auto study = two_minimised();
  for (;;) {
    const auto advice = strategy->ask(study, 1).value();
    if (advice.proposals.empty()) return study;
    add_complete(study, advice.proposals[0].choice, zdt(problem, advice.proposals[0].choice));
  }
}

inline double volume_of(const study::Study& study, const std::vector<double>& reference) {
  return hypervolume(points_of(history_of(study).observations), reference).value();
}

}  // namespace edgewise::search
