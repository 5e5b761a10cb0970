#include "run/staffing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <format>
#include <limits>
#include <thread>

#include "base/machine.hpp"
#include "run/cost_model.hpp"

namespace edgewise::run {

namespace {

// Workers may take that much of the memory that was free before the search; the rest is for the page cache, agents and
// others.
constexpr double memory_share = 0.8;
// A crew of fewer workers is taken when it is as good within this: it needs less memory and waits less for
// measurements.
constexpr double as_good = 1.02;

int most_workers(const CostModel& model, const Room& room) {
  int workers = room.processors;
  if (room.memory_bytes && model.peak_memory_bytes() > 0)
    workers = std::min<int>(workers, static_cast<int>(memory_share * static_cast<double>(*room.memory_bytes) /
                                                      static_cast<double>(model.peak_memory_bytes())));
  return std::max(1, workers);
}

/// Training seconds of one image of each network, averaged, when `workers` share the processors.
double mean_seconds(const Staffing& staffing, const std::vector<double>& macs) {
  double sum = 0;
  for (const double one : macs) sum += staffing.model->seconds_per_image(one, staffing.threads_for(one));
  return sum / static_cast<double>(std::max<std::size_t>(1, macs.size()));
}

/// Rounds that the stages take: the trials of a stage are shared among the workers, and the last round of each may be
/// half empty.
double rounds(const std::vector<std::size_t>& stage_trials, int workers) {
  double sum = 0;
  for (const std::size_t trials : stage_trials) sum += std::ceil(static_cast<double>(trials) / workers);
  return sum;
}

std::string plural(int count, const char* word) {
  return std::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string told(const Staffing& staffing, const std::vector<double>& macs) {
  int least = std::numeric_limits<int>::max(), most = 1;
  for (const double one : macs) {
    least = std::min(least, staffing.threads_for(one));
    most = std::max(most, staffing.threads_for(one));
  }
  if (macs.empty()) least = most = staffing.most_threads();
  return std::format("{} of {}", plural(staffing.workers, "worker"),
                     least == most ? plural(most, "thread") : std::format("{} to {} threads", least, most));
}

}  // namespace

Room room_here() {
  OthersLoad others;
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  return {.processors = usable_processors(),
          .memory_bytes = available_memory_bytes(),
          .others_load = others.read().value_or(0)};
}

std::vector<std::string> worker_environment(int threads) {
  std::vector<std::string> environment{std::format("OMP_NUM_THREADS={}", threads)};
  if (!std::getenv("GOMP_SPINCOUNT") && !std::getenv("OMP_WAIT_POLICY"))
    environment.emplace_back("GOMP_SPINCOUNT=2000");
  return environment;
}

std::vector<Crew> crews_to_time(const StaffingWish& wish, const Room& room, std::size_t trials) {
  const auto workers_for = [&](int threads) { return wish.workers.value_or(std::max(1, room.processors / threads)); };
  if (wish.threads) return {{workers_for(*wish.threads), *wish.threads}};
  const int most = wish.workers ? std::max(1, room.processors / *wish.workers) : room.processors;
  std::vector<Crew> crews;
  for (int threads = 1;; threads *= 2) {
    threads = std::min(threads, most);
    crews.push_back({workers_for(threads), threads});
    // One thread against two tells whether barriers pay; more are for searches of fewer trials than processors.
    const bool is_enough =
        !wish.workers && threads >= 2 && trials >= static_cast<std::size_t>(workers_for(threads)) * 2;
    if (threads == most || is_enough) return crews;
  }
}

int Staffing::most_threads() const {
  return wish.threads.value_or(std::max(1, processors / workers));
}

int Staffing::threads_for(double macs) const {
  if (wish.threads) return *wish.threads;
  const int free = std::max(1, processors - static_cast<int>(std::lround(others_load)));
  const int most = std::max(1, free / workers);
  int best = 1;
  double fastest = std::numeric_limits<double>::infinity();
  for (const int count : model ? model->threads() : std::vector<int>{}) {
    if (count > most) continue;
    const double seconds = model->seconds_per_image(macs, count);
    if (seconds > 0 && seconds < fastest) fastest = seconds, best = count;
  }
  return best;
}

Staffing choose_staffing(const CostModel& model, const std::vector<double>& macs,
                         const std::vector<std::size_t>& stage_trials, const StaffingWish& wish, const Room& room) {
  Staffing chosen{.workers = 1,
                  .processors = room.processors,
                  .wish = wish,
                  .model = &model,
                  .others_load = room.others_load,
                  .why = {}};
  const int most = most_workers(model, room);
  if (wish.workers) {
    chosen.workers = *wish.workers;
    chosen.why = told(chosen, macs) + ", as asked for";
    return chosen;
  }
  std::vector<int> counts;
  if (wish.threads) {
    counts = {std::clamp(room.processors / *wish.threads, 1, most)};
  } else {
    for (const int threads : model.threads()) counts.push_back(std::clamp(room.processors / threads, 1, most));
    if (counts.empty()) counts = {1};
  }
  // Never more than there are trials at once.
  const std::size_t widest =
      stage_trials.empty() ? std::numeric_limits<std::size_t>::max() : std::ranges::max(stage_trials);
  for (int& count : counts)
    count =
        static_cast<int>(std::clamp<std::size_t>(static_cast<std::size_t>(count), 1, std::max<std::size_t>(1, widest)));
  std::ranges::sort(counts);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  double best = std::numeric_limits<double>::infinity(), alone = 0;
  for (const int workers : counts) {
    Staffing one = chosen;
    one.workers = workers;
    const double seconds =
        mean_seconds(one, macs) * (stage_trials.empty() ? 1.0 / workers : rounds(stage_trials, workers));
    if (workers == counts.front()) alone = seconds;
    if (seconds > 0 && seconds * as_good < best) best = seconds, chosen.workers = workers;
  }
  chosen.why = told(chosen, macs);
  if (counts.size() > 1 && best > 0 && alone > 0) {
    Staffing other = chosen;
    other.workers = chosen.workers == counts.front() ? counts.back() : counts.front();
    const double theirs =
        mean_seconds(other, macs) * (stage_trials.empty() ? 1.0 / other.workers : rounds(stage_trials, other.workers));
    chosen.why += std::format(": expected to train {:.2g} times as fast as {}", theirs / best, told(other, macs));
  } else if (most < room.processors && !wish.threads) {
    chosen.why +=
        std::format(": more do not fit in the {:.1f} GB of free memory", static_cast<double>(*room.memory_bytes) / 1e9);
  }
  if (room.others_load >= 0.5)
    chosen.why +=
        std::format("; other programs keep {:.1f} of {} busy", room.others_load, plural(room.processors, "processor"));
  return chosen;
}

}  // namespace edgewise::run
