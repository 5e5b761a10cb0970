#include "run/thread_plan.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <utility>
#include <vector>

namespace edgewise::run {

using study::State;

int ThreadPlan::threads_for(const study::Trial& trial) const {
  const auto macs = trial.known.find("macs");
  return staffing_.threads_for(macs == trial.known.end() ? 0 : macs->second.value);
}

int ThreadPlan::threads_of_earlier_versions() const {
  return asked_ > 0 ? asked_ : std::max(1, staffing_.processors / staffing_.wish.workers.value_or(1));
}

int ThreadPlan::most_threads() const {
  return std::max(staffing_.most_threads(), threads_of_earlier_versions());
}

Result<std::size_t> ThreadPlan::assign(study::Storage& storage, FollowedStudy& study) const {
  std::vector<std::pair<study::TrialId, int>> threads;
  for (const auto& trial : study.trials()) {
    if (trial.state != State::waiting) continue;
    const bool has_begun = trial.attempts > 0 || trial.stage > 0 || !trial.curve.empty();
    if (has_begun && trial.threads) continue;
    const int count = has_begun ? threads_of_earlier_versions() : threads_for(trial);
    if (trial.threads != count) threads.emplace_back(trial.id, count);
  }
  if (threads.empty()) return 0U;
  // A worker may take one up in this moment: then it keeps what it has, and the next look sees the rest.
  if (const auto assigned = storage.assign_threads(threads); !assigned && assigned.error().code != ErrorCode::conflict)
    return std::unexpected(assigned.error());
  TRY_DO(study.refresh().transform([](bool) {}));
  return static_cast<std::size_t>(std::ranges::count_if(threads, [&](const auto& given) {
    return study.trials()[static_cast<std::size_t>(given.first.value)].threads == given.second;
  }));
}

Result<std::string> ThreadPlan::look_around(study::Storage& storage, FollowedStudy& study) {
  const auto load = others_.read();
  if (!load) return std::string();
  // Twice the same before anything is changed: a compiler's minute is no change of the machine.
  const double before = std::exchange(last_load_, *load);
  if (std::lround(before) != std::lround(*load) || std::lround(*load) == std::lround(staffing_.others_load))
    return std::string();
  staffing_.others_load = *load;
  TRY(const std::size_t changed, assign(storage, study));
  if (staffing_.most_threads() <= 1 || staffing_.wish.threads) return std::string();
  const int left = staffing_.processors - static_cast<int>(std::lround(staffing_.others_load));
  return std::format(
      "other programs keep {:.1f} of {} processors busy; networks that begin now train with at most {} thread(s){}",
      staffing_.others_load, staffing_.processors, std::max(1, left / staffing_.workers),
      changed > 0 ? std::format(", {} waiting ones among them", changed) : "");
}

}  // namespace edgewise::run
