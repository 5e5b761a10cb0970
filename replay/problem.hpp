/// What a search is replayed on: a space and a function from choices to values.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/table.hpp"
#include "search/description.hpp"
#include "search/pareto.hpp"

namespace edgewise::replay {

/// An evaluation: values by name, or why there are none.
struct Outcome {
  std::map<std::string, double> values;
  std::string failure;  ///< empty when it went well
};

struct Problem {
  std::string name;
  space::Space space;
  std::vector<study::Objective> objectives;
  std::vector<study::Constraint> constraints;
  std::vector<double> reference;     ///< of the hypervolume that counts; minimised
  std::vector<int> stage_epochs{1};  ///< growing; the last is the full evaluation
  search::Matrix front;              ///< the true front, minimised, each point once; empty when it is not known
  /// `stage` counts from 0. A pure function: may be called from several threads.
  std::function<Outcome(const space::Choice&, std::size_t stage)> evaluate;
  /// What is known before an evaluation; empty: nothing.
  std::function<std::map<std::string, double>(const space::Choice&)> known;
  /// What models learn from beside the choices; null: nothing.
  std::shared_ptr<const search::Description> description;
  /// Equal for choices that build the same network; empty: every choice is its own.
  std::function<std::string(const space::Choice&)> canonical;
};

/// @error invalid_input: an objective and a constraint that the table contradicts so that no row is feasible
Result<Problem> table_problem(const Table& table);

/// The objectives of an outcome, minimised; nothing when it failed, lacks one, or breaks a constraint.
std::optional<std::vector<double>> feasible_point(const Problem& problem, const Outcome& outcome);

/// The points that none other dominates, each once, in lexicographic order. O(n log n + n f) for f points on the front.
search::Matrix front_of(search::Matrix points);

}  // namespace edgewise::replay
