#include <algorithm>
#include <format>
#include <span>

#include "search/ranking_internal.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// All candidates for few epochs, the best of them for more, and so on: successive halving with stages chosen by the
/// user. What is promoted from a stage is decided by the results of that stage alone, once all its trials have ended,
/// so it does not depend on the order in which they did.
class Staged final : public Strategy {
 public:
  Staged(const Options& options, const space::Space& space, std::optional<study::Expression> rank)
      : stages_(options.stages), rank_(std::move(rank)), candidates_(make_candidates(options, space)) {}

  [[nodiscard]] std::string name() const override { return "staged"; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    if (n == 0) return Advice{};
    Advice advice = candidates_.ask(study, n, stages_.front().epochs);
    if (!advice.proposals.empty() || !advice.is_finished) return advice;
    const std::string remark = advice.note.empty() ? "" : "; " + advice.note;
    for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
      if (const std::size_t active = count_active(study, stage); active > 0)
        return Advice{{},
                      false,
                      std::format("stage {} of {}: {} {} still to end{}", stage + 1, stages_.size(), active,
                                  active == 1 ? "trial has" : "trials have", remark)};
      if (stage + 1 == stages_.size()) break;
      Advice promotions = promote(study, stage, n);
      if (!promotions.proposals.empty() || promotions.is_finished) {
        promotions.note += remark;
        return promotions;
      }
    }
    return Advice{{}, true, remark.empty() ? "" : remark.substr(2)};
  }

  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    std::vector<PlannedStage> planned;
    std::size_t trials = candidates_.planned();
    int before = 0;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      planned.push_back({std::format("stage {}", i + 1), trials, before, stages_[i].epochs});
      before = stages_[i].epochs;
      trials = std::min(trials, static_cast<std::size_t>(stages_[i].keep));
    }
    return planned;
  }

 private:
  static Candidates make_candidates(const Options& options, const space::Space& space) {
    const bool in_order = options.trials == 0 && space.size().has_value();
    const auto trials = options.trials > 0 ? static_cast<std::size_t>(options.trials) : in_order ? 0 : default_trials;
    return {space, options.seed, trials, in_order};
  }

  static std::size_t count_active(const study::Study& study, std::size_t stage) {
    return static_cast<std::size_t>(std::ranges::count_if(study.trials, [&](const auto& trial) {
      return static_cast<std::size_t>(trial.stage) == stage &&
             (trial.state == study::State::waiting || trial.state == study::State::running);
    }));
  }

  /// Trials that completed the stage, with what was known of them then.
  static std::vector<Entry> completed(const study::Study& study, std::size_t stage) {
    std::vector<Entry> entries;
    for (const auto& trial : study.trials) {
      const auto reached = static_cast<std::size_t>(trial.stage);
      if (reached < stage || (reached == stage && trial.state != study::State::complete)) continue;
      Entry entry{&trial, numbers(trial.known)};
      bool has_result = false;
      for (const auto& result : trial.results) {
        if (static_cast<std::size_t>(result.stage) > stage) continue;
        has_result = has_result || static_cast<std::size_t>(result.stage) == stage;
        for (const auto& [name, value] : result.values) entry.values[name] = value.value;
      }
      if (has_result) entries.push_back(std::move(entry));
    }
    return entries;
  }

  /// The stage has ended: its best that are not promoted yet. Finished without proposals when nothing can go on.
  [[nodiscard]] Advice promote(const study::Study& study, std::size_t stage, std::size_t n) const {
    const auto entries = completed(study, stage);
    const auto ranking = rank_entries(study.settings, entries, rank_);
    const std::size_t kept = std::min(static_cast<std::size_t>(stages_[stage].keep), ranking.best_first.size());
    Advice advice;
    advice.note = std::format("stage {} of {}: the best {} of {} by {}", stage + 2, stages_.size(), kept,
                              entries.size(), rank_ ? "\"" + rank_->text() + "\"" : "non-dominated rank");
    if (kept > ranking.feasible)
      advice.note += std::format("; {} of them {} a constraint, because only {} {} all", kept - ranking.feasible,
                                 kept - ranking.feasible == 1 ? "breaks" : "break", ranking.feasible,
                                 ranking.feasible == 1 ? "keeps" : "keep");
    if (ranking.unranked > 0) advice.note += std::format("; {} left out, whose values are missing", ranking.unranked);
    if (kept == 0) {
      advice.is_finished = true;
      advice.note =
          std::format("no trial of stage {} can go on: {}", stage + 1,
                      entries.empty() ? "none completed it" : "the values that rank them were recorded for none");
      return advice;
    }
    for (const study::Trial* trial : std::span(ranking.best_first).first(kept))
      if (static_cast<std::size_t>(trial->stage) == stage && advice.proposals.size() < n)
        advice.proposals.push_back({trial->id, trial->choice, stages_[stage + 1].epochs});
    return advice;
  }

  std::vector<Stage> stages_;
  std::optional<study::Expression> rank_;
  Candidates candidates_;
};

Status check_stages(const std::vector<Stage>& stages) {
  if (stages.empty())
    return invalid("a staged search has no stages",
                   "give at least one, for example stages: [{epochs: 10, keep: 8}, {epochs: 30}]");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string stage = std::format("stage {}", i + 1);
    if (stages[i].epochs < 1)
      return invalid(std::format("{} has {} epochs; at least 1 is needed", stage, stages[i].epochs));
    if (i > 0 && stages[i].epochs <= stages[i - 1].epochs)
      return invalid(std::format("{} ends at {} epochs, but the stage before it at {}", stage, stages[i].epochs,
                                 stages[i - 1].epochs),
                     "epochs are counted in total: let them grow from stage to stage");
    if (i + 1 == stages.size()) break;  // what the last one keeps does not matter
    if (stages[i].keep < 1)
      return invalid(std::format("{} keeps {} trials; at least 1 is needed", stage, stages[i].keep),
                     "say how many go on, for example keep: 8");
    if (i > 0 && stages[i].keep >= stages[i - 1].keep)
      return invalid(std::format("{} keeps {} trials, but only {} reach it", stage, stages[i].keep, stages[i - 1].keep),
                     "let keep shrink from stage to stage");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Strategy>> make_staged(const Options& options, const space::Space& space) {
  TRY_DO(check_stages(options.stages));
  std::optional<study::Expression> rank;
  if (!options.rank.empty()) {
    TRY(rank, study::Expression::parse(options.rank));
  }
  return std::make_unique<Staged>(options, space, std::move(rank));
}

}  // namespace edgewise::search
