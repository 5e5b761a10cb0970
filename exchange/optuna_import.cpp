#include <algorithm>
#include <cmath>
#include <format>
#include <map>
#include <optional>
#include <set>

#include "exchange/optuna.hpp"
#include "exchange/optuna_internal.hpp"
#include "exchange/sqlite_internal.hpp"

namespace edgewise::exchange {

namespace {

using Cell = Database::Cell;
using Row = Database::Row;

constexpr std::size_t max_distribution_bytes = 1 << 20;

std::string direction_word(const study::Objective& objective) {
  return objective.direction == study::Direction::maximize ? "MAXIMIZE" : "MINIMIZE";
}

class Importer {
 public:
  Importer(Database& database, std::string file, const std::vector<study::Objective>& objectives)
      : database_(database), file_(std::move(file)), objectives_(objectives) {}

  Result<std::vector<ForeignTrial>> read(const std::string& name) {
    TRY_DO(check_schema());
    TRY(study_, find_study(name));
    TRY_DO(match_objectives());
    TRY_DO(read_trials());
    TRY_DO(read_parameters());
    TRY_DO(read_values());
    TRY_DO(read_attributes());
    TRY_DO(read_constraints());
    std::vector<ForeignTrial> trials;
    for (const auto id : order_) trials.push_back(std::move(trials_.at(id)));
    return trials;
  }

 private:
  std::unexpected<Error> wrong(const std::string& what) const {
    return invalid(std::format("the database \"{}\" is not as Optuna makes it: {}", file_, what));
  }

  Result<std::int64_t> integer(const Cell& cell, const char* column) const {
    if (const auto* value = std::get_if<std::int64_t>(&cell)) return *value;
    return wrong(std::format("a {} is no whole number", column));
  }
  Result<std::string> text(const Cell& cell, const char* column) const {
    if (const auto* value = std::get_if<std::string>(&cell)) return *value;
    return wrong(std::format("a {} is no text", column));
  }
  Result<double> number(const Cell& cell, const char* column) const {
    if (const auto* value = std::get_if<double>(&cell)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*value);
    return wrong(std::format("a {} is no number", column));
  }
  Result<Json> json(const Cell& cell, const char* column) const {
    TRY(const auto written, text(cell, column));
    if (written.size() > max_distribution_bytes) return wrong(std::format("a {} has {} bytes", column, written.size()));
    auto parsed = parse_json(written, column);
    if (!parsed) return wrong(std::format("a {} is no JSON: {}", column, parsed.error().message));
    return parsed;
  }

  Status check_schema() {
    TRY(const auto there, database_.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"));
    const auto has = [&](const char* table) { return std::ranges::contains(there, Row{std::string(table)}); };
    for (const char* table : {"version_info", "studies", "study_directions", "study_system_attributes", "trials",
                              "trial_params", "trial_values", "trial_user_attributes", "trial_system_attributes"})
      if (!has(table))
        return invalid(std::format("\"{}\" is no database of Optuna: it has no table \"{}\"", file_, table),
                       has("study") ? "it looks like a study of edgewise: give its folder instead" : "");
    TRY(const auto rows, database_.rows("SELECT schema_version, library_version FROM version_info"));
    if (rows.size() != 1) return wrong("its version is missing");
    TRY(const auto version, integer(rows[0][0], "schema version"));
    if (version != optuna_schema)
      return invalid(std::format("\"{}\" has Optuna's schema version {}; version {} can be read (Optuna 3.2 to 4.x)",
                                 file_, version, optuna_schema),
                     version < optuna_schema ? "run `optuna storage upgrade` on a copy" : "");
    return {};
  }

  Result<std::int64_t> find_study(const std::string& name) {
    TRY(const auto rows, database_.rows("SELECT study_id, study_name FROM studies ORDER BY study_id"));
    std::vector<std::string> names;
    std::optional<std::int64_t> found;
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "study's id"));
      TRY(auto known, text(row[1], "study's name"));
      if (known == name || (name.empty() && rows.size() == 1)) found = id;
      names.push_back(std::move(known));
    }
    if (found) return *found;
    if (names.empty()) return fail(ErrorCode::not_found, std::format("the database \"{}\" has no study", file_));
    if (names.size() > 20) names.resize(20);
    if (name.empty())
      return fail(ErrorCode::not_found,
                  std::format("the database \"{}\" has {} studies: {}", file_, rows.size(), quoted_list(names)),
                  "say which with --name");
    const auto near = nearest_word(name, names);
    return fail(ErrorCode::not_found,
                std::format("the database \"{}\" has no study \"{}\"; it has {}", file_, name, quoted_list(names)),
                near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }

  /// Which name each objective of the database has here; "" for one that is not wanted.
  Status match_objectives() {
    TRY(const auto rows,
        database_.rows("SELECT objective, direction FROM study_directions WHERE study_id = ? ORDER BY objective",
                       {study_}));
    std::vector<std::string> directions;
    for (const auto& row : rows) {
      TRY(const auto objective, integer(row[0], "objective's number"));
      TRY(auto direction, text(row[1], "direction"));
      if (objective != static_cast<std::int64_t>(directions.size()))
        return wrong("its objectives are not numbered from 0");
      directions.push_back(std::move(direction));
    }
    TRY(const auto attributes,
        database_.rows("SELECT value_json FROM study_system_attributes WHERE study_id = ? AND \"key\" = ?",
                       {study_, std::string(metric_names_key)}));
    if (!attributes.empty()) {
      TRY(const auto names, json(attributes[0][0], "list of metric names"));
      if (!names.is_array() || names.size() != directions.size())
        return wrong("its metric names are not one for each objective");
      for (const auto& name : names) {
        if (!name.is_string()) return wrong("a metric name is no text");
        names_.push_back(name.get<std::string>());
      }
      for (const auto& objective : objectives_) {
        const auto found = std::ranges::find(names_, objective.name);
        if (found == names_.end())
          return invalid(std::format("the study in \"{}\" has no objective \"{}\"; it has {}", file_, objective.name,
                                     quoted_list(names_)));
        const auto& there = directions[static_cast<std::size_t>(found - names_.begin())];
        if (there != direction_word(objective))
          return invalid(
              std::format("the study in \"{}\" has \"{}\" as {}, here it is {}: one of the two means something else",
                          file_, objective.name, there.substr(0, 8), direction_word(objective)),
              "correct the direction in the space's file");
      }
      return {};
    }
    bool is_same = directions.size() == objectives_.size();
    for (std::size_t i = 0; is_same && i < directions.size(); ++i)
      is_same = directions[i] == direction_word(objectives_[i]);
    if (!is_same) {
      std::string there, here;
      for (const auto& direction : directions) there += (there.empty() ? "" : ", ") + direction.substr(0, 8);
      for (const auto& objective : objectives_)
        here += std::format("{}{} {}", here.empty() ? "" : ", ", objective.name, direction_word(objective));
      return invalid(std::format("the objectives of \"{}\" ({}) are not those wanted ({})", file_, there, here),
                     "name them there with study.set_metric_names([...])");
    }
    for (const auto& objective : objectives_) names_.push_back(objective.name);
    return {};
  }

  Status read_trials() {
    TRY(const auto rows,
        database_.rows("SELECT trial_id, number, state FROM trials WHERE study_id = ? ORDER BY number, trial_id",
                       {study_}));
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "trial's id"));
      TRY(const auto state, text(row[2], "trial's state"));
      ForeignTrial trial;
      if (state == "COMPLETE")
        trial.state = study::State::complete;
      else if (state == "PRUNED")
        trial.state = study::State::pruned;
      else if (state == "FAIL")
        trial.state = study::State::failed;
      else if (state == "RUNNING")
        trial.state = study::State::running;
      else if (state == "WAITING")
        trial.state = study::State::waiting;
      else
        return wrong(std::format("trial {} has the unknown state \"{}\"", id, state.substr(0, 40)));
      if (!trials_.emplace(id, std::move(trial)).second) return wrong(std::format("trial {} exists twice", id));
      order_.push_back(id);
    }
    return {};
  }

  Result<Json> parameter(const Cell& value, const Json& distribution) const {
    if (!distribution.is_object() || !distribution.contains("name") || !distribution["name"].is_string())
      return wrong("a distribution has no name");
    const auto kind = distribution["name"].get<std::string>();
    TRY(const double coded, number(value, "parameter's value"));
    if (!std::isfinite(coded)) return wrong("a parameter's value is not finite");
    if (kind == "CategoricalDistribution") {
      const auto attributes = distribution.value("attributes", Json::object());
      const auto choices = attributes.is_object() ? attributes.value("choices", Json::array()) : Json::array();
      if (!choices.is_array() || coded < 0 || coded >= static_cast<double>(choices.size()) ||
          coded != std::floor(coded))
        return wrong(std::format("a categorical value is number {} of {}", coded, choices.size()));
      const auto& choice = choices[static_cast<std::size_t>(coded)];
      if (choice.is_structured()) return wrong("a categorical value is a list or a map");
      return choice;
    }
    if (kind == "IntDistribution" || kind == "IntUniformDistribution" || kind == "IntLogUniformDistribution") {
      constexpr double largest = 9007199254740992.0;  // 2^53: every smaller integer is a double
      if (std::abs(coded) > largest || coded != std::floor(coded))
        return wrong(std::format("the whole number {} is none", coded));
      return Json(static_cast<std::int64_t>(coded));
    }
    if (kind == "FloatDistribution" || kind == "UniformDistribution" || kind == "LogUniformDistribution" ||
        kind == "DiscreteUniformDistribution")
      return Json(coded);
    return wrong(std::format("the distribution \"{}\" is unknown", kind.substr(0, 60)));
  }

  Status read_parameters() {
    TRY(const auto rows,
        database_.rows("SELECT p.trial_id, p.param_name, p.param_value, p.distribution_json FROM trial_params p JOIN "
                       "trials t USING (trial_id) WHERE t.study_id = ? ORDER BY p.param_id",
                       {study_}));
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "trial's id"));
      TRY(const auto name, text(row[1], "parameter's name"));
      TRY(const auto distribution, json(row[3], "distribution"));
      TRY(auto value, parameter(row[2], distribution));
      trials_.at(id).parameters.get_ref<Json::object_t&>().emplace_back(
          name, std::move(value));  // Optuna's schema has each name once
    }
    return {};
  }

  Status read_values() {
    TRY(const auto rows, database_.rows("SELECT v.trial_id, v.objective, v.value, v.value_type FROM trial_values v "
                                        "JOIN trials t USING (trial_id) WHERE t.study_id = ?",
                                        {study_}));
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "trial's id"));
      TRY(const auto objective, integer(row[1], "objective's number"));
      TRY(const auto type, text(row[3], "value's type"));
      if (objective < 0 || objective >= static_cast<std::int64_t>(names_.size()))
        return wrong(std::format("trial {} has a value of objective {}", id, objective));
      if (type != "FINITE") continue;  // infinite: no value to learn from
      TRY(const auto value, number(row[2], "value"));
      if (!std::isfinite(value)) return wrong(std::format("a finite value of trial {} is none", id));
      trials_.at(id).values[names_[static_cast<std::size_t>(objective)]] = value;
    }
    return {};
  }

  Status read_attributes() {
    TRY(const auto rows, database_.rows("SELECT a.trial_id, a.\"key\", a.value_json FROM trial_user_attributes a JOIN "
                                        "trials t USING (trial_id) WHERE t.study_id = ?",
                                        {study_}));
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "trial's id"));
      TRY(const auto key, text(row[1], "attribute's name"));
      const auto value = json(row[2], "attribute");
      if (!value) continue;  // Python writes NaN, which is no JSON; an attribute may be anything
      auto& trial = trials_.at(id);
      if (value->is_number() && std::isfinite(value->get<double>()))
        trial.values.try_emplace(key, value->get<double>());
      if (key == reason_key && value->is_string()) trial.reason = value->get<std::string>();
      if (key == state_key && *value == "rejected" && trial.state == study::State::failed)
        trial.state = study::State::rejected;
    }
    return {};
  }

  /// What a constraints_func gave: all must be at most 0, and NaN is not (so Optuna's best_trials).
  Status read_constraints() {
    TRY(const auto rows, database_.rows("SELECT a.trial_id, a.value_json FROM trial_system_attributes a JOIN trials t "
                                        "USING (trial_id) WHERE t.study_id = ? AND a.\"key\" = ?",
                                        {study_, std::string(constraints_key)}));
    std::set<std::int64_t> judged;
    for (const auto& row : rows) {
      TRY(const auto id, integer(row[0], "trial's id"));
      const auto value = json(row[1], "list of constraints");
      if (value && value->is_null()) continue;
      const bool is_feasible = value && value->is_array() && std::ranges::all_of(*value, [](const Json& one) {
                                 return one.is_number() && one.get<double>() <= 0;
                               });
      trials_.at(id).is_infeasible = !is_feasible;
      judged.insert(id);
    }
    if (!judged.empty())
      for (auto& [id, trial] : trials_) trial.is_unjudged = !judged.contains(id);
    return {};
  }

  Database& database_;
  std::string file_;
  const std::vector<study::Objective>& objectives_;
  std::int64_t study_ = 0;
  std::vector<std::string> names_;  // of the objectives, in their order there
  std::map<std::int64_t, ForeignTrial> trials_;
  std::vector<std::int64_t> order_;
};

}  // namespace

Result<std::vector<ForeignTrial>> read_optuna(const std::filesystem::path& file, const std::string& name,
                                              const std::vector<study::Objective>& objectives) {
  TRY(auto database, Database::open(file));
  return Importer(database, file.string(), objectives).read(name);
}

}  // namespace edgewise::exchange
