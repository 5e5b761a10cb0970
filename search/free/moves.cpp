#include <algorithm>
#include <cmath>

#include "search/free/moves_internal.hpp"

namespace edgewise::search {

namespace {

/// A logarithmic scale on which each value of an integer has the part nearest to it; the end values reach out as far as
/// in.
struct Scale {
  double from = 0, to = 1;
};

std::int64_t last_value(const space::Integer& range) {
  return range.low + (range.high - range.low) / range.step * range.step;
}

Scale scale_of(const space::Integer& range) {
  const auto low = static_cast<double>(range.low), high = static_cast<double>(last_value(range)),
             half = static_cast<double>(range.step) / 2;
  return {2 * std::log(low) - std::log(low + half), 2 * std::log(high) - std::log(high - half)};
}

space::Value integer_at(const space::Integer& range, double unit) {
  const std::int64_t steps = (range.high - range.low) / range.step;
  const double count = static_cast<double>(steps) + 1;
  double index = std::floor(unit * count);
  if (range.log_scale && count > 1) {
    const auto scale = scale_of(range);
    const double number = std::exp(scale.from + unit * (scale.to - scale.from));
    index = std::round((number - static_cast<double>(range.low)) / static_cast<double>(range.step));
  }
  return range.low + static_cast<std::int64_t>(std::clamp(index, 0.0, count - 1)) * range.step;
}

std::optional<std::uint64_t> index_of(const space::Parameter& parameter, const space::Value& value) {
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return std::nullopt;
    const auto found = std::ranges::find(categories->values, *text);
    if (found == categories->values.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - categories->values.begin());
  }
  const auto& range = std::get<space::Integer>(parameter.domain);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < range.low || *number > range.high || (*number - range.low) % range.step != 0)
    return std::nullopt;
  return static_cast<std::uint64_t>((*number - range.low) / range.step);
}

bool has_log_edges(const space::Parameter& parameter) {
  const auto* range = std::get_if<space::Integer>(&parameter.domain);
  return range != nullptr && range->log_scale && last_value(*range) > range->low;
}

/// Where the share of value number `index` begins on a logarithmic scale.
double log_edge(const space::Integer& range, std::uint64_t index, std::uint64_t count) {
  if (index == 0) return 0.0;
  if (index == count) return 1.0;
  const auto scale = scale_of(range);
  const double border =
      static_cast<double>(range.low) + (static_cast<double>(index) - 0.5) * static_cast<double>(range.step);
  return (std::log(border) - scale.from) / (scale.to - scale.from);
}

space::Value another_of(const space::Parameter& parameter, std::uint64_t count, std::uint64_t index,
                        RandomStream& random) {
  std::uint64_t other = random.below(count - 1);
  if (other >= index) ++other;
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) return categories->values[other];
  const auto& range = std::get<space::Integer>(parameter.domain);
  return range.low + static_cast<std::int64_t>(other) * range.step;
}

double folded(double unit) {
  if (unit < 0) unit = -unit;
  if (unit >= 1) unit = 2 - unit;
  return std::clamp(unit, 0.0, std::nextafter(1.0, 0.0));
}

}  // namespace

std::optional<std::uint64_t> count_values(const space::Parameter& parameter) {
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) return categories->values.size();
  if (const auto* range = std::get_if<space::Integer>(&parameter.domain))
    return static_cast<std::uint64_t>((range->high - range->low) / range->step) + 1;
  const auto& range = std::get<space::Real>(parameter.domain);
  return range.low == range.high ? std::optional<std::uint64_t>(1) : std::nullopt;
}

space::Value value_at(const space::Parameter& parameter, double unit) {
  unit = std::clamp(unit, 0.0, 1.0);
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) {
    const auto count = categories->values.size();
    return categories->values[std::min(count - 1, static_cast<std::size_t>(unit * static_cast<double>(count)))];
  }
  if (const auto* range = std::get_if<space::Integer>(&parameter.domain)) return integer_at(*range, unit);
  const auto& range = std::get<space::Real>(parameter.domain);
  const double number = range.log_scale ? space::at_place_on_logarithm(range.low, range.high, unit)
                                        : range.low + unit * (range.high - range.low);
  return std::clamp(number, range.low, range.high);
}

std::optional<double> unit_of(const space::Parameter& parameter, const space::Value& value) {
  if (const auto* range = std::get_if<space::Real>(&parameter.domain)) {
    const auto* number = std::get_if<double>(&value);
    if (number == nullptr || !(*number >= range->low && *number <= range->high)) return std::nullopt;
    if (range->low == range->high) return 0.5;
    if (range->log_scale) return space::place_on_logarithm(range->low, range->high, *number);
    return (*number - range->low) / (range->high - range->low);
  }
  const auto index = index_of(parameter, value);
  if (!index) return std::nullopt;
  const auto count = *count_values(parameter);
  if (has_log_edges(parameter)) {
    const auto& range = std::get<space::Integer>(parameter.domain);
    return (log_edge(range, *index, count) + log_edge(range, *index + 1, count)) / 2;
  }
  return (static_cast<double>(*index) + 0.5) / static_cast<double>(count);
}

std::vector<double> edges_of(const space::Parameter& parameter) {
  const auto count = *count_values(parameter);
  std::vector<double> edges;
  for (std::uint64_t i = 0; i <= count; ++i)
    edges.push_back(has_log_edges(parameter) ? log_edge(std::get<space::Integer>(parameter.domain), i, count)
                                             : static_cast<double>(i) / static_cast<double>(count));
  return edges;
}

space::Choice choice_at(const space::Space& space, std::span<const double> unit) {
  EDGEWISE_ASSERT(unit.size() == space.parameters().size(), "a point has a coordinate for each parameter");
  space::Choice choice;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const auto& parameter = space.parameters()[i];
    if (space.is_active(parameter, choice)) choice[parameter.name] = value_at(parameter, unit[i]);
  }
  return choice;
}

space::Choice repaired(const space::Space& space, const space::Choice& wanted, RandomStream& random) {
  space::Choice choice;
  for (const auto& parameter : space.parameters()) {
    if (!space.is_active(parameter, choice)) continue;
    const auto found = wanted.find(parameter.name);
    choice[parameter.name] = found != wanted.end() && unit_of(parameter, found->second)
                                 ? found->second
                                 : value_at(parameter, random.uniform());
  }
  return choice;
}

space::Value moved(const space::Parameter& parameter, const space::Value& value, RandomStream& random) {
  constexpr double step = 0.1;
  const bool is_category = std::holds_alternative<space::Categorical>(parameter.domain);
  const auto count = count_values(parameter);
  const auto unit = unit_of(parameter, value);
  EDGEWISE_ASSERT(unit && (!count || *count > 1), "only a value with others beside it can be moved");
  if (is_category || (count && random.chance(0.5)))
    return another_of(parameter, *count, *index_of(parameter, value), random);
  if (!count && random.chance(0.5)) return value_at(parameter, random.uniform());
  const double move = step * random.normal();
  const auto near = value_at(parameter, folded(*unit + move));
  if (near != value || !count) return near;
  // Too short to leave the value's share: one value up or down.
  const auto index = *index_of(parameter, value);
  const bool is_up = index == 0 || (index + 1 < *count && move > 0);
  const auto& range = std::get<space::Integer>(parameter.domain);
  return range.low + static_cast<std::int64_t>(is_up ? index + 1 : index - 1) * range.step;
}

std::optional<space::Choice> mutated(const space::Space& space, const space::Choice& choice, RandomStream& random) {
  std::vector<const space::Parameter*> movable;
  for (const auto& parameter : space.parameters()) {
    const auto found = choice.find(parameter.name);
    if (found == choice.end() || !unit_of(parameter, found->second)) continue;
    if (const auto count = count_values(parameter); !count || *count > 1) movable.push_back(&parameter);
  }
  if (movable.empty()) return std::nullopt;
  const auto& parameter = *movable[random.below(movable.size())];
  auto wanted = choice;
  wanted[parameter.name] = moved(parameter, choice.at(parameter.name), random);
  return repaired(space, wanted, random);
}

}  // namespace edgewise::search
