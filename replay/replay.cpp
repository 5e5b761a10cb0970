#include "replay/replay.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <set>

#include "search/dialogue.hpp"
#include "search/rungs/options.hpp"

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
      : problem_(problem), options_(options), dialogue_(strategy, rules_for(problem)) {
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
    while (next_initial_ < options_.initial.size() && may_start() && (options_.batch > 1 || wanted() > 0)) {
      const search::Proposal given{
          .choice = options_.initial[next_initial_++],
          .fidelity = study::Fidelity::training(options_.initial_epochs > 0 ? options_.initial_epochs
                                                                            : problem_.stage_epochs.back())};
      TRY_DO(start(dialogue_.take({given}, study_, pays_)));
    }
    while (may_start() && wanted() > 0) {
      TRY(auto step, dialogue_.ask(study_, wanted(), pays_));
      result_.note = step.advice.note;
      result_.is_finished = step.advice.is_finished;
      if (step.advice.proposals.empty()) break;  // finished, or waiting for what is under way
      result_.ask_s.push_back(step.asked_s);
      TRY_DO(start(std::move(step)));
    }
    return {};
  }

  /// Whether the budget allows an evaluation; if so, it is spent. The budget of epochs may end within a batch.
  bool pay(const search::Proposal& proposal) {
    if (!may_start()) return false;
    const int before =
        proposal.promote ? study_.trials.at(static_cast<std::size_t>(proposal.promote->value)).fidelity.epochs() : 0;
    if (is_free(proposal)) return true;
    ++started_;
    epochs_ += proposal.fidelity.epochs() - before;
    return true;
  }

  bool is_free(const search::Proposal& proposal) {
    if (!options_.repeats_are_free || !problem_.canonical) return false;
    return !paid_.insert({problem_.canonical(proposal.choice), proposal.fidelity.epochs()}).second;
  }

  Status start(search::Step step) {
    for (const auto id : search::record(std::move(step), study_)) {
      auto& trial = study_.trials[static_cast<std::size_t>(id.value)];
      const int epochs = trial.fidelity.epochs();
      TRY_DO(stage_of(epochs));
      trial.state = study::State::running;
      trial.attempts = 1;
      trial.worker = "replay";
      const int before = trial.results.empty() ? 0 : trial.results.back().fidelity.epochs();
      const double share = static_cast<double>(epochs - before) / problem_.stage_epochs.back();
      const double duration = options_.duration ? options_.duration(trial) : usual_duration(options_.seed, trial);
      running_.insert({now_ + duration * share, static_cast<std::size_t>(id.value)});
    }
    return {};
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

  /// What breaks a constraint is evaluated all the same: it counts as an evaluation that gave no point.
  static search::DialogueRules rules_for(const Problem& problem) {
    if (!problem.known) return {};
    return {.look = [&problem](const space::Choice& choice) -> Result<search::Candidate> {
      return search::Candidate{.known = problem.known(choice)};
    }};
  }

  const Problem& problem_;
  const ReplayOptions& options_;
  search::Dialogue dialogue_;
  search::Pays pays_ = [this](const search::Proposal& proposal) { return pay(proposal); };
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

namespace {

/// Of a strategy that has stages, those that the problem has values for, where nobody gave others: set by name, as a
/// user would.
Status set_stages(search::Options& options, const Problem& problem) {
  const auto* entry = search::strategies().find(options.strategy);
  if (!entry) return {};
  const auto stages_in = [](Settings settings) {
    return config::write([&](config::Options& o) { settings.fields(o); }).value("stages", Json());
  };
  const Json stages = stages_in(options.settings.of(*entry));
  if (stages.is_null() || stages != stages_in(entry->settings)) return {};
  const Json told = config::write([&](config::Options& o) { options.declare_options(o); });
  Json own = Json::array();
  for (const auto& stage : search::stages_of(problem.stage_epochs, static_cast<std::size_t>(options.common.trials),
                                             told.value("reduction", std::size_t{3})))
    own.push_back({{"epochs", stage.amount}, {"keep", stage.keep}});
  return search::set_option(options, "stages=" + dump(own));
}

}  // namespace

Result<std::unique_ptr<search::Strategy>> strategy_for(const Problem& problem, search::Options options) {
  options.common.effort = {.full = study::Fidelity::training(problem.stage_epochs.back())};
  options.common.offered = problem.stage_epochs;
  TRY_DO(set_stages(options, problem));
  return search::make_strategy(options, problem.space);
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
