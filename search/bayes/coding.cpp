#include "search/bayes/coding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace edgewise::search {

namespace {

/// What makes two parameters the same kind of choice.
std::string kind_of(const space::Parameter& parameter) {
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) {
    std::string kind = "category";
    for (const auto& value : categories->values) kind += '\n' + value;
    return kind;
  }
  if (const auto* integer = std::get_if<space::Integer>(&parameter.domain))
    return "integer " + std::to_string(integer->low) + ' ' + std::to_string(integer->high) + ' ' +
           std::to_string(integer->step) + (integer->log_scale ? " log" : "");
  const auto& real = std::get<space::Real>(parameter.domain);
  return "real " + std::to_string(real.low) + ' ' + std::to_string(real.high) + (real.log_scale ? " log" : "");
}

double place(double value, double low, double high, bool log_scale) {
  if (!(high > low)) return 0.0;
  return log_scale ? (std::log(value) - std::log(low)) / (std::log(high) - std::log(low))
                   : (value - low) / (high - low);
}

double code_of(const space::Parameter& parameter, const space::Value& value) {
  if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) {
    const auto found = std::ranges::find(categories->values, space::to_text(value));
    EDGEWISE_ASSERT(found != categories->values.end(), "a checked choice has values of its space");
    return static_cast<double>(found - categories->values.begin());
  }
  const double number = std::holds_alternative<double>(value) ? std::get<double>(value)
                                                              : static_cast<double>(std::get<std::int64_t>(value));
  if (const auto* integer = std::get_if<space::Integer>(&parameter.domain))
    return place(number, static_cast<double>(integer->low), static_cast<double>(integer->high), integer->log_scale);
  const auto& real = std::get<space::Real>(parameter.domain);
  return place(number, real.low, real.high, real.log_scale);
}

}  // namespace

surrogate::Columns columns_of(const space::Space& space) {
  std::map<std::string, int> members;
  for (const auto& parameter : space.parameters()) ++members[kind_of(parameter)];
  std::map<std::string, int> groups;
  surrogate::Columns columns;
  for (const auto& parameter : space.parameters()) {
    auto& column = columns.emplace_back();
    if (const auto* categories = std::get_if<space::Categorical>(&parameter.domain)) {
      column.kind = surrogate::Column::Kind::category;
      column.categories = static_cast<int>(categories->values.size());
    }
    const auto kind = kind_of(parameter);
    if (members[kind] > 1) column.group = groups.try_emplace(kind, static_cast<int>(groups.size())).first->second;
  }
  return columns;
}

surrogate::Matrix encode(const space::Space& space, std::span<const space::Choice> choices) {
  const auto& parameters = space.parameters();
  surrogate::Matrix codes(static_cast<Eigen::Index>(choices.size()), static_cast<Eigen::Index>(parameters.size()));
  for (std::size_t i = 0; i < choices.size(); ++i)
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const auto found = choices[i].find(parameters[p].name);
      codes(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(p)) =
          found == choices[i].end() ? std::numeric_limits<double>::quiet_NaN() : code_of(parameters[p], found->second);
    }
  return codes;
}

Coding::Coding(const space::Space& space, std::shared_ptr<const Description> description,
               std::span<const space::Choice> choices)
    : space_(&space), description_(std::move(description)), columns_(columns_of(space)) {
  if (!description_) return;
  std::map<std::string, std::vector<Eigen::Index>> groups;
  for (std::size_t c = 0; c < description_->columns().size(); ++c)
    groups[description_->columns()[c].group].push_back(static_cast<Eigen::Index>(c));
  const auto rows = description_->rows(choices);
  int block = 0;
  for (auto& [group, members] : groups) {
    const surrogate::Described different(std::move(members), rows);
    for (const auto column : different.kept()) {
      taken_.push_back(column);
      columns_.push_back({.block = block});
    }
    ++block;
  }
}

surrogate::Matrix Coding::operator()(std::span<const space::Choice> choices) const {
  auto codes = encode(*space_, choices);
  if (taken_.empty()) return codes;
  const auto rows = description_->rows(choices, taken_);
  surrogate::Matrix both(codes.rows(), codes.cols() + rows.cols());
  both << codes, rows;
  return both;
}

}  // namespace edgewise::search
