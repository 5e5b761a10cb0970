#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::size_t front_draws = 8;
constexpr std::size_t drawn_points = 100;  // best points that a drawn front is made of

std::vector<space::Choice> best_choices(const Beliefs& beliefs, std::size_t most) {
  std::vector<space::Choice> best;
  for (const auto i : order_by_dominance(beliefs.points())) {
    if (best.size() == most) break;
    best.push_back(beliefs.choices()[i]);
  }
  return best;
}

Acquisition make_drawn_fronts(const Beliefs& beliefs, std::uint64_t number, const Settings& /*none*/) {
  const auto reference = beliefs.reference();
  const auto units = beliefs.units();
  const auto choices = best_choices(beliefs, drawn_points);
  std::vector<Improvement> fronts;
  for (std::size_t k = 0; k < front_draws; ++k)
    fronts.emplace_back(beliefs.drawn(choices, number * front_draws + k), reference, units);
  return {beliefs, std::move(fronts)};
}

}  // namespace

AcquisitionEntry nehvi_entry() {
  return {.name = "nehvi",
          .sentence = "as ehvi, averaged over what the front may be when values are noisy",
          .make = make_drawn_fronts};
}

}  // namespace edgewise::search
