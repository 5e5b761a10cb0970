#include <algorithm>
#include <vector>

#include "base/machine.hpp"
#include "train/train.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace {

study::CurvePoint curve_point(int stage, const train::Epoch& epoch) {
  return {.stage = stage,
          .epoch = epoch.epoch,
          .train_loss = epoch.train_loss,
          .validation_loss = epoch.validation_loss,
          .metrics = epoch.metrics,
          .seconds = epoch.seconds,
          .images_per_s = epoch.images_per_s};
}

/// The last epoch that the study has of the training which goes on.
/// @param restart  each stage trains anew
int epochs_told(const study::Trial& trial, bool restart) {
  int last = 0;
  for (const auto& point : trial.curve)
    if (!restart || point.stage == trial.stage) last = std::max(last, point.epoch);
  return last;
}

}  // namespace

Result<estimate::Trained> Bench::train(const estimate::Subject& subject, int epochs) {
  EDGEWISE_ASSERT(subject.trial == built_.trial, "a bench trains the trial that it was made for");
  TRY(const data::Cache* pictures, cache(built_.size()));
  const auto start = Clock::now();
  const auto kept_waiting_before = seconds_kept_waiting();
  const int stage = subject.trial->stage;
  const train::Request request{.graph = &built_.candidate.graph,
                               .network = space::network_name(workplace_.family(), subject.trial->choice),
                               .set = &workplace_.set(),
                               .cache = pictures,
                               .settings = built_.settings,
                               .epochs = epochs,
                               .seed = subject.trial->seed,
                               .checkpoint = built_.checkpoint(),
                               .owner = owner_of(workplace_, *subject.trial),
                               .taught = built_.taught,
                               .told = epochs_told(*subject.trial, built_.settings.restart),
                               .stop = listener_.stop,
                               .on_wait = listener_.on_wait,
                               .on_epoch =
                                   [&](const train::Epoch& epoch) {
                                     if (listener_.on_epoch) listener_.on_epoch(curve_point(stage, epoch));
                                   },
                               .on_remark = listener_.on_remark,
                               .on_batch = listener_.on_batch};
  TRY(auto outcome, train::train(request));
  const double seconds = seconds_since(start);
  const auto kept_waiting_after = seconds_kept_waiting();
  Json details = Json::object();
  if (kept_waiting_before && kept_waiting_after) details["kept_waiting_s"] = *kept_waiting_after - *kept_waiting_before;
  if (outcome.started_from) details["starting_weights"] = train::to_json(*outcome.started_from);
  if (built_.taught)
    details["teacher"] = std::filesystem::path(workplace_.job().train.teacher.path).filename().string();
  if (outcome.started_over) details["started_over"] = *outcome.started_over;
  for (const auto& [name, detail] : outcome.best.details.items()) details[name] = detail;
  return estimate::Trained{.weights = std::move(outcome.best_weights),
                           .metrics = std::move(outcome.best.metrics),
                           .validation_loss = outcome.best.loss,
                           .epochs = outcome.curve.empty() ? 0 : outcome.curve.back().epoch,
                           .best_epoch = outcome.best_epoch,
                           .stopped_early = std::move(outcome.stopped_early),
                           .details = std::move(details),
                           .seconds = seconds};
}

}  // namespace edgewise::trial
