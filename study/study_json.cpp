#include <cmath>
#include <format>

#include "study/json_internal.hpp"

namespace edgewise::study {

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

Json values_to_json(const std::map<std::string, double>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = value;
  return json;
}

Result<std::map<std::string, double>> values_from_json(const Json& json) {
  if (!json.is_object()) return invalid("recorded values are no JSON object");
  std::map<std::string, double> values;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_number()) return invalid(std::format("the recorded value of \"{}\" is no number", name));
    values[name] = value.get<double>();
  }
  return values;
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
    const auto text = [&](const char* key) {
      return item.is_object() && item.contains(key) && item[key].is_string() ? item[key].get<std::string>()
                                                                             : std::string();
    };
    const std::string name = text("name"), direction = text("direction");
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
