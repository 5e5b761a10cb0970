#include <algorithm>
#include <numeric>

#include "search/model_free_internal.hpp"
#include "search/moves_internal.hpp"
#include "search/parzen_internal.hpp"
#include "search/tpe_split_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t default_initial = 10;
constexpr std::size_t candidates = 24;
constexpr std::uint64_t rounds = 4;  // of candidates that are all known or invalid, before one of them is mutated

/// Multi-objective tree-structured Parzen estimator (Ozaki, Tanigaki, Watanabe, Onishi, GECCO 2020; multivariate as in Falkner, Klein, Hutter, ICML
/// 2018): of 24 draws from the density of the good trials the one with the largest ratio to the density of all others. Differs in that everything
/// else is bad: pending trials (so that parallel ones stay apart), failed and rejected ones; and in that known choices are passed over.
class TpeTurn final : public Turn {
 public:
  /// @param coding  borrowed
  TpeTurn(const ParzenCoding& coding, const Past& past) : coding_(&coding), good_(coding, {}, {}) {
    const auto& observations = past.history.observations;
    const auto split = good_ones(observations, count_good(observations.size()));
    std::vector<const study::Trial*> good;
    for (const auto i : split.indices) {
      good.push_back(observations[i].trial);
      coding.append(observations[i].trial->choice, good_rows_);
    }
    good_ = Parzen(coding, good_rows_, split.weights);
    std::ranges::sort(good, std::ranges::less{});
    const auto is_good = [&](const study::Trial& trial) { return std::ranges::binary_search(good, &trial, std::ranges::less{}); };
    bad_rows_.reserve((past.study.trials.size() + 16) * coding.columns().size());
    for (const auto& observation : observations)
      if (!past.is_own(*observation.trial) && !is_good(*observation.trial)) coding.append(observation.trial->choice, bad_rows_);
    for (const auto& trial : past.study.trials)
      if (!is_good(trial)) coding.append(trial.choice, bad_rows_);
  }

  std::optional<space::Choice> next(const RandomStream& random, const Known& known) override {
    if (!bad_) bad_.emplace(*coding_, bad_rows_, weights_by_age(bad_rows_.size() / coding_->columns().size()));
    std::optional<space::Choice> best;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (auto& choice : drawn(random.child("round", round))) {
        if (coding_->space().check(choice) && !(may_be_known(choice) && known.contains(choice))) return std::move(choice);
        if (!best) best = std::move(choice);
      }
    }
    return draw_new(coding_->space(), random.child("mutation"), known, [&](RandomStream& stream) { return mutated(coding_->space(), *best, stream); });
  }

  void take(const space::Choice& choice) override {
    coding_->append(choice, bad_rows_);
    bad_.reset();
  }

 private:
  /// Equal choices have equal rows, and these are looked through faster than the trials.
  [[nodiscard]] bool may_be_known(const space::Choice& choice) const {
    std::vector<double> row;
    coding_->append(choice, row);
    const auto has_row = [&](const std::vector<double>& rows) {
      for (std::size_t i = 0; i < rows.size(); i += row.size())
        if (std::equal(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(i))) return true;
      return false;
    };
    return has_row(good_rows_) || has_row(bad_rows_);
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
  std::vector<double> good_rows_, bad_rows_;
  std::optional<Parzen> bad_;  // made when it is needed
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_tpe(const Options& options, const space::Space& space) {
  const auto initial = options.initial > 0 ? static_cast<std::size_t>(options.initial) : default_initial;
  // Shared by the rule, which std::function copies, and nobody else.
  const auto coding = std::make_shared<const ParzenCoding>(space);
  return make_model_free(options, space, {.name = "tpe", .initial = initial, .begin = [coding](const Past& past) {
                                            return std::make_unique<TpeTurn>(*coding, past);
                                          }});
}

}  // namespace edgewise::search
