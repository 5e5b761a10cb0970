#include "exchange/prior.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "exchange/optuna.hpp"
#include "search/pareto.hpp"
#include "study/storage.hpp"

namespace edgewise::exchange {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_table_bytes = std::size_t{64} << 20;

std::string counted(std::size_t count, const char* one) { return std::format("{} {}{}", count, one, count == 1 ? "" : "s"); }

/// A value as it stands, to see which parameters exist; the space decides later whether it is allowed.
std::optional<space::Value> plain_value(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  return {};
}

/// The choice that the parameters make in this space; `unknown` counts those that it does not have.
Result<space::Choice> choice_of(const Json& parameters, const space::Space& space, std::size_t& unknown) {
  space::Choice plain;
  Json used = Json::object();
  for (const auto& parameter : space.parameters()) {
    const auto found = parameters.find(parameter.name);
    if (found == parameters.end() || !space.is_active(parameter, plain)) continue;
    used[parameter.name] = *found;
    if (const auto value = plain_value(*found)) plain[parameter.name] = *value;
    // A table has texts alone; so may a category that other programs write as a number.
    if (found->is_string() && !std::holds_alternative<space::Categorical>(parameter.domain)) {
      const auto& text = found->get_ref<const std::string&>();
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc{} && end == text.data() + text.size()) used[parameter.name] = number;
    } else if (found->is_string()) {
      const auto& categories = std::get<space::Categorical>(parameter.domain).values;
      const auto& text = found->get_ref<const std::string&>();
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (!std::ranges::contains(categories, text) && error == std::errc{} && end == text.data() + text.size()) used[parameter.name] = number;
    }
  }
  for (const auto& [name, value] : parameters.items())
    unknown += !std::ranges::contains(space.parameters(), name, &space::Parameter::name);
  return space::choice_from_json(space, used);
}

bool has_all(const std::map<std::string, double>& values, const std::vector<study::Objective>& objectives) {
  return std::ranges::all_of(objectives, [&](const auto& objective) { return values.contains(objective.name); });
}

/// Rows of fields as RFC 4180 has them. @error a quote that is never closed
Result<std::vector<std::vector<std::string>>> csv_rows(const std::string& text, const std::string& file) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool is_quoted = false, has_text = false;
  std::size_t line = 1, opened = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    line += c == '\n';
    auto& field = rows.back().back();
    if (is_quoted) {
      if (c != '"') field += c;
      else if (i + 1 < text.size() && text[i + 1] == '"') field += text[++i];
      else is_quoted = false;
    } else if (c == '"' && field.empty()) {
      is_quoted = has_text = true;
      opened = line;
    } else if (c == ',') {
      rows.back().emplace_back();
      has_text = true;
    } else if (c == '\n') {
      if (has_text) rows.emplace_back(1);
      has_text = false;
    } else if (c != '\r') {
      field += c;
      has_text = true;
    }
  }
  if (is_quoted) return invalid("a quote is opened and never closed", {}, std::format("{}:{}", file, opened));
  if (!has_text) rows.pop_back();
  return rows;
}

std::optional<double> finite_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

Result<std::vector<ForeignTrial>> read_study(const fs::path& folder) {
  TRY(const auto storage, study::open_storage(folder));
  TRY(const auto study, storage->load());
  std::vector<ForeignTrial> trials;
  for (const auto& trial : study.trials) trials.push_back({space::to_json(trial.choice), trial.values(), trial.state, trial.reason});
  return trials;
}

Json kept(const Start& start) {
  Json prior = Json::array(), front = Json::array();
  for (const auto& trial : start.prior) prior.push_back({{"choice", space::to_json(trial.choice)}, {"values", trial.values()}});
  for (const auto& choice : start.front) front.push_back(space::to_json(choice));
  return {{"prior", std::move(prior)}, {"front", std::move(front)}};
}

study::Trial prior_trial(space::Choice choice, std::map<std::string, double> values) {
  study::Trial trial{.choice = std::move(choice), .state = study::State::complete};
  trial.results.push_back({.epochs = 1, .values = std::move(values)});
  return trial;
}

Result<Start> start_from_json(const Json& json, const space::Space& space, const std::string& file) {
  Start start;
  const auto wrong = [&] { return invalid(std::format("\"{}\" is damaged", file), "delete it, so that the sources are read again"); };
  if (!json.is_object() || !json.contains("prior") || !json.contains("front") || !json["prior"].is_array() || !json["front"].is_array()) return wrong();
  for (const auto& item : json["prior"]) {
    if (!item.is_object() || !item.contains("choice") || !item.contains("values") || !item["values"].is_object()) return wrong();
    TRY(auto choice, space::choice_from_json(space, item["choice"]));
    std::map<std::string, double> values;
    for (const auto& [name, value] : item["values"].items()) {
      if (!value.is_number()) return wrong();
      values[name] = value.get<double>();
    }
    start.prior.push_back(prior_trial(std::move(choice), std::move(values)));
  }
  for (const auto& item : json["front"]) {
    TRY(auto choice, space::choice_from_json(space, item));
    start.front.push_back(std::move(choice));
  }
  return start;
}

}  // namespace

Fitted fit(const std::vector<ForeignTrial>& trials, const space::Space& space, const std::vector<study::Objective>& objectives, const std::string& source) {
  Fitted fitted;
  std::size_t unknown = 0, outside = 0, open = 0, incomplete = 0;
  std::string first_outside;
  for (const auto& foreign : trials) {
    if (foreign.state == study::State::waiting || foreign.state == study::State::running) {
      ++open;
      continue;
    }
    auto choice = choice_of(foreign.parameters, space, unknown);
    if (!choice) {
      if (outside++ == 0) first_outside = choice.error().message;
      continue;
    }
    if (foreign.state == study::State::complete && !has_all(foreign.values, objectives)) {
      ++incomplete;
      continue;
    }
    study::Trial trial{.choice = *std::move(choice), .state = foreign.state, .reason = foreign.reason};
    if (foreign.state == study::State::complete) trial.results.push_back({.epochs = 1, .values = foreign.values, .details = {{"answered", source}}});
    fitted.trials.push_back(std::move(trial));
  }
  if (unknown > 0) fitted.remarks.push_back(std::format("{}: {} of parameters that the space does not have were left out", source, counted(unknown, "value")));
  if (outside > 0) fitted.remarks.push_back(std::format("{}: {} left out that the space does not have, the first because {}", source, counted(outside, "trial"), first_outside));
  if (open > 0) fitted.remarks.push_back(std::format("{}: {} left out that had not ended", source, counted(open, "trial")));
  if (incomplete > 0) fitted.remarks.push_back(std::format("{}: {} left out that lacked an objective", source, counted(incomplete, "trial")));
  return fitted;
}

Result<std::vector<ForeignTrial>> parse_table(const std::string& text, const std::string& file) {
  TRY(const auto rows, csv_rows(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text, file));
  if (rows.size() < 2) return invalid(std::format("the table \"{}\" has no rows", file), "it needs a heading and at least one row");
  const auto& heading = rows.front();
  for (std::size_t column = 0; column < heading.size(); ++column)
    if (std::ranges::count(heading, heading[column]) > 1 && !heading[column].empty())
      return invalid(std::format("the column \"{}\" of \"{}\" exists twice", heading[column].substr(0, 60), file), "rename one of them");
  std::vector<ForeignTrial> trials;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    if (rows[row].size() != heading.size())
      return invalid(std::format("row {} of \"{}\" has {} fields where the heading has {}", row, file, rows[row].size(), heading.size()));
    ForeignTrial trial;
    for (std::size_t column = 0; column < heading.size(); ++column) {
      const auto& field = rows[row][column];
      const auto& name = heading[column];
      if (field.empty()) continue;
      if (name == "state") {
        trial.state = study::state_from_text(field).value_or(study::State::failed);
        continue;
      }
      if (name == "reason") {
        trial.reason = field;
        continue;
      }
      // Whether it is a parameter is the space's to say: fit() takes those it has.
      if (name.starts_with("choice.")) trial.parameters[name.substr(7)] = field;
      else trial.parameters[name] = field;
      if (const auto number = finite_number(field)) trial.values[name.starts_with("value.") ? name.substr(6) : name] = *number;
    }
    trials.push_back(std::move(trial));
  }
  return trials;
}

Result<std::vector<ForeignTrial>> read_foreign(const fs::path& path, const std::vector<study::Objective>& objectives) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return read_study(path);
  const auto ending = path.extension().string();
  if (ending == ".db" || ending == ".sqlite" || ending == ".sqlite3") return read_optuna(path, {}, objectives);
  if (ending == ".csv") {
    TRY(const auto text, read_text(path, max_table_bytes));
    return parse_table(text, path.string());
  }
  if (!fs::exists(path, ignored)) return fail(ErrorCode::not_found, std::format("there is no \"{}\" to start from", path.string()), "give a study's folder, an Optuna database (.db) or a table (.csv)");
  return invalid(std::format("\"{}\" is none of a study's folder, an Optuna database (.db) or a table (.csv)", path.string()));
}

Result<Start> gather_start(const std::vector<std::string>& warm_start, const std::vector<std::string>& front_of, const space::Space& space,
                           const study::Settings& settings, const fs::path& folder) {
  Start start;
  if (warm_start.empty() && front_of.empty()) return start;
  const auto file = folder / "start.json";
  if (fs::exists(file)) {
    TRY(const auto json, read_json(file));
    return start_from_json(json, space, file.string());
  }
  const auto read = [&](const std::string& source) -> Result<std::vector<study::Trial>> {
    TRY(auto foreign, read_foreign(source, settings.objectives));
    const auto is_table = fs::path(source).extension() == ".csv";
    auto fitted = fit(foreign, space, settings.objectives, fs::path(source).filename().string());
    // Every other column of a table is a value; that is not worth a remark.
    if (is_table) std::erase_if(fitted.remarks, [](const auto& remark) { return remark.contains("of parameters that the space does not have"); });
    start.remarks.insert(start.remarks.end(), fitted.remarks.begin(), fitted.remarks.end());
    std::erase_if(fitted.trials, [](const auto& trial) { return trial.state != study::State::complete; });
    if (fitted.trials.empty()) return invalid(std::format("\"{}\" has no finished trial of this space with all objectives", source), start.remarks.empty() ? "" : start.remarks.back());
    return std::move(fitted.trials);
  };
  for (const auto& source : warm_start) {
    TRY(auto trials, read(source));
    for (auto& trial : trials) start.prior.push_back(prior_trial(std::move(trial.choice), trial.values()));
  }
  for (const auto& source : front_of) {
    study::Study other{.settings = settings};
    TRY(other.trials, read(source));
    for (const auto* trial : search::pareto_front(other))
      if (!std::ranges::contains(start.front, trial->choice)) start.front.push_back(trial->choice);
  }
  start.remarks.insert(start.remarks.begin(), std::format("starting from {} of others, {} of them to be tried first", counted(start.prior.size(), "trial"), start.front.size()));
  TRY_DO(write_file(file, dump(kept(start), 1)));
  return start;
}

}  // namespace edgewise::exchange
