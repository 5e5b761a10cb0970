#include <algorithm>
#include <format>
#include <span>

#include "search/ranking_internal.hpp"
#include "search/rungs/options.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// All candidates for few epochs, the best of them for more, and so on: successive halving with stages chosen by the
/// user. What is promoted from a stage is decided by the results of that stage alone, once all its trials have ended,
/// so it does not depend on the order in which they did.
class Staged final : public Strategy {
 public:
  Staged(Effort effort, std::vector<Stage> stages, std::optional<study::Expression> rank, Candidates candidates)
      : effort_(std::move(effort)), stages_(std::move(stages)), rank_(std::move(rank)), candidates_(candidates) {}

  [[nodiscard]] std::string name() const override { return "staged"; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    if (n == 0) return Advice{};
    Advice advice = candidates_.ask(study, n, fidelity_of(0));
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
    study::Fidelity before;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      planned.push_back({std::format("stage {}", i + 1), trials, before, fidelity_of(i)});
      before = fidelity_of(i);
      trials = std::min(trials, static_cast<std::size_t>(stages_[i].keep));
    }
    return planned;
  }

 private:
  [[nodiscard]] study::Fidelity fidelity_of(std::size_t stage) const {
    return effort_.of(static_cast<int>(stages_[stage].amount));
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
        advice.proposals.push_back({trial->id, trial->choice, fidelity_of(stage + 1)});
    return advice;
  }

  Effort effort_;
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
    if (stages[i].amount < 1)
      return invalid(std::format("{} has {} epochs; at least 1 is needed", stage, stages[i].amount));
    if (i > 0 && stages[i].amount <= stages[i - 1].amount)
      return invalid(std::format("{} ends at {} epochs, but the stage before it at {}", stage, stages[i].amount,
                                 stages[i - 1].amount),
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

Candidates candidates_of(const Common& common, const space::Space& space) {
  const bool in_order = common.trials == 0 && space.size().has_value();
  const auto trials = common.trials > 0 ? static_cast<std::size_t>(common.trials) : in_order ? 0 : default_trials;
  return {space, common.seed, trials, in_order};
}

Result<std::unique_ptr<Strategy>> make_staged(const Common& common, const Settings& settings,
                                              const space::Space& space) {
  const auto& stages = settings.as<StagedOptions>().stages;
  TRY_DO(check_stages(stages));
  std::optional<study::Expression> rank;
  if (!common.rank.empty()) {
    TRY(rank, study::Expression::parse(common.rank));
  }
  return std::make_unique<Staged>(common.effort, stages, std::move(rank), candidates_of(common, space));
}

}  // namespace

void StagedOptions::fields(config::Options& o) {
  o.sections(
      "stages", stages.size(), [&](std::size_t count) { stages.assign(count, {}); },
      [&](std::size_t i, config::Options& s) {
        s.integer("epochs", stages[i].amount, {1, 10000}, "trained in total by the end of this stage");
        s.integer("keep", stages[i].keep, {0, 1e6}, "candidates that go on; of the last stage ignored");
      },
      "of the strategy staged: all for the first epochs, the best few for more");
  if (!o.is_given("stages")) return;
  if (stages.empty()) o.problem("stages", "search.stages is empty", "give at least one {epochs: 10}");
  for (std::size_t i = 0; i + 1 < stages.size(); ++i) {
    if (stages[i].keep < 1)
      o.problem("stages", std::format("search.stages[{}].keep must be at least 1", i),
                "say how many candidates go on to the next stage", static_cast<int>(i));
    if (i > 0 && stages[i].keep >= stages[i - 1].keep && stages[i].keep >= 1)
      o.problem("stages",
                std::format("search.stages[{}].keep {} is not less than the {} that reach it", i, stages[i].keep,
                            stages[i - 1].keep),
                "let keep shrink from stage to stage", static_cast<int>(i));
    if (stages[i + 1].amount <= stages[i].amount)
      o.problem("stages",
                std::format("search.stages[{}].epochs {} is not more than the {} of the stage before", i + 1,
                            stages[i + 1].amount, stages[i].amount),
                "epochs are counted in total: let them grow", static_cast<int>(i + 1));
  }
}

std::vector<Stage> stages_of(const std::vector<int>& amounts, std::size_t trials, std::size_t reduction) {
  std::vector<Stage> stages;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    trials = std::max(trials / reduction, amounts.size() - 1 - i);  // shrinks to the end, however few there are
    stages.push_back({amounts[i], static_cast<std::int64_t>(trials)});
  }
  return stages;
}

StrategyEntry staged_entry() {
  return {.name = "staged",
          .sentence = "all for the first epochs, the best few for more",
          .settings = Settings(StagedOptions{}),
          .make = make_staged,
          .place = 0,
          .last_units = [](const Settings& settings) {
            const auto& stages = settings.as<StagedOptions>().stages;
            return stages.empty() ? 0 : static_cast<int>(stages.back().amount);
          }};
}

}  // namespace edgewise::search
