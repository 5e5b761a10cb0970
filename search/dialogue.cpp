#include "search/dialogue.hpp"

#include <algorithm>
#include <chrono>

namespace edgewise::search {

Dialogue::Dialogue(const Strategy& strategy, DialogueRules rules)
    : strategy_(&strategy),
      rules_(std::move(rules)),
      has_stages_(strategy.plan().size() > 1),
      twins_([look = rules_.look](const space::Choice& choice) -> std::optional<std::string> {
        const auto candidate = look(choice);
        return candidate ? candidate->identity : std::nullopt;
      }) {}

Result<Step> Dialogue::ask(const study::Study& study, std::size_t n, const Pays& pays) {
  const auto begin = std::chrono::steady_clock::now();
  TRY(auto advice, strategy_->ask(study, n));
  const std::chrono::duration<double> asked = std::chrono::steady_clock::now() - begin;
  auto step = take(advice.proposals, study, pays);
  step.advice = std::move(advice);
  step.asked_s = asked.count();
  return step;
}

Step Dialogue::take(std::vector<Proposal> proposals, const study::Study& study, const Pays& pays) {
  Step step{.trials_before = study.trials.size()};
  for (const auto& proposal : proposals) {
    if (pays && !pays(proposal)) continue;
    if (proposal.promote)
      step.promotions.push_back({*proposal.promote, proposal.fidelity});
    else
      step.added.push_back(made(proposal, study, step.added));
  }
  step.advice.proposals = std::move(proposals);
  return step;
}

study::Trial Dialogue::made(const Proposal& proposal, const study::Study& study,
                            const std::vector<study::Trial>& added) {
  study::Trial trial{.choice = proposal.choice, .fidelity = proposal.fidelity};
  // A function of the number, so that the same study goes on with the same seeds. 63 bits: storages keep signed
  // numbers.
  if (rules_.seeds) trial.seed = rules_.seeds->child("trial", study.trials.size() + added.size()).next() >> 1;
  if (!rules_.look) return trial;
  auto candidate = rules_.look(proposal.choice);
  if (!candidate) {
    trial.state = study::State::rejected;
    trial.reason = candidate.error().message;
    return trial;
  }
  if (candidate->identity && twins_.answer(trial, *candidate->identity, study, added, has_stages_)) return trial;
  trial.known = study::values_of(study::Source::computed, candidate->known);
  trial.threads = candidate->threads;
  if (rules_.forbidden.empty()) return trial;
  if (const auto broken = study::violated(study.settings.constraints, candidate->known)) {
    trial.state = study::State::rejected;
    trial.reason = rules_.forbidden + ": " + *broken;
  }
  return trial;
}

Result<std::vector<study::TrialId>> record(const Step& step, study::Storage& storage) {
  std::vector<std::pair<study::Fidelity, std::vector<study::TrialId>>> alike;
  for (const auto& promotion : step.promotions) {
    auto found = std::ranges::find(alike, promotion.fidelity, [](const auto& some) { return some.first; });
    if (found == alike.end()) found = alike.insert(found, {promotion.fidelity, {}});
    found->second.push_back(promotion.trial);
  }
  for (const auto& [fidelity, trials] : alike) TRY_DO(storage.promote(trials, fidelity));
  if (step.added.empty()) return std::vector<study::TrialId>{};
  return storage.add(step.added, step.trials_before);
}

std::vector<study::TrialId> record(Step step, study::Study& study) {
  EDGEWISE_ASSERT(study.trials.size() == step.trials_before, "a step follows the study that was asked about");
  std::vector<study::TrialId> waiting;
  for (const auto& promotion : step.promotions) {
    auto& trial = study.trials.at(static_cast<std::size_t>(promotion.trial.value));
    EDGEWISE_ASSERT(trial.state == study::State::complete, "only a complete trial is promoted");
    ++trial.stage;
    trial.fidelity = promotion.fidelity;
    trial.state = study::State::waiting;
    waiting.push_back(trial.id);
  }
  for (auto& trial : step.added) {
    trial.id = {static_cast<std::int64_t>(study.trials.size())};
    if (trial.state == study::State::waiting) waiting.push_back(trial.id);
    study.trials.push_back(std::move(trial));
  }
  return waiting;
}

}  // namespace edgewise::search
