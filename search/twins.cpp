#include "search/twins.hpp"

#include <format>

namespace edgewise::search {

bool Twins::answer(study::Trial& trial, const std::string& identity, const study::Study& study,
                   const std::vector<study::Trial>& added, bool has_stages) {
  for (; seen_ < study.trials.size(); ++seen_)  // a resumed study's networks are built once
    if (const auto earlier = identify_(study.trials[seen_].choice)) first_.try_emplace(*earlier, seen_);
  const auto [found, is_first] = first_.try_emplace(identity, study.trials.size() + added.size());
  if (is_first) return false;
  const std::size_t number = found->second;
  const auto& twin = number < study.trials.size() ? study.trials[number] : added[number - study.trials.size()];
  take_over(trial, twin, study::TrialId{static_cast<std::int64_t>(number)}, has_stages);
  return true;
}

void take_over(study::Trial& trial, const study::Trial& twin, study::TrialId id, bool has_stages) {
  trial.reason = std::format("same network and settings as trial {}", study::to_text(id));
  trial.known = twin.known;
  trial.state = study::State::rejected;
  if (has_stages || twin.state != study::State::complete || twin.results.empty()) return;
  trial.state = study::State::complete;
  trial.stage = twin.stage;
  trial.results = twin.results;
  for (auto& result : trial.results) {
    result.train_s = result.measure_s = result.export_s = result.overhead_s = 0;
    if (!result.details.is_object()) result.details = Json::object();
    result.details["answered"] = std::format("trial {}", study::to_text(id));
  }
}

}  // namespace edgewise::search
