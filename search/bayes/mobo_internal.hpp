/// Acquisition, solver and selection of `mobo`. Candidates' optimistic values are minimised, their scores maximised.
#pragma once

#include <functional>
#include <set>

#include "search/bayes/beliefs.hpp"

namespace edgewise::search {

struct Worth {
  Matrix points;              // (candidates, k): k = objectives, or 1 for an acquisition that is one number
  std::vector<double> score;  // (candidates), larger is better
};

/// An acquisition over beliefs; borrowed, and only true until the beliefs change.
class Acquisition {
 public:
  /// @param number  of the trial that is to be chosen: draws differ from trial to trial
  static Result<Acquisition> make(const std::string& name, const Beliefs& beliefs, std::uint64_t number);
  [[nodiscard]] Result<Worth> of(std::span<const space::Choice> candidates) const;

 private:
  using Points = std::function<Result<Matrix>(std::span<const space::Choice>, const Belief&)>;
  const Beliefs* beliefs_ = nullptr;
  std::vector<Improvement> improvements_;
  Points optimistic_;  ///< empty: the acquisition is one number
};

/// Candidates that a solver found, best score first, with what they are worth.
struct Found {
  std::vector<space::Choice> choices;
  Worth worth;
};

struct SolverCall {
  const space::Space* space;
  const std::set<space::Choice>* excluded;
  std::vector<space::Choice> starts;  ///< the front's choices
  RandomStream random;
};
Result<Found> solve(const std::string& solver, SolverCall call, const Acquisition& acquisition);

/// The place in `found` of the next of the batch. @pre found is not empty
Result<std::size_t> select(const std::string& selection, const Found& found, const Beliefs& beliefs,
                           const space::Space& space, RandomStream random);

}  // namespace edgewise::search
