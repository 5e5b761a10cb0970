#include <algorithm>
#include <ranges>

#include "study/changes_internal.hpp"
#include "study/storage.hpp"

namespace edgewise::study {

namespace {

/// Each change works on a copy of the trial and puts it back when all went well.
class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(const Settings& settings) { study_.settings = stored(settings); }

  Result<Settings> settings() override { return study_.settings; }
  Result<Study> load() override { return study_; }

  Result<Trial> trial(TrialId id) override {
    TRY(const Trial* found, find(id));
    return *found;
  }

  Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) override {
    TRY_DO(check_count(study_.trials.size(), expected_trials));
    std::vector<Trial> added;
    std::vector<TrialId> ids;
    for (const Trial& trial : trials) {
      ids.push_back({static_cast<std::int64_t>(expected_trials + ids.size())});
      TRY(Trial next, new_trial(trial, ids.back()));
      added.push_back(std::move(next));
    }
    std::ranges::move(added, std::back_inserter(study_.trials));
    heartbeat_ms_.resize(study_.trials.size());
    if (!ids.empty()) ++version_;
    return ids;
  }

  Status promote(const std::vector<TrialId>& trials, int epochs) override {
    std::map<TrialId, Trial> changed;
    for (const TrialId id : trials) {
      TRY(const Trial* found, find(id));
      Trial& trial = changed.try_emplace(id, *found).first->second;
      TRY_DO(study::promote(trial, epochs));
    }
    for (auto& [id, trial] : changed) at(id) = std::move(trial);
    if (!changed.empty()) ++version_;
    return {};
  }

  Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) override {
    std::map<TrialId, Trial> changed;
    for (const auto& [id, count] : threads) {
      TRY(const Trial* found, find(id));
      Trial& trial = changed.try_emplace(id, *found).first->second;
      TRY_DO(study::assign_threads(trial, count));
    }
    for (auto& [id, trial] : changed) at(id) = std::move(trial);
    if (!changed.empty()) ++version_;
    return {};
  }

  Result<std::optional<Trial>> claim(const std::string& worker) override {
    TRY_DO(check_worker(worker));
    const auto trained_s = [](const Trial& trial) {
      const auto before = std::ranges::find(trial.results, trial.stage - 1, &StageResult::stage);
      return before == trial.results.end() ? 0.0 : before->train_s;
    };
    Trial* next = nullptr;
    for (Trial& trial : study_.trials) {
      if (trial.state != State::waiting) continue;
      if (!next || trial.stage < next->stage || (trial.stage == next->stage && trained_s(trial) > trained_s(*next)))
        next = &trial;
    }
    if (!next) return std::nullopt;
    take_up(*next, worker);
    heartbeat_ms_[index(next->id)] = now_milliseconds();
    ++version_;
    return *next;
  }

  Result<bool> heartbeat(TrialId id, const std::string& worker) override {
    TRY(const Trial* found, find(id));
    if (!check_held(*found, worker)) return false;
    heartbeat_ms_[index(id)] = now_milliseconds();
    return true;
  }

  Status record(TrialId id, const std::string& worker, const CurvePoint& point) override {
    return change(id, [&](Trial& trial) -> Status {
      TRY_DO(check_held(trial, worker));
      TRY(CurvePoint kept, stored(point, trial));
      std::erase_if(trial.curve,
                    [&](const CurvePoint& old) { return old.stage == kept.stage && old.epoch >= kept.epoch; });
      trial.curve.push_back(std::move(kept));
      heartbeat_ms_[index(id)] = now_milliseconds();
      return {};
    });
  }

  Status finish(TrialId id, const std::string& worker, State state, const StageResult& result,
                const std::string& reason) override {
    return change(id, [&](Trial& trial) -> Status {
      TRY_DO(study::finish(trial, worker, state, result, reason));
      std::erase_if(trial.results, [&](const StageResult& old) { return old.stage == result.stage; });
      trial.results.push_back(stored(result));
      return {};
    });
  }

  Status fail_trial(TrialId id, const std::string& worker, const std::string& reason) override {
    return change(id, [&](Trial& trial) { return study::fail_trial(trial, worker, reason); });
  }

  Status release(TrialId id, const std::string& worker) override {
    return change(id, [&](Trial& trial) { return study::release(trial, worker); });
  }

  Status give_up(TrialId id, const std::string& worker, const std::string& reason, int max_attempts) override {
    return change(id, [&](Trial& trial) { return study::give_up(trial, worker, reason, max_attempts); });
  }

  Status retry(TrialId id) override {
    return change(id, [](Trial& trial) { return study::retry(trial); });
  }

  Result<std::vector<TrialId>> recover(std::chrono::seconds timeout, int max_attempts) override {
    std::vector<TrialId> touched;
    for (Trial& trial : study_.trials) {
      if (trial.state != State::running) continue;
      const double silent_s = static_cast<double>(now_milliseconds() - heartbeat_ms_[index(trial.id)]) / 1000.0;
      const auto why = why_lost(trial.worker, silent_s, static_cast<double>(timeout.count()));
      if (!why) continue;
      lose(trial, *why, max_attempts);
      touched.push_back(trial.id);
    }
    if (!touched.empty()) ++version_;
    return touched;
  }

  Result<std::int64_t> version() override { return version_; }

 private:
  static std::size_t index(TrialId id) { return static_cast<std::size_t>(id.value); }
  Trial& at(TrialId id) { return study_.trials[index(id)]; }
  Result<const Trial*> find(TrialId id) {
    if (id.value < 0 || index(id) >= study_.trials.size()) return no_such_trial(id);
    return &at(id);
  }
  template <class Change>
  Status change(TrialId id, Change what) {
    TRY(const Trial* found, find(id));
    Trial changed = *found;
    TRY_DO(what(changed));
    at(id) = std::move(changed);
    ++version_;
    return {};
  }

  Study study_;
  std::vector<std::int64_t> heartbeat_ms_;  // by trial
  std::int64_t version_ = 0;
};

}  // namespace

std::unique_ptr<Storage> memory_storage(const Settings& settings) {
  return std::make_unique<MemoryStorage>(settings);
}

}  // namespace edgewise::study
