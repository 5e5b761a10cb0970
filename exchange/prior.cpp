#include "exchange/prior.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <initializer_list>
#include <set>
#include <string_view>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "exchange/optimize.hpp"
#include "exchange/optuna.hpp"
#include "search/pareto.hpp"
#include "study/storage.hpp"
#include "task/task.hpp"

namespace edgewise::exchange {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_table_bytes = std::size_t{64} << 20;

std::string word_of(study::Direction direction) {
  return direction == study::Direction::maximize ? "maximize" : "minimize";
}

std::string counted(std::size_t count, const char* one) {
  return std::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::optional<double> finite_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

/// Parameters as the space has them, in its order; what it does not know stays as it is for the message. `unknown`
/// counts those that are none of `names` (of parameters, or of values that are asked for).
Result<space::Choice> choice_of(const Json& parameters, const space::Space& space, const std::set<std::string>& names,
                                std::size_t& unknown) {
  std::map<std::string, const Json*> given;
  for (const auto& [name, value] : parameters.items())
    if (names.contains(name))
      given.emplace(name, &value);
    else
      ++unknown;
  space::Choice known;
  std::vector<std::pair<std::string, Json>> refused;
  for (const auto& parameter : space.parameters()) {
    const auto found = given.find(parameter.name);
    if (found == given.end() || !space.is_active(parameter, known)) continue;
    Json value = *found->second;
    auto one = space::value_from_json(parameter, value);
    // A table has texts alone, and writes numbers its own way: "1e-3" for 0.001, also for one of a list.
    if (!one && value.is_string())
      if (const auto number = finite_number(value.get_ref<const std::string&>())) {
        one = space::value_from_json(parameter, *number);
        if (!std::holds_alternative<space::Categorical>(parameter.domain)) value = *number;
      }
    if (one)
      known[parameter.name] = *std::move(one);
    else
      refused.emplace_back(parameter.name, std::move(value));
  }
  if (!refused.empty())
    return space::choice_from_json(space,
                                   Json{{refused.front().first, refused.front().second}});  // says what is allowed
  TRY_DO(space.check(known));
  return known;
}

bool has_all(const std::map<std::string, double>& values, const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [&](const auto& name) { return values.contains(name); });
}

struct CsvRow {
  std::vector<std::string> fields;
  std::size_t line = 1;  ///< where it begins
};

/// Rows of fields as RFC 4180 has them. @error a quote that is never closed
Result<std::vector<CsvRow>> csv_rows(const std::string& text, const std::string& file) {
  std::vector<CsvRow> rows(1, {.fields = std::vector<std::string>(1)});
  bool is_quoted = false, has_text = false;
  std::size_t line = 1, opened = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    line += c == '\n';
    auto& field = rows.back().fields.back();
    if (is_quoted) {
      if (c != '"')
        field += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        field += text[++i];
      else
        is_quoted = false;
    } else if (c == '"' && field.empty()) {
      is_quoted = has_text = true;
      opened = line;
    } else if (c == ',') {
      rows.back().fields.emplace_back();
      has_text = true;
    } else if (c == '\n') {
      if (has_text) rows.push_back({.fields = std::vector<std::string>(1)});
      rows.back().line = line;
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

/// Without blanks around it.
std::string in_lower_case(const std::string& text) {
  std::string word;
  for (const unsigned char c : text)
    if (std::isspace(c) == 0) word += static_cast<char>(std::tolower(c));
  return word;
}

/// A study's word or Optuna's, in any case, also as Python prints it: "COMPLETE", "TrialState.COMPLETE".
std::optional<study::State> state_of(const std::string& text) {
  constexpr std::string_view python = "trialstate.";
  std::string word = in_lower_case(text);
  if (word.starts_with(python)) word.erase(0, python.size());
  if (word == "fail") return study::State::failed;
  return study::state_from_text(word);
}

const std::vector<std::string> state_words{"complete", "pruned", "failed", "fail", "rejected", "running", "waiting"};

/// The parameter and the value that a column may be.
struct Column {
  std::optional<std::string> parameter, value;
};

/// A column called "choice.x" or "params_x" (as in Optuna's trials_dataframe()) is the parameter x, and one called x is
/// not then; so with values.
std::vector<Column> columns_of(const std::vector<std::string>& heading) {
  const auto after = [](const std::string& name,
                        std::initializer_list<std::string_view> beginnings) -> std::optional<std::string> {
    for (const auto beginning : beginnings)
      if (name.starts_with(beginning)) return name.substr(beginning.size());
    return {};
  };
  std::vector<Column> columns;
  std::set<std::string> parameters, values;
  for (const auto& name : heading) {
    auto& column =
        columns.emplace_back(after(name, {"choice.", "params_"}), after(name, {"value.", "values_", "user_attrs_"}));
    if (column.parameter && !parameters.insert(*column.parameter).second) column.parameter.reset();
    if (column.value && !values.insert(*column.value).second) column.value.reset();
  }
  for (std::size_t i = 0; i < heading.size(); ++i) {
    if (columns[i].parameter || columns[i].value) continue;
    if (!parameters.contains(heading[i])) columns[i].parameter = heading[i];
    if (!values.contains(heading[i])) columns[i].value = heading[i];
  }
  return columns;
}

/// Qualities of a training here are shares; tables often have them in percent.
Status check_shares(const std::vector<study::Trial>& trials, const std::string& source) {
  std::vector<std::string> shares;
  for (const auto& entry : task::tasks().entries())
    for (const auto& metric : entry.task->metrics())
      if (metric.range == intervals::share) shares.push_back(metric.name);
  for (const auto& name : shares)
    for (const auto& trial : trials)
      if (const auto value = trial.value(name); value && (*value < 0 || *value > 1))
        return invalid(std::format("\"{}\" has the {} {}; here it is a share from 0 to 1", source, name, *value),
                       *value > 1 && *value <= 100 ? "divide what is in percent by 100" : "correct the values");
  return {};
}

Result<std::vector<ForeignTrial>> read_study(const fs::path& folder, const std::vector<study::Objective>& objectives) {
  TRY(const auto storage, study::open_storage(folder, study::Opening::to_look));
  TRY(const auto study, storage->load());
  for (const auto& there : study.settings.objectives)
    for (const auto& here : objectives)
      if (there.name == here.name && there.direction != here.direction)
        return invalid(
            std::format("the study \"{}\" {}s \"{}\", which is {}d here: one of the two means something else",
                        folder.string(), word_of(there.direction), here.name, word_of(here.direction)),
            "correct the direction, or give one of them another name");
  std::vector<ForeignTrial> trials;
  // What an ask-and-tell study knows of its categories: 16 or "16", true or "true".
  const auto problem = problem_of(study.settings);
  for (const auto& trial : study.trials)
    trials.push_back(
        {problem && *problem ? space::to_json((*problem)->space, trial.choice) : space::to_json(trial.choice),
         trial.values(), trial.state, trial.reason});
  return trials;
}

Json kept(const Start& start, const space::Space& space) {
  Json prior = Json::array(), front = Json::array();
  for (const auto& trial : start.prior)
    prior.push_back({{"choice", space::to_json(space, trial.choice)}, {"values", trial.values()}});
  for (const auto& choice : start.front) front.push_back(space::to_json(space, choice));
  return {{"prior", std::move(prior)}, {"front", std::move(front)}};
}

study::Trial prior_trial(space::Choice choice, const std::map<std::string, double>& values) {
  study::Trial trial{.choice = std::move(choice), .state = study::State::complete};
  trial.results.push_back(
      {.fidelity = study::Fidelity::training(1), .values = study::values_of(study::Source::told, values)});
  return trial;
}

Result<Start> start_from_json(const Json& json, const space::Space& space, const std::string& file) {
  Start start;
  const auto wrong = [&] {
    return invalid(std::format("\"{}\" is damaged", file), "delete it, so that the sources are read again");
  };
  if (!json.is_object() || !json.contains("prior") || !json.contains("front") || !json["prior"].is_array() ||
      !json["front"].is_array())
    return wrong();
  for (const auto& item : json["prior"]) {
    if (!item.is_object() || !item.contains("choice") || !item.contains("values") || !item["values"].is_object())
      return wrong();
    TRY(auto choice, space::choice_from_json(space, item["choice"]));
    std::map<std::string, double> values;
    for (const auto& [name, value] : item["values"].items()) {
      if (!value.is_number()) return wrong();
      values[name] = value.get<double>();
    }
    start.prior.push_back(prior_trial(std::move(choice), values));
  }
  for (const auto& item : json["front"]) {
    TRY(auto choice, space::choice_from_json(space, item));
    start.front.push_back(std::move(choice));
  }
  return start;
}

}  // namespace

namespace {

/// Asks about an objective that is a share in some trials and in percent in others, as far as its name tells that it is
/// one or the other.
std::optional<std::string> mixed_units(const std::vector<study::Trial>& trials, const std::string& objective) {
  std::string name;
  for (const unsigned char c : objective) name += static_cast<char>(std::tolower(c));
  const auto is_in_name = [&](const char* word) { return name.contains(word); };
  if (std::ranges::none_of(std::vector{"accuracy", "precision", "recall", "auc", "iou", "dice", "map"}, is_in_name))
    return {};
  std::size_t shares = 0, percent = 0;
  for (const auto& trial : trials) {
    const auto value = trial.value(objective);
    shares += value && *value > 0 && *value <= 1;
    percent += value && *value > 1 && *value <= 100;
  }
  if (shares == 0 || percent == 0) return {};
  return std::format("\"{}\" is at most 1 in {} and more than 1 in {}: are some shares and others in percent?",
                     objective, counted(shares, "trial"), counted(percent, "trial"));
}

}  // namespace

Wanted wanted_of(const study::Settings& settings) {
  // What the graph alone tells is worked out for every network.
  static const std::vector<std::string> known{"parameters", "macs", "weight_mb", "peak_memory_mb"};
  Wanted wanted{settings.objectives, settings.constraints, {}};
  for (const auto& objective : settings.objectives) wanted.told.push_back(objective.name);
  for (const auto& constraint : settings.constraints)
    for (const auto& name : constraint.comparison.names())
      if (!std::ranges::contains(known, name) && !std::ranges::contains(wanted.told, name)) wanted.told.push_back(name);
  return wanted;
}

Fitted fit(const std::vector<ForeignTrial>& trials, const space::Space& space, const Wanted& wanted,
           const std::string& source) {
  constexpr std::size_t most_reasons = 3;
  Fitted fitted;
  std::size_t unknown = 0, outside = 0, open = 0, incomplete = 0, unbounded = 0, infeasible = 0;
  std::vector<std::string> reasons;
  std::set<std::string> names;
  for (const auto& parameter : space.parameters()) names.insert(parameter.name);
  // A table does not say which of its columns are values: those that are asked for are no unknown parameters.
  for (const auto& objective : wanted.objectives) names.insert(objective.name);
  names.insert(wanted.told.begin(), wanted.told.end());
  const auto has_objectives = [&](const ForeignTrial& foreign) {
    return std::ranges::all_of(wanted.objectives,
                               [&](const auto& objective) { return foreign.values.contains(objective.name); });
  };
  for (const auto& foreign : trials) {
    if (foreign.state == study::State::waiting || foreign.state == study::State::running) {
      ++open;
      continue;
    }
    auto choice = choice_of(foreign.parameters, space, names, unknown);
    if (!choice) {
      ++outside;
      if (reasons.size() < most_reasons && !std::ranges::contains(reasons, choice.error().message))
        reasons.push_back(choice.error().message);
      continue;
    }
    study::Trial trial{.choice = *std::move(choice), .state = foreign.state, .reason = foreign.reason};
    if (foreign.state == study::State::complete) {
      // Parameters that a constraint needs are known of every choice.
      auto values = foreign.values;
      for (const auto& [name, value] : trial.choice) {
        if (const auto* whole = std::get_if<std::int64_t>(&value))
          values.try_emplace(name, static_cast<double>(*whole));
        if (const auto* real = std::get_if<double>(&value)) values.try_emplace(name, *real);
      }
      if (!has_objectives(foreign)) {
        ++incomplete;
        continue;
      }
      if (!has_all(values, wanted.told)) {
        ++unbounded;
        continue;
      }
      // What is not known does not count as kept; where constraints are named here, their values decide.
      const bool is_infeasible = foreign.is_infeasible || (foreign.is_unjudged && wanted.constraints.empty());
      if (is_infeasible && !study::violated(wanted.constraints, values)) {
        ++infeasible;
        trial.state = study::State::rejected;
        trial.reason = foreign.is_infeasible ? "it broke a constraint there" : "it has no value of a constraint there";
      } else {
        trial.results.push_back({.fidelity = study::Fidelity::training(1),
                                 .values = study::values_of(study::Source::told, foreign.values),
                                 .details = {{"answered", source}}});
      }
    }
    fitted.trials.push_back(std::move(trial));
  }
  const auto note = [&](const std::string& text) { fitted.remarks.push_back(std::format("{}: {}", source, text)); };
  if (unknown > 0)
    note(std::format("{} of parameters that the space does not have were left out", counted(unknown, "value")));
  if (outside > 0) {
    std::string all;
    for (const auto& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
    note(std::format("{} left out that the space does not have, {}because {}", counted(outside, "trial"),
                     outside == 1 ? "" : "the first ", all));
  }
  if (open > 0) note(std::format("{} left out that had not ended", counted(open, "trial")));
  if (incomplete > 0) note(std::format("{} left out that lacked an objective", counted(incomplete, "trial")));
  if (unbounded > 0)
    note(std::format("{} left out that lacked a value which a constraint needs", counted(unbounded, "trial")));
  if (infeasible > 0)
    note(std::format(
        "{} broke a constraint there that is not named here, or lacked its value: infeasible, never on the front",
        counted(infeasible, "trial")));
  for (const auto& objective : wanted.objectives)
    if (const auto question = mixed_units(fitted.trials, objective.name)) note(*question);
  return fitted;
}

Result<std::vector<ForeignTrial>> parse_table(const std::string& text, const std::string& file) {
  TRY(const auto rows, csv_rows(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text, file));
  if (rows.size() < 2)
    return invalid(std::format("the table \"{}\" has no rows", file), "it needs a heading and at least one row");
  const auto& heading = rows.front().fields;
  std::set<std::string> names;
  for (const auto& name : heading)
    if (!names.insert(name).second && !name.empty())
      return invalid(std::format("the column \"{}\" of \"{}\" exists twice", name.substr(0, 60), file),
                     "rename one of them");
  const auto place_of_word = [&](const std::string& word) -> Result<std::size_t> {
    std::size_t found = heading.size();
    for (std::size_t i = 0; i < heading.size(); ++i) {
      if (in_lower_case(heading[i]) != word) continue;
      if (found < heading.size())
        return invalid(
            std::format("the columns \"{}\" and \"{}\" of \"{}\" mean the same", heading[found], heading[i], file),
            "leave one of them");
      found = i;
    }
    return found;
  };
  TRY(const auto state_column, place_of_word("state"));
  TRY(const auto reason_column, place_of_word("reason"));
  const auto columns = columns_of(heading);
  std::vector<ForeignTrial> trials;
  trials.reserve(rows.size() - 1);
  for (std::size_t row = 1; row < rows.size(); ++row) {
    const auto& [fields, line] = rows[row];
    if (fields.size() != heading.size())
      return invalid(std::format("row {} of \"{}\" has {} fields where the heading has {}", row, file, fields.size(),
                                 heading.size()),
                     {}, std::format("{}:{}", file, line));
    ForeignTrial trial;
    for (std::size_t column = 0; column < heading.size(); ++column) {
      const auto& field = fields[column];
      if (field.empty()) continue;
      if (column == state_column) {
        const auto state = state_of(field);
        if (!state) {
          const auto near = nearest_word(field, state_words);
          return invalid(std::format("the state \"{}\" is not one of {}, in capitals or not", field.substr(0, 60),
                                     quoted_list(state_words)),
                         near.empty() ? "correct it, or leave it empty for a complete trial"
                                      : std::format("did you mean \"{}\"?", near),
                         std::format("{}:{}", file, line));
        }
        trial.state = *state;
        continue;
      }
      if (column == reason_column) {
        trial.reason = field;
        continue;
      }
      // Whether it is a parameter is the space's to say: fit() takes those it has.
      if (const auto& parameter = columns[column].parameter)
        trial.parameters.get_ref<Json::object_t&>().emplace_back(*parameter, field);
      if (const auto& value = columns[column].value)
        if (const auto number = finite_number(field)) trial.values.emplace(*value, *number);
    }
    trials.push_back(std::move(trial));
  }
  return trials;
}

Result<std::vector<ForeignTrial>> read_foreign(const fs::path& path, const std::vector<study::Objective>& objectives) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return read_study(path, objectives);
  const auto ending = path.extension().string();
  if (ending == ".db" || ending == ".sqlite" || ending == ".sqlite3") return read_optuna(path, {}, objectives);
  if (ending == ".csv") {
    TRY(const auto text, read_text(path, max_table_bytes));
    return parse_table(text, path.string());
  }
  if (!fs::exists(path, ignored))
    return fail(ErrorCode::not_found, std::format("there is no \"{}\" to start from", path.string()),
                "give a study's folder, an Optuna database (.db) or a table (.csv)");
  return invalid(
      std::format("\"{}\" is none of a study's folder, an Optuna database (.db) or a table (.csv)", path.string()));
}

Result<Start> gather_start(const std::vector<std::string>& warm_start, const std::vector<std::string>& front_of,
                           const space::Space& space, const study::Settings& settings, const fs::path& folder) {
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
    auto fitted = fit(foreign, space, wanted_of(settings), fs::path(source).filename().string());
    // Every other column of a table is a value; that is not worth a remark.
    if (is_table)
      std::erase_if(fitted.remarks,
                    [](const auto& remark) { return remark.contains("of parameters that the space does not have"); });
    start.remarks.insert(start.remarks.end(), fitted.remarks.begin(), fitted.remarks.end());
    std::erase_if(fitted.trials, [](const auto& trial) { return trial.state != study::State::complete; });
    TRY_DO(check_shares(fitted.trials, source));
    if (fitted.trials.empty())
      return invalid(std::format("\"{}\" has no finished trial of this space with all objectives", source),
                     fitted.remarks.empty() ? "" : fitted.remarks.front());
    return std::move(fitted.trials);
  };
  for (const auto& source : warm_start) {
    TRY(auto trials, read(source));
    for (auto& trial : trials) start.prior.push_back(prior_trial(std::move(trial.choice), trial.values()));
  }
  std::set<space::Choice> in_front;
  for (const auto& source : front_of) {
    study::Study other{.settings = settings};
    TRY(other.trials, read(source));
    for (const auto* trial : search::pareto_front(other))
      if (in_front.insert(trial->choice).second) start.front.push_back(trial->choice);
  }
  start.remarks.insert(start.remarks.begin(), std::format("starting from {} of others, {} of them to be tried first",
                                                          counted(start.prior.size(), "trial"), start.front.size()));
  TRY_DO(write_file(file, dump(kept(start, space), 1)));
  return start;
}

}  // namespace edgewise::exchange
