#include "run/proposer.hpp"

#include <algorithm>
#include <format>
#include <map>

#include "base/random.hpp"

namespace edgewise::run {

using study::State;

Proposer::Proposer(Session& session, FollowedStudy& study, const search::Strategy* strategy, Settings settings)
    : session_(session),
      study_(study),
      strategy_(strategy),
      settings_(std::move(settings)),
      twins_([this](const space::Choice& choice) -> std::optional<std::string> {
        const auto candidate = session_.family.build(choice, job::frame(session_.job, session_.set));
        return candidate ? std::optional(space::identity(*candidate)) : std::nullopt;
      }) {}

std::optional<std::string> Proposer::spent_budget() const {
  const auto& budget = session_.job.budget;
  if (budget.hours > 0 && settings_.searched_s() > budget.hours * 3600)
    return std::format("the budget of {} hours is spent", budget.hours);
  if (budget.epochs > 0 && study_.committed_epochs() >= budget.epochs)
    return std::format("the budget of {} epochs is spent", budget.epochs);
  return {};
}

std::vector<search::Proposal> Proposer::affordable(std::vector<search::Proposal> proposals) const {
  if (session_.job.budget.trials <= 0) return proposals;
  auto left = session_.job.budget.trials - study_.tried();
  std::erase_if(proposals, [&](const auto& proposal) { return !proposal.promote && left-- <= 0; });
  return proposals;
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

Result<std::pair<search::Advice, std::optional<study::Study>>> Proposer::ask(std::size_t n) const {
  if (is_exact()) {
    auto study = shown();
    TRY(auto advice, strategy_->ask(study, 1));
    if (!advice.proposals.empty() || study_.open() > 0)
      return std::pair(std::move(advice), std::optional(std::move(study)));
  }
  TRY(auto advice, strategy_->ask(study_.study(), n));
  return std::pair(std::move(advice), std::optional<study::Study>());
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
    TRY(const auto asked, ask(wanted - waiting));
    const auto& [advice, shown] = asked;
    if (!advice.note.empty() && advice.note != note_) settings_.say(note_ = advice.note);
    if (advice.proposals.empty()) return !advice.is_finished || is_busy;
    const auto proposals = affordable(advice.proposals);
    if (proposals.empty()) {
      spend(std::format("the budget of {} trials is spent", session_.job.budget.trials));
      return is_busy;
    }
    TRY_DO(record(proposals, shown ? *shown : study_.study()));
    TRY_DO(study_.refresh().transform([](bool) {}));
  }
  return true;
}

study::Trial Proposer::new_trial(const search::Proposal& proposal, const std::vector<study::Trial>& added,
                                 const study::Study& study) {
  study::Trial trial{.choice = proposal.choice, .fidelity = study::Fidelity::training(proposal.epochs)};
  // Two settings of one network start from the same weights only if they are the same trial.
  trial.seed = RandomStream::named(study.settings.seed, "trial seeds")
                   .child("trial", study_.trials().size() + added.size())
                   .next() >>
               1;
  const auto candidate = session_.family.build(proposal.choice, job::frame(session_.job, session_.set));
  if (!candidate) {
    trial.state = State::rejected;
    trial.reason = candidate.error().message;
    return trial;
  }
  const bool has_stages = strategy_->plan().size() > 1;
  if (!session_.job.repeats && twins_.answer(trial, space::identity(*candidate), study, added, has_stages))
    return trial;
  trial.known = study::values_of(study::Source::computed, known_costs(candidate->graph));
  trial.threads = settings_.threads(trial);
  if (const auto broken = study::violated(session_.job.constraints, numbers(trial.known))) {
    trial.state = State::rejected;
    trial.reason = "known before training: " + *broken;
  }
  return trial;
}

Status Proposer::record(const std::vector<search::Proposal>& proposals, const study::Study& study) {
  std::vector<study::Trial> added;
  std::map<int, std::vector<study::TrialId>> promoted;
  for (const auto& proposal : proposals) {
    if (proposal.promote)
      promoted[proposal.epochs].push_back(*proposal.promote);
    else
      added.push_back(new_trial(proposal, added, study));
  }
  for (const auto& [epochs, ids] : promoted) TRY_DO(session_.storage->promote(ids, study::Fidelity::training(epochs)));
  if (added.empty()) return {};
  return session_.storage->add(added, study_.trials().size()).transform([](const auto&) {});
}

}  // namespace edgewise::run
