/// What a study's trials say to a strategy: objectives minimised, constraints as numbers, what is under way.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "search/pareto.hpp"
#include "study/study.hpp"

namespace edgewise::search {

/// A trial that ended and has all objectives.
struct Observation {
  const study::Trial* trial = nullptr;  // borrowed
  std::vector<double> objectives;       ///< all minimised
  std::vector<double> excess;           ///< of each constraint: by how much it is broken; at most 0 when it holds
  [[nodiscard]] bool is_feasible() const;
  /// Sum of what is above 0.
  [[nodiscard]] double violation() const;
};

/// The study sorted by what its trials can teach. Everything is in the order of the trials' numbers.
struct History {
  std::vector<Observation> observations;
  std::vector<const study::Trial*> pending;  ///< waiting or running, borrowed
  std::vector<const study::Trial*> failed;   ///< failed, pruned or rejected without all objectives, borrowed
  std::set<space::Choice> known;             ///< every choice of the study, whatever became of it
};

/// `prior`: finished trials of other studies; they come first among the observations and are not `known`. Both are
/// borrowed. With `at_stage` values are those of that stage alone.
History history_of(const study::Study& study, std::span<const study::Trial> prior = {},
                   std::optional<int> at_stage = {});

/// The same with `known` left empty, which is most of the work: for a strategy that looks choices up by other means.
History outcomes_of(const study::Study& study, std::span<const study::Trial> prior = {},
                    std::optional<int> at_stage = {});

/// Objective values of the observations, one row each.
Matrix points_of(const std::vector<Observation>& observations);

/// Indices from best to worst: feasible ones by non-dominated rank, then crowding distance, then index; then the
/// infeasible ones by their violation (Deb et al., IEEE TEC 6(2), 2002, section VI: constrained domination).
std::vector<std::size_t> order_by_constrained_dominance(const std::vector<Observation>& observations);

}  // namespace edgewise::search
