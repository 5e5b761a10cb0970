/// One turn of any search: ask the strategy, and make of its proposals what is recorded. Searches with workers, other
/// programs' evaluations and replays differ in who evaluates; what is asked and what is recorded is the same.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "search/strategy.hpp"
#include "search/twins.hpp"
#include "study/storage.hpp"

namespace edgewise::search {

/// What is known of a choice before anything is spent on it.
struct Candidate {
  std::map<std::string, double> known;
  std::optional<int> threads;  ///< that it is to be trained with
  /// The same for choices that are one thing to evaluate: the later one takes over what the earlier one gave. Nothing:
  /// it is evaluated for itself.
  std::optional<std::string> identity;
};

/// How a kind of search looks at the choices that are proposed to it.
struct DialogueRules {
  /// An error: it cannot be evaluated at all, and is recorded as rejected with that message. Empty: nothing is known of
  /// any choice.
  std::function<Result<Candidate>(const space::Choice&)> look;
  /// "known before training": begins the reason of what the study's constraints forbid by what is known. Empty: all is
  /// evaluated.
  std::string forbidden;
  /// New trials get a seed by their number from it; nothing: they have none.
  std::optional<RandomStream> seeds;
};

/// What one turn changes in a study.
struct Step {
  struct Promotion {
    study::TrialId trial;
    study::Fidelity fidelity;
  };
  Advice advice;                      ///< as the strategy gave it
  double asked_s = 0;                 ///< how long it thought
  std::vector<Promotion> promotions;  ///< in the order of the proposals
  std::vector<study::Trial> added;    ///< waiting, rejected or answered; their numbers follow those of the study
  std::size_t trials_before = 0;      ///< of the study that was asked about

  [[nodiscard]] bool changes_nothing() const { return promotions.empty() && added.empty(); }
};

/// Whether a proposal can be paid for, and if so, that it is: asked once for each proposal, in their order. What cannot
/// be paid is left out. Empty: everything can.
using Pays = std::function<bool(const Proposal&)>;

/// Keeps what was found out about choices between turns, for time alone: the same study gives the same steps.
class Dialogue {
 public:
  /// @param strategy  borrowed
  Dialogue(const Strategy& strategy, DialogueRules rules);

  /// At most `n` proposals and what they come to.
  /// @param study  what the strategy is shown; its trials are those that are there, whatever states they are shown in
  Result<Step> ask(const study::Study& study, std::size_t n, const Pays& pays = {});
  /// The same for choices that somebody else named.
  Step take(std::vector<Proposal> proposals, const study::Study& study, const Pays& pays = {});

 private:
  [[nodiscard]] study::Trial made(const Proposal& proposal, const study::Study& study,
                                  const std::vector<study::Trial>& added);

  const Strategy* strategy_;
  DialogueRules rules_;
  bool has_stages_;
  Twins twins_;
};

/// Writes a step down: promotions, then new trials, whose numbers are returned.
/// @error conflict when the study has got other trials since it was asked about
Result<std::vector<study::TrialId>> record(const Step& step, study::Storage& storage);
/// The same in memory. Returns the numbers of all trials that wait now, promoted ones first.
std::vector<study::TrialId> record(Step step, study::Study& study);

}  // namespace edgewise::search
