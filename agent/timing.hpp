/// How latency is timed, and how a measurement notices that it was disturbed.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/machine.hpp"
#include "base/error.hpp"

namespace edgewise::agent {

struct TimingOptions {
  int min_runs = 30, max_runs = 300;
  double max_seconds = 3.0;  ///< of timed runs; past it the runs go on to `min_runs` if that takes no longer than as
                             ///< much again, and to 5 in any case
};

/// Latencies of single runs and what went on meanwhile.
struct Timing {
  std::vector<double> runs_ms;
  int warmup_runs = 0;
  Activity before, after;                          ///< around the timed runs
  std::optional<double> fastest_ghz, slowest_ghz;  ///< clock between runs
  std::optional<std::int64_t> throttled;           ///< how often a core was slowed for heat
  bool is_thread_always_busy = true;  ///< false where the measuring thread may sleep until others have done their part
};

/// Warms up until the medians of two blocks of runs differ by less than 3 %, at most 2 s or `max_seconds`, then times
/// single runs by the steady clock.
/// @error what `run` gives
Result<Timing> time_runs(const std::function<Status()>& run, const TimingOptions& options,
                         const std::vector<int>& processors);

/// Of a sample with at least one value.
struct Spread {
  double median = 0, p90 = 0, p99 = 0, min = 0;
  double mad = 0;  ///< median absolute deviation from the median
};
/// Percentiles by the nearest rank; the median of an even number is the mean of the middle two.
Spread spread_of(std::span<const double> sample);

/// Why the numbers of a measurement should not be trusted, in words; empty when nothing spoke against them.
std::string disturbance(const Timing& timing);

}  // namespace edgewise::agent
