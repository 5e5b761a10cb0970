#include <algorithm>
#include <cmath>
#include <format>

#include "search/rungs/rungs_internal.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

// A model needs some trials to learn from before it is better than spreading them evenly.
constexpr std::size_t fewest_for_a_model = 8;
// Beyond that a Gaussian process is asked about more than it can hold at once, and density estimates cost a hundredth.
constexpr std::size_t most_for_a_process = 2000;
// A Gaussian process thinks for 10 to 50 ms about a suggestion.
constexpr double thinking_s = 0.01;
// From so many epochs (or what else is varied) on halving has three rungs or more; with fewer its first rung is no
// cheap look.
constexpr int fewest_units_for_rungs = 9;
// Of the budget a halving plans with: its last rung must be reached although costs are estimates. Halving and not asha,
// which was seen to train up to 1.4 times its plan, as the best change while it goes on.
constexpr double planned_share = 0.9;

/// The strategies that it may take, each with its own options.
struct AutoOptions {
  StrategyEntry grid = grid_entry(), sobol = sobol_entry(), halving = halving_entry(), mobo = mobo_entry(),
                tpe = tpe_entry();
  void fields(config::Options& o) {
    for (auto* entry : {&grid, &sobol, &halving, &mobo, &tpe}) entry->settings.fields(o);
  }
};

struct Pick {
  const StrategyEntry* strategy = nullptr;  ///< borrowed from the options
  std::string why;
  std::size_t trials = 0;  ///< that it plans with; 0: as the options say
};

std::string duration(double seconds) {
  if (seconds < 1) return std::format("{:.3g} ms", seconds * 1e3);
  if (seconds < 600) return std::format("{:.3g} s", seconds);
  return seconds < 7200 ? std::format("{:.0f} min", seconds / 60) : std::format("{:.1f} h", seconds / 3600);
}

/// Seconds of all workers together that a halving of `trials` takes. Workers without a trial wait for the others of
/// their rung.
double cost_of_halving(const Price& price, const std::vector<int>& rungs, std::size_t trials, std::size_t reduction) {
  const double epoch_s = std::max(0.0, price.evaluation_s - price.stage_s) / rungs.back();
  const auto workers = static_cast<std::size_t>(std::max(1, price.workers));
  double seconds = 0;
  int before = 0;
  for (const int rung : rungs) {
    const std::size_t taken = (trials + workers - 1) / workers * workers;
    seconds += static_cast<double>(taken) * ((price.restarts ? rung : rung - before) * epoch_s + price.stage_s);
    before = rung;
    trials = std::max<std::size_t>(1, trials / reduction);
  }
  return seconds;
}

/// The most trials, up to `most`, that a halving within the budget can begin with; 0: not even one.
std::size_t halved_trials(const Common& common, int reduction, std::size_t most) {
  const auto rungs = rung_units(common.effort.units(), reduction);
  std::size_t low = 0, high = most;
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (cost_of_halving(common.price, rungs, middle, static_cast<std::size_t>(reduction)) <=
        planned_share * common.price.budget_s)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/// A function of the options and the space alone: it is the same when a search goes on.
Pick pick(const AutoOptions& options, const Common& common, const space::Space& space) {
  const auto choices = count_choices(space);
  const std::size_t trials = trials_of(common);
  const auto& price = common.price;
  const bool is_priced = price.evaluation_s > 0 && price.budget_s > 0;
  const double affordable = is_priced ? price.budget_s / price.evaluation_s : 0.0;
  if (choices && *choices <= trials && (!is_priced || static_cast<double>(*choices) <= affordable))
    return {&options.grid, std::format("the space has {} choices and {} may be tried: all of them", *choices, trials)};
  if (price.evaluation_s > 0 && price.evaluation_s < thinking_s)
    return {&options.sobol,
            std::format("an evaluation takes {}, less than thinking about the next one would: spread evenly",
                        duration(price.evaluation_s))};
  const std::size_t needed = std::max(fewest_for_a_model, 2 * (space.parameters().size() + 2));
  if (is_priced && affordable < static_cast<double>(std::min(trials, needed))) {
    const std::string paid = std::format("{} pay for {:.0f} full evaluations of {}", duration(price.budget_s),
                                         std::floor(affordable), duration(price.evaluation_s));
    const auto wanted = static_cast<int>(options.halving.settings.as<RungOptions>().reduction);
    if (common.effort.units() >= fewest_units_for_rungs && wanted >= 2) {
      const int reduction = usable_reduction(common, wanted);
      const std::size_t begun = halved_trials(common, reduction, trials);
      if (static_cast<double>(begun) > affordable)
        return {&options.halving,
                std::format("{}, fewer than the {} that a model needs: {} begin with {} {} and the best go on", paid,
                            needed, begun, rung_units(common.effort.units(), reduction).front() * common.effort.unit,
                            common.effort.varied),
                begun};
    }
    if (affordable < static_cast<double>(fewest_for_a_model))
      return {&options.sobol, paid + ", too few for a model: spread evenly"};
  }
  if (trials < fewest_for_a_model)
    return {&options.sobol, std::format("{} trials are too few for a model: spread evenly", trials)};
  if (trials > most_for_a_process)
    return {&options.tpe,
            std::format("{} trials: density estimates stay fast where a Gaussian process would not", trials)};
  return {&options.mobo, std::format("{} trials in a space of {}: a Gaussian process needs the fewest", trials,
                                     choices ? std::format("{} choices", *choices) : "infinitely many choices")};
}

/// The strategy that suits the size of the space, the number of trials, and what an evaluation costs.
class Auto final : public Strategy {
 public:
  Auto(std::string why, std::unique_ptr<Strategy> inner) : why_(std::move(why)), inner_(std::move(inner)) {}
  [[nodiscard]] std::string name() const override { return "auto"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    TRY(auto advice, inner_->ask(study, n));
    if (advice.note.empty()) advice.note = std::format("strategy auto takes {}: {}", inner_->name(), why_);
    return advice;
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override { return inner_->plan(); }

 private:
  std::string why_;
  std::unique_ptr<Strategy> inner_;
};

Result<std::unique_ptr<Strategy>> make_auto(Common common, const Settings& settings, const space::Space& space) {
  const auto chosen = pick(settings.as<AutoOptions>(), common, space);
  if (chosen.trials > 0) common.trials = static_cast<std::int64_t>(chosen.trials);
  TRY(auto inner, chosen.strategy->make(common, chosen.strategy->settings, space));
  return std::make_unique<Auto>(chosen.why, std::move(inner));
}

}  // namespace

StrategyEntry auto_entry() {
  return {.name = "auto",
          .sentence =
              "one of grid, sobol, halving, mobo and tpe, by the size of the space, the number of trials and "
              "what they cost; says which and why",
          .settings = Settings(AutoOptions{}),
          .make = make_auto,
          .looks_at_price = true,
          .place = 90};
}

}  // namespace edgewise::search
