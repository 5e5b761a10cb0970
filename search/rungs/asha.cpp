#include <algorithm>
#include <format>
#include <set>

#include "search/rungs/rungs_internal.hpp"

namespace edgewise::search {

namespace {

/// Asynchronous successive halving (Li et al., MLSys 2020, algorithm 2): whenever asked, it promotes a trial that is
/// among the best 1 / reduction of those that have ended on its rung, the highest rung first, and else begins a new
/// trial; it never waits while new trials are left. The best are by Pareto rank and hypervolume. Differs from the
/// paper: failed and pruned trials count as ended, and when nothing else is left to do the best trial of the highest
/// rung goes on, so that a search ends with a fully trained network however few trials it had.
class Asha final : public Strategy {
 public:
  Asha(RungSettings settings, const Common& common, const space::Space& space)
      : settings_(std::move(settings)), candidates_(space, common.seed, settings_.trials, false) {}

  [[nodiscard]] std::string name() const override { return "asha"; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    if (n == 0) return Advice{};
    const auto rungs = read(study);
    Advice advice;
    for (std::size_t stage = settings_.rungs.size() - 1; stage-- > 0;)
      promote(study, rungs[stage], stage, rungs[stage].ended / settings_.reduction, n, advice);
    if (advice.proposals.size() == n) return advice;
    Advice fresh = candidates_.ask(study, n - advice.proposals.size(), settings_.rungs.front());
    if (!fresh.note.empty()) advice.note += (advice.note.empty() ? "" : "; ") + fresh.note;
    for (auto& proposal : fresh.proposals) advice.proposals.push_back(std::move(proposal));
    const bool is_idle = std::ranges::all_of(rungs, [](const Rung& rung) { return rung.active == 0; });
    if (!advice.proposals.empty() || !fresh.is_finished || !is_idle) return advice;
    for (std::size_t stage = settings_.rungs.size() - 1; stage-- > 0 && advice.proposals.empty();)
      // Where somebody went on and did not come through, the next best one has its chance.
      if (!has_completed_above(rungs, stage)) promote(study, rungs[stage], stage, rungs[stage].promoted + 1, 1, advice);
    advice.is_finished = advice.proposals.empty();
    return advice;
  }

  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    std::vector<PlannedStage> planned;
    std::size_t trials = candidates_.planned();
    study::Fidelity before;
    for (std::size_t rung = 0; rung < settings_.rungs.size(); ++rung) {
      planned.push_back(
          {std::format("rung {} of {}", rung + 1, settings_.rungs.size()), trials, before, settings_.rungs[rung]});
      before = settings_.rungs[rung];
      trials = trials == 0 ? 0 : std::max<std::size_t>(1, trials / settings_.reduction);
    }
    return planned;
  }

 private:
  [[nodiscard]] std::vector<Rung> read(const study::Study& study) const {
    std::vector<Rung> rungs(settings_.rungs.size());
    for (std::size_t stage = 0; stage < rungs.size(); ++stage)
      for (const auto& trial : study.trials) add_to_rung(rungs[stage], trial, static_cast<int>(stage));
    return rungs;
  }

  static bool has_completed_above(const std::vector<Rung>& rungs, std::size_t stage) {
    for (std::size_t above = stage + 1; above < rungs.size(); ++above)
      if (!rungs[above].completed.empty()) return true;
    return false;
  }

  /// Adds those of the best `count` of the rung that stand on it still.
  void promote(const study::Study& study, const Rung& rung, std::size_t stage, std::size_t count, std::size_t n,
               Advice& advice) const {
    if (count == 0 || advice.proposals.size() >= n) return;
    const auto ranking = best_for_promotion(study.settings, rung.completed, count, settings_.rank);
    for (const auto* trial : ranking.best_first) {
      if (trial->stage != static_cast<int>(stage) || advice.proposals.size() >= n) continue;
      advice.proposals.push_back({trial->id, trial->choice, settings_.rungs[stage + 1]});
      if (advice.note.empty())
        advice.note =
            std::format("rung {} of {}: {}", stage + 2, settings_.rungs.size(),
                        tell_promotion(ranking, ranking.best_first.size(), rung.completed.size(), settings_.rank));
    }
  }

  RungSettings settings_;
  Candidates candidates_;
};

Result<std::unique_ptr<Strategy>> make_asha(const Common& common, const Settings& settings, const space::Space& space) {
  TRY(auto rungs, make_rung_settings(common, settings.as<RungOptions>()));
  return std::make_unique<Asha>(std::move(rungs), common, space);
}

}  // namespace

StrategyEntry asha_entry() {
  return {.name = "asha",
          .sentence = "rungs that never wait: whoever is among the best so far goes on",
          .settings = Settings(RungOptions{}),
          .make = make_asha,
          .place = 30};
}

}  // namespace edgewise::search
