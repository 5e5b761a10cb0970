/// What of a search is done, what is left, and how long that takes.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "run/cost_model.hpp"
#include "run/followed_study.hpp"

namespace edgewise::run {

/// Seconds by what they were spent on, summed over workers.
struct Spent {
  double train_s = 0, measure_s = 0, export_s = 0, overhead_s = 0;
  double kept_waiting_s = 0;  ///< part of train_s: ready to train, but other programs or workers had the processor
};

class Outlook {
 public:
  /// @param session, model  borrowed
  Outlook(const Session& session, const CostModel& model, const Staffing& staffing)
      : session_(session), model_(model), staffing_(staffing) {}

  /// To be called once, before a search goes on: what had ended is not told again.
  void remember(const FollowedStudy& study);
  /// The whole plan; without a strategy what waits in the study is all.
  void plan(const FollowedStudy& study, const search::Strategy* strategy);
  /// Whether a trial's present stage ended and was not told before; counts what it took.
  bool has_ended(const study::Trial& trial);

  [[nodiscard]] const Spent& spent() const { return spent_; }
  [[nodiscard]] std::size_t planned() const { return planned_; }  ///< stage evaluations; 0: not known
  [[nodiscard]] std::size_t done() const { return ended_.size(); }
  /// Below 0: not known.
  [[nodiscard]] double left_s(double elapsed_s) const;

 private:
  /// Seconds on the wall that a trial's present stage costs, as the cost model says: workers train side by side, one at
  /// a time measures.
  [[nodiscard]] double work_seconds(const study::Trial& trial) const;

  const Session& session_;
  const CostModel& model_;
  const Staffing& staffing_;
  std::set<std::pair<std::int64_t, int>> ended_;  // (trial, stage)
  std::size_t planned_ = 0;
  double planned_work_s_ = 0, done_work_s_ = 0;
  Spent spent_;
};

}  // namespace edgewise::run
