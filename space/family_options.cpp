#include "space/family_options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <expected>
#include <format>

#include "space/domain_internal.hpp"

namespace edgewise::space {

namespace {

/// A mistake at one option.
struct Mistake {
  std::string message, next;
};
template <class T>
using Narrowed = std::expected<T, Mistake>;

std::unexpected<Mistake> mistake(std::string message, std::string next = {}) {
  return std::unexpected(Mistake{std::move(message), std::move(next)});
}

std::string hint(const Domain& known, const Json& json) {
  if (json.is_string()) return nearest_hint(known, json.get<std::string>());
  return json.is_number() ? nearest_hint(known, json.get<double>()) : std::string();
}

/// One given value, in the spelling of the parameter's own range where it is one of it (0.00001 is also 1e-05).
Narrowed<Value> known_value(const FamilyParameter& from, const Json& json) {
  if (auto value = value_from_json(from.parameter.domain, json)) return *std::move(value);
  if (auto value = value_from_json(from.known, json)) return *std::move(value);
  return mistake(
      std::format("\"{}\" has the value {}; it must be {}", from.parameter.name, dump(json), description(from.known)),
      hint(from.known, json));
}

Narrowed<Domain> from_list(const FamilyParameter& from, const Json& list) {
  const auto& name = from.parameter.name;
  if (list.empty())
    return mistake(std::format("\"{}\" has an empty list of values", name),
                   "leave it out to keep the family's own range");
  if (list.size() > 1000)
    return mistake(std::format("\"{}\" has {} values; at most 1000 are possible", name, list.size()));
  std::vector<Value> values;
  for (const auto& item : list) {
    auto value = known_value(from, item);
    if (!value) return std::unexpected(std::move(value).error());
    if (std::ranges::contains(values, *value))
      return mistake(std::format("\"{}\" has the value {} twice", name, dump(item)));
    values.push_back(*std::move(value));
  }
  const auto* range = std::get_if<Integer>(&from.parameter.domain);
  if (range != nullptr) {
    std::ranges::sort(values);
    const auto at = [&](std::size_t i) { return std::get<std::int64_t>(values[i]); };
    const auto step = values.size() > 1 ? at(1) - at(0) : 1;
    bool is_even = true;
    for (std::size_t i = 1; i < values.size(); ++i) is_even &= at(i) - at(i - 1) == step;
    if (is_even) return Integer{at(0), at(values.size() - 1), step, range->log_scale};
  }
  Categorical set;
  for (const auto& value : values) set.values.push_back(to_text(value));
  return set;
}

Narrowed<Domain> from_range(const FamilyParameter& from, const Json& given) {
  const auto& name = from.parameter.name;
  if (std::holds_alternative<Categorical>(from.known)) {
    return mistake(std::format("\"{}\" has no low and high end", name), "give a list of values");
  }
  const std::vector<std::string> keys = {"low", "high", "step"};
  for (const auto& [key, value] : given.items()) {
    if (!std::ranges::contains(keys, key)) {
      const auto near = nearest_word(key, keys);
      return mistake(std::format("\"{}\" has \"{}\"; a range has {}", name, key, quoted_list(keys)),
                     near.empty() ? "" : std::format("did you mean \"{}\"?", near));
    }
  }
  // An end that is not given is the family's own.
  const auto end = [&](const char* key, auto own) -> Narrowed<decltype(own)> {
    if (!given.contains(key)) return own;
    const auto value = value_from_json(from.known, given[key]);
    if (!value) {
      return mistake(
          std::format("\"{}\" has {} {}; it must be {}", name, key, dump(given[key]), description(from.known)),
          hint(from.known, given[key]));
    }
    return std::get<decltype(own)>(*value);
  };
  Domain domain;
  if (const auto* known = std::get_if<Integer>(&from.known)) {
    const auto* own = std::get_if<Integer>(&from.parameter.domain);
    auto range = own != nullptr ? *own : *known;
    const auto low = end("low", range.low), high = end("high", range.high);
    if (!low) return std::unexpected(low.error());
    if (!high) return std::unexpected(high.error());
    range.low = *low;
    range.high = *high;
    if (given.contains("step")) {
      const auto& step = given["step"];
      if (!step.is_number_integer() || step.get<double>() < 1 ||
          step.get<double>() > static_cast<double>(largest_integer) || step.get<std::int64_t>() % known->step != 0) {
        return mistake(std::format("\"{}\" has step {}; it must be a multiple of {}", name, dump(step), known->step));
      }
      range.step = step.get<std::int64_t>();
    }
    domain = range;
  } else {
    if (given.contains("step"))
      return mistake(std::format("\"{}\" is a real number and has no step", name), "give a list of values instead");
    const auto* own = std::get_if<Real>(&from.parameter.domain);
    auto range = own != nullptr ? *own : std::get<Real>(from.known);
    const auto low = end("low", range.low), high = end("high", range.high);
    if (!low) return std::unexpected(low.error());
    if (!high) return std::unexpected(high.error());
    range.low = *low;
    range.high = *high;
    domain = range;
  }
  if (const auto wrong = domain_mistake(domain)) return mistake(std::format("\"{}\" {}", name, *wrong));
  return domain;
}

Narrowed<Domain> narrowed_domain(const FamilyParameter& from, const Json& given) {
  if (given.is_array()) return from_list(from, given);
  if (given.is_object()) return from_range(from, given);
  if (given.is_string() || given.is_number()) return from_list(from, Json::array({given}));
  return mistake(std::format("\"{}\" is {}; it must be a value, a list of values or {{low, high, step}}",
                             from.parameter.name, dump(given)));
}

/// Keeps what can still come true of a condition. False when nothing can.
bool still_possible(Parameter& parameter, const std::vector<Parameter>& before) {
  if (!parameter.condition) return true;
  const auto parent = std::ranges::find(before, parameter.condition->parent, &Parameter::name);
  if (parent == before.end()) return false;
  std::erase_if(parameter.condition->values, [&](const auto& value) { return !index_of_text(parent->domain, value); });
  if (parameter.condition->values.empty()) return false;
  if (!parent->condition && parameter.condition->values.size() == value_count(parent->domain))
    parameter.condition.reset();
  return true;
}

}  // namespace

Result<std::vector<Parameter>> narrowed(std::vector<FamilyParameter> parameters, const Json& options,
                                        const std::vector<std::string>& settings) {
  if (!options.is_object() && !options.is_null()) {
    return invalid(std::format("the options of a family are a map from parameters to values, not {}",
                               dump(options).substr(0, 80)));
  }
  Error all;
  const auto report = [&all](const std::string& key, const Mistake& one) {
    all.message += (all.message.empty() ? "" : "; ") + one.message;
    if (all.where.empty()) all.where = key;
    if (all.next.empty()) all.next = one.next;
  };
  std::vector<std::string> names;
  for (const auto& [parameter, known, optional] : parameters) names.push_back(parameter.name);
  for (const auto& [key, value] : options.items()) {
    const auto found = std::ranges::find(names, key);
    if (found == names.end()) {
      auto words = names;
      words.insert(words.end(), settings.begin(), settings.end());
      const auto near = nearest_word(key, words);
      report(key, {std::format("\"{}\" is not a parameter of this family; it has {}", key, quoted_list(words)),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near)});
      continue;
    }
    auto& parameter = parameters[static_cast<std::size_t>(found - names.begin())];
    if (auto domain = narrowed_domain(parameter, value)) {
      parameter.parameter.domain = *std::move(domain);
      parameter.is_optional = false;
    } else {
      report(key, domain.error());
    }
  }
  std::vector<Parameter> kept;
  for (auto& [parameter, known, optional] : parameters) {
    if (optional) continue;
    const auto condition = parameter.condition;
    if (still_possible(parameter, kept)) {
      kept.push_back(std::move(parameter));
    } else if (options.contains(parameter.name) && all.message.empty()) {
      report(parameter.name,
             {std::format("\"{}\" is given, but it exists only when \"{}\" is {}, which the options rule out",
                          parameter.name, condition->parent, quoted_list(condition->values)),
              std::format("leave \"{}\" out", parameter.name)});
    }
  }
  if (!all.message.empty()) return std::unexpected(std::move(all));
  return kept;
}

double number_in(const Choice& choice, const std::string& name) {
  const auto& value = choice.at(name);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  const auto& text = std::get<std::string>(value);
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  EDGEWISE_ASSERT(error == std::errc{} && end == text.data() + text.size(),
                  "categories of a numeric parameter are numbers");
  return number;
}

std::int64_t integer_in(const Choice& choice, const std::string& name) {
  return std::llround(number_in(choice, name));
}

}  // namespace edgewise::space
