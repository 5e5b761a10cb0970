#include "search/bayes/mobo.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

namespace {

/// The chosen parts, borrowed from their catalogues.
struct Parts {
  const AcquisitionEntry* acquisition;
  const SolverEntry* solver;
  const SelectionEntry* selection;
};

/// Multi-objective Bayesian optimisation: a model of each objective, the worth of evaluating a candidate, a solver that
/// looks for worthy candidates, a selection of the batch.
class Mobo final : public Strategy {
 public:
  Mobo(const Common& common, MoboOptions options, Parts parts, const space::Space& space)
      : common_(common), options_(std::move(options)), parts_(parts), space_(&space) {}

  [[nodiscard]] std::string name() const override { return "mobo"; }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    std::optional<Error> error;
    auto advice = ask_bounded(study, n, {.trials = bound(), .fidelity = common_.effort.full, .is_drawn = true},
                              [&](std::size_t count) {
                                auto next = next_choices(study, count);
                                if (next) return std::move(*next);
                                error = next.error();
                                return NewChoices{};
                              });
    if (error) return std::unexpected(*error);
    return advice;
  }

  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{"mobo", planned_trials(*space_, bound()), {}, common_.effort.full}};
  }

 private:
  [[nodiscard]] std::size_t bound() const { return trials_of(common_); }
  /// Space-filling trials before the models are asked: two more than parameters, 6 to 20, and at most a quarter of all.
  [[nodiscard]] std::size_t initial() const {
    return options_.initial.or_else(std::max<std::size_t>(
        3, std::min(std::clamp<std::size_t>(space_->parameters().size() + 2, 6, 20), bound() / 4)));
  }

  /// The initial design, then what the models say, then, where they find nothing new, random choices.
  [[nodiscard]] Result<NewChoices> next_choices(const study::Study& study, std::size_t n) const {
    const auto history = history_of(study, common_.prior);
    const std::size_t begun = history.observations.size() + history.pending.size();
    NewChoices next;
    if (begun < initial()) {
      // As many more as there are failed ones: what failed has taught nothing.
      for (auto& choice : space_filling(*space_, common_.seed, initial() + history.failed.size()))
        if (next.choices.size() < std::min(n, initial() - begun) && !history.known.contains(choice))
          next.choices.push_back(std::move(choice));
    } else if (!history.observations.empty()) {
      TRY(next.choices, choose(study, history, n));
    }
    return next.choices.empty() ? next_at_random(*space_, study, common_.seed, n) : next;
  }

  /// Up to n unseen choices, the best first.
  [[nodiscard]] Result<std::vector<space::Choice>> choose(const study::Study& study, const History& history,
                                                          std::size_t n) const {
    std::vector<space::Choice> chosen;
    TRY(auto beliefs, learn(study, history, memory_, common_.description));
    const bool is_screened = common_.description && !common_.description->is_looked_up();
    std::optional<Beliefs> rough;  // from the choices alone
    if (is_screened) {
      TRY(rough, learn(study, history, rough_memory_, nullptr));
    }
    auto excluded = history.known;
    while (chosen.size() < n) {
      const std::uint64_t number = study.trials.size() + chosen.size();
      const auto random = RandomStream::named(common_.seed, "mobo").child("trial", number);
      const auto acquisition = acquisition_of(beliefs, number);
      const auto screen = rough ? std::optional(acquisition_of(*rough, number)) : std::nullopt;
      SolverCall call{.space = space_,
                      .excluded = &excluded,
                      .starts = beliefs.front_choices(),
                      .random = random.child("solver"),
                      .screen = screen ? &*screen : nullptr};
      TRY(const auto found, parts_.solver->solve(call, acquisition, options_.solvers.of(*parts_.solver)));
      if (found.choices.empty()) break;
      SelectionCall choosing{.found = found, .beliefs = beliefs, .space = *space_, .random = random.child("selection")};
      TRY(const auto place, parts_.selection->select(choosing, options_.selections.of(*parts_.selection)));
      excluded.insert(found.choices[place]);
      chosen.push_back(found.choices[place]);
      if (chosen.size() == n) break;
      TRY_DO(beliefs.assume(chosen.back()));
      if (rough) TRY_DO(rough->assume(chosen.back()));
    }
    return chosen;
  }

  [[nodiscard]] Acquisition acquisition_of(const Beliefs& beliefs, std::uint64_t number) const {
    if (!beliefs.has_points()) return Acquisition(beliefs);
    return parts_.acquisition->make(beliefs, number, options_.acquisitions.of(*parts_.acquisition));
  }

  /// Models as they were fitted, between asks.
  struct Kept {
    std::mutex guard;
    std::unique_ptr<Beliefs::Memory> memory;
    std::unique_ptr<Beliefs::Memory> exchange(std::unique_ptr<Beliefs::Memory> other) {
      const std::scoped_lock lock(guard);
      return std::exchange(memory, std::move(other));
    }
  };

  /// With the models of earlier asks where they still hold. The memory saves time and changes nothing, so threads that
  /// ask at once need not wait for each other: one takes it out and puts back what it has, another finds none meanwhile
  /// and fits anew. It is not the caller's to keep, since a strategy is a function of the study.
  [[nodiscard]] Result<Beliefs> learn(const study::Study& study, const History& history, Kept& kept,
                                      std::shared_ptr<const Description> description) const {
    auto memory = kept.exchange(nullptr);
    if (!memory) memory = std::make_unique<Beliefs::Memory>();
    auto beliefs = Beliefs::learn(*space_, study, history,
                                  {.surrogate = options_.surrogate,
                                   .surrogates = options_.surrogates,
                                   .seed = common_.seed,
                                   .known = common_.known,
                                   .description = std::move(description)},
                                  memory.get());
    kept.exchange(std::move(memory));
    return beliefs;
  }

  Common common_;
  MoboOptions options_;
  Parts parts_;
  const space::Space* space_;  // borrowed
  mutable Kept memory_, rough_memory_;
};

Result<std::unique_ptr<Strategy>> make_mobo(const Common& common, const Settings& settings, const space::Space& space) {
  const auto& options = settings.as<MoboOptions>();
  TRY_DO(surrogate::surrogates().at(options.surrogate));
  TRY(const auto* acquisition, acquisitions().at(options.acquisition));
  TRY(const auto* solver, solvers().at(options.solver));
  TRY(const auto* selection, selections().at(options.selection));
  return std::make_unique<Mobo>(common, options, Parts{acquisition, solver, selection}, space);
}

}  // namespace

void MoboOptions::fields(config::Options& o) {
  initial.fields(o);
  o.word("surrogate", surrogate, surrogate::surrogates().names(),
         "of mobo: what learns the objectives from the trials so far");
  o.word("acquisition", acquisition, search::acquisitions().names(), "of mobo: what evaluating a candidate is worth");
  o.word("solver", solver, search::solvers().names(), "of mobo: where its candidates come from");
  o.word("selection", selection, search::selections().names(), "of mobo: which of them make a batch");
  surrogates.fields(o);
  acquisitions.fields(o);
  solvers.fields(o);
  selections.fields(o);
}

StrategyEntry mobo_entry() {
  return {.name = "mobo",
          .sentence = "Bayesian optimisation from parts: surrogate x acquisition x solver x selection",
          .settings = Settings(MoboOptions{}),
          .make = make_mobo,
          .place = 40};
}

}  // namespace edgewise::search
