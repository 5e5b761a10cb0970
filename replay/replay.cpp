#include "replay/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <set>

namespace edgewise::replay {

namespace {

double usual_duration(std::uint64_t seed, const study::Trial& trial) {
  auto random = RandomStream::named(seed, "duration")
                    .child("trial", static_cast<std::uint64_t>(trial.id.value))
                    .child("stage", static_cast<std::uint64_t>(trial.stage));
  return std::exp(0.3 * random.normal());
}

/// The coordinator and the workers of a search, in one thread. The study is changed in place: copying it for each ask,
/// as a storage must, would cost more than most strategies.
class Simulator {
 public:
  Simulator(const search::Strategy& strategy, const Problem& problem, const ReplayOptions& options)
      : strategy_(strategy), problem_(problem), options_(options) {
    study_.settings.name = problem.name;
    study_.settings.objectives = problem.objectives;
    study_.settings.constraints = problem.constraints;
  }

  Result<Replay> run() {
    for (const auto& choice : options_.initial) {
      if (const auto status = problem_.space.check(choice); !status)
        return fail_with(status.error(), "a choice of the initial design");
      if (study_.find(choice)) return invalid(std::format("the initial design has {} twice", space::to_text(choice)));
    }
    while (true) {
      TRY_DO(fill_workers());
      if (running_.empty()) break;
      end_next();
    }
    result_.study = std::move(study_);
    return std::move(result_);
  }

 private:
  struct Running {
    double ends_at = 0;
    std::size_t trial = 0;
    friend auto operator<=>(const Running&, const Running&) = default;
  };

  [[nodiscard]] bool may_start() const {
    return started_ < options_.evaluations && (options_.budget_epochs <= 0 || epochs_ < options_.budget_epochs);
  }

  /// How many new evaluations may be begun now.
  [[nodiscard]] std::size_t wanted() const {
    if (options_.batch > 1) return running_.empty() ? std::min(options_.batch, options_.evaluations - started_) : 0;
    return running_.size() < options_.workers ? 1 : 0;
  }

  Status fill_workers() {
    if (options_.batch > 1 && !running_.empty()) return {};
    while (next_initial_ < options_.initial.size() && may_start() && (options_.batch > 1 || wanted() > 0))
      TRY_DO(start_new(options_.initial[next_initial_++],
                       options_.initial_epochs > 0 ? options_.initial_epochs : problem_.stage_epochs.back()));
    while (may_start() && wanted() > 0) {
      const auto begin = std::chrono::steady_clock::now();
      auto advice = strategy_.ask(study_, wanted());
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      if (!advice) return std::unexpected(advice.error());
      result_.note = advice->note;
      result_.is_finished = advice->is_finished;
      if (advice->proposals.empty()) break;  // finished, or waiting for what is under way
      result_.ask_s.push_back(took.count());
      for (const auto& proposal : advice->proposals) {
        if (!may_start()) break;  // the budget of epochs ends within a batch
        TRY_DO(proposal.promote ? start_promoted(*proposal.promote, proposal.epochs)
                                : start_new(proposal.choice, proposal.epochs));
      }
    }
    return {};
  }

  Status start_new(const space::Choice& choice, int epochs) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study_.trials.size())},
                       .choice = choice,
                       .state = study::State::running,
                       .fidelity = study::Fidelity::training(epochs),
                       .attempts = 1,
                       .worker = "replay"};
    if (problem_.known) trial.known = study::values_of(study::Source::computed, problem_.known(choice));
    study_.trials.push_back(std::move(trial));
    return start(study_.trials.size() - 1, 0);
  }

  Status start_promoted(study::TrialId id, int epochs) {
    const auto index = static_cast<std::size_t>(id.value);
    EDGEWISE_ASSERT(index < study_.trials.size() && study_.trials[index].state == study::State::complete,
                    "only a complete trial is promoted");
    auto& trial = study_.trials[index];
    const int before = trial.fidelity.epochs();
    ++trial.stage;
    trial.fidelity = study::Fidelity::training(epochs);
    trial.state = study::State::running;
    return start(index, before);
  }

  Status start(std::size_t index, int epochs_before) {
    const auto& trial = study_.trials[index];
    TRY_DO(stage_of(trial.fidelity.epochs()));
    if (!is_free(trial)) {
      ++started_;
      epochs_ += trial.fidelity.epochs() - epochs_before;
    }
    const double share = static_cast<double>(trial.fidelity.epochs() - epochs_before) / problem_.stage_epochs.back();
    const double duration = options_.duration ? options_.duration(trial) : usual_duration(options_.seed, trial);
    running_.insert({now_ + duration * share, index});
    return {};
  }

  bool is_free(const study::Trial& trial) {
    if (!options_.repeats_are_free || !problem_.canonical) return false;
    return !paid_.insert({problem_.canonical(trial.choice), trial.fidelity.epochs()}).second;
  }

  /// The problem's stage with the most epochs that were paid for.
  [[nodiscard]] Result<std::size_t> stage_of(int epochs) const {
    const auto& stages = problem_.stage_epochs;
    if (stages.size() == 1) return 0;
    for (std::size_t i = stages.size(); i-- > 0;)
      if (stages[i] <= epochs) return i;
    return invalid(std::format("the strategy asks for {} epochs, but \"{}\" has no stage below {}", epochs,
                               problem_.name, stages.front()),
                   "let the strategy's stages be the problem's");
  }

  void end_next() {
    const Running next = *running_.begin();
    running_.erase(running_.begin());
    now_ = next.ends_at;
    auto& trial = study_.trials[next.trial];
    const std::size_t stage = stage_of(trial.fidelity.epochs()).value();
    const Outcome outcome = problem_.evaluate(trial.choice, stage);
    trial.state = outcome.failure.empty() ? study::State::complete : study::State::failed;
    trial.reason = outcome.failure;
    if (outcome.failure.empty())
      trial.results.push_back({.stage = trial.stage,
                               .fidelity = trial.fidelity,
                               .best_epoch = trial.fidelity.epochs(),
                               .values = study::values_of(study::Source::told, outcome.values)});
    result_.evaluations.push_back({.trial = trial.id,
                                   .choice = trial.choice,
                                   .stage = stage,
                                   .is_full = stage + 1 == problem_.stage_epochs.size(),
                                   .point = feasible_point(problem_, outcome),
                                   .started_before = started_,
                                   .epochs = epochs_,
                                   .ended_at = now_});
  }

  const search::Strategy& strategy_;
  const Problem& problem_;
  const ReplayOptions& options_;
  study::Study study_;
  Replay result_;
  std::set<Running> running_;  // by the time they end, then by number
  std::set<std::pair<std::string, int>> paid_;
  std::size_t next_initial_ = 0, started_ = 0;
  double now_ = 0, epochs_ = 0;
};

}  // namespace

Result<Replay> replay(const search::Strategy& strategy, const Problem& problem, const ReplayOptions& options) {
  EDGEWISE_ASSERT(options.workers > 0 && options.batch > 0, "a replay needs a worker and asks for something");
  return Simulator(strategy, problem, options).run();
}

std::vector<search::Stage> stages_of(const Problem& problem, std::size_t trials, std::size_t reduction) {
  std::vector<search::Stage> stages;
  std::size_t left = trials;
  for (std::size_t i = 0; i < problem.stage_epochs.size(); ++i) {
    left =
        std::max(left / reduction, problem.stage_epochs.size() - 1 - i);  // shrinks to the end, however few there are
    stages.push_back({problem.stage_epochs[i], static_cast<std::int64_t>(left)});
  }
  return stages;
}

Result<std::unique_ptr<search::Strategy>> strategy_for(const Problem& problem, search::Options options,
                                                       std::size_t trials) {
  options.epochs = problem.stage_epochs.back();
  options.stages = stages_of(problem, trials, static_cast<std::size_t>(std::max(1, options.reduction)));
  TRY(auto strategy, search::make_strategy(options, problem.space));
  if (problem.stage_epochs.size() == 1) return strategy;  // answers at any epochs
  const auto has_values = [&](const search::PlannedStage& stage) {
    return stage.epochs_after >= problem.stage_epochs.front();
  };
  while (!std::ranges::all_of(strategy->plan(), has_values) && options.reduction <= options.epochs) {
    ++options.reduction;
    TRY(strategy, search::make_strategy(options, problem.space));
  }
  return strategy;
}

study::Study fully_evaluated(const Problem& problem, const study::Study& study) {
  study::Study full{.settings = study.settings};
  for (const auto& trial : study.trials)
    if (trial.result() && trial.result()->fidelity.epochs() >= problem.stage_epochs.back())
      full.trials.push_back(trial);
  return full;
}

Result<std::vector<space::Choice>> initial_design(const space::Space& space, std::uint64_t seed, std::size_t count) {
  auto random = RandomStream::named(seed, "initial design");
  std::vector<space::Choice> choices;
  std::set<space::Choice> seen;
  for (int draw = 0; choices.size() < count; ++draw) {
    if (draw > 1000 * static_cast<int>(count))
      return invalid(std::format("the space gave no {} different choices", count), "ask for a smaller initial design");
    TRY(auto choice, space.sample(random));
    if (seen.insert(choice).second) choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace edgewise::replay
