#include "search/bayes/mobo.hpp"

#include <algorithm>
#include <format>

#include "search/bayes/mobo_internal.hpp"
#include "search/free/space_filling_internal.hpp"
#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// Multi-objective Bayesian optimisation: a model of each objective, the worth of evaluating a candidate, a solver that
/// looks for worthy candidates, a selection of the batch.
class Mobo final : public Strategy {
 public:
  Mobo(const Options& options, const space::Space& space) : options_(options), space_(&space) {}

  [[nodiscard]] std::string name() const override { return "mobo"; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    std::optional<Error> error;
    auto advice =
        ask_bounded(study, n, {.trials = bound(), .epochs = options_.epochs, .is_drawn = true}, [&](std::size_t count) {
          auto next = next_choices(study, count);
          if (next) return std::move(*next);
          error = next.error();
          return NewChoices{};
        });
    if (error) return std::unexpected(*error);
    return advice;
  }

  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{"mobo", planned_trials(*space_, bound()), 0, options_.epochs}};
  }

 private:
  [[nodiscard]] std::size_t bound() const {
    return options_.trials == 0 ? default_trials : static_cast<std::size_t>(options_.trials);
  }
  /// Space-filling trials before the models are asked: two more than parameters, 6 to 20, and at most a quarter of all.
  [[nodiscard]] std::size_t initial() const {
    if (options_.initial > 0) return static_cast<std::size_t>(options_.initial);
    return std::max<std::size_t>(
        3, std::min(std::clamp<std::size_t>(space_->parameters().size() + 2, 6, 20), bound() / 4));
  }

  /// The initial design, then what the models say, then, where they find nothing new, random choices.
  [[nodiscard]] Result<NewChoices> next_choices(const study::Study& study, std::size_t n) const {
    const auto history = history_of(study, options_.prior);
    const std::size_t begun = history.observations.size() + history.pending.size();
    NewChoices next;
    if (begun < initial()) {
      // As many more as there are failed ones: what failed has taught nothing.
      for (auto& choice : space_filling(*space_, options_.seed, initial() + history.failed.size()))
        if (next.choices.size() < std::min(n, initial() - begun) && !history.known.contains(choice))
          next.choices.push_back(std::move(choice));
    } else if (!history.observations.empty()) {
      TRY(next.choices, choose(study, history, n));
    }
    return next.choices.empty() ? next_at_random(*space_, study, options_.seed, n) : next;
  }

  /// Up to n unseen choices, the best first.
  [[nodiscard]] Result<std::vector<space::Choice>> choose(const study::Study& study, const History& history,
                                                          std::size_t n) const {
    std::vector<space::Choice> chosen;
    TRY(auto beliefs, Beliefs::learn(*space_, study, history, options_, &memory_));
    auto excluded = history.known;
    while (chosen.size() < n) {
      const std::uint64_t number = study.trials.size() + chosen.size();
      const auto random = RandomStream::named(options_.seed, "mobo").child("trial", number);
      TRY(const auto acquisition, Acquisition::make(options_.acquisition, beliefs, number));
      TRY(const auto found, solve(options_.solver,
                                  {.space = space_,
                                   .excluded = &excluded,
                                   .starts = beliefs.front_choices(),
                                   .random = random.child("solver")},
                                  acquisition));
      if (found.choices.empty()) break;
      TRY(const auto place, select(options_.selection, found, beliefs, *space_, random.child("selection")));
      excluded.insert(found.choices[place]);
      chosen.push_back(found.choices[place]);
      if (chosen.size() < n) TRY_DO(beliefs.assume(chosen.back()));
    }
    return chosen;
  }

  Options options_;
  const space::Space* space_;       // borrowed
  mutable Beliefs::Memory memory_;  // saves time, changes nothing
};

Status check_word(const std::string& what, const std::string& word, const std::vector<std::string>& allowed) {
  if (std::ranges::contains(allowed, word)) return {};
  const auto nearest = nearest_word(word, allowed);
  return invalid(std::format("{} \"{}\" is not one of {}", what, word, quoted_list(allowed)),
                 nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
}

}  // namespace

Result<std::unique_ptr<Strategy>> make_mobo(const Options& options, const space::Space& space) {
  TRY_DO(check_word("surrogate", options.surrogate, surrogate::surrogate_names()));
  TRY_DO(check_word("acquisition", options.acquisition, acquisition_names()));
  TRY_DO(check_word("solver", options.solver, solver_names()));
  TRY_DO(check_word("selection", options.selection, selection_names()));
  return std::make_unique<Mobo>(options, space);
}

}  // namespace edgewise::search
