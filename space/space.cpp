#include "space/space.hpp"

#include <algorithm>
#include <format>
#include <set>

#include "space/domain_internal.hpp"

namespace edgewise::space {

namespace {

std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const auto& parameter : parameters) names.push_back(parameter.name);
  return names;
}

const Parameter* find(const std::vector<Parameter>& parameters, const std::string& name) {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? nullptr : &*found;
}

std::unexpected<Error> unknown_name(const std::vector<Parameter>& parameters, const std::string& name) {
  const auto names = names_of(parameters);
  const auto near = nearest_word(name, names);
  return invalid(std::format("\"{}\" is not a parameter of this space; it has {}", name, quoted_list(names)),
                 near.empty() ? "" : std::format("did you mean \"{}\"?", near), name);
}

std::unexpected<Error> not_allowed(const Parameter& parameter, const Value& value) {
  return invalid(std::format("parameter \"{}\" is {}; it must be {}", parameter.name,
                             std::holds_alternative<std::string>(value) ? '"' + to_text(value) + '"' : to_text(value),
                             description(parameter.domain)),
                 nearest_hint(parameter.domain, value), parameter.name);
}

/// What is wrong with a condition, or nothing.
std::optional<std::string> condition_mistake(const std::vector<Parameter>& parameters, std::size_t index) {
  const auto& condition = *parameters[index].condition;
  const auto* parent = find(parameters, condition.parent);
  if (parent == nullptr) {
    const auto near = nearest_word(condition.parent, names_of(parameters));
    return std::format("depends on \"{}\", which is not a parameter{}", condition.parent,
                       near.empty() ? "" : std::format("; did you mean \"{}\"?", near));
  }
  if (parent >= &parameters[index])
    return std::format("depends on \"{}\", which comes after it or is itself", condition.parent);
  if (!value_count(parent->domain)) return std::format("depends on \"{}\", which is a real number", condition.parent);
  if (condition.values.empty())
    return std::format("depends on no value of \"{}\" and would never exist", condition.parent);
  for (const auto& value : condition.values) {
    if (!index_of_text(parent->domain, value)) {
      return std::format("depends on \"{}\" being \"{}\", but that must be {}", condition.parent, value,
                         description(parent->domain));
    }
  }
  return {};
}

}  // namespace

std::string to_text(const Value& value) {
  return std::visit([](const auto& held) { return std::format("{}", held); }, value);
}

Json to_json(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

std::string to_text(const Choice& choice) {
  std::string text;
  for (const auto& [name, value] : choice)
    text += std::format("{}{}={}", text.empty() ? "" : " ", name, to_text(value));
  return text;
}

Json to_json(const Choice& choice) {
  auto json = Json::object();
  for (const auto& [name, value] : choice) json[name] = to_json(value);
  return json;
}

Result<Space> make_space(std::vector<Parameter> parameters, Space::Validity validity) {
  if (parameters.empty()) return invalid("a space needs at least one parameter");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& parameter = parameters[i];
    if (parameter.name.empty()) return invalid(std::format("parameter {} has no name", i + 1));
    const auto wrong = [&](const std::string& mistake) {
      return invalid(std::format("parameter \"{}\" {}", parameter.name, mistake), {}, parameter.name);
    };
    if (!seen.insert(parameter.name).second) return wrong("exists twice");
    if (const auto mistake = domain_mistake(parameter.domain)) return wrong(*mistake);
    if (!parameter.condition) continue;
    if (const auto mistake = condition_mistake(parameters, i)) return wrong(*mistake);
  }
  Space space;
  space.parameters_ = std::move(parameters);
  space.validity_ = std::move(validity);
  return space;
}

bool Space::is_active(const Parameter& parameter, const Choice& choice) const {
  if (!parameter.condition) return true;
  const auto parent = choice.find(parameter.condition->parent);
  return parent != choice.end() && std::ranges::contains(parameter.condition->values, to_text(parent->second));
}

Status Space::check(const Choice& choice) const {
  const auto known = static_cast<std::size_t>(
      std::ranges::count_if(parameters_, [&](const Parameter& parameter) { return choice.contains(parameter.name); }));
  if (known < choice.size()) {
    for (const auto& [name, value] : choice) {
      if (find(parameters_, name) == nullptr) return unknown_name(parameters_, name);
    }
  }
  for (const auto& parameter : parameters_) {
    const auto found = choice.find(parameter.name);
    if (!is_active(parameter, choice)) {
      if (found == choice.end()) continue;
      return invalid(std::format("parameter \"{}\" is given, but it exists only when \"{}\" is {}", parameter.name,
                                 parameter.condition->parent, quoted_list(parameter.condition->values)),
                     std::format("leave \"{}\" out", parameter.name), parameter.name);
    }
    if (found == choice.end()) {
      return invalid(
          std::format("parameter \"{}\" is missing; it must be {}", parameter.name, description(parameter.domain)), {},
          parameter.name);
    }
    if (!index_of(parameter.domain, found->second)) return not_allowed(parameter, found->second);
  }
  if (validity_) {
    if (const auto mistake = validity_(choice)) return invalid(*mistake);
  }
  return {};
}

Result<Choice> choice_from_json(const Space& space, const Json& json) {
  if (!json.is_object()) return invalid("a choice must be a map from parameters to values");
  Choice choice;
  for (const auto& [name, value] : json.items()) {
    const auto* parameter = find(space.parameters(), name);
    if (parameter == nullptr) return unknown_name(space.parameters(), name);
    if (auto known = value_from_json(parameter->domain, value)) {
      choice[name] = *std::move(known);
    } else if (value.is_string()) {
      return not_allowed(*parameter, value.get<std::string>());
    } else if (value.is_number()) {
      return not_allowed(*parameter, value.get<double>());
    } else {
      const auto what = value.is_array()    ? "a list"
                        : value.is_object() ? "a map"
                        : value.is_null()   ? "empty"
                                            : "true or false";
      return invalid(std::format("parameter \"{}\" must be {}, not {}", name, description(parameter->domain), what), {},
                     name);
    }
  }
  TRY_DO(space.check(choice));
  return choice;
}

}  // namespace edgewise::space
