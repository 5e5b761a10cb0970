/// Runs a strategy on a problem in memory, as fast as the strategy thinks.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "replay/problem.hpp"
#include "search/strategies.hpp"

namespace edgewise::replay {

struct ReplayOptions {
  std::size_t evaluations = 100;  ///< that are started at most, promotions and the initial design included
  double budget_epochs = 0;       ///< epochs that are started at most, over all trials; 0: no bound
  std::size_t workers = 1;        ///< above 1: so many evaluations are under way at once, and end in an order of chance
  /// Above 1: so many are asked for at once, after the initial design, and the next ones when all of them have ended;
  /// `workers` is then of no meaning.
  std::size_t batch = 1;
  std::uint64_t seed = 1;              ///< of the durations
  std::vector<space::Choice> initial;  ///< evaluated before the strategy is asked, in this order
  int initial_epochs =
      0;  ///< of the initial design: the first stage's for strategies with stages; 0: the full evaluation
  bool repeats_are_free = false;  ///< a choice that builds a network that was evaluated already does not count
  /// Duration of an evaluation in units of an average one of the same epochs; empty: log-normal around 1 with a spread
  /// of 30 %.
  std::function<double(const study::Trial&)> duration;
};

/// One evaluation, in the order in which they ended.
struct Evaluation {
  study::TrialId trial;
  space::Choice choice;
  std::size_t stage = 0;
  bool is_full = true;                       ///< whether it is of the last stage, the only one that counts
  std::optional<std::vector<double>> point;  ///< objectives, minimised; nothing when it failed or broke a constraint
  std::size_t started_before = 0;            ///< how many evaluations had been started when it ended
  double epochs = 0;                         ///< started until it ended, over all trials
  double ended_at = 0;                       ///< simulated time
};

struct Replay {
  std::vector<Evaluation> evaluations;
  std::vector<double> ask_s;  ///< time of each ask that gave a proposal
  std::string note;           ///< of the last advice
  bool is_finished = false;   ///< the strategy had nothing more to propose
  study::Study study;         ///< as it ended
};

/// @error what the strategy's ask returns; invalid_input for an initial choice that the space has not, or a stage that
/// the problem has not
Result<Replay> replay(const search::Strategy& strategy, const Problem& problem, const ReplayOptions& options);

/// The strategy that the options name, with the problem's epochs: stages and rungs are made of those that the problem
/// has values for, unless the options say other stages: of `options.common.trials` in the first stage, one in
/// `reduction` goes on each time.
/// @param problem  borrowed; its space must outlive the strategy @error what search::make_strategy returns
Result<std::unique_ptr<search::Strategy>> strategy_for(const Problem& problem, search::Options options);

/// The trials of a replay that were evaluated fully: the only ones whose values may be compared.
study::Study fully_evaluated(const Problem& problem, const study::Study& study);

/// `count` different valid choices, the same for every strategy that is compared: a function of the space and the seed.
Result<std::vector<space::Choice>> initial_design(const space::Space& space, std::uint64_t seed, std::size_t count);

}  // namespace edgewise::replay
