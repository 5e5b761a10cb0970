#include <format>

#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

fs::path Built::checkpoint() const {
  return folder / (settings.restart ? std::format("stage-{}.checkpoint", trial->stage) : "checkpoint");
}

Result<train::Settings> settings_for(const job::Job& job, const space::Candidate& candidate,
                                     std::optional<int> threads) {
  train::Settings settings = job.train;
  if (threads) settings.threads = *threads;
  for (const auto& [name, value] : candidate.training) {
    if (name == "learning_rate" && std::holds_alternative<double>(value))
      settings.learning_rate = std::get<double>(value);
    else
      return invalid(std::format("the space sets the training option \"{}\", which cannot be searched", name));
  }
  return settings;
}

train::Owner owner_of(const Workplace& workplace, const study::Trial& trial) {
  return {.study = workplace.identity(), .trial = trial.id.value, .stage = trial.stage};
}

Result<Built> build(Workplace& workplace, const study::Trial& trial) {
  TRY(auto candidate, workplace.build(trial.choice));
  TRY(auto settings, settings_for(workplace.job(), candidate, trial.threads));
  return Built{.trial = &trial,
               .candidate = std::move(candidate),
               .settings = std::move(settings),
               .folder = trial_folder(workplace.folder(), trial.id)};
}

}  // namespace edgewise::trial
