#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/free/moves_internal.hpp"
#include "search/tpe/parzen_internal.hpp"

namespace edgewise::search {

namespace {

constexpr std::uint64_t few = 32;  // values of an integer whose probabilities are tabulated

/// Of the standard normal distribution.
double below(double z) {
  if (z < -9)
    return 0.0;  // less than 1e-18: half of all calls, and the error function is what building a mixture costs
  if (z > 9) return 1.0;
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

/// The probability of [low, high] under a normal distribution; differences are taken in the tail where they keep their
/// digits.
double mass(double center, double width, double low, double high) {
  const double a = (low - center) / width, b = (high - center) / width;
  return a > 0 ? below(-a) - below(-b) : below(b) - below(a);
}

constexpr double prior_center = 0.5, prior_width = 1.0;
constexpr double least_mass = 1e-300;

}  // namespace

ParzenCoding::ParzenCoding(const space::Space& space) : space_(&space) {
  const auto& parameters = space.parameters();
  for (const auto& parameter : parameters) {
    auto& column = columns_.emplace_back();
    const auto count = count_values(parameter);
    column.is_category = std::holds_alternative<space::Categorical>(parameter.domain);
    if (!count || (!column.is_category && *count > few)) continue;
    column.values = *count;
    if (std::holds_alternative<space::Integer>(parameter.domain)) column.edges = edges_of(parameter);
    if (std::holds_alternative<space::Real>(parameter.domain)) column.edges = {0.0, 1.0};
  }
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    auto& scale = scales_.emplace_back(parameters[p].name, p);
    if (const auto* real = std::get_if<space::Real>(&parameters[p].domain); real != nullptr && real->low < real->high) {
      scale.is_log = real->log_scale;
      scale.from = real->log_scale ? std::log(real->low) : real->low;
      scale.range = (real->log_scale ? std::log(real->high) : real->high) - scale.from;
    }
  }
  std::ranges::sort(scales_, {}, &Scale::name);
}

void ParzenCoding::append(const space::Choice& choice, std::vector<double>& rows) const {
  const auto begin = rows.size();
  rows.resize(begin + columns_.size(), absent);
  auto entry = choice.begin();
  for (const auto& scale : scales_) {
    while (entry != choice.end() && entry->first != scale.name && entry->first < scale.name) ++entry;
    if (entry == choice.end()) return;
    if (entry->first != scale.name) continue;
    rows[begin + scale.column] = code(scale, entry->second);
    ++entry;
  }
}

double ParzenCoding::code(const Scale& scale, const space::Value& value) const {
  const auto& domain = space_->parameters()[scale.column].domain;
  const auto& column = columns_[scale.column];
  if (const auto* categories = std::get_if<space::Categorical>(&domain)) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return absent;
    const auto found = std::ranges::find(categories->values, *text);
    return found == categories->values.end() ? absent : static_cast<double>(found - categories->values.begin());
  }
  if (const auto* real = std::get_if<space::Real>(&domain); real != nullptr && column.values == 0) {
    const auto* number = std::get_if<double>(&value);
    if (number == nullptr || !(*number >= real->low && *number <= real->high)) return absent;
    return std::clamp(((scale.is_log ? std::log(*number) : *number) - scale.from) / scale.range, 0.0, 1.0);
  }
  if (const auto* range = std::get_if<space::Integer>(&domain); range != nullptr && column.values > 0) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || *number < range->low || *number > range->high || (*number - range->low) % range->step != 0)
      return absent;
    const std::int64_t step = (*number - range->low) / range->step;
    return static_cast<double>(step);
  }
  const auto place = unit_of(space_->parameters()[scale.column], value);
  return place && column.values > 0 ? 0.0 : place.value_or(absent);  // a real number with one value is its first
}

space::Value ParzenCoding::value(std::size_t column, double code) const {
  const auto& parameter = space_->parameters()[column];
  const auto& [values, is_category, edges] = columns_[column];
  if (values == 0) return value_at(parameter, code);
  if (is_category) return std::get<space::Categorical>(parameter.domain).values[static_cast<std::size_t>(code)];
  return value_at(parameter, (edges[static_cast<std::size_t>(code)] + edges[static_cast<std::size_t>(code) + 1]) / 2);
}

space::Choice ParzenCoding::choice(const std::vector<double>& row) const {
  space::Choice choice;
  for (std::size_t p = 0; p < columns_.size(); ++p)
    if (row[p] != absent) choice[space_->parameters()[p].name] = value(p, row[p]);
  return choice;
}

Parzen::Parzen(const ParzenCoding& coding, const std::vector<double>& rows, const std::vector<double>& weights)
    : coding_(&coding) {
  const auto columns = coding.columns().size(), count = weights.size();
  EDGEWISE_ASSERT(rows.size() == columns * count, "every observation has a weight");
  const double width =
      0.2 * std::pow(static_cast<double>(std::max<std::size_t>(count, 1)), -1.0 / static_cast<double>(columns + 4));
  width_ = std::clamp(width, 1.0 / std::min(100.0, static_cast<double>(count + 2)), 1.0);
  log_weights_.resize(static_cast<Eigen::Index>(count + 1));
  double sum = 0;
  for (std::size_t i = 0; i <= count; ++i) {
    const double weight = i < count ? weights[i] : 1.0;
    cumulative_.push_back(sum += weight);
    log_weights_[static_cast<Eigen::Index>(i)] = weight;
  }
  log_weights_ = (log_weights_ / sum).log().eval();
  Eigen::ArrayXd codes(static_cast<Eigen::Index>(count + 1));
  for (std::size_t p = 0; p < columns; ++p) {
    for (std::size_t i = 0; i < count; ++i) codes[static_cast<Eigen::Index>(i)] = rows[i * columns + p];
    codes[static_cast<Eigen::Index>(count)] = ParzenCoding::absent;
    kernels_.push_back(coding.columns()[p].values > 0 ? table_of(coding.columns()[p], codes) : places_of(codes));
    if (coding.columns()[p].values > 0) join(p);
  }
}

void Parzen::join(std::size_t column) {
  constexpr std::size_t largest = 4096;
  const auto values = coding_->columns()[column].values + 1;
  const auto& rows = kernels_[column].table_row;
  if (joined_.empty() || joined_.back().size * values > largest)
    joined_.push_back({.row = std::vector<std::uint16_t>(rows.size(), 0)});
  auto& joined = joined_.back();
  joined.columns.push_back(column);
  joined.size *= values;
  for (std::size_t i = 0; i < rows.size(); ++i)
    joined.row[i] = static_cast<std::uint16_t>(joined.row[i] * values + rows[i]);
}

Parzen::Kernels Parzen::table_of(const ParzenCoding::Column& column, const Eigen::ArrayXd& codes) const {
  const auto values = static_cast<Eigen::Index>(column.values);
  Kernels kernels;
  auto& table = kernels.log_table;
  table.resize(values + 1, values);
  if (column.is_category) {
    const double share = 1.0 / static_cast<double>(codes.size()), sum = 1.0 + share * static_cast<double>(values);
    table.setConstant(share / sum);
    for (Eigen::Index v = 0; v < values; ++v) table(v, v) += 1.0 / sum;
    table.row(values).setConstant(1.0 / static_cast<double>(values));
  } else {
    for (Eigen::Index row = 0; row <= values; ++row) {
      const bool is_prior = row == values;
      const auto begin = static_cast<std::size_t>(row);
      const double center = is_prior ? prior_center : (column.edges[begin] + column.edges[begin + 1]) / 2,
                   width = is_prior ? prior_width : width_;
      const double whole = mass(center, width, 0.0, 1.0);
      for (Eigen::Index v = 0; v < values; ++v) {
        const auto at = static_cast<std::size_t>(v);
        table(row, v) = std::max(mass(center, width, column.edges[at], column.edges[at + 1]) / whole, least_mass);
      }
    }
  }
  table = table.log().eval();
  for (const double code : codes)
    kernels.table_row.push_back(
        static_cast<std::uint16_t>(code == ParzenCoding::absent ? static_cast<double>(column.values) : code));
  return kernels;
}

Parzen::Kernels Parzen::places_of(const Eigen::ArrayXd& codes) const {
  Kernels kernels{.center = codes,
                  .inverse_width = Eigen::ArrayXd::Constant(codes.size(), 1.0 / width_),
                  .log_scale = Eigen::ArrayXd(codes.size())};
  for (Eigen::Index i = 0; i < codes.size(); ++i) {
    const bool is_prior = codes[i] == ParzenCoding::absent;
    if (is_prior) {
      kernels.center[i] = prior_center;
      kernels.inverse_width[i] = 1.0 / prior_width;
    }
    const double width = is_prior ? prior_width : width_;
    kernels.log_scale[i] = width * std::sqrt(2 * std::numbers::pi) * mass(kernels.center[i], width, 0.0, 1.0);
  }
  kernels.log_scale = -kernels.log_scale.log().eval();
  return kernels;
}

double Parzen::draw(std::size_t column, std::size_t kernel, RandomStream& random) const {
  const auto& kernels = kernels_[column];
  if (coding_->columns()[column].values == 0) {
    const auto i = static_cast<Eigen::Index>(kernel);
    for (;;)  // at least 0.38 of the draws are inside: no kernel is wider than the range
      if (const double place = kernels.center[i] + random.normal() / kernels.inverse_width[i];
          place >= 0.0 && place < 1.0)
        return place;
  }
  const auto row = kernels.table_row[kernel];
  double left = random.uniform();
  for (Eigen::Index v = 0; v + 1 < kernels.log_table.cols(); ++v)
    if ((left -= std::exp(kernels.log_table(row, v))) < 0) return static_cast<double>(v);
  return static_cast<double>(kernels.log_table.cols() - 1);
}

std::vector<double> Parzen::sample(RandomStream& random) const {
  const auto found = std::ranges::upper_bound(cumulative_, random.uniform() * cumulative_.back());
  const auto kernel = std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
  const auto& space = coding_->space();
  std::vector<double> row(kernels_.size(), ParzenCoding::absent);
  space::Choice choice;
  for (std::size_t p = 0; p < row.size(); ++p) {
    const auto& parameter = space.parameters()[p];
    if (!space.is_active(parameter, choice)) continue;
    row[p] = draw(p, kernel, random);
    choice[parameter.name] = coding_->value(p, row[p]);
  }
  return row;
}

std::vector<double> Parzen::sums_of(const Joined& joined, const std::vector<double>& row) const {
  std::vector<double> sums{0.0}, longer;
  for (const auto p : joined.columns) {
    const auto& table = kernels_[p].log_table;
    longer.clear();
    for (const double sum : sums)
      for (Eigen::Index r = 0; r < table.rows(); ++r)
        longer.push_back(row[p] == ParzenCoding::absent ? sum : sum + table(r, static_cast<Eigen::Index>(row[p])));
    std::swap(sums, longer);
  }
  return sums;
}

double Parzen::log_density(const std::vector<double>& row) const {
  Eigen::ArrayXd terms = log_weights_;
  for (const auto& joined : joined_) {
    const auto sums = sums_of(joined, row);
    for (std::size_t i = 0; i < joined.row.size(); ++i) terms[static_cast<Eigen::Index>(i)] += sums[joined.row[i]];
  }
  for (std::size_t p = 0; p < row.size(); ++p) {
    if (row[p] == ParzenCoding::absent || coding_->columns()[p].values > 0) continue;
    const auto& kernels = kernels_[p];
    terms += kernels.log_scale - 0.5 * ((row[p] - kernels.center) * kernels.inverse_width).square();
  }
  const double largest = terms.maxCoeff();
  return largest + std::log((terms - largest).exp().sum());
}

}  // namespace edgewise::search
