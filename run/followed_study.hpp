/// The study as a coordinator knows it: what the storage tells, kept up to date by what changed.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "study/storage.hpp"

namespace edgewise::run {

class FollowedStudy {
 public:
  /// @param storage  borrowed
  explicit FollowedStudy(study::Storage& storage) : storage_(storage) {}

  /// Reads what changed since the last call; cheap when nothing did. Returns whether anything did.
  Result<bool> refresh();
  /// Trials that changed since they were last asked for, in their order.
  std::vector<study::TrialId> take_changed();

  [[nodiscard]] const study::Study& study() const { return study_; }
  [[nodiscard]] const std::vector<study::Trial>& trials() const { return study_.trials; }
  [[nodiscard]] std::size_t count(study::State state) const;
  /// Those that wait or run.
  [[nodiscard]] std::size_t open() const { return count(study::State::waiting) + count(study::State::running); }
  /// Open trials that lost a worker in their stage: each is tried once more with nothing beside it.
  [[nodiscard]] std::size_t lost() const { return lost_; }
  /// Epochs that are or will be trained. The curves tell, so that failed trials and stages that started anew count too.
  [[nodiscard]] std::int64_t committed_epochs() const { return committed_epochs_; }
  /// Trials that count against a budget of trials: neither rejected nor answered without being run.
  [[nodiscard]] std::int64_t tried() const { return tried_; }

 private:
  /// Adds what a trial counts for, or takes it away (`sign` -1).
  void tally(const study::Trial& trial, int sign);

  study::Storage& storage_;
  study::Study study_;
  study::Cursor cursor_;
  std::set<study::TrialId> changed_;
  std::map<study::State, std::int64_t> counts_;
  std::int64_t committed_epochs_ = 0, tried_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace edgewise::run
