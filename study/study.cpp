#include "study/study.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <random>
#include <ranges>

namespace edgewise::study {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 6> state_names{{{State::waiting, "waiting"},
                                                                         {State::running, "running"},
                                                                         {State::complete, "complete"},
                                                                         {State::pruned, "pruned"},
                                                                         {State::failed, "failed"},
                                                                         {State::rejected, "rejected"}}};

constexpr std::array<std::pair<Work, std::string_view>, 2> work_names{
    {{Work::evaluate, "evaluate"}, {Work::measure, "measure"}}};

}  // namespace

std::string unique_text() {
  std::random_device entropy;
  std::string text;
  for (int i = 0; i < 4; ++i) text += std::format("{:08x}", entropy());
  return text;
}

std::string identity(const Settings& settings) {
  const auto& environment = settings.environment;
  return environment.is_object() && environment.contains("study") && environment["study"].is_string()
             ? environment["study"].get<std::string>()
             : std::string();
}

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

std::string_view to_text(Work work) {
  const auto* found = std::ranges::find(work_names, work, &decltype(work_names)::value_type::first);
  EDGEWISE_ASSERT(found != work_names.end(), "every kind of work has a name");
  return found->second;
}

std::optional<Work> work_from_text(std::string_view text) {
  const auto* found = std::ranges::find(work_names, text, &decltype(work_names)::value_type::second);
  return found == work_names.end() ? std::nullopt : std::optional(found->first);
}

const Artifact* StageResult::artifact(const std::string& kind) const {
  const auto found = std::ranges::find(artifacts, kind, &Artifact::kind);
  return found == artifacts.end() ? nullptr : &*found;
}

bool Trial::is_answered() const {
  return state == State::complete && !results.empty() && results.back().details.is_object() &&
         results.back().details.contains("answered");
}

const Value* Trial::recorded(const std::string& name) const {
  for (const StageResult& result : results | std::views::reverse)
    if (const auto found = result.values.find(name); found != result.values.end()) return &found->second;
  const auto found = known.find(name);
  return found == known.end() ? nullptr : &found->second;
}

std::optional<double> Trial::value(const std::string& name) const {
  const Value* found = recorded(name);
  return found ? std::optional(found->value) : std::nullopt;
}

std::map<std::string, double> Trial::values() const {
  std::map<std::string, double> values = numbers(known);
  for (const StageResult& result : results)
    for (const auto& [name, value] : result.values) values[name] = value.value;
  return values;
}

const Trial* Study::find(const space::Choice& choice) const {
  const auto found = std::ranges::find(trials, choice, &Trial::choice);
  return found == trials.end() ? nullptr : &*found;
}

Status apply(Study& study, Changes changes) {
  auto expected = static_cast<std::int64_t>(study.trials.size());
  for (const Trial& trial : changes.trials) {
    if (trial.id.value < 0 || trial.id.value > expected)
      return invalid(std::format("trial {} is missing between what is known and what has changed", expected));
    if (trial.id.value == expected) ++expected;
  }
  if (changes.settings) study.settings = *std::move(changes.settings);
  study.trials.resize(static_cast<std::size_t>(expected));
  for (Trial& trial : changes.trials) {
    Trial& place = study.trials[static_cast<std::size_t>(trial.id.value)];
    place = std::move(trial);
  }
  return {};
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
