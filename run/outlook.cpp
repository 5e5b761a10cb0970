#include "run/outlook.hpp"

#include <algorithm>

namespace edgewise::run {

using study::State;

namespace {

bool is_open(const study::Trial& trial) {
  return trial.state == State::waiting || trial.state == State::running;
}

}  // namespace

void Outlook::remember(const FollowedStudy& study) {
  for (const auto& trial : study.trials()) {
    for (const auto& result : trial.results) ended_.insert({trial.id.value, result.stage});
    if (!is_open(trial)) ended_.insert({trial.id.value, trial.stage});
  }
}

void Outlook::plan(const FollowedStudy& study, const search::Strategy* strategy) {
  if (!strategy) {
    planned_ = ended_.size() + study.open();
    return;
  }
  const auto plan = strategy->plan();
  for (const auto& stage : plan) planned_ += stage.trials;
  double before = 0;
  for (const auto& trial : study.trials())
    for (const auto& result : trial.results)
      before += (result.train_s + result.export_s + result.overhead_s) / staffing_.workers + result.measure_s;
  planned_work_s_ = std::max(0.0, expect(model_, staffing_, session_, plan).total_s() - before);
}

bool Outlook::has_ended(const study::Trial& trial) {
  if (is_open(trial) || !ended_.insert({trial.id.value, trial.stage}).second) return false;
  const auto* result = trial.result();
  if (!result || result->stage != trial.stage) return true;
  spent_.train_s += result->train_s;
  spent_.measure_s += result->measure_s;
  spent_.export_s += result->export_s;
  spent_.overhead_s += result->overhead_s;
  if (const auto waited = result->details.find("kept_waiting_s");
      waited != result->details.end() && waited->is_number())
    spent_.kept_waiting_s += waited->get<double>();
  if (!trial.is_answered()) done_work_s_ += work_seconds(trial);
  return true;
}

double Outlook::work_seconds(const study::Trial& trial) const {
  const auto macs = trial.known.find("macs");
  const int before = trial.results.size() > 1 ? trial.results[trial.results.size() - 2].fidelity.epochs() : 0;
  const int epochs = std::max(0, trial.results.back().fidelity.epochs() - before);
  const double epoch_s =
      macs == trial.known.end() ? 0 : epoch_seconds(model_, session_, macs->second.value, trial.threads.value_or(1));
  return epoch_s * epochs / staffing_.workers + measuring_seconds(session_);
}

double Outlook::left_s(double elapsed_s) const {
  if (planned_work_s_ <= 0) return -1;
  // The first minutes say little; then what was expected is corrected by what came.
  const double pace = done_work_s_ > 30 ? elapsed_s / done_work_s_ : 1.0;
  return std::max(0.0, (planned_work_s_ - done_work_s_) * pace);
}

}  // namespace edgewise::run
