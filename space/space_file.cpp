#include "space/space_file.hpp"

#include <algorithm>
#include <format>

#include "base/file.hpp"
#include "space/domain_internal.hpp"
#include "space/yaml_internal.hpp"

namespace edgewise::space {

namespace {

constexpr std::size_t max_parameters = 1000;
constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

/// A bare list stands for {values: list}.
config::Node expanded(config::Node root) {
  for (auto& section : root.entries) {
    if (section.key != "parameters") continue;
    for (auto& parameter : section.value.entries) {
      if (parameter.value.kind != config::Node::Kind::sequence) continue;
      config::Node whole{.kind = config::Node::Kind::map, .at = parameter.value.at};
      whole.entries.push_back({"values", parameter.value.at, std::move(parameter.value)});
      parameter.value = std::move(whole);
    }
  }
  return root;
}

std::string hint(const std::string& word, const std::vector<std::string>& known) {
  const auto near = nearest_word(word, known);
  return near.empty() ? "" : std::format("did you mean \"{}\"?", near);
}

/// Both ends must be given; `present` tells whether they are.
bool has_ends(config::Options& o, const std::string& name) {
  for (const char* end : {"low", "high"}) {
    if (o.is_given(end)) continue;
    o.problem("", std::format("parameters.{} has no \"{}\"", name, end),
              "a number is given by its ends, e.g. {type: real, low: 0, high: 1}");
    return false;
  }
  return true;
}

Domain read_categories(config::Options& o) {
  std::vector<Json> values;
  o.values("values", values, "the values that it can have");
  return make_categorical(values);
}

Domain read_integers(config::Options& o) {
  constexpr config::Range range{-static_cast<double>(largest_integer), static_cast<double>(largest_integer)};
  Integer integers;
  o.integer("low", integers.low, range, "the smallest value");
  o.integer("high", integers.high, range, "the largest value");
  o.integer("step", integers.step, {1, static_cast<double>(largest_integer)}, "from one value to the next");
  o.boolean("log", integers.log_scale, "drawn over the logarithm");
  return integers;
}

Domain read_reals(config::Options& o) {
  Real reals;
  o.number("low", reals.low, {}, "the smallest value");
  o.number("high", reals.high, {}, "the largest value");
  o.boolean("log", reals.log_scale, "drawn over the logarithm");
  return reals;
}

/// The condition as written; nothing after a mistake. A category of `parameters` is meant by what it means.
std::optional<Condition> read_condition(config::Options& o, const config::Node& when,
                                        const std::vector<Parameter>& parameters) {
  if (when.entries.size() != 1) {
    o.problem("", "a condition names one parameter and the values for which this one exists",
              "for example when: {optimizer: [sgd]}");
    Json ignored;
    o.rest(ignored, "");
    return {};
  }
  Condition condition{.parent = when.entries.front().key};
  std::vector<Json> values;
  o.values(condition.parent, values, "the values for which the parameter exists");
  if (o.has_problem(condition.parent)) return {};
  const auto parent = std::ranges::find(parameters, condition.parent, &Parameter::name);
  for (const auto& value : values) {
    const auto known = parent == parameters.end() ? std::nullopt : value_from_json(*parent, value);
    condition.values.push_back(known ? to_text(*known) : value.is_string() ? value.get<std::string>() : dump(value));
  }
  return condition;
}

}  // namespace

ParameterReader::ParameterReader(config::Node root, More more)
    : root_(expanded(std::move(root))), more_(std::move(more)) {
  if (const auto* section = child(root_, "parameters"))
    for (const auto& entry : section->entries) names_.push_back(entry.key);
}

void ParameterReader::declare(config::Options& options) {
  parameters_.clear();
  if (names_.empty()) {
    if (!options.is_given("parameters"))
      options.problem("", "parameters is missing: what may be chosen?",
                      "for example parameters: {learning_rate: {type: real, low: 1e-5, high: 0.1, log: true}}");
    else if (const auto* section = child(root_, "parameters");
             section->kind == config::Node::Kind::map || section->kind == config::Node::Kind::null)
      options.problem("parameters", "parameters is empty; at least one is needed",
                      "for example learning_rate: {type: real, low: 1e-5, high: 0.1, log: true}");
  }
  if (names_.size() > max_parameters)
    options.problem("parameters",
                    std::format("{} parameters are too many; at most {} are searched", names_.size(), max_parameters),
                    "");
  options.section(
      "parameters", "",
      [&](config::Options& all) {
        if (names_.empty() || names_.size() > max_parameters) {
          Json ignored;  // told already
          return all.rest(ignored, "");
        }
        for (const auto& entry : child(root_, "parameters")->entries)
          all.section(entry.key, "", [&](config::Options& one) { read_parameter(all, one, entry); }, "a parameter");
      },
      "what may be chosen");
}

void ParameterReader::read_parameter(config::Options& all, config::Options& one, const config::Node::Entry& entry) {
  const std::vector<std::string> types{"categorical", "integer", "real"};
  Parameter parameter{.name = entry.key};
  std::string type = one.is_given("values") && !one.is_given("type") ? "categorical" : "";
  one.word("type", type, types, "what kind of values it has");
  one.text("description", parameter.description, "for people");
  bool is_whole = !type.empty();
  if (type == "categorical") {
    if (!one.is_given("values")) {
      one.problem("", std::format("parameters.{} has no \"values\"", entry.key),
                  "a categorical parameter lists its values, e.g. {values: [sgd, adam]}");
      is_whole = false;
    }
    parameter.domain = read_categories(one);
    is_whole = is_whole && !one.has_problem("values");
  } else if (!type.empty()) {
    is_whole = has_ends(one, entry.key);
    parameter.domain = type == "integer" ? read_integers(one) : read_reals(one);
  } else {
    if (!one.is_given("type"))
      one.problem("", std::format("parameters.{} has no type; it must be one of {}", entry.key, quoted_list(types)),
                  "for example {type: real, low: 0, high: 1}; a list of values needs no type");
    Json ignored;  // what the other options mean depends on the type
    one.rest(ignored, "");
    return;
  }
  if (const auto* when = child(entry.value, "when")) {
    one.section(
        "when", "", [&](config::Options& w) { parameter.condition = read_condition(w, *when, parameters_); },
        "the parameter exists only then");
    is_whole = is_whole && parameter.condition;
  }
  if (more_) more_(one, entry, parameter.domain);
  if (is_whole) check(all, std::move(parameter));
}

void ParameterReader::check(config::Options& all, Parameter parameter) {
  const std::string name = parameter.name;
  if (name.empty()) return all.problem(name, "a parameter without a name", "give it one");
  if (const auto mistake = domain_mistake(parameter.domain))
    return all.problem(name, std::format("parameter \"{}\" {}", name, *mistake), "");
  if (parameter.condition) {
    const auto own = std::ranges::find(names_, name), parent = std::ranges::find(names_, parameter.condition->parent);
    if (parent == names_.end())
      return all.problem(name + ".when",
                         std::format("parameter \"{}\" depends on \"{}\", which is not a parameter", name,
                                     parameter.condition->parent),
                         hint(parameter.condition->parent, names_));
    if (parent >= own)
      return all.problem(name + ".when",
                         std::format("parameter \"{}\" depends on \"{}\", which comes after it or is itself", name,
                                     parameter.condition->parent),
                         "put the one that decides first");
    if (!std::ranges::contains(parameters_, *parent, &Parameter::name)) return;  // the parent's own mistake is told
  }
  if (parameter.condition) {
    // The two alone, whatever the parent depends on: all the others were looked at.
    Parameter parent = *std::ranges::find(parameters_, parameter.condition->parent, &Parameter::name);
    parent.condition.reset();
    if (const auto made = make_space({std::move(parent), parameter}); !made)
      return all.problem(name + ".when", made.error().message, made.error().next);
  }
  parameters_.push_back(std::move(parameter));
}

std::expected<Space, std::vector<Error>> parse_space(const std::string& text, const std::string& file) {
  auto root = config::parse_yaml(text, file);
  if (!root) return std::unexpected(std::vector<Error>{root.error()});
  ParameterReader reader(*std::move(root));
  auto errors = config::read(reader.root(), file, [&](config::Options& o) { reader.declare(o); });
  if (!errors.empty()) return std::unexpected(std::move(errors));
  auto space = make_space(reader.parameters());
  if (!space) return std::unexpected(std::vector<Error>{space.error()});
  return *std::move(space);
}

std::expected<Space, std::vector<Error>> read_space(const std::filesystem::path& file) {
  const auto text = read_file(file, max_file_bytes);
  if (!text) return std::unexpected(std::vector<Error>{text.error()});
  return parse_space(*text, file.string());
}

namespace {

/// What the values of a category mean; of a number their texts.
Json condition_values(const Space& space, const Condition& condition) {
  const auto parent = std::ranges::find(space.parameters(), condition.parent, &Parameter::name);
  Json values = Json::array();
  for (const auto& text : condition.values)
    values.push_back(std::holds_alternative<Categorical>(parent->domain) ? to_json(*parent, Value(text)) : Json(text));
  return values;
}

void quote_values(config::Node& values) {
  if (values.kind == config::Node::Kind::scalar) values.is_quoted = true;
  for (auto& item : values.items) quote_values(item);
}

}  // namespace

config::Node with_values_as_texts(config::Node root) {
  for (auto& section : root.entries) {
    if (section.key != "parameters") continue;
    for (auto& parameter : section.value.entries) {
      if (parameter.value.kind == config::Node::Kind::sequence) quote_values(parameter.value);
      for (auto& option : parameter.value.entries) {
        if (option.key == "values") quote_values(option.value);
        if (option.key == "when")
          for (auto& parent : option.value.entries) quote_values(parent.value);
      }
    }
  }
  return root;
}

Json to_json(const Space& space) {
  Json parameters = Json::object();
  for (const auto& parameter : space.parameters()) {
    Json& json = parameters[parameter.name];
    if (const auto* set = std::get_if<Categorical>(&parameter.domain)) {
      json = {{"type", "categorical"}, {"values", set->meanings.empty() ? Json(set->values) : Json(set->meanings)}};
    } else if (const auto* range = std::get_if<Integer>(&parameter.domain)) {
      json = {{"type", "integer"},
              {"low", range->low},
              {"high", range->high},
              {"step", range->step},
              {"log", range->log_scale}};
    } else {
      const auto& reals = std::get<Real>(parameter.domain);
      json = {{"type", "real"}, {"low", reals.low}, {"high", reals.high}, {"log", reals.log_scale}};
    }
    if (parameter.condition)
      json["when"] = Json{{parameter.condition->parent, condition_values(space, *parameter.condition)}};
    if (!parameter.description.empty()) json["description"] = parameter.description;
  }
  return {{"parameters", std::move(parameters)}};
}

}  // namespace edgewise::space
