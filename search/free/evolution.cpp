#include <algorithm>

#include "search/free/model_free_internal.hpp"
#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

/// Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019): the population is the youngest trials that ended well,
/// the best of a random quarter of it is mutated. Differs in that "best" is the constrained non-dominated rank within
/// the population, then the crowding distance, so that it takes any number of objectives; and a child that is known is
/// drawn again.
class EvolutionTurn final : public Turn {
 public:
  EvolutionTurn(const space::Space& space, const History& history, std::size_t population) : space_(&space) {
    const auto& all = history.observations;  // by age
    const std::vector<Observation> youngest(all.end() - static_cast<std::ptrdiff_t>(std::min(population, all.size())),
                                            all.end());
    for (const auto i : order_by_constrained_dominance(youngest)) best_first_.push_back(&youngest[i].trial->choice);
  }

  std::optional<space::Choice> next(const RandomStream& random, const Known& known) override {
    return draw_new(*space_, random, known,
                    [&](RandomStream& stream) { return mutated(*space_, parent(stream), stream); });
  }
  void take(const space::Choice& /*choice*/) override {}

 private:
  const space::Choice& parent(RandomStream& random) const {
    const std::size_t rivals = std::max<std::size_t>(2, best_first_.size() / 4);
    std::size_t best = best_first_.size() - 1;
    for (std::size_t i = 0; i < rivals; ++i) best = std::min<std::size_t>(best, random.below(best_first_.size()));
    return *best_first_[best];
  }

  const space::Space* space_;                     // borrowed
  std::vector<const space::Choice*> best_first_;  // borrowed from the study
};

Result<std::unique_ptr<Strategy>> make_evolution(const Common& common, const Settings& settings,
                                                 const space::Space& space) {
  const auto& options = settings.as<PopulationOptions>();
  const auto population = options.size(common);
  return make_model_free(common, space,
                         {.name = "evolution",
                          .initial = options.initial.or_else(population),
                          .begin = [&space, population](const Past& past) {
                            return std::make_unique<EvolutionTurn>(space, past.history, population);
                          }});
}

}  // namespace

StrategyEntry evolution_entry() {
  return {.name = "evolution",
          .sentence = "mutates the best of a part of the youngest trials",
          .settings = Settings(PopulationOptions{}),
          .make = make_evolution,
          .place = 20};
}

}  // namespace edgewise::search
