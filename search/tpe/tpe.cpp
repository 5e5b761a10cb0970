#include <algorithm>
#include <numeric>

#include "search/free/model_free_internal.hpp"
#include "search/free/moves_internal.hpp"
#include "search/tpe/parzen_internal.hpp"
#include "search/tpe/tpe_split_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t candidates = 24;
constexpr std::size_t most_young = 1000;
constexpr std::uint64_t rounds = 4;  // of candidates that are all known or invalid, before one of them is mutated

/// Multi-objective tree-structured Parzen estimator (Ozaki, Tanigaki, Watanabe, Onishi, GECCO 2020; multivariate as in
/// Falkner, Klein, Hutter, ICML 2018): of 24 draws from the density of the good trials the one with the largest ratio
/// to the density of all others. Differs in that everything else is bad: pending trials (so that parallel ones stay
/// apart), failed and rejected ones; in that known choices are passed over; and in that the bad ones are thinned out
/// where they are many (`thin`).
class TpeTurn final : public Turn {
 public:
  /// @param coding  borrowed
  TpeTurn(const ParzenCoding& coding, const Past& past) : coding_(&coding), good_(coding, {}, {}) {
    const auto& observations = past.history.observations;
    const auto split = good_ones(observations, count_good(observations.size()));
    std::vector<double> good_rows;
    std::vector<const study::Trial*> good;
    for (const auto i : split.indices) {
      good.push_back(observations[i].trial);
      coding.append(observations[i].trial->choice, good_rows);
    }
    good_ = Parzen(coding, good_rows, split.weights);
    std::ranges::sort(good, std::ranges::less{});
    const auto is_good = [&](const study::Trial& trial) {
      return std::ranges::binary_search(good, &trial, std::ranges::less{});
    };
    std::vector<const space::Choice*> bad;
    bad.reserve(past.study.trials.size());
    for (const auto& observation : observations)
      if (!past.is_own(*observation.trial) && !is_good(*observation.trial)) bad.push_back(&observation.trial->choice);
    for (const auto& trial : past.study.trials)
      if (!is_good(trial)) bad.push_back(&trial.choice);
    thin(bad);
  }

  std::optional<space::Choice> next(const RandomStream& random, const Known& known) override {
    if (!bad_) bad_.emplace(*coding_, bad_rows_, bad_weights());
    std::optional<space::Choice> best;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (auto& choice : drawn(random.child("round", round))) {
        if (coding_->space().check(choice) && !known.contains(choice)) return std::move(choice);
        if (!best) best = std::move(choice);
      }
    }
    return draw_new(coding_->space(), random.child("mutation"), known,
                    [&](RandomStream& stream) { return mutated(coding_->space(), *best, stream); });
  }

  void take(const space::Choice& choice) override {
    coding_->append(choice, bad_rows_);
    bad_places_.push_back({bad_count_++, 1.0});
    bad_.reset();
  }

 private:
  /// One of the bad ones that is kept.
  struct Place {
    std::size_t age = 0;    // 0: the oldest of all
    double stands_for = 1;  // so many of them
  };

  /// The young ones, and of the older ones as many, evenly spaced: they weigh least, and the density of thousands is
  /// that of their sample, but an ask would grow with each.
  void thin(const std::vector<const space::Choice*>& bad) {
    bad_count_ = bad.size();
    const std::size_t older = bad.size() - std::min(bad.size(), most_young), kept = std::min(older, most_young);
    bad_rows_.reserve((kept + most_young) * coding_->columns().size());
    const auto keep = [&](std::size_t age, double stands_for) {
      coding_->append(*bad[age], bad_rows_);
      bad_places_.push_back({age, stands_for});
    };
    for (std::size_t i = 0; i < kept; ++i)
      keep((2 * i + 1) * older / (2 * kept), static_cast<double>(older) / static_cast<double>(kept));
    for (std::size_t i = older; i < bad.size(); ++i) keep(i, 1.0);
  }

  [[nodiscard]] std::vector<double> bad_weights() const {
    const auto by_age = weights_by_age(bad_count_);
    std::vector<double> weights;
    for (const auto& place : bad_places_) weights.push_back(by_age[place.age] * place.stands_for);
    return weights;
  }

  /// Candidates, the best first.
  [[nodiscard]] std::vector<space::Choice> drawn(RandomStream random) const {
    std::vector<std::vector<double>> rows;
    std::vector<double> worth;
    for (std::size_t i = 0; i < candidates; ++i) {
      rows.push_back(good_.sample(random));
      worth.push_back(good_.log_density(rows.back()) - bad_->log_density(rows.back()));
    }
    std::vector<std::size_t> order(candidates);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return worth[i]; });
    std::vector<space::Choice> choices;
    for (const auto i : order) choices.push_back(coding_->choice(rows[i]));
    return choices;
  }

  const ParzenCoding* coding_;
  Parzen good_;
  std::vector<double> bad_rows_;
  std::vector<Place> bad_places_;  // of each row
  std::size_t bad_count_ = 0;      // those left out included
  std::optional<Parzen> bad_;      // made when it is needed
};

Result<std::unique_ptr<Strategy>> make_tpe(const Common& common, const Settings& settings, const space::Space& space) {
  // Shared by the rule, which std::function copies, and nobody else.
  const auto coding = std::make_shared<const ParzenCoding>(space);
  return make_model_free(common, space,
                         {.name = "tpe",
                          .initial = settings.as<InitialOptions>().or_else(InitialOptions::usual),
                          .begin = [coding](const Past& past) { return std::make_unique<TpeTurn>(*coding, past); }});
}

}  // namespace

StrategyEntry tpe_entry() {
  return {.name = "tpe",
          .sentence = "draws from the density of the good trials, away from that of the others",
          .settings = Settings(InitialOptions{}),
          .make = make_tpe,
          .place = 50};
}

}  // namespace edgewise::search
