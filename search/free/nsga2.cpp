#include <algorithm>
#include <cmath>

#include "search/free/model_free_internal.hpp"
#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

constexpr double crossover_chance = 0.9;  // a child of two parents rather than of one
constexpr double crossover_spread = 15;   // eta of simulated binary crossover
constexpr double mutation_spread = 20;    // eta of polynomial mutation

/// One child of simulated binary crossover, bounded (Deb, Agrawal, Complex Systems 9(2), 1995): both in [0, 1].
double crossed(double a, double b, RandomStream& random) {
  const double low = std::min(a, b), high = std::max(a, b);
  const double draw = random.uniform();
  const bool is_lower = random.chance(0.5);
  if (high - low < 1e-12) return a;
  const double room = 1.0 + 2.0 * (is_lower ? low : 1.0 - high) / (high - low);
  const double alpha = 2.0 - std::pow(room, -(crossover_spread + 1));
  const double power = 1.0 / (crossover_spread + 1);
  const double beta = draw <= 1.0 / alpha ? std::pow(draw * alpha, power) : std::pow(1.0 / (2.0 - draw * alpha), power);
  const double child = 0.5 * (low + high + (is_lower ? -beta : beta) * (high - low));
  return std::clamp(child, 0.0, 1.0);
}

/// Polynomial mutation, bounded (Deb, Agrawal, PPSN 1999).
double mutated_place(double place, RandomStream& random) {
  const double draw = random.uniform(), power = 1.0 / (mutation_spread + 1);
  if (draw < 0.5) {
    const double rest = std::pow(1.0 - place, mutation_spread + 1);
    return std::clamp(place + std::pow(2 * draw + (1 - 2 * draw) * rest, power) - 1.0, 0.0, 1.0);
  }
  const double rest = std::pow(place, mutation_spread + 1);
  return std::clamp(place + 1.0 - std::pow(2 * (1 - draw) + 2 * (draw - 0.5) * rest, power), 0.0, 1.0);
}

/// The trials of the generations before that of the next trial, best first, at most `population`. A generation is
/// `population` trials in a row that ended well or are pending; those that are still pending when the next one begins
/// are not waited for.
std::vector<const space::Choice*> parents_of(const Past& past, std::size_t taken, std::size_t population) {
  const auto& history = past.history;
  const std::size_t position = history.observations.size() + history.pending.size() + taken;
  const std::size_t first_of_generation = position / population * population;
  std::vector<Observation> elders;
  for (std::size_t i = 0; i < history.observations.size(); ++i) {
    const auto* trial = history.observations[i].trial;
    const auto pending_before =
        std::ranges::lower_bound(history.pending, trial->id, {}, &study::Trial::id) - history.pending.begin();
    if (!past.is_own(*trial) || i + static_cast<std::size_t>(pending_before) < first_of_generation)
      elders.push_back(history.observations[i]);
  }
  if (elders.empty()) elders = history.observations;  // none of them has ended yet
  std::vector<const space::Choice*> best;
  for (const auto i : order_by_constrained_dominance(elders))
    if (best.size() < population) best.push_back(&elders[i].trial->choice);
  return best;
}

/// NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEC 6(2), 2002) by generations of trials. Parents win a binary
/// tournament among the best of all earlier generations. Each parameter comes from either parent, and is mutated with
/// probability 1/d: other values are drawn evenly, real numbers are moved by simulated binary crossover and polynomial
/// mutation. Differs in that nobody waits for a generation to end.
class Nsga2Turn final : public Turn {
 public:
  Nsga2Turn(const space::Space& space, const Past& past, std::size_t population)
      : space_(&space), past_(past), population_(population) {}

  std::optional<space::Choice> next(const RandomStream& random, const Known& known) override {
    const auto generation = (past_.history.observations.size() + past_.history.pending.size() + taken_) / population_;
    if (generation != generation_) {
      parents_ = parents_of(past_, taken_, population_);
      generation_ = generation;
    }
    return draw_new(*space_, random, known, [&](RandomStream& stream) { return child(stream); });
  }
  void take(const space::Choice& /*choice*/) override { ++taken_; }

 private:
  const space::Choice& parent(RandomStream& random) const {
    const auto one = random.below(parents_.size()), other = random.below(parents_.size());
    return *parents_[std::min(one, other)];
  }

  space::Choice child(RandomStream& random) const {
    const auto& first = parent(random);
    const auto& second = random.chance(crossover_chance) ? parent(random) : first;
    space::Choice result;
    const double chance = 1.0 / static_cast<double>(space_->parameters().size());
    for (const auto& parameter : space_->parameters())
      if (space_->is_active(parameter, result))
        result[parameter.name] = value(parameter, first, second, chance, random);
    return result;
  }

  /// A parameter that neither parent has is drawn.
  static space::Value value(const space::Parameter& parameter, const space::Choice& first, const space::Choice& second,
                            double chance, RandomStream& random) {
    const bool is_swapped = random.chance(0.5);
    const auto a = place_in(parameter, is_swapped ? second : first),
               b = place_in(parameter, is_swapped ? first : second);
    const bool is_mutated = random.chance(chance);
    if (!a && !b) return value_at(parameter, random.uniform());
    const bool is_real = std::holds_alternative<space::Real>(parameter.domain);
    if (!is_real) return value_at(parameter, is_mutated ? random.uniform() : a ? *a : *b);
    double place = a ? *a : *b;
    if (a && b && random.chance(0.5)) place = crossed(*a, *b, random);
    return value_at(parameter, is_mutated ? mutated_place(place, random) : place);
  }

  static std::optional<double> place_in(const space::Parameter& parameter, const space::Choice& choice) {
    const auto found = choice.find(parameter.name);
    return found == choice.end() ? std::nullopt : unit_of(parameter, found->second);
  }

  const space::Space* space_;  // borrowed
  Past past_;
  std::size_t population_, taken_ = 0;
  std::optional<std::size_t> generation_;
  std::vector<const space::Choice*> parents_;  // best first, borrowed from the study
};

Result<std::unique_ptr<Strategy>> make_nsga2(const Common& common, const Settings& settings,
                                             const space::Space& space) {
  const auto& options = settings.as<PopulationOptions>();
  const auto population = options.size(common);
  return make_model_free(common, space,
                         {.name = "nsga2",
                          .initial = options.initial.or_else(population),
                          .begin = [&space, population](const Past& past) {
                            return std::make_unique<Nsga2Turn>(space, past, population);
                          }});
}

}  // namespace

StrategyEntry nsga2_entry() {
  return {.name = "nsga2",
          .sentence = "generations of children of the best trials, by rank and crowding",
          .settings = Settings(PopulationOptions{}),
          .make = make_nsga2,
          .place = 20};
}

}  // namespace edgewise::search
