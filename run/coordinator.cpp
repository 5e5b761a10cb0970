#include "run/coordinator.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <format>
#include <set>
#include <thread>
#include <utility>

#include "base/file.hpp"
#include "base/machine.hpp"
#include "base/process.hpp"
#include "run/twins.hpp"
#include "search/pareto.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using study::State;

constexpr int max_lost_trials =
    3;  // in a row, each by the death of all its workers: then the machine is at fault, not the trials

struct Worker {
  ChildProcess process;
  WorkerState state;
};

std::string last_lines(const fs::path& log, std::size_t bytes) {
  const auto text = read_file(log);
  if (!text) return {};
  std::string tail = text->size() > bytes ? text->substr(text->size() - bytes) : *text;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

class Coordinator {
 public:
  Coordinator(Session& session, const search::Strategy* strategy, const SearchOptions& options, View& view)
      : session_(session), strategy_(strategy), options_(options), view_(view), staffing_(options.staffing) {}

  Result<Summary> run() {
    TRY_DO(coordinate(session_));
    TRY_DO(recover());
    TRY_DO(refresh());
    remember_ended();
    read_clock();
    TRY_DO(assign_threads());
    plan_total();
    TRY(const bool has_work, propose());
    bool is_finished = !has_work;
    while (!is_finished) {
      if (is_stopped()) {
        TRY_DO(stop_workers());
        summary_.ending = Ending::interrupted;
        break;
      }
      if (Clock::now() - recovered_ > options_.recover_every) TRY_DO(recover());
      if (Clock::now() - looked_around_ > options_.look_around_every) TRY_DO(look_around());
      TRY_DO(keep_workers());
      listen();
      TRY(const auto version, session_.storage->version());
      if (version != version_) {
        TRY_DO(refresh());
        report_ended();
        TRY(const bool goes_on, propose());
        is_finished = !goes_on;
      }
      view_.show(moment());
      std::this_thread::sleep_for(100ms);
    }
    for (auto& worker : workers_) worker.process.send_signal(SIGTERM);
    for (auto& worker : workers_) worker.process.wait(20s);
    workers_.clear();
    view_.close();
    if (summary_.ending != Ending::interrupted) TRY_DO(judge_front());
    clean_up();
    summary_.elapsed_s = elapsed();
    summary_.workers = staffing_.workers;
    TRY_DO(write_clock());
    for (const auto& trial : study_.trials) ++summary_.counts[trial.state];
    return summary_;
  }

 private:
  [[nodiscard]] bool is_stopped() const { return options_.stop && *options_.stop; }
  [[nodiscard]] double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  Status refresh() {
    // The version is read first: a change between the two reads is seen again, never missed.
    TRY(version_, session_.storage->version());
    TRY(study_, session_.storage->load());
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
      for (auto& worker : workers_)
        if (worker.state.trial == id.value) worker.process.kill();
    }
    return {};
  }

  [[nodiscard]] std::size_t count(State state) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(study_.trials, [&](const auto& trial) { return trial.state == state; }));
  }

  /// Epochs that are or will be trained. The curves tell, so that failed trials and stages that started anew count too.
  [[nodiscard]] std::int64_t committed_epochs() const {
    std::int64_t epochs = 0;
    for (const auto& trial : study_.trials) {
      const auto trained = static_cast<std::int64_t>(trial.curve.size());
      epochs += trial.state == State::waiting || trial.state == State::running
                    ? std::max<std::int64_t>(trained, trial.fidelity.epochs())
                    : trained;
    }
    return epochs;
  }

  [[nodiscard]] std::int64_t tried() const {
    return std::ranges::count_if(
        study_.trials, [](const auto& trial) { return trial.state != State::rejected && !trial.is_answered(); });
  }

  /// Seconds on the wall that the study had been searched before this run: what its clock says, else (a study of an
  /// earlier version, whose searches had one worker unless asked for more) as far as its finished stages tell.
  void read_clock() {
    const fs::path file = session_.folder / "clock.json";
    if (fs::exists(file)) {
      const auto json = read_json(file);
      if (json && json->is_object() && json->contains("searched_s") && (*json)["searched_s"].is_number() &&
          (*json)["searched_s"] >= 0) {
        spent_before_s_ = (*json)["searched_s"].get<double>();
        return;
      }
      view_.say(
          std::format("note: \"{}\" does not tell how long the study was searched; what its trials took is counted",
                      file.string()));
    }
    for (const auto& trial : study_.trials)
      for (const auto& result : trial.results)
        spent_before_s_ += result.train_s + result.measure_s + result.export_s + result.overhead_s;
  }
  [[nodiscard]] Status write_clock() const {
    return write_file(session_.folder / "clock.json", dump(Json{{"searched_s", spent_before_s_ + elapsed()}}));
  }

  /// Fixes the threads of trials that no worker has taken up, by the machine as it is now. One that was begun by an
  /// earlier version, which did not record them, goes on with what that version took.
  Status assign_threads() {
    std::vector<std::pair<study::TrialId, int>> threads;
    for (const auto& trial : study_.trials) {
      if (trial.state != State::waiting) continue;
      const bool has_begun = trial.attempts > 0 || trial.stage > 0 || !trial.curve.empty();
      if (has_begun && trial.threads) continue;
      const int count = has_begun ? threads_of_earlier_versions() : threads_for(trial);
      if (trial.threads != count) threads.emplace_back(trial.id, count);
    }
    if (threads.empty()) return {};
    // A worker may take one up in this moment: then it keeps what it has, and the next look sees the rest.
    if (const auto assigned = session_.storage->assign_threads(threads);
        !assigned && assigned.error().code != ErrorCode::conflict)
      return assigned;
    return refresh();
  }
  [[nodiscard]] int threads_of_earlier_versions() const {
    const auto asked = static_cast<int>(session_.job.train.threads);
    return asked > 0 ? asked : std::max(1, staffing_.processors / staffing_.wish.workers.value_or(1));
  }
  [[nodiscard]] int threads_for(const study::Trial& trial) const {
    const auto macs = trial.known.find("macs");
    return staffing_.threads_for(macs == trial.known.end() ? 0 : macs->second.value);
  }

  /// What other programs take may have changed: networks that have not begun get as many threads as suit the machine
  /// now.
  Status look_around() {
    looked_around_ = Clock::now();
    TRY_DO(write_clock());
    const auto load = others_.read();
    if (!load) return {};
    // Twice the same before anything is changed: a compiler's minute is no change of the machine.
    const double before = std::exchange(last_load_, *load);
    if (std::lround(before) != std::lround(*load) || std::lround(*load) == std::lround(staffing_.others_load))
      return {};
    staffing_.others_load = *load;
    const auto old = study_.trials;
    TRY_DO(assign_threads());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < old.size(); ++i) changed += old[i].threads != study_.trials[i].threads ? 1 : 0;
    if (staffing_.most_threads() > 1 && !staffing_.wish.threads)
      view_.say(std::format(
          "other programs keep {:.1f} of {} processors busy; networks that begin now train with at most {} thread(s){}",
          staffing_.others_load, staffing_.processors,
          std::max(1,
                   (staffing_.processors - static_cast<int>(std::lround(staffing_.others_load))) / staffing_.workers),
          changed > 0 ? std::format(", {} waiting ones among them", changed) : ""));
    return {};
  }

  /// Why nothing more may be begun; nothing while the budget lasts.
  [[nodiscard]] std::optional<std::string> spent_budget() const {
    const auto& budget = session_.job.budget;
    if (budget.hours > 0 && spent_before_s_ + elapsed() > budget.hours * 3600)
      return std::format("the budget of {} hours is spent", budget.hours);
    if (budget.epochs > 0 && committed_epochs() >= budget.epochs)
      return std::format("the budget of {} epochs is spent", budget.epochs);
    return {};
  }

  /// What of the advice the budget of trials allows: promotions are no new trials.
  [[nodiscard]] std::vector<search::Proposal> affordable(std::vector<search::Proposal> proposals) const {
    if (session_.job.budget.trials <= 0) return proposals;
    auto left = session_.job.budget.trials - tried();
    std::erase_if(proposals, [&](const auto& proposal) { return !proposal.promote && left-- <= 0; });
    return proposals;
  }

  /// How many trials wait at most: a worker that ends one finds the next.
  [[nodiscard]] std::size_t queue_length() const { return 2 * static_cast<std::size_t>(staffing_.workers); }

  /// Whether the choices are a function of the seed alone, stopped and gone on or not. With several workers they depend
  /// on who is faster, and strategies with stages promote what has ended.
  [[nodiscard]] bool is_exact() const { return staffing_.workers == 1 && strategy_->plan().size() == 1; }

  /// What the strategy is shown of the study. While a worker is busy the last two of its trials have not ended when the
  /// next one is chosen. When they have all the same, since the coordinator was late or was killed and came back, they
  /// are shown as if not: the choice must not depend on it.
  [[nodiscard]] study::Study shown() const {
    auto study = study_;
    std::size_t hidden = 0;
    for (auto trial = study.trials.rbegin(); trial != study.trials.rend() && hidden < queue_length(); ++trial) {
      const bool is_open = trial->state == State::waiting || trial->state == State::running;
      if (!is_open && trial->attempts == 0) continue;  // no worker ever had it
      ++hidden;
      trial->state = State::running;
      trial->reason.clear();
      trial->results.clear();
      trial->curve.clear();
    }
    return study;
  }

  /// Up to `n` proposals, and what they were made from where that is not the study as it is.
  Result<std::pair<search::Advice, std::optional<study::Study>>> ask(std::size_t n) const {
    if (is_exact()) {
      auto study = shown();
      TRY(auto advice, strategy_->ask(study, 1));
      if (!advice.proposals.empty() || count(State::waiting) + count(State::running) > 0)
        return std::pair(std::move(advice), std::optional(std::move(study)));
    }
    TRY(auto advice, strategy_->ask(study_, n));
    return std::pair(std::move(advice), std::optional<study::Study>());
  }

  /// Asks the strategy while workers may run dry. Returns whether there is or may come more work.
  Result<bool> propose() {
    while (!is_stopped()) {
      const std::size_t waiting = count(State::waiting), running = count(State::running);
      const std::size_t wanted = queue_length();
      if (!strategy_) return waiting + running > 0;
      if (waiting >= wanted) return true;
      if (const auto why = spent_budget()) {
        if (summary_.ending != Ending::budget_spent) view_.say(*why + "; what is under way is finished");
        summary_.ending = Ending::budget_spent;
        return waiting + running > 0;
      }
      TRY(const auto asked, ask(wanted - waiting));
      const auto& [advice, shown] = asked;
      if (!advice.note.empty() && advice.note != note_) view_.say(note_ = advice.note);
      if (advice.proposals.empty()) return !advice.is_finished || waiting + running > 0;
      const auto proposals = affordable(advice.proposals);
      if (proposals.empty()) {
        if (summary_.ending != Ending::budget_spent)
          view_.say(std::format("the budget of {} trials is spent; what is under way is finished",
                                session_.job.budget.trials));
        summary_.ending = Ending::budget_spent;
        return waiting + running > 0;
      }
      TRY_DO(record(proposals, shown ? *shown : study_));
      TRY_DO(refresh());
    }
    return true;
  }

  /// @param study  what the proposals were made from
  Status record(const std::vector<search::Proposal>& proposals, const study::Study& study) {
    std::vector<study::Trial> added;
    std::map<int, std::vector<study::TrialId>> promoted;
    const auto frame = job::frame(session_.job, session_.set);
    auto seeds = RandomStream::named(study_.settings.seed, "trial seeds");
    for (const auto& proposal : proposals) {
      if (proposal.promote) {
        promoted[proposal.epochs].push_back(*proposal.promote);
        continue;
      }
      study::Trial trial{.choice = proposal.choice, .fidelity = study::Fidelity::training(proposal.epochs)};
      // Two settings of one network start from the same weights only if they are the same trial.
      trial.seed = seeds.child("trial", study_.trials.size() + added.size()).next() >> 1;
      const auto candidate = session_.family.build(proposal.choice, frame);
      if (!candidate) {
        trial.state = State::rejected;
        trial.reason = candidate.error().message;
      } else if (session_.job.repeats ||
                 !twins_.answer(trial, space::identity(*candidate), study, added, strategy_->plan().size() > 1)) {
        trial.known = study::values_of(study::Source::computed, known_costs(candidate->graph));
        trial.threads = threads_for(trial);
        if (const auto broken = study::violated(session_.job.constraints, numbers(trial.known))) {
          trial.state = State::rejected;
          trial.reason = "known before training: " + *broken;
        }
      }
      added.push_back(std::move(trial));
    }
    for (const auto& [epochs, ids] : promoted)
      TRY_DO(session_.storage->promote(ids, study::Fidelity::training(epochs)));
    if (added.empty()) return {};
    TRY(const auto ids, session_.storage->add(added, study_.trials.size()));
    return {};
  }

  Status keep_workers() {
    for (auto& worker : workers_) {
      const auto ended = worker.process.poll();
      if (!ended) continue;
      listen();  // its last words
      if (++idle_deaths_ > max_lost_trials * study::max_attempts * staffing_.workers)
        return fail(ErrorCode::unavailable,
                    std::format("workers do not stay alive; the last one {}; its log ends with:\n{}", to_text(*ended),
                                last_lines(session_.folder / "worker.log", 1500)),
                    "mend what the log tells, then run the same command again");
      view_.say(std::format("a worker {}; another one takes over", to_text(*ended)));
      TRY_DO(recover());
      TRY(worker.process, start_worker());
      worker.state = {};
    }
    const auto wanted = std::min(static_cast<std::size_t>(staffing_.workers),
                                 std::max<std::size_t>(1, count(State::waiting) + count(State::running)));
    while (workers_.size() < wanted) {
      TRY(auto process, start_worker());
      workers_.push_back({std::move(process), {}});
    }
    return {};
  }

  Result<ChildProcess> start_worker() {
    return ChildProcess::start(
        {(program_folder() / "edgewise-worker").string(), "run", session_.folder.string()},
        {.environment = worker_environment(std::max(staffing_.most_threads(), threads_of_earlier_versions())),
         .error_log = session_.folder / "worker.log",
         .own_group = true});
  }

  /// Reads what workers say; never waits.
  void listen() {
    for (auto& worker : workers_) {
      while (const auto line = worker.process.read_line(0ms)) {
        const auto message = parse_json(*line, "worker");
        if (message && message->is_object()) hear(worker.state, *message);
      }
    }
  }

  void hear(WorkerState& state, const Json& message) {
    if (message.contains("error"))
      view_.say("a worker says: " + message.value("error", "") +
                (message.value("where", "").empty() ? "" : " at " + message.value("where", "")));
    if (!message.contains("trial")) return;
    state.trial = message.value("trial", std::int64_t{-1});
    state.epoch = message.value("epoch", state.epoch);
    state.epochs = message.value("epochs", state.epochs);
    state.batch = message.value("batch", std::size_t{0});
    state.batches = message.value("batches", std::size_t{0});
    const std::string phase = message.value("phase", state.phase);
    if (phase == "start") {
      state.epoch = 0;
      if (const auto trial = static_cast<std::size_t>(state.trial); trial < study_.trials.size())
        state.label = space::to_text(study_.trials[trial].choice);
    }
    if (study::state_from_text(phase)) {
      state = {};
      idle_deaths_ = 0;
    } else {
      state.phase = phase;
    }
  }

  void remember_ended() {
    for (const auto& trial : study_.trials) {
      for (const auto& result : trial.results) ended_.insert({trial.id.value, result.stage});
      if (trial.state != State::waiting && trial.state != State::running) ended_.insert({trial.id.value, trial.stage});
    }
  }

  void report_ended() {
    for (const auto& trial : study_.trials) {
      if (trial.state == State::waiting || trial.state == State::running ||
          !ended_.insert({trial.id.value, trial.stage}).second)
        continue;
      if (const auto* result = trial.result(); result && result->stage == trial.stage) {
        summary_.train_s += result->train_s;
        summary_.measure_s += result->measure_s;
        summary_.export_s += result->export_s;
        summary_.overhead_s += result->overhead_s;
        if (result->details.contains("kept_waiting_s") && result->details["kept_waiting_s"].is_number())
          summary_.kept_waiting_s += result->details["kept_waiting_s"].get<double>();
        if (!trial.is_answered()) done_work_s_ += work_seconds(trial, result->fidelity.epochs());
      }
      view_.ended(moment(), trial);
    }
  }

  /// Seconds on the wall that a trial's present stage costs, as the cost model says: workers train side by side, one at
  /// a time measures.
  [[nodiscard]] double work_seconds(const study::Trial& trial, int epochs) const {
    const auto macs = trial.known.find("macs");
    const int before = trial.results.size() > 1 ? trial.results[trial.results.size() - 2].fidelity.epochs() : 0;
    const double epoch_s = macs == trial.known.end() ? 0
                                                     : epoch_seconds(options_.cost_model, session_, macs->second.value,
                                                                     trial.threads.value_or(1));
    return epoch_s * std::max(0, epochs - before) / staffing_.workers + measuring_seconds(session_);
  }

  void plan_total() {
    if (!strategy_) {
      planned_ = ended_.size() + count(State::waiting) + count(State::running);
      return;
    }
    const auto plan = strategy_->plan();
    for (const auto& stage : plan) planned_ += stage.trials;
    const auto expectation = expect(options_.cost_model, staffing_, session_, plan);
    double before = 0;
    for (const auto& trial : study_.trials)
      for (const auto& result : trial.results)
        before += (result.train_s + result.export_s + result.overhead_s) / staffing_.workers + result.measure_s;
    planned_work_s_ = std::max(0.0, expectation.total_s() - before);
  }

  [[nodiscard]] Moment moment() const {
    Moment moment{.study = &study_,
                  .workers = {},
                  .note = note_,
                  .elapsed_s = elapsed(),
                  .planned = planned_,
                  .done = ended_.size()};
    for (const auto& worker : workers_) moment.workers.push_back(worker.state);
    if (planned_work_s_ > 0) {
      // The first minutes say little; then what was expected is corrected by what came.
      const double pace = done_work_s_ > 30 ? elapsed() / done_work_s_ : 1.0;
      moment.left_s = std::max(0.0, (planned_work_s_ - done_work_s_) * pace);
    }
    return moment;
  }

  Status stop_workers() {
    view_.say("stopping: finished trials are kept, the epochs of running ones too");
    for (auto& worker : workers_) worker.process.send_signal(SIGTERM);
    const auto deadline = Clock::now() + 60s;
    for (auto& worker : workers_)
      if (!worker.process.wait(std::chrono::duration_cast<std::chrono::milliseconds>(
              std::max(deadline - Clock::now(), Clock::duration{1s}))))
        worker.process.kill();
    TRY_DO(recover());
    return refresh();
  }

  /// The test split is looked at once: what is in test.json is never computed again. A network that cannot be judged is
  /// told and left out.
  Status judge_front() {
    if (session_.set.of(data::Split::test).empty() || summary_.ending != Ending::finished) return {};
    const fs::path kept = session_.folder / "test.json";
    Json known = Json::object();
    if (fs::exists(kept)) {
      TRY(known, read_json(kept));
    }
    std::vector<std::string> command{(program_folder() / "edgewise-worker").string(), "judge",
                                     session_.folder.string()};
    for (const auto* trial : search::pareto_front(study_))
      if (!known.contains(study::to_text(trial->id))) command.push_back(study::to_text(trial->id));
    if (command.size() == 3) return {};
    view_.say("judging the front on the test split, once");
    TRY(auto worker, ChildProcess::start(command, {.error_log = session_.folder / "worker.log", .own_group = true}));
    for (std::size_t i = 3; i < command.size() && !is_stopped(); ++i) {
      const auto line = worker.read_line(30min);
      const auto answer = line ? parse_json(*line, "edgewise-worker") : std::unexpected(line.error());
      if (!answer || !answer->contains("test")) {
        view_.say(std::format("trial {} could not be judged on the test split: {}", command[i],
                              answer ? answer->value("error", "") : answer.error().message));
        if (!answer) break;
        continue;
      }
      known[command[i]] = (*answer)["test"];
      std::string told;
      for (const auto& [name, value] : (*answer)["test"].items())
        told += std::format("{}{} {:.4g}", told.empty() ? "" : ", ", name, value.get<double>());
      view_.say(std::format("trial {} on the test split: {}", command[i], told));
      TRY_DO(write_file(kept, dump(known, 1)));
    }
    return {};
  }

  /// Checkpoints are for trials that may still go on; a finished search keeps those of its front.
  void clean_up() const {
    if (summary_.ending != Ending::finished) return;
    std::set<study::TrialId> front;
    for (const auto* trial : search::pareto_front(study_)) front.insert(trial->id);
    for (const auto& trial : study_.trials) {
      if (front.contains(trial.id)) continue;
      std::error_code ignored;
      for (const auto& entry :
           fs::directory_iterator(session_.folder / "trials" / std::format("{:06}", trial.id.value), ignored))
        if (entry.path().filename().string().ends_with("checkpoint")) fs::remove(entry.path(), ignored);
    }
  }

  Session& session_;
  const search::Strategy* strategy_;
  const SearchOptions& options_;
  View& view_;
  Staffing staffing_;
  Clock::time_point start_ = Clock::now();
  study::Study study_;
  std::int64_t version_ = -1;
  std::vector<Worker> workers_;
  std::set<std::pair<std::int64_t, int>> ended_;  // (trial, stage)
  Twins twins_{[this](const space::Choice& choice) -> std::optional<std::string> {
    const auto candidate = session_.family.build(choice, job::frame(session_.job, session_.set));
    return candidate ? std::optional(space::identity(*candidate)) : std::nullopt;
  }};
  std::size_t planned_ = 0;
  Clock::time_point recovered_ = start_, looked_around_ = start_;
  OthersLoad others_;
  double last_load_ = 0;  ///< the latest reading; what was decided by is in staffing_
  double spent_before_s_ = 0, planned_work_s_ = 0, done_work_s_ = 0;
  int idle_deaths_ = 0;
  std::string note_;
  Summary summary_;
};

}  // namespace

Result<Summary> run_search(Session& session, const search::Strategy* strategy, const SearchOptions& options,
                           View& view) {
  return Coordinator(session, strategy, options, view).run();
}

}  // namespace edgewise::run
