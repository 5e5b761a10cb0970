#include "trial/evaluate.hpp"

#include <format>

#include "trial/steps_internal.hpp"

namespace edgewise::trial {

std::string utc_now() {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

namespace {

void tell(const Listener& listener, const std::string& phase) {
  if (listener.on_phase) listener.on_phase(phase);
}

/// By the estimator of the trial's fidelity.
Result<estimate::Estimate> estimated(Workplace& workplace, const Built& built, const Listener& listener) {
  const study::Fidelity& fidelity = built.trial->fidelity;
  Bench bench(workplace, built, listener);
  TRY(const auto* prepared, workplace.estimator(fidelity.estimator, bench));
  tell(listener, prepared->estimator->doing());
  const estimate::Subject subject{.trial = built.trial, .candidate = &built.candidate};
  TRY(auto estimates, prepared->estimator->estimate({&subject, 1}, fidelity, bench, prepared->folder));
  EDGEWISE_ASSERT(estimates.size() == 1, "an estimator gives one estimate for each subject");
  return std::move(estimates.front());
}

/// Whatever was known before, then what the estimator says.
void record(Outcome& outcome, const study::Trial& trial, estimate::Estimate& estimate) {
  auto& result = outcome.result;
  result.stage = trial.stage;
  result.fidelity = std::move(estimate.paid);
  result.best_epoch = estimate.best_epoch;
  result.values = std::move(estimate.values);
  for (const auto& [name, value] : trial.known) result.values[name] = value;
  if (trial.threads) result.details["threads"] = *trial.threads;
  for (const auto& [name, detail] : estimate.details.items()) result.details[name] = detail;
  // An estimator's wall time counts as training, its waits for other workers' measurements included; epochs of earlier
  // attempts too.
  result.train_s = estimate.seconds;
  for (const auto& point : trial.curve)
    if (point.stage == trial.stage) result.train_s += point.seconds;
  if (estimate.stopped_early) {
    outcome.state = study::State::pruned;
    outcome.reason = *estimate.stopped_early;
  }
}

}  // namespace

Result<Outcome> evaluate(Workplace& workplace, study::Storage& storage, const study::Trial& trial,
                         const Listener& listener) {
  const auto start = Clock::now();
  TRY(auto built, build(workplace, trial));
  TRY(built.taught, taught_to(workplace, storage, trial, listener));
  TRY_DO(workplace.make_trial_folder(trial.id).transform([](const auto&) {}));

  tell(listener, "measuring before training");
  TRY(auto rejected, rejected_before_training(workplace, built));
  if (rejected) return *std::move(rejected);
  const double before_s = seconds_since(start);

  TRY(auto estimate, estimated(workplace, built, listener));
  const double estimate_s = estimate.seconds;

  Outcome outcome;
  outcome.result.details = Json::object();
  const auto export_start = Clock::now();
  device::GiveFile file;
  if (estimate.weights) {
    tell(listener, "exporting");
    TRY(const auto exported, export_checked(workplace, built, *estimate.weights, estimate.best_epoch));
    outcome.result.details["export_difference"] = exported.difference;
    outcome.result.artifacts.push_back(exported.artifact);
    file = [onnx = exported.file] { return onnx; };
    if (built.settings.save_weights) {
      TRY(auto artifact, save_weights(workplace, built, *estimate.weights));
      outcome.result.artifacts.push_back(std::move(artifact));
    }
  }
  const double export_s = seconds_since(export_start);

  tell(listener, "measuring");
  const auto measure_start = Clock::now();
  TRY(const auto reading, file ? measure(workplace, built, file) : measure_untrained(workplace, built));
  const double measure_s = seconds_since(measure_start);

  record(outcome, trial, estimate);
  record(outcome.result, workplace.device(), reading);
  outcome.result.measure_s = measure_s + before_s;
  outcome.result.export_s = export_s;
  outcome.result.overhead_s = seconds_since(start) - estimate_s - measure_s - before_s - export_s;
  outcome.result.finished = utc_now();
  return outcome;
}

}  // namespace edgewise::trial
