#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
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

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

}  // namespace

std::optional<std::string> domain_mistake(const Domain& domain) {
  const auto of_categories = [](const Categorical& set) -> std::optional<std::string> {
    if (set.values.empty()) return "has no values";
    std::set<std::string> seen;
    for (const auto& value : set.values) {
      if (value.empty()) return "has an empty value";
      if (!seen.insert(value).second) return std::format("has the value \"{}\" twice", value);
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
    if (!std::isfinite(range.low) || !std::isfinite(range.high) || !std::isfinite(range.high - range.low)) {
      return "has an end that is not a finite number";
    }
    if (range.low > range.high) return std::format("has its low end {} above its high end {}", range.low, range.high);
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
    return (set.values.size() == 1 ? "" : "one of ") + quoted_list(set.values);
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
    return near.empty() ? "" : std::format("did you mean \"{}\"?", near);
  }
  const auto number = number_in(text);
  if (!number || !std::isfinite(*number)) return {};
  if (const auto* range = std::get_if<Integer>(&domain))
    return std::format("the nearest is {}", nearest_value(*range, *number));
  const auto& range = std::get<Real>(domain);
  return std::format("the nearest is {}", std::clamp(*number, range.low, range.high));
}

double position(const Domain& domain, const Value& value) {
  const auto place = [](double low, double high, bool log_scale, double number) {
    if (!(high > low)) return 0.0;
    const auto share = log_scale ? std::log(number / low) / std::log(high / low) : (number - low) / (high - low);
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
    return log_scale ? low * std::pow(high / low, share) : low + share * (high - low);
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
    if (json.is_string()) {
      const Value value = json.get<std::string>();
      if (index_of(domain, value)) return value;
      return {};
    }
    if (!json.is_number()) return {};
    for (const auto& category : set->values) {
      if (number_in(category) == json.get<double>()) return category;
    }
    return {};
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

}  // namespace edgewise::space
