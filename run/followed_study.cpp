#include "run/followed_study.hpp"

#include <algorithm>
#include <utility>

namespace edgewise::run {

using study::State;

Result<bool> FollowedStudy::refresh() {
  TRY(auto changes, storage_.changes(cursor_));
  for (const auto& trial : changes.trials) {
    const auto index = static_cast<std::size_t>(trial.id.value);
    if (index < study_.trials.size()) tally(study_.trials[index], -1);
    tally(trial, +1);
    changed_.insert(trial.id);
  }
  const bool is_new = !changes.trials.empty();
  cursor_ = changes.next;
  TRY_DO(study::apply(study_, std::move(changes)));
  return is_new;
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
  committed_epochs_ += sign * (is_open ? std::max<std::int64_t>(trained, trial.fidelity.epochs()) : trained);
  if (trial.state != State::rejected && !trial.is_answered()) tried_ += sign;
  if (is_open && trial.attempts > (trial.state == State::running ? 1 : 0)) lost_ += static_cast<std::size_t>(sign);
}

}  // namespace edgewise::run
