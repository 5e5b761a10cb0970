/// What a search will cost in time: a few networks of the space timed on this machine, and what follows for the plan.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "run/session.hpp"
#include "run/staffing.hpp"
#include "search/strategy.hpp"

namespace edgewise::run {

/// Training seconds per image as a function of a network's MACs and its number of threads, from a few networks of the
/// space timed on this machine: linear between the timed ones (a large network costs more, and a small one is bounded
/// by its number of layers, not its MACs).
class CostModel {
 public:
  struct Point {
    double macs = 0;
    std::map<int, double>
        seconds_per_image;  ///< by threads, while other workers fill the machine as they will in the search
  };
  CostModel() = default;
  /// @param peak_memory_bytes  the most that one timing process held; 0: not known
  /// @param others_load        processors that other programs kept busy while it was timed
  explicit CostModel(std::vector<Point> points, std::int64_t peak_memory_bytes = 0, double others_load = 0);
  /// 0 when nothing was timed with so many threads.
  [[nodiscard]] double seconds_per_image(double macs, int threads) const;
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  /// Numbers of threads that every point was timed with, from low to high.
  [[nodiscard]] std::vector<int> threads() const;
  [[nodiscard]] std::int64_t peak_memory_bytes() const { return peak_memory_bytes_; }
  [[nodiscard]] double others_load() const { return others_load_; }

 private:
  std::vector<Point> points_;  // by MACs
  std::int64_t peak_memory_bytes_ = 0;
  double others_load_ = 0;
};

/// MACs of choices of the space, all of a small one, else a sample; sorted.
std::vector<double> typical_macs(const Session& session);

/// Times up to four networks of the space (smallest to largest MACs) in worker processes, with each of `crews` as many
/// side by side as will be in the search; the result is kept in the study's folder and taken from there when the crews,
/// the processors and the load of other programs are what they were. What cannot be timed is left out and told: an
/// estimate must not keep a search from starting.
/// @param only  time this choice instead of the space's; nothing is kept then
/// @param stop  ends the timing early
/// @param say   hears what could not be timed
Result<CostModel> time_space(Session& session, const std::vector<Crew>& crews, const Room& room,
                             const space::Choice* only, const std::atomic<bool>& stop,
                             const std::function<void(const std::string&)>& say);

/// Seconds of one epoch over the job's training and validation images.
double epoch_seconds(const CostModel& model, const Session& session, double macs, int threads);

/// What the whole plan costs, in seconds of the clock on the wall.
struct Expectation {
  double training_s = 0, measuring_s = 0;
  std::vector<std::pair<std::string, double>> stages;  ///< name, seconds
  [[nodiscard]] double total_s() const { return training_s + measuring_s; }
};
/// Workers train side by side; measuring is one at a time.
Expectation expect(const CostModel& model, const Staffing& staffing, const Session& session,
                   const std::vector<search::PlannedStage>& plan);

/// What the model says of one evaluation and the job of the budget, as it was when the search began: the first call
/// writes it to `price.json` in the study's folder, later ones read it, so that the same decision comes of it whatever
/// is timed, and with however many workers, when the search goes on. Nothing is known of a study that has trials and no
/// such file (it was begun by an earlier version), and nothing is written where the timing was stopped. Only `auto`
/// asks: for another strategy nothing is written or read.
/// @error invalid_input: the file is there and cannot be read
Result<search::Price> price_at_start(Session& session, const CostModel& model, const Staffing& staffing,
                                     const std::atomic<bool>& stop);

/// Measuring one trial: starting the agent, loading, warm-up and timed runs.
double measuring_seconds(const Session& session);

std::string duration_text(double seconds);  ///< "1 h 05 min", "3 min 20 s", "12 s"

}  // namespace edgewise::run
