#include "run/coordinator.hpp"

#include <chrono>
#include <format>
#include <set>
#include <thread>

#include "run/clock.hpp"
#include "run/followed_study.hpp"
#include "run/outlook.hpp"
#include "run/proposer.hpp"
#include "run/test_split.hpp"
#include "run/thread_plan.hpp"
#include "run/workers.hpp"
#include "search/pareto.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using study::State;

constexpr int max_lost_trials =
    3;  // in a row, each by the death of all its workers: then the machine is at fault, not the trials

/// Checkpoints are for trials that may still go on; a finished search keeps those of its front.
void remove_checkpoints(const fs::path& folder, const study::Study& study) {
  std::set<study::TrialId> front;
  for (const auto* trial : search::pareto_front(study)) front.insert(trial->id);
  for (const auto& trial : study.trials) {
    if (front.contains(trial.id)) continue;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder / "trials" / std::format("{:06}", trial.id.value), ignored))
      if (entry.path().filename().string().ends_with("checkpoint")) fs::remove(entry.path(), ignored);
  }
}

/// One call of `run_search`: its parts, each of which tells its own story, and the loop that joins them.
class Coordinator {
 public:
  Coordinator(Session& session, const search::Strategy* strategy, const SearchOptions& options, View& view)
      : session_(session),
        strategy_(strategy),
        options_(options),
        view_(view),
        study_(*session.storage),
        clock_(session.folder),
        threads_(options.staffing, static_cast<int>(session.job.train.threads)),
        outlook_(session, options.cost_model, threads_.staffing()),
        proposer_(session, study_, strategy,
                  {.workers = options.staffing.workers,
                   .threads = [this](double macs) { return threads_.staffing().threads_for(macs); },
                   .searched_s = [this] { return clock_.searched_s(); },
                   .say = [this](const std::string& line) { view_.say(line); },
                   .is_stopped = [this] { return is_stopped(); }}),
        workers_({.folder = session.folder,
                  .threads = threads_.most_threads(),
                  .most_deaths = max_lost_trials * study::max_attempts * options.staffing.workers,
                  .say = [this](const std::string& line) { view_.say(line); },
                  .label = [this](std::int64_t trial) { return label(trial); },
                  .on_death = [this] { return recover(); }}) {}

  Result<Summary> run() {
    TRY_DO(coordinate(session_));
    TRY_DO(begin());
    TRY(bool goes_on, proposer_.propose());
    while (goes_on && !is_stopped()) {
      TRY_DO(look_after());
      TRY(const bool is_new, study_.refresh());
      tell_ended();
      if (is_new) {
        TRY(goes_on, proposer_.propose());
      }
      view_.show(moment());
      std::this_thread::sleep_for(100ms);
    }
    const bool is_interrupted = goes_on;
    if (is_interrupted) TRY_DO(stop_workers());
    workers_.dismiss();
    view_.close();
    return end(is_interrupted ? Ending::interrupted
                              : (proposer_.is_budget_spent() ? Ending::budget_spent : Ending::finished));
  }

 private:
  [[nodiscard]] bool is_stopped() const { return options_.stop && *options_.stop; }

  /// Finds out how the study stands.
  Status begin() {
    TRY_DO(recover());
    TRY_DO(study_.refresh().transform([](bool) {}));
    outlook_.remember(study_);
    study_.take_changed();
    clock_.read(study_.study(), [this](const std::string& line) { view_.say(line); });
    TRY_DO(threads_.assign(*session_.storage, study_).transform([](std::size_t) {}));
    outlook_.plan(study_, strategy_);
    return {};
  }

  /// What has to be done now and then: lost workers, the load of others, workers that died, what the living say.
  Status look_after() {
    if (Clock::now() - recovered_ > options_.recover_every) TRY_DO(recover());
    if (Clock::now() - looked_around_ > options_.look_around_every) TRY_DO(look_around());
    TRY_DO(workers_.keep(
        std::min(static_cast<std::size_t>(threads_.staffing().workers), std::max<std::size_t>(1, study_.open()))));
    workers_.listen();
    return {};
  }

  Status recover() {
    recovered_ = Clock::now();
    TRY(const auto lost, session_.storage->recover(study::max_attempts));
    for (const auto id : lost) {
      TRY(const auto trial, session_.storage->trial(id));
      view_.say(
          trial.state == State::failed
              ? std::format("trial {} failed: {}", study::to_text(id), trial.reason)
              : std::format("trial {} lost its worker; it is taken up again from its last epoch", study::to_text(id)));
      // One that was silent for so long hangs, and keeps measurements waiting.
      workers_.kill(id.value);
    }
    return {};
  }

  Status look_around() {
    looked_around_ = Clock::now();
    TRY_DO(clock_.write());
    TRY(const auto line, threads_.look_around(*session_.storage, study_));
    if (!line.empty()) view_.say(line);
    return {};
  }

  void tell_ended() {
    for (const auto id : study_.take_changed()) {
      const auto& trial = study_.trials()[static_cast<std::size_t>(id.value)];
      if (outlook_.has_ended(trial)) view_.ended(moment(), trial);
    }
  }

  [[nodiscard]] std::string label(std::int64_t trial) const {
    const auto index = static_cast<std::size_t>(trial);
    return index < study_.trials().size() ? space::to_text(study_.trials()[index].choice) : std::string();
  }

  [[nodiscard]] Moment moment() const {
    return {.study = &study_.study(),
            .workers = workers_.states(),
            .note = proposer_.note(),
            .elapsed_s = clock_.elapsed_s(),
            .left_s = outlook_.left_s(clock_.elapsed_s()),
            .planned = outlook_.planned(),
            .done = outlook_.done()};
  }

  Status stop_workers() {
    view_.say("stopping: finished trials are kept, the epochs of running ones too");
    workers_.stop();
    TRY_DO(recover());
    return study_.refresh().transform([](bool) {});
  }

  Result<Summary> end(Ending ending) {
    if (ending == Ending::finished) {
      TRY_DO(judge_front(
          session_, study_.study(), [this](const std::string& line) { view_.say(line); },
          [this] { return is_stopped(); }));
      remove_checkpoints(session_.folder, study_.study());
    }
    TRY_DO(clock_.write());
    Summary summary{.ending = ending,
                    .elapsed_s = clock_.elapsed_s(),
                    .counts = {},
                    .spent = outlook_.spent(),
                    .workers = threads_.staffing().workers};
    for (const auto& trial : study_.trials()) ++summary.counts[trial.state];
    return summary;
  }

  Session& session_;
  const search::Strategy* strategy_;
  const SearchOptions& options_;
  View& view_;
  FollowedStudy study_;
  SearchClock clock_;
  ThreadPlan threads_;
  Outlook outlook_;
  Proposer proposer_;
  Workers workers_;
  Clock::time_point recovered_ = Clock::now(), looked_around_ = recovered_;
};

}  // namespace

Result<Summary> run_search(Session& session, const search::Strategy* strategy, const SearchOptions& options,
                           View& view) {
  return Coordinator(session, strategy, options, view).run();
}

}  // namespace edgewise::run
