/// How long a search will take, before it starts and while it runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "run/session.hpp"
#include "search/strategy.hpp"

namespace edgewise::run {

/// Training seconds per image as a function of a network's MACs, from a few networks of the space timed on this machine:
/// linear between the timed ones (a large network costs more, and a small one is bounded by its number of layers, not its MACs).
class CostModel {
 public:
  struct Point {
    double macs = 0, seconds_per_image = 0;
  };
  CostModel() = default;
  explicit CostModel(std::vector<Point> points);
  /// 0 when nothing was timed.
  [[nodiscard]] double seconds_per_image(double macs) const;
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;  // by MACs
};

/// Times up to four networks of the space (smallest to largest MACs) in a worker process; the result is kept in the study's folder. What
/// cannot be timed is left out and told: an estimate must not keep a search from starting.
/// @param stop  ends the timing early
/// @param say   hears what could not be timed
Result<CostModel> time_space(Session& session, const std::atomic<bool>& stop, const std::function<void(const std::string&)>& say);

/// Seconds of one epoch over the job's training and validation images.
double epoch_seconds(const CostModel& model, const Session& session, double macs);

/// What the whole plan costs.
struct Expectation {
  double training_s = 0, measuring_s = 0;
  std::vector<std::pair<std::string, double>> stages;  ///< name, seconds
  [[nodiscard]] double total_s() const { return training_s + measuring_s; }
};
Expectation expect(const CostModel& model, const Session& session, const std::vector<search::PlannedStage>& plan);

/// What the model says of one evaluation and the job of the budget, as it was when the search began: the first call writes it to `price.json` in the study's
/// folder, later ones read it, so that the same decision comes of it whatever is timed, and with however many workers, when the search goes on.
/// Nothing is known of a study that has trials and no such file (it was begun by an earlier version), and nothing is written where the timing was stopped.
/// Only `auto` asks: for another strategy nothing is written or read.
/// @error invalid_input: the file is there and cannot be read
Result<search::Price> price_at_start(Session& session, const CostModel& model, int workers, const std::atomic<bool>& stop);

std::string duration_text(double seconds);  ///< "1 h 05 min", "3 min 20 s", "12 s"

}  // namespace edgewise::run
