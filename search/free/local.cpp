#include <algorithm>

#include "search/free/model_free_internal.hpp"
#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

/// Pareto local search (Paquete, Chiarandini, Stützle, 2004; Paquete, Stützle, 2006): the neighbours of what is on the
/// front are tried until none is new. Differs in the order: not one member's neighbourhood after the other, but the
/// member of which the fewest neighbours are known, of these the one in the emptiest part of the front, so that the
/// whole front moves at once. Without new neighbours, half of the trials start anew at random and half go on from the
/// next ranks.
class LocalTurn final : public Turn {
 public:
  LocalTurn(const space::Space& space, const History& history) : space_(&space) {
    for (const auto i : order_by_constrained_dominance(history.observations))
      best_first_.push_back(&history.observations[i]);
    Matrix points;
    for (const auto* observation : best_first_)
      if (observation->is_feasible()) points.push_back(observation->objectives);
    const auto ranks = non_dominated_ranks(points);
    front_ = static_cast<std::size_t>(std::ranges::count(ranks, std::size_t{0}));
    if (front_ == 0)
      front_ = std::min<std::size_t>(1, best_first_.size());  // none is feasible: the one that breaks least
  }

  std::optional<space::Choice> next(const RandomStream& random, const Known& known) override {
    if (auto choice = neighbour_of_first(front_, random, known)) return choice;
    auto stream = random.child("restart");
    if (stream.chance(0.5)) return std::nullopt;
    return neighbour_of_first(best_first_.size(), random, known);
  }
  void take(const space::Choice& /*choice*/) override {}

 private:
  /// Of the first `count` observations: all are compared on the front, beyond it the first one with a new neighbour is
  /// taken.
  [[nodiscard]] std::optional<space::Choice> neighbour_of_first(std::size_t count, const RandomStream& random,
                                                                const Known& known) const {
    std::optional<std::size_t> fewest;
    std::vector<space::Choice> unseen;
    for (std::size_t i = 0; i < count; ++i) {
      auto neighbours = space_->neighbours(best_first_[i]->trial->choice);
      const auto all = neighbours.size();
      std::erase_if(neighbours, [&](const space::Choice& choice) { return known.contains(choice); });
      const auto seen = all - neighbours.size();
      if (neighbours.empty() || (fewest && seen >= *fewest)) continue;
      fewest = seen;
      unseen = std::move(neighbours);
      if (count > front_) break;
    }
    if (unseen.empty()) return std::nullopt;
    return unseen[random.child("neighbour").below(unseen.size())];
  }

  const space::Space* space_;                   // borrowed
  std::vector<const Observation*> best_first_;  // borrowed
  std::size_t front_ = 0;                       // so many of them are not dominated
};

Result<std::unique_ptr<Strategy>> make_local(const Common& common, const Settings& settings,
                                             const space::Space& space) {
  return make_model_free(
      common, space,
      {.name = "local",
       .initial = settings.as<InitialOptions>().or_else(InitialOptions::usual),
       .begin = [&space](const Past& past) { return std::make_unique<LocalTurn>(space, past.history); }});
}

}  // namespace

StrategyEntry local_entry() {
  return {.name = "local",
          .sentence = "tries the neighbours of what is on the front",
          .settings = Settings(InitialOptions{}),
          .make = make_local,
          .place = 50};
}

}  // namespace edgewise::search
