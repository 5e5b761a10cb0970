#include <algorithm>
#include <array>
#include <chrono>
#include <format>
#include <map>
#include <string>
#include <vector>

#include "study/json_internal.hpp"
#include "study/storages/sqlite_schema_internal.hpp"

namespace edgewise::study {

namespace {

/// What schema 2 adds to the table of trials: 0 where the number of threads is not known.
constexpr std::string_view threads_column = "threads INTEGER NOT NULL DEFAULT 0";

/// What schema 3 adds: what is paid instead of `epochs`, who holds the trial, and the version that changed it last.
constexpr std::array<std::string_view, 6> third_trial_columns{
    "fidelity TEXT NOT NULL DEFAULT ''",       "work TEXT NOT NULL DEFAULT 'evaluate'",
    "token TEXT NOT NULL DEFAULT ''",          "claim_epoch INTEGER NOT NULL DEFAULT 0",
    "lease_end_ms INTEGER NOT NULL DEFAULT 0", "changed INTEGER NOT NULL DEFAULT 0"};
constexpr std::array<std::string_view, 2> third_result_columns{"fidelity TEXT NOT NULL DEFAULT ''",
                                                               "artifacts TEXT NOT NULL DEFAULT '[]'"};
constexpr std::string_view dropped_column = "epochs INTEGER NOT NULL, ";
constexpr std::string_view changed_index = "CREATE INDEX trial_changed ON trial (changed)";

/// Schema 1. A file must hold these very texts, so none of them may change: a new schema gets a new version and a step
/// from the old one.
const std::map<std::string, std::string>& first_schema() {
  static const std::map<std::string, std::string> texts{
      {"study",
       "CREATE TABLE study (id INTEGER PRIMARY KEY CHECK (id = 0), name TEXT NOT NULL, seed INTEGER NOT NULL, "
       "objectives TEXT NOT NULL, "
       "constraints TEXT NOT NULL, job TEXT NOT NULL, environment TEXT NOT NULL, created TEXT NOT NULL, version "
       "INTEGER NOT NULL) STRICT"},
      {"trial",
       "CREATE TABLE trial (id INTEGER PRIMARY KEY, state TEXT NOT NULL, stage INTEGER NOT NULL, epochs INTEGER NOT "
       "NULL, seed INTEGER NOT NULL, "
       "attempts INTEGER NOT NULL, worker TEXT NOT NULL, heartbeat_ms INTEGER NOT NULL, reason TEXT NOT NULL, choice "
       "TEXT NOT NULL, "
       "known TEXT NOT NULL) STRICT"},
      {"trial_queue", "CREATE INDEX trial_queue ON trial (state, stage, id)"},
      {"result",
       "CREATE TABLE result (trial INTEGER NOT NULL REFERENCES trial, stage INTEGER NOT NULL, epochs INTEGER NOT NULL, "
       "best_epoch INTEGER NOT NULL, "
       "recorded TEXT NOT NULL, measurement TEXT NOT NULL, details TEXT NOT NULL, train_s REAL NOT NULL, measure_s "
       "REAL NOT NULL, "
       "export_s REAL NOT NULL, overhead_s REAL NOT NULL, finished TEXT NOT NULL, PRIMARY KEY (trial, stage)) STRICT, "
       "WITHOUT ROWID"},
      {"curve",
       "CREATE TABLE curve (trial INTEGER NOT NULL REFERENCES trial, stage INTEGER NOT NULL, epoch INTEGER NOT NULL, "
       "train_loss REAL, "
       "validation_loss REAL, metrics TEXT NOT NULL, seconds REAL NOT NULL, images_per_s REAL NOT NULL, "
       "PRIMARY KEY (trial, stage, epoch)) STRICT, WITHOUT ROWID"}};
  return texts;
}

/// The texts of a version; what SQLite itself writes when columns are added and dropped.
std::map<std::string, std::string> schema(std::int64_t version) {
  auto texts = first_schema();
  std::string &trial = texts["trial"], &result = texts["result"];
  const auto add = [](std::string& text, std::string_view before, std::string_view column) {
    text.insert(text.rfind(before), std::format(", {}", column));
  };
  if (version >= 2) add(trial, ")", threads_column);
  if (version >= 3) {
    for (const auto column : third_trial_columns) add(trial, ")", column);
    for (const auto column : third_result_columns) add(result, ", PRIMARY KEY", column);
    for (std::string* text : {&trial, &result}) text->erase(text->find(dropped_column), dropped_column.size());
    texts["trial_changed"] = changed_index;
  }
  return texts;
}

/// What a study of schema 2 recorded of a measurement, whichever device it was.
bool was_measured(const std::string& name) {
  constexpr std::array<std::string_view, 6> names{"latency_ms", "latency_p90_ms", "latency_p99_ms",
                                                  "memory_mb",  "load_ms",        "model_mb"};
  return std::ranges::contains(names, name);
}

/// Values of schema 2 were bare numbers; what else is known of them tells where they come from.
Values values_of_schema_2(const std::map<std::string, double>& numbers, const Values& known, const Json& measurement,
                          bool is_told) {
  const auto text = [&](const char* key) {
    return measurement.is_object() && measurement.contains(key) && measurement[key].is_string()
               ? measurement[key].get<std::string>()
               : std::string();
  };
  Values values;
  for (const auto& [name, number] : numbers) {
    Value value{.value = number, .source = is_told ? Source::told : Source::trained};
    if (!is_told && known.contains(name)) value.source = Source::computed;
    if (!is_told && was_measured(name))
      value = {.value = number, .source = Source::measured, .device = text("device"), .precision = text("precision")};
    values.emplace(name, std::move(value));
  }
  return values;
}

/// The exported network was a path among the details.
std::vector<Artifact> artifacts_of_schema_2(Json& details) {
  if (!details.is_object() || !details.contains("model") || !details["model"].is_string()) return {};
  std::vector<Artifact> artifacts{{.kind = "onnx", .path = details["model"].get<std::string>()}};
  if (!check_artifacts(artifacts)) return {};
  details.erase("model");
  return artifacts;
}

Result<Json> json_of(Database& database, const std::string& text, const std::string& what) {
  auto json = parse_json(text, what);
  if (!json) return database.damaged(std::format("{}: {} ({})", what, json.error().message, json.error().where));
  return json;
}

Result<std::map<std::string, double>> numbers_of(Database& database, const std::string& text, const std::string& what) {
  TRY(const Json json, json_of(database, text, what));
  auto numbers = numbers_from_json(json);
  if (!numbers) return database.damaged(std::format("{}: {}", what, numbers.error().message));
  return numbers;
}

/// Bare numbers become values. Returns what was known of each trial.
Result<std::map<std::int64_t, Values>> upgrade_known(Database& database) {
  std::map<std::int64_t, Values> known;
  TRY(Statement rows, database.prepare("SELECT id, known FROM trial"));
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) break;
    const std::int64_t id = rows.integer();
    const std::string text = rows.text();
    TRY_DO(rows.check());
    TRY(const auto numbers, numbers_of(database, text, std::format("trial {}", id)));
    known[id] = values_of(Source::computed, numbers);
  }
  for (const auto& [id, values] : known) {
    TRY(Statement update, database.prepare("UPDATE trial SET known = ? WHERE id = ?"));
    TRY_DO(update.bind(dump(to_json(values))).bind(id).run());
  }
  return known;
}

Status upgrade_results(Database& database, std::map<std::int64_t, Values> known) {
  TRY(Statement job_row, database.prepare("SELECT job FROM study WHERE id = 0"));
  TRY(const bool has_job, job_row.step());
  const std::string job_text = has_job ? job_row.text() : "null";
  const auto job = parse_json(job_text, "the job");
  const bool is_optimized = job && job->is_object() && job->value("format", Json()) == "edgewise-optimize";
  struct Row {
    std::int64_t trial, stage;
    std::string recorded, details, artifacts;
  };
  std::vector<Row> changed;
  TRY(Statement rows, database.prepare("SELECT trial, stage, recorded, measurement, details FROM result"));
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) break;
    const std::int64_t trial = rows.integer(), stage = rows.integer();
    const std::string recorded = rows.text(), measured = rows.text(), told = rows.text();
    TRY_DO(rows.check());
    const std::string what = std::format("the result of trial {}", trial);
    TRY(const auto numbers, numbers_of(database, recorded, what));
    TRY(const Json measurement, json_of(database, measured, what));
    TRY(Json details, json_of(database, told, what));
    const bool is_told = is_optimized || (measurement.is_null() && details.is_object() && details.contains("answered"));
    const auto artifacts = artifacts_of_schema_2(details);
    changed.push_back({trial, stage, dump(to_json(values_of_schema_2(numbers, known[trial], measurement, is_told))),
                       dump(details), dump(to_json(artifacts))});
  }
  for (const Row& row : changed) {
    TRY(Statement update,
        database.prepare("UPDATE result SET recorded = ?, details = ?, artifacts = ? WHERE trial = ? AND stage = ?"));
    TRY_DO(update.bind(row.recorded).bind(row.details).bind(row.artifacts).bind(row.trial).bind(row.stage).run());
  }
  return {};
}

Status upgrade_to_2(Database& database) {
  return database.run(std::format("ALTER TABLE trial ADD COLUMN {}", threads_column));
}

Status upgrade_to_3(Database& database) {
  for (const auto column : third_trial_columns)
    TRY_DO(database.run(std::format("ALTER TABLE trial ADD COLUMN {}", column)));
  for (const auto column : third_result_columns)
    TRY_DO(database.run(std::format("ALTER TABLE result ADD COLUMN {}", column)));
  for (const char* table : {"trial", "result"})
    TRY_DO(database.run(std::format(
        R"(UPDATE {} SET fidelity = '{{"amounts":{{"epochs":' || epochs || '}},"estimator":"training"}}')", table)));
  TRY(auto known, upgrade_known(database));
  TRY_DO(upgrade_results(database, std::move(known)));
  // Who ran a trial by a name alone finds that another claim has taken over; its lease begins with its last sign of
  // life.
  TRY_DO(database.run(std::format("UPDATE trial SET lease_end_ms = heartbeat_ms + {} WHERE state = 'running'",
                                  std::chrono::milliseconds(usual_lease).count())));
  for (const char* table : {"trial", "result"})
    TRY_DO(database.run(std::format("ALTER TABLE {} DROP COLUMN epochs", table)));
  return database.run(changed_index);
}

/// Refuses files that define anything else under these names, or anything that runs by itself.
Status check_texts(Database& database, std::int64_t version) {
  std::map<std::string, std::string> missing = schema(version);
  TRY(Statement rows, database.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema"));
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) break;
    const std::string type = rows.text(), name = rows.text(), sql = rows.text();
    TRY_DO(rows.check());
    if (type == "trigger" || type == "view")
      return database.damaged(std::format("it has a {}, which no study has", type));
    const auto expected = missing.find(name);
    if (expected == missing.end()) continue;
    if (expected->second != sql)
      return database.damaged(std::format("the table \"{}\" is not as schema {} has it", name, version));
    missing.erase(expected);
  }
  if (missing.empty()) return {};
  return database.damaged(std::format("the table \"{}\" is missing", missing.begin()->first));
}

}  // namespace

Status make_schema(Database& database) {
  for (const auto& name : {"study", "trial", "trial_queue", "trial_changed", "result", "curve"})
    TRY_DO(database.run(schema(schema_version).at(name)));
  return {};
}

Status check_schema(Database& database) {
  TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
  if (version > schema_version)
    return invalid(std::format("the study \"{}\" has schema {}; this edgewise knows up to {}", database.file().string(),
                               version, schema_version),
                   "use a newer edgewise for it");
  if (version < 1) return database.damaged(std::format("its schema version is {}", version));
  return check_texts(database, version);
}

Result<bool> has_present_schema(Database& database) {
  TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
  return version == schema_version;
}

Status upgrade_schema(Database& database) {
  TRY(const bool is_present, has_present_schema(database));
  if (is_present) return {};
  TRY(Transaction change, Transaction::write(database));
  TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
  if (version == schema_version) return {};
  if (version < 2) TRY_DO(upgrade_to_2(database));
  if (version < 3) TRY_DO(upgrade_to_3(database));
  TRY_DO(database.run(std::format("PRAGMA user_version = {}", schema_version)));
  return change.commit();
}

}  // namespace edgewise::study
