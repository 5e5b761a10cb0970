/// The threads of a study's trials: fixed before each first starts, by the machine as it is then.
#pragma once

#include <string>

#include "base/machine.hpp"
#include "run/followed_study.hpp"
#include "run/staffing.hpp"

namespace edgewise::run {

class ThreadPlan {
 public:
  /// @param asked  threads that the job asks for; 0: none in particular
  ThreadPlan(Staffing staffing, int asked) : staffing_(std::move(staffing)), asked_(asked) {}

  /// For a trial that has not begun.
  [[nodiscard]] int threads_for(const study::Trial& trial) const;
  /// Of one that was begun by an earlier version, which did not record them: it goes on with what that version took.
  [[nodiscard]] int threads_of_earlier_versions() const;
  /// The most that any trial trains with.
  [[nodiscard]] int most_threads() const;
  [[nodiscard]] const Staffing& staffing() const { return staffing_; }

  /// Fixes the threads of trials that no worker has taken up. Returns how many got another number.
  Result<std::size_t> assign(study::Storage& storage, FollowedStudy& study) const;
  /// What other programs take may have changed: networks that have not begun get as many threads as suit the machine
  /// now. Returns a line for people when something changed.
  Result<std::string> look_around(study::Storage& storage, FollowedStudy& study);

 private:
  Staffing staffing_;
  int asked_;
  OthersLoad others_;
  double last_load_ = 0;  // the latest reading; what was decided by is in staffing_
};

}  // namespace edgewise::run
