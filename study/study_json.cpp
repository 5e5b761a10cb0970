#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <format>
#include <limits>
#include <set>

#include "study/json_internal.hpp"

namespace edgewise::study {

namespace {

/// "" where there is none.
std::string text_of(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
}

/// Without an end that is infinite: JSON has no infinity.
Json to_json(const Interval& interval) {
  Json json = Json::object();
  if (std::isfinite(interval.low)) json["low"] = interval.low;
  if (std::isfinite(interval.high)) json["high"] = interval.high;
  if (interval.low_is_open) json["low_is_open"] = true;
  if (interval.high_is_open) json["high_is_open"] = true;
  return json;
}

/// What is missing, or no number, is no bound.
Interval interval_from_json(const Json& json) {
  Interval interval;
  if (!json.is_object()) return interval;
  if (json.contains("low") && json["low"].is_number()) interval.low = json["low"].get<double>();
  if (json.contains("high") && json["high"].is_number()) interval.high = json["high"].get<double>();
  interval.low_is_open = json.value("low_is_open", Json()) == Json(true);
  interval.high_is_open = json.value("high_is_open", Json()) == Json(true);
  return interval;
}

}  // namespace

Json normalised(const Json& json) {
  return Json::parse(dump(json), nullptr, false);
}

Json choice_to_json(const space::Choice& choice) {
  Json json = Json::object();
  for (const auto& [name, value] : choice) std::visit([&](const auto& v) { json[name] = v; }, value);
  return json;
}

Result<space::Choice> choice_from_json(const Json& json) {
  if (!json.is_object()) return invalid("a choice is no JSON object");
  space::Choice choice;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) {
      choice[name] = value.get<std::string>();
    } else if (value.is_number_float()) {
      choice[name] = value.get<double>();
    } else if (value.is_number_integer()) {
      if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return invalid(std::format("the value of \"{}\" in a choice is beyond 64 bits", name));
      choice[name] = value.get<std::int64_t>();
    } else {
      return invalid(std::format("the value of \"{}\" in a choice is neither a text nor a number", name));
    }
  }
  return choice;
}

Json numbers_to_json(const std::map<std::string, double>& numbers) {
  Json json = Json::object();
  for (const auto& [name, number] : numbers) json[name] = number;
  return json;
}

Result<std::map<std::string, double>> numbers_from_json(const Json& json) {
  if (!json.is_object()) return invalid("recorded numbers are no JSON object");
  std::map<std::string, double> numbers;
  for (const auto& [name, number] : json.items()) {
    if (!number.is_number()) return invalid(std::format("the recorded value of \"{}\" is no number", name));
    numbers[name] = number.get<double>();
  }
  return numbers;
}

namespace {

/// Takes a number as JSON writes it off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  const auto digits = [&](std::size_t at) {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return std::nullopt;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t part = digits(at + 1);
    if (part == 0) return std::nullopt;
    at += 1 + part;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t sign = at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+') ? 1 : 0;
    const std::size_t power = digits(at + 1 + sign);
    if (power == 0) return std::nullopt;
    at += 1 + sign + power;
  }
  double number = 0;
  if (std::from_chars(text.data(), text.data() + at, number).ec != std::errc{}) return std::nullopt;
  text.remove_prefix(at);
  return number;
}

/// Takes a text of plain ASCII without escapes, in quotation marks.
std::optional<std::string> take_name(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  const std::size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(1, end - 1);
  if (std::ranges::any_of(name, [](char c) { return c < ' ' || c > '~' || c == '\\'; })) return std::nullopt;
  text.remove_prefix(end + 1);
  return std::string(name);
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::map<std::string, double>> numbers_as_dumped(std::string_view text) {
  std::map<std::string, double> numbers;
  if (text == "{}") return numbers;
  if (!take(text, '{')) return std::nullopt;
  do {
    auto name = take_name(text);
    if (!name || !take(text, ':')) return std::nullopt;
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    numbers[*std::move(name)] = *number;
  } while (take(text, ','));
  if (text != "}") return std::nullopt;
  return numbers;
}

Json to_json(const Values& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) {
    Json one{{"value", value.value}, {"source", to_text(value.source)}};
    if (value.interval) one["interval"] = to_json(*value.interval);
    if (!value.device.empty()) one["device"] = value.device;
    if (!value.precision.empty()) one["precision"] = value.precision;
    json[name] = std::move(one);
  }
  return json;
}

Result<Values> values_from_json(const Json& json) {
  if (!json.is_object()) return invalid("recorded values are no JSON object");
  Values values;
  for (const auto& [name, one] : json.items()) {
    if (!one.is_object() || !one.contains("value") || !one["value"].is_number())
      return invalid(std::format("the recorded value of \"{}\" has no number", name));
    const auto source = source_from_text(text_of(one, "source"));
    if (!source) return invalid(std::format("the recorded value of \"{}\" does not say where it comes from", name));
    Value value{.value = one["value"].get<double>(),
                .source = *source,
                .device = text_of(one, "device"),
                .precision = text_of(one, "precision")};
    if (one.contains("interval")) value.interval = interval_from_json(one["interval"]);
    values.emplace(name, std::move(value));
  }
  return values;
}

Json to_json(const Fidelity& fidelity) {
  return {{"estimator", fidelity.estimator}, {"amounts", numbers_to_json(fidelity.amounts)}};
}

Result<Fidelity> fidelity_from_json(const Json& json) {
  Fidelity fidelity{.estimator = text_of(json, "estimator")};
  if (fidelity.estimator.empty() || !json.contains("amounts"))
    return invalid("a fidelity has no estimator or no amounts");
  TRY(fidelity.amounts, numbers_from_json(json["amounts"]));
  if (const auto epochs = fidelity.amounts.find("epochs");
      epochs != fidelity.amounts.end() && !(epochs->second >= 0 && epochs->second <= std::numeric_limits<int>::max()))
    return invalid(std::format("a fidelity has {} epochs", epochs->second));
  return fidelity;
}

Status check_artifacts(const std::vector<Artifact>& artifacts) {
  std::set<std::string> kinds;
  for (const Artifact& artifact : artifacts) {
    if (artifact.kind.empty() || !kinds.insert(artifact.kind).second)
      return invalid(std::format("a result has two artifacts of the kind \"{}\", or one of none", artifact.kind));
    const std::filesystem::path path = artifact.path;
    if (path.empty() || path.is_absolute() || std::ranges::contains(path, std::filesystem::path("..")))
      return invalid(std::format("the artifact \"{}\" is not within the study's folder", artifact.path),
                     "keep what belongs to a study in its folder");
  }
  return {};
}

Json to_json(const std::vector<Artifact>& artifacts) {
  Json json = Json::array();
  for (const Artifact& artifact : artifacts) {
    json.push_back({{"kind", artifact.kind}, {"path", artifact.path}});
    if (artifact.sha256) json.back()["sha256"] = *artifact.sha256;
    if (artifact.bytes) json.back()["bytes"] = *artifact.bytes;
  }
  return json;
}

Result<std::vector<Artifact>> artifacts_from_json(const Json& json) {
  if (!json.is_array()) return invalid("the artifacts are no JSON array");
  std::vector<Artifact> artifacts;
  for (const Json& item : json) {
    Artifact artifact{.kind = text_of(item, "kind"), .path = text_of(item, "path")};
    if (const auto sha256 = text_of(item, "sha256"); !sha256.empty()) artifact.sha256 = sha256;
    if (item.is_object() && item.contains("bytes") && item["bytes"].is_number_integer())
      artifact.bytes = item["bytes"].get<std::int64_t>();
    artifacts.push_back(std::move(artifact));
  }
  TRY_DO(check_artifacts(artifacts));
  return artifacts;
}

Json to_json(const std::vector<Objective>& objectives) {
  Json json = Json::array();
  for (const Objective& objective : objectives)
    json.push_back({{"name", objective.name},
                    {"direction", objective.direction == Direction::maximize ? "maximize" : "minimize"}});
  return json;
}

Result<std::vector<Objective>> objectives_from_json(const Json& json) {
  if (!json.is_array()) return invalid("the objectives are no JSON array");
  std::vector<Objective> objectives;
  for (const Json& item : json) {
    const std::string name = text_of(item, "name"), direction = text_of(item, "direction");
    if (name.empty() || (direction != "maximize" && direction != "minimize"))
      return invalid("an objective has no name or no direction");
    objectives.push_back({name, direction == "maximize" ? Direction::maximize : Direction::minimize});
  }
  return objectives;
}

Json to_json(const std::vector<Constraint>& constraints) {
  Json json = Json::array();
  for (const Constraint& constraint : constraints) json.push_back(constraint.text);
  return json;
}

Result<std::vector<Constraint>> constraints_from_json(const Json& json) {
  if (!json.is_array()) return invalid("the constraints are no JSON array");
  std::vector<Constraint> constraints;
  for (const Json& item : json) {
    if (!item.is_string()) return invalid("a constraint is no text");
    const auto text = item.get<std::string>();
    TRY(Comparison comparison, Comparison::parse(text));
    constraints.push_back({text, std::move(comparison)});
  }
  return constraints;
}

}  // namespace edgewise::study
