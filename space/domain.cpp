#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <initializer_list>
#include <limits>
#include <map>
#include <set>

#include "space/domain_internal.hpp"

namespace edgewise::space {

namespace {

std::int64_t last_value(const Integer& range) {
  return range.low + (range.high - range.low) / range.step * range.step;
}

/// The multiple of the step nearest to a number.
std::int64_t nearest_value(const Integer& range, double number) {
  const auto last = last_value(range);
  if (!(number > static_cast<double>(range.low))) return range.low;  // NaN goes here too
  if (number >= static_cast<double>(last)) return last;
  const auto steps = std::llround((number - static_cast<double>(range.low)) / static_cast<double>(range.step));
  return std::min(last, range.low + static_cast<std::int64_t>(steps) * range.step);
}

std::optional<double> number_in(const std::string& text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

/// Draws over the logarithm such that each value gets the part of the scale nearest to it; the end values reach out as
/// far as in.
std::int64_t draw_logarithmic(const Integer& range, RandomStream& random) {
  const auto last = last_value(range);
  if (last == range.low) return range.low;
  const auto low = static_cast<double>(range.low), high = static_cast<double>(last),
             half = static_cast<double>(range.step) / 2;
  const auto from = 2 * std::log(low) - std::log(low + half), to = 2 * std::log(high) - std::log(high - half);
  return nearest_value(range, std::exp(random.uniform(from, to)));
}

/// Words that other programs write for a value that is no text.
bool is_spelling_of(const std::string& text, const Json& meaning) {
  const auto is_one_of = [&](std::initializer_list<const char*> words) { return std::ranges::contains(words, text); };
  if (meaning.is_null()) return is_one_of({"null", "Null", "NULL", "None", "~"});
  if (meaning.is_boolean())
    return meaning.get<bool>() ? is_one_of({"true", "True", "TRUE"}) : is_one_of({"false", "False", "FALSE"});
  return meaning.is_number() && number_in(text) == meaning.get<double>();
}

/// The same value: of one kind, whole numbers and others being one kind.
bool is_same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() == b.get<double>();
  return a.type() == b.type() && a == b;
}

/// The one that means it, else the one whose text says the same.
std::optional<std::size_t> category_from_json(const Categorical& set, const Json& json) {
  if (json.is_structured()) return {};
  if (set.meanings.empty() && json.is_string()) {
    const auto found = std::ranges::find(set.values, json.get_ref<const std::string&>());
    if (found == set.values.end()) return {};
    return static_cast<std::size_t>(found - set.values.begin());
  }
  for (std::size_t i = 0; i < set.values.size(); ++i)
    if (is_same(meaning_of(set, i), json)) return i;
  for (std::size_t i = 0; i < set.values.size(); ++i) {
    const auto meaning = meaning_of(set, i);
    if (json.is_string() ? !meaning.is_string() && is_spelling_of(json.get<std::string>(), meaning)
                         : meaning.is_string() && is_spelling_of(meaning.get<std::string>(), json))
      return i;
  }
  return {};
}

/// At most so many categories are named in a message.
constexpr std::size_t most_named = 50;

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

}  // namespace

Json meaning_of(const Categorical& set, std::size_t index) {
  return set.meanings.empty() ? Json(set.values.at(index)) : set.meanings.at(index);
}

std::string shown(const Json& meaning) {
  return meaning.is_string() ? '"' + meaning.get<std::string>() + '"' : dump(meaning);
}

Categorical make_categorical(const std::vector<Json>& meanings) {
  Categorical set;
  std::set<std::string> others;
  for (const auto& meaning : meanings)
    if (!meaning.is_string()) others.insert(dump(meaning));
  for (const auto& meaning : meanings) {
    const bool is_plain = meaning.is_string() && !others.contains(meaning.get_ref<const std::string&>());
    set.values.push_back(is_plain ? meaning.get<std::string>() : dump(meaning));
  }
  if (!others.empty()) set.meanings = meanings;
  return set;
}

std::optional<std::string> domain_mistake(const Domain& domain) {
  const auto of_categories = [](const Categorical& set) -> std::optional<std::string> {
    if (set.values.empty()) return "has no values";
    std::map<double, Json> numbers;
    for (const auto& meaning : set.meanings) {
      if (!meaning.is_number()) continue;
      const auto [first, is_new] = numbers.emplace(meaning.get<double>(), meaning);
      if (!is_new && dump(first->second) != dump(meaning))
        return std::format("has the value {} twice, as {} and as {}", dump(first->second), dump(first->second),
                           dump(meaning));
    }
    std::set<std::string> seen;
    for (const auto& value : set.values) {
      if (value.empty()) return "has an empty value";
      if (!seen.insert(value).second) {
        const auto place = static_cast<std::size_t>(std::ranges::find(set.values, value) - set.values.begin());
        return std::format("has the value {} twice", shown(meaning_of(set, place)));
      }
    }
    return {};
  };
  const auto of_integers = [](const Integer& range) -> std::optional<std::string> {
    if (range.low > range.high) return std::format("has its low end {} above its high end {}", range.low, range.high);
    if (range.low < -largest_integer || range.high > largest_integer) {
      return std::format("goes from {} to {}; at most {} either way is possible", range.low, range.high,
                         largest_integer);
    }
    if (range.step < 1) return std::format("has the step {}; it must be at least 1", range.step);
    if (range.log_scale && range.low <= 0)
      return std::format("has a log scale from {}; it must start above 0", range.low);
    return {};
  };
  const auto of_reals = [](const Real& range) -> std::optional<std::string> {
    if (!std::isfinite(range.low) || !std::isfinite(range.high)) return "has an end that is not a finite number";
    if (range.low > range.high) return std::format("has its low end {} above its high end {}", range.low, range.high);
    if (!std::isfinite(range.high - range.low))
      return std::format("goes from {} to {}, which is further than any number; the ends may be at most {:.0e} apart",
                         range.low, range.high, std::numeric_limits<double>::max());
    if (range.log_scale && range.low <= 0)
      return std::format("has a log scale from {}; it must start above 0", range.low);
    return {};
  };
  return std::visit(Cases{of_categories, of_integers, of_reals}, domain);
}

std::optional<std::uint64_t> value_count(const Domain& domain) {
  if (const auto* set = std::get_if<Categorical>(&domain)) return set->values.size();
  if (const auto* range = std::get_if<Integer>(&domain))
    return static_cast<std::uint64_t>((range->high - range->low) / range->step) + 1;
  const auto& range = std::get<Real>(domain);
  if (range.low == range.high) return 1;
  return {};
}

Value value_at(const Domain& domain, std::uint64_t index) {
  if (const auto* set = std::get_if<Categorical>(&domain)) return set->values.at(index);
  if (const auto* range = std::get_if<Integer>(&domain))
    return range->low + static_cast<std::int64_t>(index) * range->step;
  return std::get<Real>(domain).low;
}

std::optional<std::uint64_t> index_of(const Domain& domain, const Value& value) {
  if (const auto* set = std::get_if<Categorical>(&domain)) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return {};
    const auto found = std::ranges::find(set->values, *text);
    if (found == set->values.end()) return {};
    return static_cast<std::uint64_t>(found - set->values.begin());
  }
  if (const auto* range = std::get_if<Integer>(&domain)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || *number < range->low || *number > range->high || (*number - range->low) % range->step != 0)
      return {};
    return static_cast<std::uint64_t>((*number - range->low) / range->step);
  }
  const auto& range = std::get<Real>(domain);
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr || !(*number >= range.low && *number <= range.high)) return {};
  return 0;
}

std::optional<std::uint64_t> index_of_text(const Domain& domain, const std::string& text) {
  if (std::holds_alternative<Categorical>(domain)) return index_of(domain, text);
  if (const auto count = value_count(domain); !count) return {};
  const auto number = number_in(text);
  if (!number || !(std::abs(*number) <= static_cast<double>(largest_integer))) return {};  // NaN too
  const Value value =
      std::holds_alternative<Integer>(domain) ? Value(static_cast<std::int64_t>(*number)) : Value(*number);
  if (to_text(value) != text) return {};
  return index_of(domain, value);
}

std::string description(const Domain& domain) {
  const auto of_categories = [](const Categorical& set) {
    std::string all;
    const auto named = std::min(set.values.size(), most_named);
    for (std::size_t i = 0; i < named; ++i)
      all += (i == 0 ? "" : i + 1 == set.values.size() ? " or " : ", ") + shown(meaning_of(set, i));
    if (named < set.values.size()) all += std::format(" and {} others", set.values.size() - named);
    return (set.values.size() == 1 ? "" : "one of ") + all;
  };
  const auto of_integers = [](const Integer& range) {
    if (range.low == range.high) return std::format("{}", range.low);
    const auto steps = range.step == 1 ? std::string() : std::format(" in steps of {}", range.step);
    return std::format("a whole number from {} to {}{}", range.low, range.high, steps);
  };
  const auto of_reals = [](const Real& range) { return std::format("a number from {} to {}", range.low, range.high); };
  return std::visit(Cases{of_categories, of_integers, of_reals}, domain);
}

std::string nearest_hint(const Domain& domain, const Value& value) {
  const auto text = to_text(value);
  if (const auto* set = std::get_if<Categorical>(&domain)) {
    const auto near = nearest_word(text, set->values);
    if (near.empty()) return "";
    const auto place = static_cast<std::size_t>(std::ranges::find(set->values, near) - set->values.begin());
    return std::format("did you mean {}?", shown(meaning_of(*set, place)));
  }
  const auto number = number_in(text);
  if (!number || !std::isfinite(*number)) return {};
  if (const auto* range = std::get_if<Integer>(&domain))
    return std::format("the nearest is {}", nearest_value(*range, *number));
  const auto& range = std::get<Real>(domain);
  return std::format("the nearest is {}", std::clamp(*number, range.low, range.high));
}

// Quotients where they are exact enough, as studies of old have them; the logarithms' difference where a quotient would
// overflow or lose its digits.
double place_on_logarithm(double low, double high, double number) {
  const double ratio = high / low;
  if (std::isfinite(ratio) && std::isnormal(low)) return std::log(number / low) / std::log(ratio);
  return (std::log(number) - std::log(low)) / (std::log(high) - std::log(low));
}

double at_place_on_logarithm(double low, double high, double place) {
  const double ratio = high / low;
  if (std::isfinite(ratio) && std::isnormal(low)) return low * std::pow(ratio, place);
  return std::exp(std::log(low) + place * (std::log(high) - std::log(low)));
}

double position(const Domain& domain, const Value& value) {
  const auto place = [](double low, double high, bool log_scale, double number) {
    if (!(high > low)) return 0.0;
    const auto share = log_scale ? place_on_logarithm(low, high, number) : (number - low) / (high - low);
    return std::clamp(share, 0.0, 1.0);
  };
  if (const auto* range = std::get_if<Integer>(&domain)) {
    return place(static_cast<double>(range->low), static_cast<double>(last_value(*range)), range->log_scale,
                 static_cast<double>(std::get<std::int64_t>(value)));
  }
  const auto& range = std::get<Real>(domain);
  return place(range.low, range.high, range.log_scale, std::get<double>(value));
}

Value value_at_position(const Domain& domain, double position) {
  const auto share = position > 0.0 ? std::min(position, 1.0) : 0.0;  // NaN is 0
  const auto number = [share](double low, double high, bool log_scale) {
    return log_scale ? at_place_on_logarithm(low, high, share) : low + share * (high - low);
  };
  if (const auto* range = std::get_if<Integer>(&domain)) {
    return nearest_value(
        *range, number(static_cast<double>(range->low), static_cast<double>(last_value(*range)), range->log_scale));
  }
  const auto& range = std::get<Real>(domain);
  return std::clamp(number(range.low, range.high, range.log_scale), range.low, range.high);
}

Value draw(const Domain& domain, RandomStream& random) {
  if (const auto* range = std::get_if<Integer>(&domain); range != nullptr && range->log_scale)
    return draw_logarithmic(*range, random);
  if (const auto count = value_count(domain)) return value_at(domain, random.below(*count));
  return value_at_position(domain, random.uniform());
}

std::optional<Value> value_from_json(const Domain& domain, const Json& json) {
  if (const auto* set = std::get_if<Categorical>(&domain)) {
    const auto place = category_from_json(*set, json);
    return place ? std::optional<Value>(set->values[*place]) : std::nullopt;
  }
  if (!json.is_number()) return {};
  const auto number = json.get<double>();
  if (!std::isfinite(number)) return {};
  Value value = number;
  if (std::holds_alternative<Integer>(domain)) {
    if (number != std::floor(number) || std::abs(number) > static_cast<double>(largest_integer)) return {};
    value = static_cast<std::int64_t>(number);
  }
  if (index_of(domain, value)) return value;
  return {};
}

std::optional<Value> value_from_json(const Parameter& parameter, const Json& json) {
  return value_from_json(parameter.domain, json);
}

Json to_json(const Parameter& parameter, const Value& value) {
  const auto* set = std::get_if<Categorical>(&parameter.domain);
  const auto place = set != nullptr ? index_of(parameter.domain, value) : std::nullopt;
  return place ? meaning_of(*set, *place) : to_json(value);
}

Json to_json(const Space& space, const Choice& choice) {
  auto json = Json::object();
  for (const auto& [name, value] : choice) {
    const auto parameter = std::ranges::find(space.parameters(), name, &Parameter::name);
    json[name] = parameter == space.parameters().end() ? to_json(value) : to_json(*parameter, value);
  }
  return json;
}

}  // namespace edgewise::space
