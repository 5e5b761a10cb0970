#include <algorithm>
#include <map>
#include <tuple>

#include "study/storages/memory_internal.hpp"
#include "study/storages/storages_internal.hpp"

namespace edgewise::study {

namespace {

void put(Trial& trial, StageResult result) {
  std::erase_if(trial.results, [&](const StageResult& old) { return old.stage == result.stage; });
  trial.results.push_back(std::move(result));
}

double trained_before_s(const Trial& trial) {
  const auto before = std::ranges::find(trial.results, trial.stage - 1, &StageResult::stage);
  return before == trial.results.end() ? 0.0 : before->train_s;
}

}  // namespace

Result<MemoryState::Row*> MemoryStorage::find(TrialId id) {
  if (id.value < 0 || id.value >= static_cast<std::int64_t>(state_.rows.size())) return no_such_trial(id);
  return &state_.rows[static_cast<std::size_t>(id.value)];
}

/// @param what  (entry, its place among `trials`) -> Status
template <class Change>
Status MemoryStorage::change_all(const std::vector<TrialId>& trials, Change what) {
  std::map<TrialId, Entry> changed;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    TRY(const MemoryState::Row* row, find(trials[i]));
    TRY_DO(what(changed.try_emplace(trials[i], row->entry).first->second, i));
  }
  if (changed.empty()) return {};
  ++state_.version;
  for (auto& [id, entry] : changed)
    state_.rows[static_cast<std::size_t>(id.value)] = {std::move(entry), state_.version};
  return {};
}

Result<Changes> MemoryStorage::changes(const Cursor& since) {
  TRY(const std::int64_t after, version_of(since, state_.version));
  Changes changes{.settings = {}, .trials = {}, .next = cursor_of(state_.version)};
  if (since.is_start()) changes.settings = state_.settings;
  for (const MemoryState::Row& row : state_.rows)
    if (row.changed > after) changes.trials.push_back(row.entry.trial);
  return changes;
}

Result<Trial> MemoryStorage::trial(TrialId id) {
  TRY(const MemoryState::Row* row, find(id));
  return row->entry.trial;
}

Result<std::vector<TrialId>> MemoryStorage::add(const std::vector<Trial>& trials, std::size_t expected_trials) {
  TRY_DO(check_count(state_.rows.size(), expected_trials));
  std::vector<MemoryState::Row> added;
  std::vector<TrialId> ids;
  for (const Trial& trial : trials) {
    ids.push_back({static_cast<std::int64_t>(expected_trials + ids.size())});
    TRY(Trial next, new_trial(trial, ids.back()));
    added.push_back({{std::move(next), {}}, state_.version + 1});
  }
  std::ranges::move(added, std::back_inserter(state_.rows));
  if (!ids.empty()) ++state_.version;
  return ids;
}

Status MemoryStorage::promote(const std::vector<TrialId>& trials, const Fidelity& fidelity) {
  return change_all(trials, [&](Entry& entry, std::size_t) { return study::promote(entry, fidelity); });
}

Status MemoryStorage::assign_threads(const std::vector<std::pair<TrialId, int>>& threads) {
  std::vector<TrialId> ids;
  for (const auto& [id, count] : threads) ids.push_back(id);
  return change_all(ids,
                    [&](Entry& entry, std::size_t i) { return study::assign_threads(entry.trial, threads[i].second); });
}

Result<std::optional<Claim>> MemoryStorage::claim(const std::string& worker, std::chrono::milliseconds lease,
                                                  const std::set<Work>& kinds) {
  TRY_DO(check_worker(worker));
  MemoryState::Row* next = nullptr;
  for (MemoryState::Row& row : state_.rows) {
    const Trial& trial = row.entry.trial;
    if (trial.state != State::waiting || !kinds.contains(trial.work)) continue;
    const Trial* best = next ? &next->entry.trial : nullptr;
    const auto rank = [](const Trial& one) { return std::tuple(one.attempts == 0, one.stage, -trained_before_s(one)); };
    if (!best || rank(trial) < rank(*best)) next = &row;
  }
  if (!next) return std::nullopt;
  next->changed = ++state_.version;
  return take_up(next->entry, worker, lease);
}

Result<Claim> MemoryStorage::claim_again(TrialId id, const std::string& worker, std::chrono::milliseconds lease) {
  TRY(MemoryState::Row * row, find(id));
  TRY(Claim claim, take_up_again(row->entry, worker, lease));
  row->changed = ++state_.version;
  return claim;
}

Result<bool> MemoryStorage::heartbeat(const Claim& claim) {
  TRY(MemoryState::Row * row, find(claim.id));
  if (!check_held(row->entry, claim)) return false;
  extend(row->entry.hold, claim);
  return true;
}

Status MemoryStorage::record(const Claim& claim, const CurvePoint& point) {
  return change(claim.id, [&](Entry& entry) -> Status {
    TRY_DO(check_held(entry, claim));
    TRY(CurvePoint kept, stored(point, entry.trial));
    std::erase_if(entry.trial.curve,
                  [&](const CurvePoint& old) { return old.stage == kept.stage && old.epoch >= kept.epoch; });
    entry.trial.curve.push_back(std::move(kept));
    extend(entry.hold, claim);
    return {};
  });
}

Status MemoryStorage::finish(const Claim& claim, State state, const StageResult& result, const std::string& reason) {
  return change(claim.id, [&](Entry& entry) -> Status {
    TRY_DO(study::finish(entry, claim, state, result, reason));
    put(entry.trial, stored(result));
    return {};
  });
}

Status MemoryStorage::pass_on(const Claim& claim, const StageResult& result) {
  return change(claim.id, [&](Entry& entry) -> Status {
    TRY_DO(study::pass_on(entry, claim, result));
    put(entry.trial, stored(result));
    return {};
  });
}

Status MemoryStorage::fail_trial(const Claim& claim, const std::string& reason) {
  return change(claim.id, [&](Entry& entry) { return study::fail_trial(entry, claim, reason); });
}

Status MemoryStorage::release(const Claim& claim) {
  return change(claim.id, [&](Entry& entry) { return study::release(entry, claim); });
}

Status MemoryStorage::give_up(const Claim& claim, const std::string& reason, int max_attempts) {
  return change(claim.id, [&](Entry& entry) { return study::give_up(entry, claim, reason, max_attempts); });
}

Status MemoryStorage::retry(TrialId id) {
  return change(id, [](Entry& entry) { return study::retry(entry); });
}

/// @param what  changes an entry and says whether it did
template <class Change>
std::vector<TrialId> MemoryStorage::change_running(Change what) {
  std::vector<TrialId> touched;
  for (MemoryState::Row& row : state_.rows) {
    if (row.entry.trial.state != State::running || !what(row.entry)) continue;
    row.changed = state_.version + 1;
    touched.push_back(row.entry.trial.id);
  }
  if (!touched.empty()) ++state_.version;
  return touched;
}

Result<std::vector<TrialId>> MemoryStorage::recover(int max_attempts) {
  return change_running([&](Entry& entry) {
    const auto why = why_lost(entry.trial.worker, entry.hold);
    if (why) lose(entry, *why, max_attempts);
    return why.has_value();
  });
}

Result<std::vector<TrialId>> MemoryStorage::take_back() {
  return change_running([](Entry& entry) {
    put_back(entry);
    return true;
  });
}

Status MemoryStorage::forget_losses() {
  std::vector<TrialId> lost;
  for (const MemoryState::Row& row : state_.rows)
    if (row.entry.trial.state == State::waiting && row.entry.trial.attempts > 0) lost.push_back(row.entry.trial.id);
  return change_all(lost, [](Entry& entry, std::size_t) -> Status {
    entry.trial.attempts = 0;
    return {};
  });
}

std::unique_ptr<Storage> memory_storage(const Settings& settings) {
  return std::make_unique<MemoryStorage>(MemoryState{.settings = stored(settings), .rows = {}});
}

StorageKind memory_kind() {
  return {.name = "memory",
          .sentence = "in this program's memory: it ends with the program",
          .create = [](const std::string&, const Settings& settings) -> Result<std::unique_ptr<Storage>> {
            return memory_storage(settings);
          },
          .open = [](const std::string&, Opening) -> Result<std::unique_ptr<Storage>> {
            return fail(ErrorCode::not_found, "a study in memory ends with the program that made it",
                        "keep it in a folder");
          }};
}

}  // namespace edgewise::study
