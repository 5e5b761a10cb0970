/// What to try next, as a function of the study.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/description.hpp"
#include "study/study.hpp"

namespace edgewise::search {

/// A new trial, or the next stage of an old one.
struct Proposal {
  std::optional<study::TrialId> promote;  ///< absent: a new trial of `choice`
  space::Choice choice;
  study::Fidelity fidelity = study::Fidelity::training(1);  ///< to be paid in total
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// What a strategy says when asked.
struct Advice {
  std::vector<Proposal> proposals;
  bool is_finished = false;  ///< nothing will ever come any more; otherwise no proposals means: wait for running trials
  std::string note;          ///< one line for people, e.g. "stage 2 of 3: the best 8 of 84 by non-dominated rank"
};

/// The plan, for the estimate of time before a search starts: how many trials go from which fidelity to which.
struct PlannedStage {
  std::string name;
  std::size_t trials = 0;
  study::Fidelity before;  ///< without amounts: nothing was paid yet
  study::Fidelity after;
};

/// Proposes choices. Keeps no state that matters: the same study, settings and seed give the same advice, in a new
/// process too.
class Strategy {
 public:
  virtual ~Strategy() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// At most `n` proposals. Only trials that were not rejected count against the number of trials to try. Never
  /// proposes a choice that the study has. A choice that `Common::known` (space::Space validity aside) would reject is
  /// still proposed: the caller records it as rejected. Several threads may ask at once.
  [[nodiscard]] virtual Result<Advice> ask(const study::Study& study, std::size_t n) const = 0;
  [[nodiscard]] virtual std::vector<PlannedStage> plan() const = 0;
};

/// Trials that count against a number of trials to try: all but the rejected ones and those whose results were known.
std::size_t count_tried(const study::Study& study);

/// What evaluations are expected to cost and may cost, in seconds; 0: not known, no bound. Whoever goes on with a study
/// tells the same, else `auto` may go on with another strategy.
struct Price {
  double evaluation_s = 0;  ///< of one full evaluation: all its epochs, and the end of one stage
  double stage_s = 0;       ///< part of evaluation_s: the end of a stage (export, measuring), paid again after each
  double budget_s = 0;      ///< of all workers together
  int workers = 1;          ///< evaluations at a time, at least 1
  bool restarts = false;    ///< whether a trial that goes on is trained from its beginning
};

/// What a full evaluation pays, and which amount of it strategies vary to try candidates for less: of training, epochs.
struct Effort {
  study::Fidelity full = study::Fidelity::training(10);
  std::string varied = "epochs";    ///< one of the amounts of `full`
  double unit = 1;                  ///< strategies count in whole units of so much
  [[nodiscard]] int units() const;  ///< of a full evaluation
  /// An evaluation that is as a full one but for that amount.
  [[nodiscard]] study::Fidelity of(int units) const;
};

/// What every strategy is told; what one of them alone can be told lies beside it.
struct Common {
  std::int64_t trials = 0;  ///< at most so many trials; 0: as many as the strategy means
  Effort effort;
  /// Units that evaluations can have, growing, the last ones being a full evaluation: a table has values of these
  /// alone. Empty, or a full evaluation alone: any number up to it.
  std::vector<int> offered;
  std::string rank;  ///< expression, larger is better; empty: non-dominated sorting, then crowding
  std::uint64_t seed = 1;
  Price price;
  std::vector<std::string> recorded;  ///< what trials record, to check `rank` against; empty: not checked
  std::vector<space::Choice>
      start_with;  ///< proposed before anything else, in this order: the baseline, a front that the user knows
  std::vector<study::Trial>
      prior;  ///< finished trials of other studies of the same or an overlapping space: models learn from them
  /// Values that a choice is known to give before it is evaluated ("parameters", a predicted latency); empty: none is.
  /// Called by every thread that asks.
  std::function<std::map<std::string, double>(const space::Choice&)> known;
  /// Numbers that describe a choice, such as features of its network, which models learn from; null: none.
  std::shared_ptr<const Description> description;
  std::string features = "all";  ///< which of them: "all", "counts" (the groups counts and costs) or "none"
};

}  // namespace edgewise::search
