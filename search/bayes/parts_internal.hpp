/// The entries of the catalogues of parts, each in a file of its own, and what solvers share.
#pragma once

#include <optional>

#include "search/bayes/parts.hpp"

namespace edgewise::search {

AcquisitionEntry ehvi_entry();
AcquisitionEntry ei_entry();
AcquisitionEntry identity_entry();
AcquisitionEntry nehvi_entry();
AcquisitionEntry pi_entry();
AcquisitionEntry thompson_entry();
AcquisitionEntry ucb_entry();

SolverEntry evolved_solver_entry();
SolverEntry local_solver_entry();
SolverEntry pool_solver_entry();

SelectionEntry by_chance_entry();
SelectionEntry by_diversity_entry();
SelectionEntry by_dominance_entry();
SelectionEntry by_hypervolume_entry();
SelectionEntry by_uncertainty_entry();

/// Unseen candidates with what they are worth, each evaluated once.
class Pool {
 public:
  Pool(const SolverCall& call, const Acquisition& acquisition)
      : acquisition_(acquisition), screen_(call.screen), seen_(*call.excluded) {}

  /// Places of those that are new here, and that the screen lets through: of many a fifth, at least 10 and at most 200.
  Result<std::vector<std::size_t>> add(std::vector<space::Choice> candidates);
  [[nodiscard]] const Found& found() const { return found_; }
  /// Places of the best, by score then place.
  [[nodiscard]] std::vector<std::size_t> best(std::size_t count) const;
  [[nodiscard]] Found taken(const std::vector<std::size_t>& places) const;

 private:
  Status sort_out(std::vector<space::Choice>& candidates) const;

  const Acquisition& acquisition_;
  const Acquisition* screen_;
  std::set<space::Choice> seen_;
  Found found_;
};

constexpr std::size_t pool_size = 500;  // random candidates
constexpr std::size_t handed_on = 100;  // candidates that a solver hands on

/// Valid ones; fewer where hardly anything is.
std::vector<space::Choice> random_choices(const space::Space& space, std::size_t count, RandomStream& random);
/// Spaces of up to 2,000 choices are looked at whole.
std::optional<std::vector<space::Choice>> whole_space(const space::Space& space);
/// At most `most` of the neighbours, drawn.
std::vector<space::Choice> some_neighbours(const space::Space& space, const space::Choice& choice, std::size_t most,
                                           RandomStream& random);

}  // namespace edgewise::search
