#include "study/study.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <ranges>

namespace edgewise::study {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 6> state_names{{{State::waiting, "waiting"},
                                                                         {State::running, "running"},
                                                                         {State::complete, "complete"},
                                                                         {State::pruned, "pruned"},
                                                                         {State::failed, "failed"},
                                                                         {State::rejected, "rejected"}}};

}  // namespace

std::string to_text(TrialId id) {
  return std::to_string(id.value);
}

std::string_view to_text(State state) {
  const auto* found = std::ranges::find(state_names, state, &decltype(state_names)::value_type::first);
  EDGEWISE_ASSERT(found != state_names.end(), "every state has a name");
  return found->second;
}

std::optional<State> state_from_text(std::string_view text) {
  const auto* found = std::ranges::find(state_names, text, &decltype(state_names)::value_type::second);
  return found == state_names.end() ? std::nullopt : std::optional(found->first);
}

bool Trial::is_answered() const {
  return state == State::complete && !results.empty() && results.back().details.is_object() &&
         results.back().details.contains("answered");
}

std::optional<double> Trial::value(const std::string& name) const {
  for (const StageResult& result : results | std::views::reverse)
    if (const auto found = result.values.find(name); found != result.values.end()) return found->second;
  const auto found = known.find(name);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, double> Trial::values() const {
  std::map<std::string, double> values = known;
  for (const StageResult& result : results)
    for (const auto& [name, value] : result.values) values[name] = value;
  return values;
}

const Trial* Study::find(const space::Choice& choice) const {
  const auto found = std::ranges::find(trials, choice, &Trial::choice);
  return found == trials.end() ? nullptr : &*found;
}

std::optional<std::string> violated(const std::vector<Constraint>& constraints,
                                    const std::map<std::string, double>& values) {
  for (const Constraint& constraint : constraints) {
    if (constraint.comparison.holds(values).value_or(true)) continue;
    std::string told;
    for (const std::string& name : constraint.comparison.names())
      told += std::format("{}{} is {:.6g}", told.empty() ? "" : ", ", name, values.at(name));
    return std::format("{} does not hold{}", constraint.text, told.empty() ? "" : " (" + told + ")");
  }
  return std::nullopt;
}

std::vector<const Trial*> feasible_trials(const Study& study) {
  std::vector<const Trial*> feasible;
  for (const Trial& trial : study.trials) {
    if (trial.results.empty() || trial.state == State::failed) continue;
    const auto values = trial.values();
    const bool has_all =
        std::ranges::all_of(study.settings.objectives, [&](const Objective& o) { return values.contains(o.name); });
    if (has_all && !violated(study.settings.constraints, values)) feasible.push_back(&trial);
  }
  return feasible;
}

}  // namespace edgewise::study
