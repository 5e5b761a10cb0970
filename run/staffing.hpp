/// How many workers train side by side, and with how many threads each network: what brings the whole search furthest.
///
/// Two threads rarely train twice as fast as one (small operators do not pay for a barrier each), so many workers of
/// few threads give the most trained images; fewer workers of more threads pay where trials are few, memory is short,
/// or large operators share a cache.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "search/strategy.hpp"

namespace edgewise::run {

class CostModel;

/// So many workers side by side, each with so many threads.
struct Crew {
  int workers = 1, threads = 1;
  friend bool operator==(const Crew&, const Crew&) = default;
};

/// What the user asked for; nothing: the tool chooses.
struct StaffingWish {
  std::optional<int> workers, threads;
};

/// What the machine gives.
struct Room {
  int processors = 1;
  std::optional<std::int64_t> memory_bytes;  ///< free for workers; nothing: not known
  double others_load = 0;                    ///< processors that other programs keep busy
};
/// Of this machine. Watches other programs for a quarter of a second.
Room room_here();

/// The crews worth timing: threads in powers of two, as many workers as fill the processors, or what the wish leaves
/// open.
/// @param trials  that may run side by side at most; where they are fewer than the processors, crews of more threads
/// are timed too
std::vector<Crew> crews_to_time(const StaffingWish& wish, const Room& room, std::size_t trials);

/// For a worker that trains with at most so many threads. Threads of libgomp that wait for each other spin only briefly
/// unless the user says otherwise: where another program takes a processor away, each barrier would else burn a whole
/// time slice (MobileNetV3-small, two threads beside one busy process: 15 images/s, 115 with the short spin).
std::vector<std::string> worker_environment(int threads);

/// The decision.
struct Staffing {
  int workers = 1;
  int processors = 1;
  StaffingWish wish;
  const CostModel* model = nullptr;  ///< borrowed; null: nothing was timed

  /// Processors that other programs keep busy: threads that wait for each other at barriers stand still when one of
  /// them loses its processor.
  double others_load = 0;

  /// Threads for a network that begins now: the fastest that leave every worker its share of the processors.
  [[nodiscard]] int threads_for(double macs) const;
  /// Most threads that a trial may get.
  [[nodiscard]] int most_threads() const;
  std::string why;  ///< one line for people: "2 workers of 1 thread: expected to train 1.3 times as fast as ..."
};

/// Chooses by the expected end of the plan: stages of `plan` are done one after the other, the trials of a stage side
/// by side.
/// @param macs  of typical networks of the space @param model  borrowed; must outlive the result
Staffing choose_staffing(const CostModel& model, const std::vector<double>& macs,
                         const std::vector<std::size_t>& stage_trials, const StaffingWish& wish, const Room& room);

}  // namespace edgewise::run
