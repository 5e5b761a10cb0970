#include "run/followed_study.hpp"

#include <algorithm>
#include <utility>

namespace edgewise::run {

using study::State;

Result<bool> FollowedStudy::refresh() {
  // The version is read first: a change between the two reads is seen again, never missed.
  TRY(const auto version, storage_.version());
  if (version == version_) return false;
  TRY(auto loaded, storage_.load());
  for (const auto& trial : study_.trials) tally(trial, -1);
  study_ = std::move(loaded);
  for (const auto& trial : study_.trials) {
    tally(trial, +1);
    changed_.insert(trial.id);
  }
  version_ = version;
  return true;
}

std::vector<study::TrialId> FollowedStudy::take_changed() {
  const auto changed = std::exchange(changed_, {});
  return {changed.begin(), changed.end()};
}

std::size_t FollowedStudy::count(State state) const {
  const auto found = counts_.find(state);
  return found == counts_.end() ? 0 : static_cast<std::size_t>(found->second);
}

void FollowedStudy::tally(const study::Trial& trial, int sign) {
  counts_[trial.state] += sign;
  const auto trained = static_cast<std::int64_t>(trial.curve.size());
  const bool is_open = trial.state == State::waiting || trial.state == State::running;
  committed_epochs_ += sign * (is_open ? std::max<std::int64_t>(trained, trial.epochs) : trained);
  if (trial.state != State::rejected && !trial.is_answered()) tried_ += sign;
}

}  // namespace edgewise::run
