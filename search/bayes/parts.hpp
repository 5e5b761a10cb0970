/// The parts that multi-objective Bayesian optimisation is put together from; any combination works, and each part is
/// an entry of a catalogue in a file of its own. Candidates' optimistic values are minimised, their scores maximised.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/settings_of_all.hpp"
#include "search/bayes/beliefs.hpp"

namespace edgewise::search {

struct Worth {
  Matrix points;              // (candidates, k): k = objectives, or 1 for an acquisition that is one number
  std::vector<double> score;  // (candidates), larger is better
};

/// What evaluating a candidate is worth, as beliefs say; borrows them, and is only true until they change.
class Acquisition {
 public:
  /// An optimistic value for each objective of each candidate.
  using Optimistic = std::function<Result<Matrix>(std::span<const space::Choice>, const Belief&)>;

  /// Nothing feasible was seen yet: only the constraints count.
  explicit Acquisition(const Beliefs& beliefs) : beliefs_(&beliefs) {}
  /// The expected growth of the hypervolume, averaged over fronts.
  Acquisition(const Beliefs& beliefs, std::vector<Improvement> fronts)
      : beliefs_(&beliefs), improvements_(std::move(fronts)) {}
  /// An optimistic point, judged by how much hypervolume it would add to a front.
  Acquisition(const Beliefs& beliefs, Improvement front, Optimistic optimistic)
      : beliefs_(&beliefs), improvements_{std::move(front)}, optimistic_(std::move(optimistic)) {}

  [[nodiscard]] Result<Worth> of(std::span<const space::Choice> candidates) const;

 private:
  const Beliefs* beliefs_;
  std::vector<Improvement> improvements_;
  Optimistic optimistic_;  ///< empty: the acquisition is one number
};

struct AcquisitionEntry {
  std::string name;
  std::string sentence;
  Settings settings;
  /// @param beliefs  with a feasible point; @param number  of the trial that is to be chosen: draws differ from trial
  /// to trial
  std::function<Acquisition(const Beliefs& beliefs, std::uint64_t number, const Settings& settings)> make;
};
Catalogue<AcquisitionEntry>& acquisitions();

/// An acquisition over the front that was seen.
Improvement seen_front(const Beliefs& beliefs);
/// One whose optimistic value follows from an objective's mean, its variance, and the best value that was seen.
Acquisition by_mean_and_variance(const Beliefs& beliefs, double (*value)(double mean, double variance, double best));

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
  /// By what candidates are sorted out before they are looked at closely, where that takes its time: their networks
  /// would have to be built. Null: all are looked at.
  const Acquisition* screen = nullptr;
};
struct SolverEntry {
  std::string name;
  std::string sentence;
  Settings settings;
  std::function<Result<Found>(SolverCall& call, const Acquisition& acquisition, const Settings& settings)> solve;
};
Catalogue<SolverEntry>& solvers();

/// What a selection may look at.
struct SelectionCall {
  const Found& found;  ///< not empty
  const Beliefs& beliefs;
  const space::Space& space;
  RandomStream random;
};
struct SelectionEntry {
  std::string name;
  std::string sentence;
  Settings settings;
  /// The place in `found` of the next of the batch.
  std::function<Result<std::size_t>(SelectionCall& call, const Settings& settings)> select;
};
Catalogue<SelectionEntry>& selections();

}  // namespace edgewise::search
