#include <format>

#include "study/changes_internal.hpp"
#include "study/storages/sqlite_internal.hpp"
#include "study/storages/sqlite_rows_internal.hpp"
#include "study/storages/storages_internal.hpp"

namespace edgewise::study {

namespace {

/// Each change reads the trial's row, applies the shared rule to it and writes it back, all in one transaction.
class SqliteStorage final : public Storage {
 public:
  SqliteStorage(std::unique_ptr<Database> database, std::optional<PrivateCopy> copy)
      : copy_(std::move(copy)), database_(std::move(database)), rows_(*database_) {}

  Result<Settings> settings() override { return rows_.settings(); }

  Result<Changes> changes(const Cursor& since) override {
    TRY(const Transaction snapshot, Transaction::read(*database_));
    Changes changes;
    if (since.is_start()) {
      TRY(changes.settings, rows_.settings());
    }
    TRY(const std::int64_t latest, version());
    TRY(const std::int64_t after, version_of(since, latest));
    // By a list of ids: ordered by id alone, SQLite would rather read every trial than use the index on what changed.
    TRY(changes.trials,
        rows_.trials(since.is_start() ? ""
                                      : std::format("WHERE id IN (SELECT id FROM trial WHERE changed > {})", after)));
    if (since.is_start()) TRY_DO(check_complete(changes.trials));
    changes.next = cursor_of(latest);
    return changes;
  }

  Result<Study> outline() override {
    TRY(const Transaction snapshot, Transaction::read(*database_));
    Study study;
    TRY(study.settings, rows_.settings());
    TRY(study.trials, rows_.outline());
    TRY_DO(check_complete(study.trials));
    return study;
  }

  Result<Trial> trial(TrialId id) override {
    TRY(const Transaction snapshot, Transaction::read(*database_));
    return rows_.whole_trial(id);
  }

  Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) override {
    TRY(Transaction change, Transaction::write(*database_));
    TRY(const std::int64_t count, database_->integer("SELECT COUNT(*) FROM trial"));
    TRY_DO(check_count(static_cast<std::size_t>(count), expected_trials));
    std::vector<TrialId> ids;
    for (const Trial& trial : trials) {
      ids.push_back({count + static_cast<std::int64_t>(ids.size())});
      TRY(const Trial added, new_trial(trial, ids.back()));
      TRY_DO(rows_.add(added));
    }
    if (ids.empty()) return ids;
    TRY_DO(commit_change(change));
    return ids;
  }

  Status promote(const std::vector<TrialId>& trials, const Fidelity& fidelity) override {
    TRY(Transaction change, Transaction::write(*database_));
    for (const TrialId id : trials) {
      TRY(Entry entry, rows_.entry(id));
      TRY_DO(study::promote(entry, fidelity));
      TRY_DO(rows_.write(entry));
    }
    return trials.empty() ? Status{} : commit_change(change);
  }

  Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) override {
    TRY(Transaction change, Transaction::write(*database_));
    for (const auto& [id, count] : threads) {
      TRY(Entry entry, whole_entry(id));
      TRY_DO(study::assign_threads(entry.trial, count));
      TRY_DO(rows_.write(entry));
    }
    return threads.empty() ? Status{} : commit_change(change);
  }

  Result<std::optional<Claim>> claim(const std::string& worker, std::chrono::milliseconds lease,
                                     const std::set<Work>& kinds) override {
    TRY_DO(check_worker(worker));
    // An idle worker asks often; it must not take the write lock for that.
    TRY(auto waits, rows_.first_waiting(kinds));
    if (!waits) return std::nullopt;
    TRY(Transaction change, Transaction::write(*database_));
    TRY(waits, rows_.first_waiting(kinds));
    if (!waits) return std::nullopt;
    TRY(Entry entry, whole_entry(*waits));
    Claim claim = take_up(entry, worker, lease);
    TRY_DO(rows_.write(entry));
    TRY_DO(commit_change(change));
    return claim;
  }

  Result<Claim> claim_again(TrialId id, const std::string& worker, std::chrono::milliseconds lease) override {
    TRY(Transaction change, Transaction::write(*database_));
    TRY(Entry entry, whole_entry(id));
    TRY(Claim claim, take_up_again(entry, worker, lease));
    TRY_DO(rows_.write(entry));
    TRY_DO(commit_change(change));
    return claim;
  }

  Result<bool> heartbeat(const Claim& claim) override {
    TRY(Transaction change, Transaction::write(*database_));
    TRY(Entry entry, rows_.entry(claim.id));
    if (!check_held(entry, claim)) return false;
    extend(entry.hold, claim);
    TRY_DO(rows_.write(claim.id, entry.hold));
    TRY_DO(change.commit());
    return true;
  }

  Status record(const Claim& claim, const CurvePoint& point) override {
    return change(claim.id, [&](Entry& entry) -> Status {
      TRY_DO(check_held(entry, claim));
      TRY(const CurvePoint kept, stored(point, entry.trial));
      extend(entry.hold, claim);
      return rows_.write(claim.id, kept);
    });
  }

  Status finish(const Claim& claim, State state, const StageResult& result, const std::string& reason) override {
    return change(claim.id, [&](Entry& entry) -> Status {
      TRY_DO(study::finish(entry, claim, state, result, reason));
      return rows_.write(claim.id, stored(result));
    });
  }

  Status pass_on(const Claim& claim, const StageResult& result) override {
    return change(claim.id, [&](Entry& entry) -> Status {
      TRY_DO(study::pass_on(entry, claim, result));
      return rows_.write(claim.id, stored(result));
    });
  }

  Status fail_trial(const Claim& claim, const std::string& reason) override {
    return change(claim.id, [&](Entry& entry) { return study::fail_trial(entry, claim, reason); });
  }

  Status release(const Claim& claim) override {
    return change(claim.id, [&](Entry& entry) { return study::release(entry, claim); });
  }

  Status give_up(const Claim& claim, const std::string& reason, int max_attempts) override {
    return change(claim.id, [&](Entry& entry) { return study::give_up(entry, claim, reason, max_attempts); });
  }

  Status retry(TrialId id) override {
    return change(id, [](Entry& entry) { return study::retry(entry); });
  }

  Result<std::vector<TrialId>> recover(int max_attempts) override {
    return change_running([&](Entry& entry) {
      const auto why = why_lost(entry.trial.worker, entry.hold);
      if (why) lose(entry, *why, max_attempts);
      return why.has_value();
    });
  }

  Result<std::vector<TrialId>> take_back() override {
    return change_running([](Entry& entry) {
      put_back(entry);
      return true;
    });
  }

  Status forget_losses() override {
    TRY(const std::int64_t lost,
        database_->integer("SELECT COUNT(*) FROM trial WHERE state = 'waiting' AND attempts > 0"));
    if (lost == 0) return {};
    TRY(Transaction change, Transaction::write(*database_));
    TRY(auto waiting, rows_.lost());
    for (Entry& entry : waiting) {
      entry.trial.attempts = 0;
      TRY_DO(rows_.write(entry));
    }
    return waiting.empty() ? Status{} : commit_change(change);
  }

  Result<std::int64_t> version() override { return database_->integer("SELECT version FROM study WHERE id = 0"); }

 private:
  /// All trials of a study are numbered from 0 without a gap.
  [[nodiscard]] Status check_complete(const std::vector<Trial>& trials) const {
    for (std::size_t i = 0; i < trials.size(); ++i)
      if (trials[i].id.value != static_cast<std::int64_t>(i))
        return database_->damaged(std::format("trial {} is missing", i));
    return {};
  }

  Result<Entry> whole_entry(TrialId id) {
    TRY(Entry entry, rows_.entry(id));
    TRY(entry.trial, rows_.whole_trial(id));
    return entry;
  }

  Status commit_change(Transaction& change) {
    TRY_DO(database_->run("UPDATE study SET version = version + 1"));
    return change.commit();
  }

  template <class Change>
  Status change(TrialId id, Change what) {
    TRY(Transaction transaction, Transaction::write(*database_));
    TRY(Entry entry, rows_.entry(id));
    TRY_DO(what(entry));
    TRY_DO(rows_.write(entry));
    return commit_change(transaction);
  }

  /// @param what  changes an entry and says whether it did
  template <class Change>
  Result<std::vector<TrialId>> change_running(Change what) {
    std::vector<TrialId> touched;
    TRY(const std::int64_t running, database_->integer("SELECT COUNT(*) FROM trial WHERE state = 'running'"));
    if (running == 0) return touched;
    TRY(Transaction change, Transaction::write(*database_));
    TRY(auto held, rows_.running());
    for (Entry& entry : held) {
      if (!what(entry)) continue;
      TRY_DO(rows_.write(entry));
      touched.push_back(entry.trial.id);
    }
    if (!touched.empty()) TRY_DO(commit_change(change));
    return touched;
  }

  std::optional<PrivateCopy> copy_;  // removed once the connection is closed
  std::unique_ptr<Database> database_;
  Rows rows_;
};

}  // namespace

std::unique_ptr<Storage> make_sqlite_storage(std::unique_ptr<Database> database, std::optional<PrivateCopy> copy) {
  return std::make_unique<SqliteStorage>(std::move(database), std::move(copy));
}

}  // namespace edgewise::study
