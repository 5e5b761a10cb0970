#include <algorithm>
#include <bit>
#include <format>

#include "study/json_internal.hpp"
#include "study/storages/sqlite_rows_internal.hpp"

namespace edgewise::study {

namespace {

constexpr std::string_view trial_columns =
    "id, state, stage, seed, attempts, worker, reason, choice, known, threads, fidelity, work, token, claim_epoch, "
    "heartbeat_ms, lease_end_ms";
constexpr std::string_view outline_columns =
    "trial, stage, best_epoch, recorded, details, train_s, measure_s, export_s, overhead_s, finished, fidelity";
constexpr std::string_view other_result_columns = ", measurement, artifacts";
constexpr std::string_view curve_columns =
    "trial, stage, epoch, train_loss, validation_loss, metrics, seconds, images_per_s";

Result<Json> as_is(Json json) {
  return json;
}

/// The trial of a row among `trials`, which are by id; null when there is none.
Trial* owner(std::vector<Trial>& trials, std::int64_t id) {
  const auto found = std::ranges::lower_bound(trials, TrialId{id}, {}, &Trial::id);
  return found == trials.end() || found->id.value != id ? nullptr : &*found;
}

}  // namespace

template <class Reader>
auto Rows::read(const std::string& text, const std::string& what, Reader reader) -> decltype(reader(Json())) {
  auto json = parse_json(text, what);
  if (!json) return database_->damaged(std::format("{}: {} ({})", what, json.error().message, json.error().where));
  auto value = reader(std::move(*json));
  if (!value) return database_->damaged(std::format("{}: {}", what, value.error().message));
  return value;
}

Result<Fidelity> Rows::read_fidelity(const std::string& text, const std::string& what) {
  if (text != last_fidelity_text_) {
    TRY(last_fidelity_, read(text, what, fidelity_from_json));
    last_fidelity_text_ = text;
  }
  return last_fidelity_;
}

Result<Settings> Rows::settings() {
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

Result<Entry> Rows::read_entry(Statement& row) {
  Entry entry;
  auto& [trial, hold] = entry;
  trial.id.value = row.integer();
  const std::string state = row.text();
  trial.stage = row.count();
  trial.seed = std::bit_cast<std::uint64_t>(row.integer());
  trial.attempts = row.count();
  trial.worker = row.text();
  trial.reason = row.text();
  const std::string choice = row.text(), known = row.text();
  if (const int threads = row.count(); threads > 0) trial.threads = threads;
  const std::string fidelity = row.text(), work = row.text();
  hold.token = row.text();
  hold.epoch = row.integer();
  hold.heartbeat_ms = row.integer();
  hold.lease_end_ms = row.integer();
  TRY_DO(row.check());
  const auto known_state = state_from_text(state);
  if (!known_state)
    return database_->damaged(
        std::format("trial {} has the unknown state \"{}\"", trial.id.value, state.substr(0, 40)));
  trial.state = *known_state;
  const auto known_work = work_from_text(work);
  if (!known_work)
    return database_->damaged(
        std::format("trial {} waits for the unknown work \"{}\"", trial.id.value, work.substr(0, 40)));
  trial.work = *known_work;
  const std::string what = std::format("trial {}", trial.id.value);
  TRY(trial.choice, read(choice, what, choice_from_json));
  TRY(trial.known, read(known, what, values_from_json));
  TRY(trial.fidelity, read_fidelity(fidelity, what));
  return entry;
}

Result<std::vector<Entry>> Rows::entries(const std::string& filter) {
  TRY(Statement rows, database_->prepare(std::format("SELECT {} FROM trial {} ORDER BY id", trial_columns, filter)));
  std::vector<Entry> entries;
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) return entries;
    TRY(Entry entry, read_entry(rows));
    entries.push_back(std::move(entry));
  }
}

Result<std::vector<Trial>> Rows::outline() {
  TRY(auto trials, without_results(""));
  TRY_DO(read_results(trials, "", Extent::outline));
  return trials;
}

Result<std::vector<Trial>> Rows::without_results(const std::string& filter) {
  TRY(auto entries, this->entries(filter));
  std::vector<Trial> trials;
  trials.reserve(entries.size());
  for (Entry& entry : entries) trials.push_back(std::move(entry.trial));
  return trials;
}

Result<std::vector<Trial>> Rows::trials(const std::string& filter) {
  TRY(auto trials, without_results(filter));
  const std::string of_these = filter.empty() ? "" : std::format("WHERE trial IN (SELECT id FROM trial {}) ", filter);
  TRY_DO(read_results(trials, of_these, Extent::whole));
  TRY_DO(read_curves(trials, of_these));
  return trials;
}

Result<Trial> Rows::whole_trial(TrialId id) {
  TRY(auto found, trials(std::format("WHERE id = {}", id.value)));
  if (found.empty()) return no_such_trial(id);
  return std::move(found.front());
}

Result<Entry> Rows::entry(TrialId id) {
  TRY(auto found, entries(std::format("WHERE id = {}", id.value)));
  if (found.empty()) return no_such_trial(id);
  return std::move(found.front());
}

Result<std::vector<Entry>> Rows::running() {
  return entries("WHERE state = 'running'");
}

Result<std::vector<Entry>> Rows::lost() {
  return entries("WHERE state = 'waiting' AND attempts > 0");
}

Result<std::optional<TrialId>> Rows::first_waiting(const std::set<Work>& kinds) {
  std::string list;
  for (const Work kind : kinds) list += std::format("{}'{}'", list.empty() ? "" : ", ", to_text(kind));
  TRY(Statement row,
      database_->prepare(
          std::format("SELECT id FROM trial WHERE state = 'waiting' AND work IN ({}) ORDER BY attempts = 0, stage, "
                      "coalesce((SELECT train_s FROM "
                      "result WHERE result.trial = trial.id AND result.stage = trial.stage - 1), 0) DESC, id LIMIT 1",
                      list)));
  TRY(const bool is_there, row.step());
  if (!is_there) return std::nullopt;
  const TrialId id{row.integer()};
  TRY_DO(row.check());
  return id;
}

Status Rows::read_results(std::vector<Trial>& trials, const std::string& filter, Extent extent) {
  const bool is_whole = extent == Extent::whole;
  TRY(Statement rows, database_->prepare(std::format("SELECT {}{} FROM result {}ORDER BY trial, stage", outline_columns,
                                                     is_whole ? other_result_columns : "", filter)));
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) return {};
    const std::int64_t id = rows.integer();
    StageResult result;
    result.stage = rows.count();
    result.best_epoch = rows.count();
    const std::string values = rows.text(), details = rows.text();
    result.train_s = rows.real();
    result.measure_s = rows.real();
    result.export_s = rows.real();
    result.overhead_s = rows.real();
    result.finished = rows.text();
    const std::string fidelity = rows.text();
    const std::string measurement = is_whole ? rows.text() : "", artifacts = is_whole ? rows.text() : "";
    TRY_DO(rows.check());
    Trial* trial = owner(trials, id);
    if (!trial) return database_->damaged(std::format("a result belongs to trial {}, which is missing", id));
    const std::string what = std::format("the result of trial {}", id);
    TRY(result.values, read(values, what, values_from_json));
    TRY(result.details, read(details, what, as_is));
    if (!result.details.is_object()) return database_->damaged(what + ": its details are no JSON object");
    TRY(result.fidelity, read_fidelity(fidelity, what));
    if (is_whole) {
      TRY(result.measurement, read(measurement, what, as_is));
      TRY(result.artifacts, read(artifacts, what, artifacts_from_json));
    }
    trial->results.push_back(std::move(result));
  }
}

Status Rows::read_curves(std::vector<Trial>& trials, const std::string& filter) {
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
    if (auto numbers = numbers_as_dumped(metrics)) {
      point.metrics = *std::move(numbers);
    } else {
      TRY(point.metrics, read(metrics, std::format("the curve of trial {}", id), numbers_from_json));
    }
    trial->curve.push_back(std::move(point));
  }
}

Status Rows::add(const Trial& trial) {
  TRY(Statement insert, database_->prepare(std::format(
                            "INSERT INTO trial ({}, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, "
                            "0, 0, (SELECT version + 1 FROM study))",
                            trial_columns)));
  insert.bind(trial.id.value).bind(to_text(trial.state)).bind(std::int64_t{trial.stage});
  insert.bind(std::bit_cast<std::int64_t>(trial.seed)).bind(std::int64_t{trial.attempts});
  insert.bind(trial.worker)
      .bind(trial.reason)
      .bind(dump(choice_to_json(trial.choice)))
      .bind(dump(to_json(trial.known)));
  insert.bind(std::int64_t{trial.threads.value_or(0)}).bind(dump(to_json(trial.fidelity))).bind(to_text(trial.work));
  TRY_DO(insert.run());
  for (const StageResult& result : trial.results) TRY_DO(write(trial.id, result));
  return {};
}

Status Rows::write(const Entry& entry) {
  const Trial& trial = entry.trial;
  TRY(Statement update,
      database_->prepare(
          "UPDATE trial SET state = ?, stage = ?, attempts = ?, worker = ?, reason = ?, threads = ?, "
          "fidelity = ?, work = ?, token = ?, claim_epoch = ?, changed = (SELECT version + 1 FROM study) "
          "WHERE id = ?"));
  update.bind(to_text(trial.state)).bind(std::int64_t{trial.stage}).bind(std::int64_t{trial.attempts});
  update.bind(trial.worker).bind(trial.reason).bind(std::int64_t{trial.threads.value_or(0)});
  update.bind(dump(to_json(trial.fidelity))).bind(to_text(trial.work));
  update.bind(entry.hold.token).bind(entry.hold.epoch).bind(trial.id.value);
  TRY_DO(update.run());
  return write(trial.id, entry.hold);
}

Status Rows::write(TrialId id, const Hold& hold) {
  TRY(Statement update, database_->prepare("UPDATE trial SET heartbeat_ms = ?, lease_end_ms = ? WHERE id = ?"));
  return update.bind(hold.heartbeat_ms).bind(hold.lease_end_ms).bind(id.value).run();
}

Status Rows::write(TrialId id, const StageResult& result) {
  TRY(Statement insert, database_->prepare(std::format(
                            "INSERT OR REPLACE INTO result ({}{}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            outline_columns, other_result_columns)));
  insert.bind(id.value).bind(std::int64_t{result.stage}).bind(std::int64_t{result.best_epoch});
  insert.bind(dump(to_json(result.values))).bind(dump(result.details));
  insert.bind(result.train_s).bind(result.measure_s).bind(result.export_s).bind(result.overhead_s);
  insert.bind(result.finished).bind(dump(to_json(result.fidelity)));
  insert.bind(dump(result.measurement)).bind(dump(to_json(result.artifacts)));
  return insert.run();
}

Status Rows::write(TrialId id, const CurvePoint& point) {
  TRY(Statement remove, database_->prepare("DELETE FROM curve WHERE trial = ? AND stage = ? AND epoch >= ?"));
  TRY_DO(remove.bind(id.value).bind(std::int64_t{point.stage}).bind(std::int64_t{point.epoch}).run());
  TRY(Statement insert,
      database_->prepare(std::format("INSERT INTO curve ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", curve_columns)));
  insert.bind(id.value).bind(std::int64_t{point.stage}).bind(std::int64_t{point.epoch});
  insert.bind(point.train_loss).bind(point.validation_loss).bind(dump(numbers_to_json(point.metrics)));
  return insert.bind(point.seconds).bind(point.images_per_s).run();
}

}  // namespace edgewise::study
