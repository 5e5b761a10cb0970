#include <algorithm>
#include <format>
#include <numeric>

#include "search/rungs/rungs_internal.hpp"

namespace edgewise::search {

namespace {

/// New trials of one round that start on the same rung.
struct Bracket {
  std::size_t first_rung = 0;
  std::size_t share = 1;  ///< of the trials of a round
};

/// Successive halving (Jamieson, Talwalkar, AISTATS 2016) in one or several brackets (Hyperband: Li et al., JMLR
/// 18(185), 2018). A bracket of a round is a pool: when all of its n trials have ended a rung, the best n / reduction^i
/// of them go on to its rung i. What goes on is decided by Pareto rank and hypervolume where the papers have one loss.
/// Which bracket a trial is in is a function of its number; who goes on, of the pool's results alone: neither depends
/// on the order in which trials end.
class Halving final : public Strategy {
 public:
  Halving(std::string name, std::vector<Bracket> brackets, RungSettings settings, const Common& common,
          const space::Space& space)
      : name_(std::move(name)),
        settings_(std::move(settings)),
        brackets_(std::move(brackets)),
        turns_(turns_of(brackets_)),
        candidates_(space, common.seed, settings_.trials, false) {}

  [[nodiscard]] std::string name() const override { return name_; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    if (n == 0) return Advice{};
    // What is promoted comes first: it is nearer to a result. The choice of a new trial depends on its number, not on
    // when it is proposed.
    Advice fresh = candidates_.ask(study, n, settings_.rungs.front());
    for (std::size_t i = 0; i < fresh.proposals.size(); ++i)
      fresh.proposals[i].fidelity = settings_.rungs[brackets_[turn(study.trials.size() + i)].first_rung];
    Advice advice;
    std::size_t active = 0;
    const std::size_t rounds = is_one_round() ? 1 : (study.trials.size() + turns_.size() - 1) / turns_.size();
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t bracket = 0; bracket < brackets_.size(); ++bracket) {
        const bool is_whole =
            fresh.is_finished || (!is_one_round() && study.trials.size() >= (round + 1) * turns_.size());
        active += advance(study, round, bracket, is_whole, n, advice);
      }
    for (auto& proposal : fresh.proposals)
      if (advice.proposals.size() < n) advice.proposals.push_back(std::move(proposal));
    advice.is_finished = advice.proposals.empty() && fresh.is_finished && active == 0;
    if (advice.proposals.empty() && active > 0 && advice.note.empty())
      advice.note =
          std::format("{} {} still to end before others go on", active, active == 1 ? "trial has" : "trials have");
    if (!fresh.note.empty()) advice.note += (advice.note.empty() ? "" : "; ") + fresh.note;
    return advice;
  }

  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    std::vector<PlannedStage> planned;
    const std::size_t trials = candidates_.planned();
    for (std::size_t bracket = 0; bracket < brackets_.size(); ++bracket) {
      std::vector<std::size_t> pools(is_one_round() ? 1 : (trials + turns_.size() - 1) / turns_.size());
      for (std::size_t i = 0; i < trials; ++i)
        if (turn(i) == bracket) ++pools[is_one_round() ? 0 : i / turns_.size()];
      study::Fidelity before;
      const std::size_t first = brackets_[bracket].first_rung;
      for (std::size_t rung = first; rung < settings_.rungs.size(); ++rung) {
        const std::size_t reach =
            std::accumulate(pools.begin(), pools.end(), std::size_t{0},
                            [&](std::size_t sum, std::size_t size) { return sum + target(size, rung - first); });
        planned.push_back({told(bracket, rung), reach, before, settings_.rungs[rung]});
        before = settings_.rungs[rung];
      }
    }
    std::erase_if(planned, [](const PlannedStage& stage) { return stage.trials == 0; });
    return planned;
  }

 private:
  /// Brackets in the order in which the trials of a round take them: spread evenly, so that a search that is cut short
  /// had its share of each.
  static std::vector<std::size_t> turns_of(const std::vector<Bracket>& brackets) {
    const std::size_t size = std::accumulate(brackets.begin(), brackets.end(), std::size_t{0},
                                             [](std::size_t sum, const Bracket& b) { return sum + b.share; });
    std::vector<std::size_t> turns, taken(brackets.size(), 0);
    while (turns.size() < size) {
      // Who is furthest behind its share; the first of several.
      const auto behind = [&](std::size_t b) {
        return static_cast<std::int64_t>(brackets[b].share * (turns.size() + 1)) -
               static_cast<std::int64_t>(taken[b] * size);
      };
      std::size_t next = 0;
      for (std::size_t b = 1; b < brackets.size(); ++b)
        if (behind(b) > behind(next)) next = b;
      ++taken[next];
      turns.push_back(next);
    }
    return turns;
  }

  /// With one bracket all trials are one pool: the more there are to choose from, the better.
  [[nodiscard]] bool is_one_round() const { return brackets_.size() == 1; }
  [[nodiscard]] std::size_t turn(std::size_t number) const { return turns_[number % turns_.size()]; }

  /// How many of a pool of `size` reach its rung `steps` after the first.
  [[nodiscard]] std::size_t target(std::size_t size, std::size_t steps) const {
    if (size == 0) return 0;
    for (; steps > 0; --steps) size /= settings_.reduction;
    return std::max<std::size_t>(1, size);
  }

  [[nodiscard]] std::string told(std::size_t bracket, std::size_t rung) const {
    const std::string where = std::format("rung {} of {}", rung + 1, settings_.rungs.size());
    return is_one_round() ? where : std::format("bracket {} of {}, {}", bracket + 1, brackets_.size(), where);
  }

  /// Adds the promotions that are due in one pool; returns how many of its trials are under way.
  std::size_t advance(const study::Study& study, std::size_t round, std::size_t bracket, bool is_whole, std::size_t n,
                      Advice& advice) const {
    std::vector<const study::Trial*> pool;
    const std::size_t begin = is_one_round() ? 0 : round * turns_.size(),
                      end = is_one_round() ? study.trials.size() : std::min(study.trials.size(), begin + turns_.size());
    std::size_t size = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (turn(i) != bracket) continue;
      const auto& trial = study.trials[i];
      pool.push_back(&trial);
      if (trial.state != study::State::rejected || trial.stage > 0) ++size;
    }
    const std::size_t first = brackets_[bracket].first_rung, stages = settings_.rungs.size() - first;
    for (std::size_t stage = 0; stage < stages; ++stage) {
      Rung rung;
      for (const auto* trial : pool) add_to_rung(rung, *trial, static_cast<int>(stage));
      if (rung.active > 0 || stage + 1 == stages) return rung.active;
      if (!is_whole) return 0;
      const auto ranking = best_for_promotion(study.settings, rung.completed, target(size, stage + 1), settings_.rank);
      std::size_t due = 0;
      for (const auto* trial : ranking.best_first) {
        if (trial->stage != static_cast<int>(stage)) continue;
        ++due;
        if (advice.proposals.size() < n)
          advice.proposals.push_back({trial->id, trial->choice, settings_.rungs[first + stage + 1]});
      }
      if (due == 0) continue;
      if (advice.note.empty())
        advice.note = told(bracket, first + stage + 1) + ": " +
                      tell_promotion(ranking, ranking.best_first.size(), rung.completed.size(), settings_.rank);
      return due;
    }
    return 0;
  }

  std::string name_;
  RungSettings settings_;
  std::vector<Bracket> brackets_;
  std::vector<std::size_t> turns_;  ///< bracket of each trial of a round
  Candidates candidates_;
};

Result<std::unique_ptr<Strategy>> make_one_bracket(const Common& common, const Settings& settings,
                                                   const space::Space& space) {
  TRY(auto rungs, make_rung_settings(common, settings.as<RungOptions>()));
  return std::make_unique<Halving>("halving", std::vector<Bracket>{{}}, std::move(rungs), common, space);
}

Result<std::unique_ptr<Strategy>> make_all_brackets(const Common& common, const Settings& settings,
                                                    const space::Space& space) {
  TRY(auto rungs, make_rung_settings(common, settings.as<RungOptions>()));
  // Bracket s of s_max, ..., 0 starts with n = ceil((s_max + 1) / (s + 1) * reduction^s) trials, s rungs below the last
  // one (Li et al., algorithm 1).
  std::vector<Bracket> brackets;
  const std::size_t count = rungs.rungs.size();
  for (std::size_t first = 0; first < count; ++first) {
    const std::size_t s = count - 1 - first;
    std::size_t power = 1;
    for (std::size_t i = 0; i < s; ++i) power *= rungs.reduction;
    brackets.push_back({first, (count * power + s) / (s + 1)});
  }
  return std::make_unique<Halving>("hyperband", std::move(brackets), std::move(rungs), common, space);
}

}  // namespace

StrategyEntry halving_entry() {
  return {.name = "halving",
          .sentence = "many candidates for few epochs, the best of them for more, rung by rung",
          .settings = Settings(RungOptions{}),
          .make = make_one_bracket,
          .place = 30};
}

StrategyEntry hyperband_entry() {
  return {.name = "hyperband",
          .sentence = "halving in several brackets, from many candidates for few epochs to few for all",
          .settings = Settings(RungOptions{}),
          .make = make_all_brackets,
          .place = 30};
}

}  // namespace edgewise::search
