#include "agent/timing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>

namespace edgewise::agent {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int least_runs = 5;
constexpr double steady_change = 0.03;
constexpr double clock_check_ms = 50.0;

// Above these a measurement is called disturbed. One other process that computes on the measuring thread's processor
// passes the second to fourth; the timer and the kernel's own threads stay far below them.
constexpr double tail_ratio = 1.5;        // p90 over the median
constexpr double lost_share = 0.05;       // of the time of the measuring thread, given to others
constexpr double switches_a_second = 40;  // involuntary context switches of the measuring thread
constexpr double others_share = 0.5;      // processors that other processes used
constexpr double stolen_share = 0.03;     // of a processor, taken by the hypervisor
constexpr double clock_ratio = 0.8;       // slowest over fastest clock
constexpr double least_lost_s = 0.008;    // two turns of a scheduler: less says nothing in a short measurement
constexpr double least_busy_s = 0.05;     // nor this, of numbers that /proc/stat counts in steps of 10 ms

double median_of(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(middle));
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return 0.5 * (upper + *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle)));
}

Result<double> timed(const std::function<Status()>& run) {
  const auto begin = Clock::now();
  TRY_DO(run());
  return Milliseconds(Clock::now() - begin).count();
}

Result<int> warm_up(const std::function<Status()>& run, double limit_s) {
  const auto begin = Clock::now();
  std::optional<double> last;
  for (int runs = 0;;) {
    std::vector<double> block;
    double block_ms = 0;
    // At least 10 ms a block: the medians of 5 runs of some microseconds say nothing.
    while (block.size() < least_runs || block_ms < 10.0) {
      TRY(const double ms, timed(run));
      ++runs;
      block.push_back(ms);
      block_ms += ms;
      if (Milliseconds(Clock::now() - begin).count() > 1e3 * limit_s) return runs;
    }
    const double now = median_of(block);
    if (last && std::abs(now - *last) < steady_change * *last) return runs;
    last = now;
  }
}

}  // namespace

Result<Timing> time_runs(const std::function<Status()>& run, const TimingOptions& options,
                         const std::vector<int>& processors) {
  Timing timing;
  TRY(timing.warmup_runs, warm_up(run, std::min(2.0, options.max_seconds)));

  const auto watch_clock = [&] {
    for (const int processor : processors)
      if (const auto ghz = clock_ghz(processor)) {
        timing.fastest_ghz = std::max(timing.fastest_ghz.value_or(*ghz), *ghz);
        timing.slowest_ghz = std::min(timing.slowest_ghz.value_or(*ghz), *ghz);
      }
  };
  const auto throttled_before = throttle_count(processors);
  const double limit_ms = 1e3 * options.max_seconds;
  timing.runs_ms.reserve(static_cast<std::size_t>(options.max_runs));
  timing.before = activity_now();
  double total_ms = 0, checked_ms = 0;
  watch_clock();
  while (std::ssize(timing.runs_ms) < options.max_runs) {
    const auto done = static_cast<double>(timing.runs_ms.size());
    if (total_ms >= limit_ms && done >= least_runs &&
        (done >= options.min_runs || total_ms / done * options.min_runs > 2.0 * limit_ms))
      break;
    TRY(const double ms, timed(run));
    timing.runs_ms.push_back(ms);
    total_ms += ms;
    if (total_ms - checked_ms > clock_check_ms) {
      watch_clock();
      checked_ms = total_ms;
    }
  }
  timing.after = activity_now();
  const auto throttled_after = throttle_count(processors);
  if (throttled_before && throttled_after) timing.throttled = *throttled_after - *throttled_before;
  return timing;
}

Spread spread_of(std::span<const double> sample) {
  EDGEWISE_ASSERT(!sample.empty(), "a spread needs at least one value");
  std::vector<double> sorted(sample.begin(), sample.end());
  std::ranges::sort(sorted);
  const auto rank = [&](double share) {
    const auto position = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(position, 1, sorted.size()) - 1];
  };
  Spread spread{.median = median_of(sorted), .p90 = rank(0.90), .p99 = rank(0.99), .min = sorted.front(), .mad = 0};
  for (double& value : sorted) value = std::abs(value - spread.median);
  spread.mad = median_of(std::move(sorted));
  return spread;
}

std::string disturbance(const Timing& timing) {
  const Activity &a = timing.before, &b = timing.after;
  const double wall = b.wall_s - a.wall_s;
  const Spread spread = spread_of(timing.runs_ms);
  std::string reasons;
  const auto add = [&](const std::string& reason) { reasons += (reasons.empty() ? "" : "; ") + reason; };

  if (spread.p90 > tail_ratio * spread.median)
    add(std::format("p90 is {:.1f} times the median", spread.p90 / spread.median));
  // The measuring thread computes without a pause, so time it did not get was given to others.
  const double lost = wall - (b.thread_cpu_s - a.thread_cpu_s);
  if (timing.is_thread_always_busy && lost > lost_share * wall && lost > least_lost_s)
    add(std::format("the measuring thread had to wait for {:.0f} % of the time", 100 * lost / wall));
  const auto switches = b.involuntary_switches - a.involuntary_switches;
  if (static_cast<double>(switches) > std::max(3.0, switches_a_second * wall))
    add(std::format("{} involuntary context switches in {} runs", switches, timing.runs_ms.size()));
  const double others = (b.machine_cpu_s - a.machine_cpu_s) - (b.own_cpu_s - a.own_cpu_s);
  if (others > others_share * wall && others > least_busy_s)
    add(std::format("other processes used {:.1f} processors", others / wall));
  const double stolen = b.stolen_s - a.stolen_s;
  if (stolen > stolen_share * wall && stolen > least_busy_s)
    add(std::format("the hypervisor took {:.0f} % of a processor", 100 * stolen / wall));
  if (timing.slowest_ghz && *timing.slowest_ghz < clock_ratio * *timing.fastest_ghz)
    add(std::format("the clock went between {:.1f} and {:.1f} GHz", *timing.fastest_ghz, *timing.slowest_ghz));
  if (timing.throttled.value_or(0) > 0) add("a processor was slowed down for heat");
  return reasons;
}

}  // namespace edgewise::agent
