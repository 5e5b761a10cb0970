#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <limits>

#include "study/changes_internal.hpp"
#include "study/json_internal.hpp"

namespace edgewise::study {

namespace {

std::map<std::string, double> finite(std::map<std::string, double> values) {
  std::erase_if(values, [](const auto& entry) { return !std::isfinite(entry.second); });
  return values;
}
Values finite(Values values) {
  std::erase_if(values, [](const auto& entry) { return !std::isfinite(entry.second.value); });
  return values;
}

double finite_or_zero(double seconds) {
  return std::isfinite(seconds) ? seconds : 0.0;
}
double finite_or_nan(double loss) {
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::quiet_NaN();
}

std::unexpected<Error> wrong_state(const Trial& trial, const char* wanted) {
  return fail(ErrorCode::conflict, std::format("trial {} is {}, not {}", trial.id.value, to_text(trial.state), wanted),
              "load the study again and decide anew");
}

/// What of a fidelity cannot be paid, as "0 epochs cannot be added; at least 1 is needed" goes on; nothing when all
/// can.
std::optional<std::string> unpayable(const Fidelity& fidelity, const std::string& verb) {
  for (const auto& [name, amount] : fidelity.amounts) {
    if (name == "epochs" && !(amount >= 1 && amount <= std::numeric_limits<int>::max()))
      return std::format("{} epochs{}; at least 1 is needed", amount, verb);
    if (!std::isfinite(amount) || amount <= 0) return std::format("{} {}{}; it must be above 0", amount, name, verb);
  }
  if (fidelity.estimator.empty()) return std::format("no estimator{}", verb);
  return std::nullopt;
}

/// Nobody holds it any more.
void let_go(Entry& entry) {
  entry.trial.worker.clear();
  entry.hold.token.clear();
}

Claim claim_of(Entry& entry, const std::string& worker, std::chrono::milliseconds lease) {
  Hold& hold = entry.hold;
  hold.token = unique_text();
  ++hold.epoch;
  entry.trial.worker = worker;
  Claim claim{.id = entry.trial.id, .token = hold.token, .epoch = hold.epoch, .work = entry.trial.work, .lease = lease};
  extend(hold, claim);
  claim.lease_end = decltype(claim.lease_end)(std::chrono::milliseconds(hold.lease_end_ms));
  claim.trial = entry.trial;
  return claim;
}

/// A trial that is added as complete brings its results, stage by stage; any other has none.
Status check_known_results(const Trial& trial) {
  if (trial.state != State::complete) return {};
  if (trial.results.empty()) return invalid("a new trial that is complete has no results", "add what is known of it");
  int before = -1;
  for (const StageResult& result : trial.results) {
    if (result.stage <= before)
      return invalid(
          std::format("the results of a new trial are out of order: stage {} follows {}", result.stage, before));
    before = result.stage;
    TRY_DO(check_artifacts(result.artifacts));
  }
  if (before != trial.stage)
    return invalid(
        std::format("a new trial ended in stage {}, but its last result is of stage {}", trial.stage, before));
  return {};
}

}  // namespace

Result<Trial> new_trial(const Trial& trial, TrialId id) {
  if (trial.state != State::waiting && trial.state != State::rejected && trial.state != State::complete)
    return invalid(
        std::format("a new trial is \"waiting\", \"rejected\" or \"complete\", not \"{}\"", to_text(trial.state)));
  TRY_DO(check_known_results(trial));
  if (const auto fault = unpayable(trial.fidelity, " cannot be added"))
    return invalid(std::format("a trial of {}", *fault));
  for (const auto& [name, value] : trial.choice)
    if (const double* real = std::get_if<double>(&value); real && !std::isfinite(*real))
      return invalid(std::format("the value of \"{}\" is not finite", name),
                     "choose a value within the parameter's range");
  Trial added;
  added.id = id;
  added.choice = trial.choice;
  added.state = trial.state;
  added.fidelity = trial.fidelity;
  added.seed = trial.seed;
  if (trial.threads && *trial.threads >= 1) added.threads = trial.threads;
  added.known = finite(trial.known);
  if (trial.state != State::waiting) added.reason = trial.reason;
  if (trial.state == State::complete) {
    added.stage = trial.stage;
    for (const StageResult& result : trial.results) added.results.push_back(stored(result));
  }
  return added;
}

Status check_worker(const std::string& worker) {
  if (worker.empty()) return invalid("a worker without a name cannot take up a trial", "pass worker_name()");
  return {};
}

Status check_held(const Entry& entry, const Claim& claim) {
  const Trial& trial = entry.trial;
  const bool is_running = trial.state == State::running;
  if (is_running && entry.hold.token == claim.token && entry.hold.epoch == claim.epoch) return {};
  const std::string now = is_running ? std::format("\"{}\" runs it{}", trial.worker,
                                                   trial.worker == claim.trial.worker ? " by a later claim" : "")
                                     : std::format("it is {}", to_text(trial.state));
  return fail(ErrorCode::conflict,
              std::format("trial {} is not run by \"{}\": {}", trial.id.value, claim.trial.worker, now),
              "drop this attempt and claim another trial");
}

Status promote(Entry& entry, const Fidelity& fidelity) {
  Trial& trial = entry.trial;
  if (trial.state != State::complete) return wrong_state(trial, "complete");
  if (const auto fault = unpayable(fidelity, ""))
    return invalid(std::format("trial {} cannot be promoted to {}", trial.id.value, *fault));
  trial.state = State::waiting;
  trial.work = Work::evaluate;
  ++trial.stage;
  trial.fidelity = fidelity;
  trial.attempts = 0;
  trial.reason.clear();
  let_go(entry);
  return {};
}

Status assign_threads(Trial& trial, int threads) {
  if (threads < 1) return invalid(std::format("trial {} cannot train with {} threads", to_text(trial.id), threads));
  const bool has_begun = trial.attempts > 0 || trial.stage > 0 || !trial.curve.empty();
  if (has_begun && trial.threads && *trial.threads != threads)
    return fail(ErrorCode::conflict,
                std::format("trial {} trains with {} threads already", to_text(trial.id), *trial.threads));
  trial.threads = threads;
  return {};
}

Claim take_up(Entry& entry, const std::string& worker, std::chrono::milliseconds lease) {
  entry.trial.state = State::running;
  ++entry.trial.attempts;
  entry.trial.reason.clear();
  return claim_of(entry, worker, lease);
}

Result<Claim> take_up_again(Entry& entry, const std::string& worker, std::chrono::milliseconds lease) {
  if (entry.trial.state != State::running) return wrong_state(entry.trial, "running");
  if (entry.trial.worker != worker)
    return fail(ErrorCode::conflict, std::format("trial {} is not run by \"{}\": \"{}\" runs it", entry.trial.id.value,
                                                 worker, entry.trial.worker));
  return claim_of(entry, worker, lease);
}

void extend(Hold& hold, const Claim& claim) {
  hold.heartbeat_ms = now_milliseconds();
  hold.lease_end_ms = hold.heartbeat_ms + claim.lease.count();
}

Status finish(Entry& entry, const Claim& claim, State state, const StageResult& result, const std::string& reason) {
  Trial& trial = entry.trial;
  // Rejected, too: a worker measures the untrained network when a constraint bounds its latency or memory.
  if (state != State::complete && state != State::pruned && state != State::rejected)
    return invalid(
        std::format("a trial is finished as \"complete\", \"pruned\" or \"rejected\", not as \"{}\"", to_text(state)));
  TRY_DO(check_held(entry, claim));
  if (result.stage != trial.stage)
    return invalid(std::format("the result is of stage {}, but trial {} is in stage {}", result.stage, trial.id.value,
                               trial.stage));
  TRY_DO(check_artifacts(result.artifacts));
  trial.state = state;
  trial.work = Work::evaluate;
  trial.reason = reason;
  let_go(entry);
  return {};
}

Status pass_on(Entry& entry, const Claim& claim, const StageResult& result) {
  TRY_DO(check_held(entry, claim));
  if (entry.trial.work == Work::measure)
    return fail(ErrorCode::conflict,
                std::format("trial {} was taken up to be measured; it cannot be passed on for that", claim.id.value),
                "finish it, or release it");
  TRY_DO(finish(entry, claim, State::complete, result, ""));
  entry.trial.state = State::waiting;
  entry.trial.work = Work::measure;
  entry.trial.attempts = 0;
  return {};
}

Status fail_trial(Entry& entry, const Claim& claim, const std::string& reason) {
  TRY_DO(check_held(entry, claim));
  entry.trial.state = State::failed;
  entry.trial.reason = reason;
  let_go(entry);
  return {};
}

Status release(Entry& entry, const Claim& claim) {
  TRY_DO(check_held(entry, claim));
  put_back(entry);
  return {};
}

void put_back(Entry& entry) {
  entry.trial.state = State::waiting;
  entry.trial.attempts = std::max(0, entry.trial.attempts - 1);
  let_go(entry);
}

void lose(Entry& entry, const std::string& why, int max_attempts) {
  Trial& trial = entry.trial;
  let_go(entry);
  if (trial.attempts < max_attempts) {
    trial.state = State::waiting;
    return;
  }
  trial.state = State::failed;
  trial.reason = std::format("its worker was lost {} {}; the last time {}; most often memory runs out", trial.attempts,
                             trial.attempts == 1 ? "time" : "times", why);
}

Status give_up(Entry& entry, const Claim& claim, const std::string& reason, int max_attempts) {
  TRY_DO(check_held(entry, claim));
  lose(entry, reason, max_attempts);
  Trial& trial = entry.trial;
  if (trial.state == State::failed) trial.reason = std::format("{} ({} attempts)", reason, trial.attempts);
  return {};
}

Status retry(Entry& entry) {
  Trial& trial = entry.trial;
  if (trial.state != State::failed) return wrong_state(trial, "failed");
  trial.state = State::waiting;
  trial.attempts = 0;
  trial.reason.clear();
  return {};
}

StageResult stored(StageResult result) {
  result.values = finite(std::move(result.values));
  result.measurement = normalised(result.measurement);
  result.details = result.details.is_object() ? normalised(result.details) : Json::object();
  result.train_s = finite_or_zero(result.train_s);
  result.measure_s = finite_or_zero(result.measure_s);
  result.export_s = finite_or_zero(result.export_s);
  result.overhead_s = finite_or_zero(result.overhead_s);
  if (result.finished.empty()) result.finished = now_utc();
  return result;
}

Result<CurvePoint> stored(CurvePoint point, const Trial& trial) {
  if (point.stage != trial.stage)
    return invalid(
        std::format("the epoch is of stage {}, but trial {} is in stage {}", point.stage, trial.id.value, trial.stage));
  if (point.epoch < 1) return invalid(std::format("epoch {} cannot be recorded; epochs count from 1", point.epoch));
  point.train_loss = finite_or_nan(point.train_loss);
  point.validation_loss = finite_or_nan(point.validation_loss);
  point.metrics = finite(std::move(point.metrics));
  point.seconds = finite_or_zero(point.seconds);
  point.images_per_s = finite_or_zero(point.images_per_s);
  return point;
}

Settings stored(Settings settings) {
  settings.job = normalised(settings.job);
  settings.environment = normalised(settings.environment);
  if (settings.created.empty()) settings.created = now_utc();
  return settings;
}

Status check_count(std::size_t count, std::size_t expected) {
  if (count == expected) return {};
  return fail(
      ErrorCode::conflict,
      std::format("the study has {} trials where {} were expected: someone else added some meanwhile", count, expected),
      "load the study again and decide anew");
}

std::unexpected<Error> no_such_trial(TrialId id) {
  return fail(ErrorCode::not_found, std::format("the study has no trial {}", id.value),
              "`edgewise status` lists the trials");
}

std::string now_utc() {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::int64_t now_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace edgewise::study
