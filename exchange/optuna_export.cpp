#include <algorithm>
#include <cmath>
#include <format>

#include "exchange/optuna.hpp"
#include "exchange/optuna_internal.hpp"
#include "exchange/sqlite_internal.hpp"

namespace edgewise::exchange {

namespace fs = std::filesystem;

namespace {

using Cell = Database::Cell;
using Row = Database::Row;

/// The tables as Optuna's models declare them.
constexpr const char* tables[] = {
    "CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id))",
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
    "CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version "
    "VARCHAR(256), PRIMARY KEY (version_info_id), "
    "CHECK (version_info_id=1))",
    "CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id "
    "INTEGER NOT NULL, objective INTEGER NOT NULL, "
    "PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies "
    "(study_id))",
    "CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, \"key\" "
    "VARCHAR(512), value_json TEXT, "
    "PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, \"key\"), FOREIGN KEY(study_id) REFERENCES studies "
    "(study_id))",
    "CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER, \"key\" "
    "VARCHAR(512), value_json TEXT, "
    "PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, \"key\"), FOREIGN KEY(study_id) REFERENCES studies "
    "(study_id))",
    "CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL, "
    "datetime_start DATETIME, "
    "datetime_complete DATETIME, PRIMARY KEY (trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id))",
    "CREATE INDEX ix_trials_study_id ON trials (study_id)",
    "CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, \"key\" "
    "VARCHAR(512), value_json TEXT, "
    "PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, \"key\"), FOREIGN KEY(trial_id) REFERENCES trials "
    "(trial_id))",
    "CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER, \"key\" "
    "VARCHAR(512), value_json TEXT, "
    "PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, \"key\"), FOREIGN KEY(trial_id) REFERENCES trials "
    "(trial_id))",
    "CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value "
    "FLOAT, distribution_json TEXT, "
    "PRIMARY KEY (param_id), UNIQUE (trial_id, param_name), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT "
    "NULL, value FLOAT, value_type VARCHAR(7) NOT NULL, "
    "PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, "
    "step INTEGER NOT NULL, "
    "intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id), "
    "UNIQUE (trial_id, step), "
    "FOREIGN KEY(trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, heartbeat DATETIME "
    "NOT NULL, "
    "PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))",
    ("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY "
     "(version_num))"),
};

/// "2026-11-20T22:09:00Z" as Optuna keeps times.
std::string time_text(const std::string& utc) {
  constexpr std::size_t length = 20;
  if (utc.size() != length || utc[10] != 'T') return "1970-01-01 00:00:00.000000";
  return std::format("{} {}.000000", utc.substr(0, 10), utc.substr(11, 8));
}

/// A parameter's distribution and the number that stands for the value in it.
struct Coded {
  Json distribution;
  double value = 0;
};

Coded coded(const space::Parameter& parameter, const space::Value& value) {
  if (const auto* set = std::get_if<space::Categorical>(&parameter.domain)) {
    const auto found = std::ranges::find(set->values, std::get<std::string>(value));
    return {{{"name", "CategoricalDistribution"},
             {"attributes", {{"choices", set->meanings.empty() ? Json(set->values) : Json(set->meanings)}}}},
            static_cast<double>(found - set->values.begin())};
  }
  if (const auto* range = std::get_if<space::Integer>(&parameter.domain)) {
    // Optuna refuses a logarithmic integer with steps, and ends that no step reaches.
    const bool is_log = range->log_scale && range->step == 1;
    const auto high = range->low + (range->high - range->low) / range->step * range->step;
    return {{{"name", "IntDistribution"},
             {"attributes", {{"log", is_log}, {"step", range->step}, {"low", range->low}, {"high", high}}}},
            static_cast<double>(std::get<std::int64_t>(value))};
  }
  const auto& range = std::get<space::Real>(parameter.domain);
  return {{{"name", "FloatDistribution"},
           {"attributes", {{"step", nullptr}, {"low", range.low}, {"high", range.high}, {"log", range.log_scale}}}},
          std::get<double>(value)};
}

class Exporter {
 public:
  Exporter(Database& database, const study::Study& study, const space::Space& space)
      : database_(database), study_(study), space_(space) {}

  Status write() {
    TRY_DO(database_.run("BEGIN"));
    for (const char* table : tables) TRY_DO(database_.run(table));
    TRY_DO(database_.run("INSERT INTO version_info VALUES (1, ?, '4.1.0')", {optuna_schema}));
    TRY_DO(database_.run("INSERT INTO alembic_version VALUES (?)", {std::string(optuna_alembic)}));
    TRY_DO(
        database_.run("INSERT INTO studies VALUES (1, ?)",
                      {study_.settings.name.empty() ? std::string("edgewise") : study_.settings.name.substr(0, 512)}));
    Json names = Json::array();
    for (const auto& objective : study_.settings.objectives) {
      const auto index = static_cast<std::int64_t>(names.size());
      const std::string direction = objective.direction == study::Direction::maximize ? "MAXIMIZE" : "MINIMIZE";
      TRY_DO(database_.run("INSERT INTO study_directions (direction, study_id, objective) VALUES (?, 1, ?)",
                           {direction, index}));
      names.push_back(objective.name);
    }
    TRY_DO(database_.run("INSERT INTO study_system_attributes (study_id, \"key\", value_json) VALUES (1, ?, ?)",
                         {std::string(metric_names_key), dump(names)}));
    for (const auto& trial : study_.trials) TRY_DO(write_trial(trial));
    return database_.run("COMMIT");
  }

 private:
  /// Complete there means: with every objective.
  [[nodiscard]] std::string state_of(const study::Trial& trial, bool has_values) const {
    switch (trial.state) {
      case study::State::waiting:
        return "WAITING";
      case study::State::running:
        return "RUNNING";
      case study::State::complete:
        return has_values ? "COMPLETE" : "FAIL";
      case study::State::pruned:
        return "PRUNED";
      case study::State::failed:
      case study::State::rejected:
        return "FAIL";
    }
    return "FAIL";
  }

  Status write_trial(const study::Trial& trial) {
    if (const auto checked = space_.check(trial.choice); !checked && trial.state != study::State::rejected)
      return fail_with(checked.error(), std::format("trial {}", trial.id.value));
    const auto values = trial.values();
    const bool has_values = std::ranges::all_of(study_.settings.objectives,
                                                [&](const auto& objective) { return values.contains(objective.name); });
    const std::string state = state_of(trial, has_values), created = time_text(study_.settings.created);
    const std::string ended = trial.results.empty() ? created : time_text(trial.results.back().finished);
    const std::int64_t id = trial.id.value + 1;
    const bool is_open = state == "WAITING" || state == "RUNNING";
    TRY_DO(database_.run("INSERT INTO trials VALUES (?, ?, 1, ?, ?, ?)",
                         {id, trial.id.value, state, state == "WAITING" ? Cell{} : Cell{std::min(created, ended)},
                          is_open ? Cell{} : Cell{ended}}));
    if (state == "WAITING")
      TRY_DO(attribute("trial_system_attributes", id, "fixed_params", space::to_json(space_, trial.choice)));
    else
      TRY_DO(write_parameters(trial, id));
    for (std::size_t i = 0; i < study_.settings.objectives.size() && state == "COMPLETE"; ++i)
      TRY_DO(
          database_.run("INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, 'FINITE')",
                        {id, static_cast<std::int64_t>(i), values.at(study_.settings.objectives[i].name)}));
    if (state == "COMPLETE" && !study_.settings.constraints.empty()) {
      Json excess = Json::array();
      for (const auto& constraint : study_.settings.constraints)
        excess.push_back(constraint.comparison.excess(values).value_or(0.0));
      TRY_DO(attribute("trial_system_attributes", id, constraints_key, excess));
    }
    for (const auto& [name, value] : values) TRY_DO(attribute("trial_user_attributes", id, name, value));
    if (!trial.reason.empty()) TRY_DO(attribute("trial_user_attributes", id, reason_key, trial.reason));
    if (trial.state == study::State::rejected) TRY_DO(attribute("trial_user_attributes", id, state_key, "rejected"));
    return {};
  }

  Status write_parameters(const study::Trial& trial, std::int64_t id) {
    for (const auto& parameter : space_.parameters()) {
      const auto found = trial.choice.find(parameter.name);
      if (found == trial.choice.end() || found->second.index() != parameter.domain.index()) continue;
      const auto [distribution, value] = coded(parameter, found->second);
      TRY_DO(database_.run(
          "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
          {id, parameter.name, value, dump(distribution)}));
    }
    return {};
  }

  Status attribute(const char* table, std::int64_t trial, std::string_view key, const Json& value) {
    return database_.run(std::format("INSERT INTO {} (trial_id, \"key\", value_json) VALUES (?, ?, ?)", table),
                         {trial, std::string(key), dump(value)});
  }

  Database& database_;
  const study::Study& study_;
  const space::Space& space_;
};

}  // namespace

Status export_optuna(const study::Study& study, const space::Space& space, const fs::path& file, bool overwrite) {
  if (study.settings.objectives.empty()) return invalid("the study has no objectives");
  std::error_code error;
  if (fs::exists(file, error) && !overwrite)
    return fail(ErrorCode::conflict, std::format("\"{}\" exists already; nothing was written", file.string()),
                "give another name, or --force");
  const fs::path part = file.string() + ".part";
  fs::remove(part, error);
  const auto written = [&]() -> Status {
    TRY(auto database, Database::create(part));
    return Exporter(database, study, space).write();
  }();
  if (written) fs::rename(part, file, error);
  if (written && !error) return {};
  std::error_code ignored;
  fs::remove(part, ignored);
  if (!written) return written;
  return fail(ErrorCode::unavailable, std::format("\"{}\" cannot be written: {}", file.string(), error.message()));
}

}  // namespace edgewise::exchange
