#include "run/proposer.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/random.hpp"

namespace edgewise::run {

using study::State;

Proposer::Proposer(Session& session, FollowedStudy& study, const search::Strategy* strategy, Settings settings)
    : session_(session), study_(study), strategy_(strategy), settings_(std::move(settings)) {
  if (strategy_) dialogue_.emplace(*strategy_, rules());
}

search::DialogueRules Proposer::rules() const {
  const auto look = [this](const space::Choice& choice) -> Result<search::Candidate> {
    TRY(const auto candidate, session_.family.build(choice, job::frame(session_.job, session_.set)));
    search::Candidate looked{.known = known_costs(candidate.graph)};
    looked.threads = settings_.threads(looked.known.at("macs"));
    if (!session_.job.repeats) looked.identity = space::identity(candidate);
    return looked;
  };
  // Two settings of one network start from the same weights only if they are the same trial.
  return {.look = look,
          .forbidden = "known before training",
          .seeds = RandomStream::named(static_cast<std::uint64_t>(session_.job.seed), "trial seeds")};
}

std::optional<std::string> Proposer::spent_budget() const {
  const auto& budget = session_.job.budget;
  if (budget.hours > 0 && settings_.searched_s() > budget.hours * 3600)
    return std::format("the budget of {} hours is spent", budget.hours);
  if (budget.epochs > 0 && study_.committed_epochs() >= budget.epochs)
    return std::format("the budget of {} epochs is spent", budget.epochs);
  return {};
}

search::Pays Proposer::budget_of_trials() const {
  if (session_.job.budget.trials <= 0) return {};
  return [left = session_.job.budget.trials - study_.tried()](const search::Proposal& proposal) mutable {
    return proposal.promote || left-- > 0;
  };
}

/// Whether the choices are a function of the seed alone, stopped and gone on or not. With several workers they depend
/// on who is faster, and strategies with stages promote what has ended.
bool Proposer::is_exact() const {
  return settings_.workers == 1 && strategy_->plan().size() == 1;
}

/// What the strategy is shown of the study. While a worker is busy the last two of its trials have not ended when the
/// next one is chosen. When they have all the same, since the coordinator was late or was killed and came back, they
/// are shown as if not: the choice must not depend on it.
study::Study Proposer::shown() const {
  auto study = study_.study();
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

Result<search::Step> Proposer::ask(std::size_t n) {
  if (is_exact()) {
    TRY(auto step, dialogue_->ask(shown(), 1, budget_of_trials()));
    if (!step.advice.proposals.empty() || study_.open() > 0) return step;
  }
  return dialogue_->ask(study_.study(), n, budget_of_trials());
}

void Proposer::spend(const std::string& why) {
  if (!std::exchange(is_budget_spent_, true)) settings_.say(why + "; what is under way is finished");
}

Result<bool> Proposer::propose() {
  while (!settings_.is_stopped()) {
    const std::size_t waiting = study_.count(State::waiting), wanted = queue_length();
    const bool is_busy = study_.open() > 0;
    if (!strategy_) return is_busy;
    if (waiting >= wanted) return true;
    if (const auto why = spent_budget()) {
      spend(*why);
      return is_busy;
    }
    TRY(const auto step, ask(wanted - waiting));
    if (!step.advice.note.empty() && step.advice.note != note_) settings_.say(note_ = step.advice.note);
    if (step.advice.proposals.empty()) return !step.advice.is_finished || is_busy;
    if (step.changes_nothing()) {
      spend(std::format("the budget of {} trials is spent", session_.job.budget.trials));
      return is_busy;
    }
    TRY_DO(search::record(step, *session_.storage));
    TRY_DO(study_.refresh().transform([](bool) {}));
  }
  return true;
}

}  // namespace edgewise::run
