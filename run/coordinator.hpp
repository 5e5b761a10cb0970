/// Runs a search: asks the strategy, keeps workers at work, shows what happens, stops cleanly.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "run/cost_model.hpp"
#include "run/outlook.hpp"
#include "run/session.hpp"
#include "run/staffing.hpp"
#include "run/view.hpp"
#include "search/strategy.hpp"

namespace edgewise::run {

struct SearchOptions {
  Staffing staffing;
  const std::atomic<bool>* stop = nullptr;  ///< Ctrl-C
  CostModel cost_model;
  std::chrono::milliseconds recover_every{30'000};      ///< how often silent workers are looked for
  std::chrono::milliseconds look_around_every{10'000};  ///< how often the load of other programs is looked at
};

enum class Ending { finished, interrupted, budget_spent };

struct Summary {
  Ending ending = Ending::finished;
  double elapsed_s = 0;
  std::map<study::State, std::size_t> counts;
  Spent spent;  ///< on the trials that ended during this call
  int workers = 1;
};

/// Searches until the strategy is finished, the budget is spent or `stop` is set. Without a strategy, runs what waits
/// in the study. One coordinator a study: a second one is refused. A worker that dies while this coordinator lives
/// costs an attempt of its trial, which is tried once more with nothing beside it and fails when it loses that, too. A
/// fault of the machine (disk, pictures, agent) ends the search and costs no attempt. At the end, the front's networks
/// are judged on the test split when there is one (once; kept in `test.json`).
/// @error conflict when another coordinator runs this study; unavailable when the machine is at fault, or workers
/// cannot be kept running, with their last words; not_found when the study's folder is gone
Result<Summary> run_search(Session& session, const search::Strategy* strategy, const SearchOptions& options,
                           View& view);

}  // namespace edgewise::run
