#include "run/coordinator.hpp"

#include <algorithm>
#include <chrono>
#include <format>
#include <set>
#include <thread>
#include <tuple>

#include "base/process.hpp"
#include "base/quiet.hpp"
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

// In a row, each by the death of all its workers: then the machine is at fault, not the trials.
constexpr std::size_t max_lost_trials = 3;
// As many workers that died without having said that they ran a trial: they cannot even begin.
constexpr int max_idle_deaths = 3;
constexpr auto place_looked_at_each = 1s, neighbours_looked_at_each = 5s, longest_turn = 15s;

/// Checkpoints are for trials that may still go on, as failed ones that are tried again; a finished search keeps those
/// of its front.
void remove_checkpoints(const fs::path& folder, const study::Study& study) {
  std::set<study::TrialId> front;
  for (const auto* trial : search::pareto_front(study)) front.insert(trial->id);
  for (const auto& trial : study.trials) {
    if (front.contains(trial.id) || trial.state == State::failed) continue;
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
        workers_({.command = worker_command("run", session),
                  .log = session.folder / "worker.log",
                  .threads = threads_.most_threads(),
                  .say = [this](const std::string& line) { view_.say(line); },
                  .label = [this](std::int64_t trial) { return label(trial); },
                  .on_death = [this](std::int64_t trial) { return bury(trial); },
                  .on_stopped = [this] { return take_back(); }}) {}

  Result<Summary> run() {
    TRY_DO(coordinate(session_));
    const auto ending = run_trials();
    if (!ending) return std::unexpected(give_up(ending.error()));
    return end(*ending);
  }

 private:
  [[nodiscard]] bool is_stopped() const { return options_.stop && *options_.stop; }

  Result<Ending> run_trials() {
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
    return is_interrupted ? Ending::interrupted
                          : (proposer_.is_budget_spent() ? Ending::budget_spent : Ending::finished);
  }

  /// Ends for a fault of the machine. No trial has to pay for it: what ran waits again, and so does what failed because
  /// no worker stays alive.
  Error give_up(Error error) {
    if (!is_in_place()) {
      workers_.kill_all();
      view_.close();
      return gone();
    }
    workers_.stop();
    // A study that cannot be written now is brought in order by the next call.
    std::ignore = session_.storage->take_back();
    for (const auto id : lost_) std::ignore = session_.storage->retry(id);
    std::ignore = study_.refresh();
    std::ignore = clock_.write();
    view_.close();
    if (const auto open = study_.open(); open > 0)
      error.next += std::format("{}no trial was spent on it: {} wait{}, and the same command goes on",
                                error.next.empty() ? "mend it; " : "; ", open, open == 1 ? "s" : "");
    return error;
  }

  [[nodiscard]] bool is_in_place() const { return session_.coordinates->is_at(session_.folder / coordinator_lock); }
  [[nodiscard]] Error gone() const {
    return {
        ErrorCode::not_found,
        std::format("the study's folder \"{}\" was removed or renamed while the search ran", session_.folder.string()),
        {},
        "nothing was written since; where it was only renamed, `edgewise search JOB --study NEW_NAME` goes on"};
  }

  /// Finds out how the study stands. Whatever runs by its word was begun by a coordinator that is gone, or in the
  /// folder that this one is a copy of.
  Status begin() {
    TRY(const auto left, session_.storage->take_back());
    TRY_DO(session_.storage->forget_losses());
    if (!left.empty())
      view_.say(std::format("{} of a search that was ended from outside {} up again",
                            left.size() == 1 ? "1 trial" : std::format("{} trials", left.size()),
                            left.size() == 1 ? "is taken" : "are taken"));
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
    const auto now = Clock::now();
    // After a stop of all of them (a terminal, a laptop that slept) workers need a moment for a sign of life.
    if (now - last_turn_ > longest_turn) recovered_ = now;
    last_turn_ = now;
    if (now - placed_ > place_looked_at_each) {
      placed_ = now;
      if (!is_in_place()) return std::unexpected(gone());
    }
    // Who waits for a process that is stopped, or is stopped itself, is silent for no fault of its own.
    if (now - recovered_ > options_.recover_every && stopped_.empty()) TRY_DO(recover());
    if (now - looked_around_ > options_.look_around_every) TRY_DO(look_around());
    if (now - neighbours_ > neighbours_looked_at_each) look_at_neighbours();
    // Trials that lost a worker are next, and tried alone.
    const auto most = study_.lost() > 0 ? 1 : static_cast<std::size_t>(threads_.staffing().workers);
    TRY_DO(workers_.keep(std::min(most, std::max<std::size_t>(1, study_.open()))));
    workers_.listen();
    return {};
  }

  /// A process that is stopped keeps others waiting and does not say so itself.
  void look_at_neighbours() {
    neighbours_ = Clock::now();
    std::erase_if(stopped_, [](pid_t process) { return !edgewise::is_stopped(process); });
    const auto own = workers_.processes();
    for (const pid_t process : own)
      if (edgewise::is_stopped(process) && stopped_.insert(process).second)
        view_.say(std::format("a worker of this search, process {}, is stopped: continue it with `kill -CONT {}`",
                              process, process));
    for (const auto& other : at_work())
      if (other.is_stopped && !std::ranges::contains(own, other.pid) && stopped_.insert(other.pid).second)
        view_.say(
            std::format("{}, keeps the networks of this search from being measured: continue it with `kill -CONT "
                        "{}`, or end it",
                        to_text(other), other.pid));
  }

  Status recover() {
    recovered_ = Clock::now();
    TRY(const auto lost, session_.storage->recover(study::max_attempts));
    for (const auto id : lost) {
      TRY(const auto trial, session_.storage->trial(id));
      if (trial.state == State::failed) lost_.insert(id);
      view_.say(trial.state == State::failed
                    ? std::format("trial {} failed: {}", study::to_text(id), trial.reason)
                    : std::format(
                          "trial {} lost its worker; it is tried once more from its last epoch, with nothing beside it",
                          study::to_text(id)));
      // One that was silent for so long hangs, and keeps measurements waiting.
      workers_.kill(id.value);
    }
    return {};
  }

  /// A worker has died while it ran the trial, or -1.
  Status bury(std::int64_t trial) {
    TRY_DO(recover());
    if (trial >= 0) {
      // One whose memory ran out has recorded that itself.
      TRY(const auto lost, session_.storage->trial({trial}));
      if (lost.state == State::failed) lost_.insert(lost.id);
    }
    idle_deaths_ = trial >= 0 ? 0 : idle_deaths_ + 1;
    if (lost_.size() < max_lost_trials && idle_deaths_ < max_idle_deaths) return {};
    return fail(ErrorCode::unavailable,
                std::format("workers do not stay alive{}; the log of the last one ends with:\n{}",
                            lost_.empty() ? "" : std::format(": {} trials in a row were lost", lost_.size()),
                            last_lines(session_.folder / "worker.log", 1500)),
                "see to what ends them (most often memory runs out), then run the same command again");
  }

  Status take_back() {
    return session_.storage->take_back().transform([](const auto&) {});
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
      const bool is_open = trial.state == State::waiting || trial.state == State::running;
      if (!is_open && !lost_.contains(id)) {
        lost_.clear();
        idle_deaths_ = 0;
      }
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
    TRY_DO(take_back());
    return study_.refresh().transform([](bool) {});
  }

  Result<Summary> end(Ending ending) {
    if (ending != Ending::interrupted) {
      TRY_DO(judge_front(
          session_, study_.study(), [this](const std::string& line) { view_.say(line); },
          [this] { return is_stopped(); }));
      if (is_stopped()) ending = Ending::interrupted;
    }
    if (ending == Ending::finished) {
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
  std::set<study::TrialId> lost_;  // failed because their workers died, since another trial ended
  std::set<pid_t> stopped_;        // processes that are known to be stopped
  int idle_deaths_ = 0;
  Clock::time_point recovered_ = Clock::now(), looked_around_ = recovered_, placed_ = recovered_,
                    neighbours_ = recovered_, last_turn_ = recovered_;
};

}  // namespace

Result<Summary> run_search(Session& session, const search::Strategy* strategy, const SearchOptions& options,
                           View& view) {
  return Coordinator(session, strategy, options, view).run();
}

}  // namespace edgewise::run
