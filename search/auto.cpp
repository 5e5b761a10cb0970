#include <algorithm>
#include <format>

#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

// A model needs some trials to learn from before it is better than spreading them evenly.
constexpr std::size_t fewest_for_a_model = 8;
// Beyond that a Gaussian process is asked about more than it can hold at once, and density estimates cost a hundredth.
constexpr std::size_t most_for_a_process = 2000;

struct Pick {
  std::string strategy, why;
};

Pick pick(const Options& options, const space::Space& space) {
  const auto choices = count_choices(space);
  const std::size_t trials = options.trials == 0 ? default_trials : static_cast<std::size_t>(options.trials);
  if (choices && *choices <= trials) return {"grid", std::format("the space has {} choices and {} may be tried: all of them", *choices, trials)};
  if (trials < fewest_for_a_model) return {"sobol", std::format("{} trials are too few for a model: spread evenly", trials)};
  if (trials > most_for_a_process) return {"tpe", std::format("{} trials: density estimates stay fast where a Gaussian process would not", trials)};
  return {"mobo", std::format("{} trials in a space of {}: a Gaussian process needs the fewest", trials, choices ? std::format("{} choices", *choices) : "infinitely many choices")};
}

/// The strategy that suits the size of the space and the number of trials.
class Auto final : public Strategy {
 public:
  Auto(Pick pick, std::unique_ptr<Strategy> inner) : pick_(std::move(pick)), inner_(std::move(inner)) {}
  [[nodiscard]] std::string name() const override { return "auto"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    TRY(auto advice, inner_->ask(study, n));
    if (advice.note.empty()) advice.note = std::format("strategy auto takes {}: {}", pick_.strategy, pick_.why);
    return advice;
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override { return inner_->plan(); }

 private:
  Pick pick_;
  std::unique_ptr<Strategy> inner_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_auto(const Options& options, const space::Space& space) {
  auto chosen = pick(options, space);
  auto inner_options = options;
  inner_options.strategy = chosen.strategy;
  inner_options.start_with.clear();  // what comes first is the wrapper's, not the inner strategy's
  TRY(auto inner, make_strategy(inner_options, space));
  return std::make_unique<Auto>(std::move(chosen), std::move(inner));
}

}  // namespace edgewise::search
