#include <bit>
#include <format>

#include "study/changes_internal.hpp"
#include "study/json_internal.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {

namespace {

constexpr std::string_view trial_columns =
    "id, state, stage, epochs, seed, attempts, worker, reason, choice, known, threads";
constexpr std::string_view result_columns =
    "trial, stage, epochs, best_epoch, recorded, measurement, details, train_s, measure_s, export_s, overhead_s, "
    "finished";
constexpr std::string_view curve_columns =
    "trial, stage, epoch, train_loss, validation_loss, metrics, seconds, images_per_s";

/// Each change reads the trial's row, applies the shared rule to it and writes it back, all in one transaction.
class SqliteStorage final : public Storage {
 public:
  explicit SqliteStorage(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<Settings> settings() override {
    TRY(Statement row,
        database_->prepare(
            "SELECT name, seed, objectives, constraints, job, environment, created FROM study WHERE id = 0"));
    TRY(const bool is_there, row.step());
    if (!is_there) return database_->damaged("its settings are missing");
    Settings settings;
    settings.name = row.text();
    settings.seed = std::bit_cast<std::uint64_t>(row.integer());
    const std::string objectives = row.text(), constraints = row.text(), job = row.text(), environment = row.text();
    settings.created = row.text();
    TRY_DO(row.check());
    TRY(settings.objectives, read(objectives, "the objectives", objectives_from_json));
    TRY(settings.constraints, read(constraints, "the constraints", constraints_from_json));
    TRY(settings.job, read(job, "the job", as_is));
    TRY(settings.environment, read(environment, "the environment", as_is));
    return settings;
  }

  Result<Study> load() override {
    TRY(const Transaction snapshot, Transaction::read(*database_));
    Study study;
    TRY(study.settings, settings());
    TRY(Statement rows, database_->prepare(std::format("SELECT {} FROM trial ORDER BY id", trial_columns)));
    for (;;) {
      TRY(const bool is_row, rows.step());
      if (!is_row) break;
      TRY(Trial trial, read_trial(rows));
      if (trial.id.value != static_cast<std::int64_t>(study.trials.size()))
        return database_->damaged(std::format("trial {} is missing", study.trials.size()));
      study.trials.push_back(std::move(trial));
    }
    TRY_DO(read_results(study.trials, ""));
    TRY_DO(read_curves(study.trials, ""));
    return study;
  }

  Result<Trial> trial(TrialId id) override {
    TRY(const Transaction snapshot, Transaction::read(*database_));
    return whole_trial(id);
  }

  Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) override {
    TRY(Transaction change, Transaction::write(*database_));
    TRY(const std::int64_t count, database_->integer("SELECT COUNT(*) FROM trial"));
    TRY_DO(check_count(static_cast<std::size_t>(count), expected_trials));
    std::vector<TrialId> ids;
    for (const Trial& trial : trials) {
      ids.push_back({count + static_cast<std::int64_t>(ids.size())});
      TRY(const Trial added, new_trial(trial, ids.back()));
      TRY(Statement insert,
          database_->prepare(std::format(
              "INSERT INTO trial ({}, heartbeat_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", trial_columns)));
      insert.bind(added.id.value)
          .bind(to_text(added.state))
          .bind(std::int64_t{added.stage})
          .bind(std::int64_t{added.epochs});
      insert.bind(std::bit_cast<std::int64_t>(added.seed))
          .bind(std::int64_t{added.attempts})
          .bind(added.worker)
          .bind(added.reason);
      insert.bind(dump(choice_to_json(added.choice))).bind(dump(values_to_json(added.known)));
      insert.bind(std::int64_t{added.threads.value_or(0)});
      TRY_DO(insert.run());
      for (const StageResult& result : added.results) TRY_DO(write_result(added.id, result));
    }
    if (ids.empty()) return ids;
    TRY_DO(commit_change(change));
    return ids;
  }

  Status promote(const std::vector<TrialId>& trials, int epochs) override {
    TRY(Transaction change, Transaction::write(*database_));
    for (const TrialId id : trials) {
      TRY(Trial trial, plain_trial(id));
      TRY_DO(study::promote(trial, epochs));
      TRY_DO(write_trial(trial));
    }
    return trials.empty() ? Status{} : commit_change(change);
  }

  Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) override {
    TRY(Transaction change, Transaction::write(*database_));
    for (const auto& [id, count] : threads) {
      TRY(Trial trial, whole_trial(id));
      TRY_DO(study::assign_threads(trial, count));
      TRY_DO(write_trial(trial));
    }
    return threads.empty() ? Status{} : commit_change(change);
  }

  Result<std::optional<Trial>> claim(const std::string& worker) override {
    TRY_DO(check_worker(worker));
    // An idle worker asks often; it must not take the write lock for that.
    TRY(auto waits, first_waiting());
    if (!waits) return std::nullopt;
    TRY(Transaction change, Transaction::write(*database_));
    TRY(waits, first_waiting());
    if (!waits) return std::nullopt;
    TRY(Trial trial, whole_trial(*waits));
    take_up(trial, worker);
    TRY_DO(write_trial(trial));
    TRY_DO(touch(trial.id));
    TRY_DO(commit_change(change));
    return trial;
  }

  Result<bool> heartbeat(TrialId id, const std::string& worker) override {
    TRY(Transaction change, Transaction::write(*database_));
    TRY(const Trial trial, plain_trial(id));
    if (!check_held(trial, worker)) return false;
    TRY_DO(touch(id));
    TRY_DO(change.commit());
    return true;
  }

  Status record(TrialId id, const std::string& worker, const CurvePoint& point) override {
    return change(id, [&](Trial& trial) -> Status {
      TRY_DO(check_held(trial, worker));
      TRY(const CurvePoint kept, stored(point, trial));
      TRY(Statement remove, database_->prepare("DELETE FROM curve WHERE trial = ? AND stage = ? AND epoch >= ?"));
      TRY_DO(remove.bind(id.value).bind(std::int64_t{kept.stage}).bind(std::int64_t{kept.epoch}).run());
      TRY(Statement insert,
          database_->prepare(std::format("INSERT INTO curve ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", curve_columns)));
      insert.bind(id.value)
          .bind(std::int64_t{kept.stage})
          .bind(std::int64_t{kept.epoch})
          .bind(kept.train_loss)
          .bind(kept.validation_loss);
      insert.bind(dump(values_to_json(kept.metrics))).bind(kept.seconds).bind(kept.images_per_s);
      TRY_DO(insert.run());
      return touch(id);
    });
  }

  Status finish(TrialId id, const std::string& worker, State state, const StageResult& result,
                const std::string& reason) override {
    return change(id, [&](Trial& trial) -> Status {
      TRY_DO(study::finish(trial, worker, state, result, reason));
      return write_result(id, stored(result));
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
    TRY(const std::int64_t running, database_->integer("SELECT COUNT(*) FROM trial WHERE state = 'running'"));
    if (running == 0) return touched;
    TRY(Transaction change, Transaction::write(*database_));
    std::vector<std::pair<Trial, std::int64_t>> held;
    TRY(Statement rows, database_->prepare(std::format(
                            "SELECT {}, heartbeat_ms FROM trial WHERE state = 'running' ORDER BY id", trial_columns)));
    for (;;) {
      TRY(const bool is_row, rows.step());
      if (!is_row) break;
      TRY(Trial trial, read_trial(rows));
      const std::int64_t heartbeat_ms = rows.integer();
      TRY_DO(rows.check());
      held.emplace_back(std::move(trial), heartbeat_ms);
    }
    for (auto& [trial, heartbeat_ms] : held) {
      // In double: a hostile time must not overflow.
      const double silent_s = (static_cast<double>(now_milliseconds()) - static_cast<double>(heartbeat_ms)) / 1000.0;
      const auto why = why_lost(trial.worker, silent_s, static_cast<double>(timeout.count()));
      if (!why) continue;
      lose(trial, *why, max_attempts);
      TRY_DO(write_trial(trial));
      touched.push_back(trial.id);
    }
    if (!touched.empty()) TRY_DO(commit_change(change));
    return touched;
  }

  Result<std::int64_t> version() override { return database_->integer("SELECT version FROM study WHERE id = 0"); }

 private:
  template <class Reader>
  auto read(const std::string& text, const std::string& what, Reader reader) -> decltype(reader(Json())) {
    auto json = parse_json(text, what);
    if (!json) return database_->damaged(std::format("{}: {} ({})", what, json.error().message, json.error().where));
    auto value = reader(*json);
    if (!value) return database_->damaged(std::format("{}: {}", what, value.error().message));
    return value;
  }
  static Result<Json> as_is(const Json& json) { return json; }

  /// From a row of `trial_columns`; results and curve are not in it.
  Result<Trial> read_trial(Statement& row) {
    Trial trial;
    trial.id.value = row.integer();
    const std::string state = row.text();
    trial.stage = row.count();
    trial.epochs = row.count();
    trial.seed = std::bit_cast<std::uint64_t>(row.integer());
    trial.attempts = row.count();
    trial.worker = row.text();
    trial.reason = row.text();
    const std::string choice = row.text(), known = row.text();
    if (const int threads = row.count(); threads > 0) trial.threads = threads;
    TRY_DO(row.check());
    const auto known_state = state_from_text(state);
    if (!known_state)
      return database_->damaged(
          std::format("trial {} has the unknown state \"{}\"", trial.id.value, state.substr(0, 40)));
    trial.state = *known_state;
    TRY(trial.choice, read(choice, std::format("trial {}", trial.id.value), choice_from_json));
    TRY(trial.known, read(known, std::format("trial {}", trial.id.value), values_from_json));
    return trial;
  }

  Result<Trial> plain_trial(TrialId id) {
    TRY(Statement row, database_->prepare(std::format("SELECT {} FROM trial WHERE id = ?", trial_columns)));
    TRY(const bool is_there, row.bind(id.value).step());
    if (!is_there) return no_such_trial(id);
    return read_trial(row);
  }

  Result<Trial> whole_trial(TrialId id) {
    std::vector<Trial> one(1);
    TRY(one[0], plain_trial(id));
    const std::string filter = std::format("WHERE trial = {} ", id.value);
    TRY_DO(read_results(one, filter));
    TRY_DO(read_curves(one, filter));
    return std::move(one[0]);
  }

  /// The trial of a row among `trials` (consecutive ids); null when there is none.
  static Trial* owner(std::vector<Trial>& trials, std::int64_t id) {
    if (trials.empty() || id < trials.front().id.value || id > trials.back().id.value) return nullptr;
    return &trials[static_cast<std::size_t>(id - trials.front().id.value)];
  }

  Status read_results(std::vector<Trial>& trials, const std::string& filter) {
    TRY(Statement rows,
        database_->prepare(std::format("SELECT {} FROM result {}ORDER BY trial, stage", result_columns, filter)));
    for (;;) {
      TRY(const bool is_row, rows.step());
      if (!is_row) return {};
      const std::int64_t id = rows.integer();
      StageResult result;
      result.stage = rows.count();
      result.epochs = rows.count();
      result.best_epoch = rows.count();
      const std::string values = rows.text(), measurement = rows.text(), details = rows.text();
      result.train_s = rows.real();
      result.measure_s = rows.real();
      result.export_s = rows.real();
      result.overhead_s = rows.real();
      result.finished = rows.text();
      TRY_DO(rows.check());
      Trial* trial = owner(trials, id);
      if (!trial) return database_->damaged(std::format("a result belongs to trial {}, which is missing", id));
      const std::string what = std::format("the result of trial {}", id);
      TRY(result.values, read(values, what, values_from_json));
      TRY(result.measurement, read(measurement, what, as_is));
      TRY(result.details, read(details, what, as_is));
      if (!result.details.is_object()) return database_->damaged(what + ": its details are no JSON object");
      trial->results.push_back(std::move(result));
    }
  }

  Status read_curves(std::vector<Trial>& trials, const std::string& filter) {
    TRY(Statement rows,
        database_->prepare(std::format("SELECT {} FROM curve {}ORDER BY trial, stage, epoch", curve_columns, filter)));
    for (;;) {
      TRY(const bool is_row, rows.step());
      if (!is_row) return {};
      const std::int64_t id = rows.integer();
      CurvePoint point;
      point.stage = rows.count();
      point.epoch = rows.count();
      point.train_loss = rows.real_or_nan();
      point.validation_loss = rows.real_or_nan();
      const std::string metrics = rows.text();
      point.seconds = rows.real();
      point.images_per_s = rows.real();
      TRY_DO(rows.check());
      Trial* trial = owner(trials, id);
      if (!trial) return database_->damaged(std::format("an epoch belongs to trial {}, which is missing", id));
      TRY(point.metrics, read(metrics, std::format("the curve of trial {}", id), values_from_json));
      trial->curve.push_back(std::move(point));
    }
  }

  Result<std::optional<TrialId>> first_waiting() {
    TRY(Statement row,
        database_->prepare(
            "SELECT id FROM trial WHERE state = 'waiting' ORDER BY stage, coalesce((SELECT train_s FROM result WHERE "
            "result.trial = trial.id AND result.stage = trial.stage - 1), 0) DESC, id LIMIT 1"));
    TRY(const bool is_there, row.step());
    if (!is_there) return std::nullopt;
    const TrialId id{row.integer()};
    TRY_DO(row.check());
    return id;
  }

  /// What a change may touch: choice, seed and what is known stay as they were added.
  Status write_trial(const Trial& trial) {
    TRY(Statement update, database_->prepare("UPDATE trial SET state = ?, stage = ?, epochs = ?, attempts = ?, worker "
                                             "= ?, reason = ?, threads = ? WHERE id = ?"));
    update.bind(to_text(trial.state))
        .bind(std::int64_t{trial.stage})
        .bind(std::int64_t{trial.epochs})
        .bind(std::int64_t{trial.attempts});
    update.bind(trial.worker).bind(trial.reason).bind(std::int64_t{trial.threads.value_or(0)});
    return update.bind(trial.id.value).run();
  }

  Status write_result(TrialId id, const StageResult& kept) {
    TRY(Statement insert,
        database_->prepare(std::format("INSERT OR REPLACE INTO result ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                       result_columns)));
    insert.bind(id.value)
        .bind(std::int64_t{kept.stage})
        .bind(std::int64_t{kept.epochs})
        .bind(std::int64_t{kept.best_epoch});
    insert.bind(dump(values_to_json(kept.values))).bind(dump(kept.measurement)).bind(dump(kept.details));
    insert.bind(kept.train_s).bind(kept.measure_s).bind(kept.export_s).bind(kept.overhead_s).bind(kept.finished);
    return insert.run();
  }

  Status touch(TrialId id) {
    TRY(Statement update, database_->prepare("UPDATE trial SET heartbeat_ms = ? WHERE id = ?"));
    return update.bind(now_milliseconds()).bind(id.value).run();
  }

  Status commit_change(Transaction& change) {
    TRY_DO(database_->run("UPDATE study SET version = version + 1"));
    return change.commit();
  }

  template <class Change>
  Status change(TrialId id, Change what) {
    TRY(Transaction transaction, Transaction::write(*database_));
    TRY(Trial trial, plain_trial(id));
    TRY_DO(what(trial));
    TRY_DO(write_trial(trial));
    return commit_change(transaction);
  }

  std::unique_ptr<Database> database_;
};

}  // namespace

std::unique_ptr<Storage> make_sqlite_storage(std::unique_ptr<Database> database) {
  return std::make_unique<SqliteStorage>(std::move(database));
}

}  // namespace edgewise::study
