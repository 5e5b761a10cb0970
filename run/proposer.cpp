#include "run/proposer.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/random.hpp"

namespace edgewise::run {

using study::State;

Proposer::Proposer(Session& session, FollowedStudy& study, const search::Strategy* strategy, Settings settings)
    : session_(session), study_(study), strategy_(strategy), settings_(std::move(settings)) {}

std::optional<std::string> Proposer::spent_budget() const {
  const auto& budget = session_.job.budget;
  if (budget.hours > 0 && settings_.searched_s() > budget.hours * 3600)
    return std::format("the budget of {} hours is spent", budget.hours);
  if (budget.epochs > 0 && study_.committed_epochs() >= budget.epochs)
    return std::format("the budget of {} epochs is spent", budget.epochs);
  return {};
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

Result<search::Candidate> Proposer::look(const space::Choice& choice) const {
  TRY(const auto candidate, session_.family.build(choice, job::frame(session_.job, session_.set)));
  search::Candidate seen{.known = known_costs(candidate.graph)};
  seen.threads = settings_.threads({.known = study::values_of(study::Source::computed, seen.known)});
  if (!session_.job.repeats) seen.identity = space::identity(candidate);
  return seen;
}

Result<search::Step> Proposer::ask(std::size_t n) {
  if (!dialogue_)
    dialogue_.emplace(*strategy_,
                      search::DialogueRules{
                          .look = [this](const space::Choice& choice) { return look(choice); },
                          .forbidden = "known before training",
                          // Two settings of one network start from the same weights only if they are the same trial.
                          .seeds = RandomStream::named(study_.study().settings.seed, "trial seeds")});
  const auto budget = session_.job.budget.trials;
  auto left = budget - study_.tried();
  // Promotions are no new trials.
  const search::Pays pays = [&](const search::Proposal& proposal) {
    return budget <= 0 || proposal.promote || left-- > 0;
  };
  if (is_exact()) {
    TRY(auto step, dialogue_->ask(shown(), 1, pays));
    if (!step.advice.proposals.empty() || study_.open() > 0) return step;
  }
  return dialogue_->ask(study_.study(), n, pays);
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
    const auto& advice = step.advice;
    if (!advice.note.empty() && advice.note != note_) settings_.say(note_ = advice.note);
    if (advice.proposals.empty()) return !advice.is_finished || is_busy;
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
