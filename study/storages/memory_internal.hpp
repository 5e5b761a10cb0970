/// A study as values under the shared rules. What keeps a study as a whole (in memory, in one file) only reads and
/// writes these.
#pragma once

#include <cstdint>
#include <vector>

#include "study/changes_internal.hpp"
#include "study/storage.hpp"

namespace edgewise::study {

struct MemoryState {
  struct Row {
    Entry entry;
    std::int64_t changed = 0;  ///< the version that brought its latest change
  };
  Settings settings;
  std::vector<Row> rows;  ///< by the trials' ids, without gaps
  std::int64_t version = 0;
};

/// Each change works on a copy of the trial and puts it back when all went well.
class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(MemoryState state) : state_(std::move(state)) {}
  [[nodiscard]] const MemoryState& state() const { return state_; }

  Result<Settings> settings() override { return state_.settings; }
  Result<Changes> changes(const Cursor& since) override;
  Result<Trial> trial(TrialId id) override;
  Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) override;
  Status promote(const std::vector<TrialId>& trials, const Fidelity& fidelity) override;
  Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) override;
  Result<std::optional<Claim>> claim(const std::string& worker, std::chrono::milliseconds lease,
                                     const std::set<Work>& kinds) override;
  Result<Claim> claim_again(TrialId id, const std::string& worker, std::chrono::milliseconds lease) override;
  Result<bool> heartbeat(const Claim& claim) override;
  Status record(const Claim& claim, const CurvePoint& point) override;
  Status finish(const Claim& claim, State state, const StageResult& result, const std::string& reason) override;
  Status pass_on(const Claim& claim, const StageResult& result) override;
  Status fail_trial(const Claim& claim, const std::string& reason) override;
  Status release(const Claim& claim) override;
  Status give_up(const Claim& claim, const std::string& reason, int max_attempts) override;
  Status retry(TrialId id) override;
  Result<std::vector<TrialId>> recover(int max_attempts) override;
  Result<std::vector<TrialId>> take_back() override;
  Status forget_losses() override;
  Result<std::int64_t> version() override { return state_.version; }

 private:
  Result<MemoryState::Row*> find(TrialId id);
  template <class Change>
  Status change_all(const std::vector<TrialId>& trials, Change what);
  template <class Change>
  std::vector<TrialId> change_running(Change what);
  template <class Change>
  Status change(TrialId id, Change what) {
    return change_all({id}, [&](Entry& entry, std::size_t) { return what(entry); });
  }

  MemoryState state_;
};

}  // namespace edgewise::study
