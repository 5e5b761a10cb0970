#include "surrogate/surrogate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

std::vector<bool> columns_with_gaps(const Matrix& inputs) {
  std::vector<bool> gaps(static_cast<std::size_t>(inputs.cols()));
  for (Eigen::Index c = 0; c < inputs.cols(); ++c)
    gaps[static_cast<std::size_t>(c)] = inputs.col(c).array().isNaN().any();
  return gaps;
}

std::vector<std::vector<Eigen::Index>> blocks_of(const Columns& columns) {
  std::map<int, std::vector<Eigen::Index>> blocks;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c].block >= 0) blocks[columns[c].block].push_back(static_cast<Eigen::Index>(c));
  std::vector<std::vector<Eigen::Index>> result;
  for (auto& [block, members] : blocks) result.push_back(std::move(members));
  return result;
}

namespace {

/// Columns whose deviation is a smaller part of their mean are taken as constant: such differences come from rounding.
constexpr double least_spread = 1e-5;
/// A standardised number is at most so far from the mean: where hardly anything differed among the points, nothing is
/// known of what differs much.
constexpr double farthest = 10.0;

/// Of the finite ones; not finite where there is none.
std::pair<double, double> mean_and_deviation(const Vector& values) {
  double sum = 0, squares = 0, count = 0;
  for (const double value : values)
    if (std::isfinite(value)) sum += value, ++count;
  const double mean = sum / count;
  for (const double value : values)
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / count)};
}

Vector standardised_by(const Vector& values, double mean, double deviation) {
  return values.unaryExpr([&](double value) {
    return std::isfinite(value) ? std::clamp((value - mean) / deviation, -farthest, farthest) : 0.0;
  });
}

}  // namespace

Described::Described(std::vector<Eigen::Index> members, const Matrix& inputs) {
  std::vector<Vector> different;  // standardised
  const auto tells_nothing_apart = [&](Eigen::Index column) {
    const auto [mean, deviation] = mean_and_deviation(inputs.col(column));
    if (!std::isfinite(deviation) || !(deviation > least_spread * std::max(1e-9, std::abs(mean)))) return true;
    Vector values = standardised_by(inputs.col(column), mean, deviation);
    const auto moves_alike = [&](const Vector& earlier) {
      return std::abs(earlier.dot(values)) > (1.0 - 1e-9) * earlier.norm() * values.norm();
    };
    if (std::ranges::any_of(different, moves_alike)) return true;
    different.push_back(std::move(values));
    mean_.push_back(mean);
    deviation_.push_back(deviation);
    return false;
  };
  std::erase_if(members, tells_nothing_apart);
  kept_ = std::move(members);
}

Vector Described::standardised(const Matrix& inputs, std::size_t kept) const {
  return standardised_by(inputs.col(kept_[kept]), mean_[kept], deviation_[kept]);
}

Matrix Described::operator()(const Matrix& inputs) const {
  Matrix result(inputs.rows(), width());
  for (std::size_t k = 0; k < kept_.size(); ++k) result.col(static_cast<Eigen::Index>(k)) = standardised(inputs, k);
  return result;
}

OneHot::OneHot(Columns columns, std::vector<bool> columns_with_gaps)
    : columns_(std::move(columns)), gaps_(std::move(columns_with_gaps)) {
  EDGEWISE_ASSERT(gaps_.size() == columns_.size(), "it is known of every column whether it has gaps");
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].block >= 0) continue;
    width_ += columns_[c].kind == Column::Kind::category ? static_cast<std::size_t>(columns_[c].categories) : 1;
    width_ += gaps_[c] ? 1 : 0;
  }
}

OneHot::OneHot(const Columns& columns, const Matrix& inputs) : OneHot(columns, columns_with_gaps(inputs)) {
  for (auto& members : blocks_of(columns_))
    width_ += static_cast<std::size_t>(blocks_.emplace_back(std::move(members), inputs).width());
}

Matrix OneHot::operator()(const Matrix& inputs) const {
  EDGEWISE_ASSERT(static_cast<std::size_t>(inputs.cols()) == columns_.size(),
                  "inputs have the columns that were declared");
  Matrix result = Matrix::Zero(inputs.rows(), static_cast<Eigen::Index>(width_));  // (n, width)
  Eigen::Index first = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const auto& column = columns_[c];
    if (column.block >= 0) continue;
    const bool is_category = column.kind == Column::Kind::category;
    for (Eigen::Index i = 0; i < inputs.rows(); ++i) {
      const double value = inputs(i, static_cast<Eigen::Index>(c));
      if (std::isnan(value)) continue;
      if (is_category) {
        const auto category = std::clamp(static_cast<int>(value), 0, column.categories - 1);
        result(i, first + category) = 1.0;
      } else {
        result(i, first) = value;
      }
    }
    first += is_category ? column.categories : 1;
    if (gaps_[c]) {
      for (Eigen::Index i = 0; i < inputs.rows(); ++i)
        result(i, first) = std::isnan(inputs(i, static_cast<Eigen::Index>(c))) ? 0.0 : 1.0;
      ++first;
    }
  }
  for (const auto& block : blocks_) {
    result.middleCols(first, block.width()) = block(inputs);
    first += block.width();
  }
  return result;
}

Matrix Surrogate::sample(const Matrix& inputs, std::size_t count, RandomStream& random) const {
  const auto prediction = predict(inputs);
  const Vector deviation = prediction.variance.array().max(0.0).sqrt();
  Matrix functions(static_cast<Eigen::Index>(count), inputs.rows());  // (count, n)
  for (Eigen::Index k = 0; k < functions.rows(); ++k)
    functions.row(k) = (prediction.mean + random.normal() * deviation).transpose();
  return functions;
}

Surrogate::Path Surrogate::path(RandomStream& random) const {
  const double level = random.normal();
  return [this, level](const Matrix& inputs) -> Vector {
    const auto prediction = predict(inputs);
    return prediction.mean.array() + level * prediction.variance.array().max(0.0).sqrt();
  };
}

Catalogue<SurrogateEntry>& surrogates() {
  static Catalogue<SurrogateEntry> all(
      "surrogate", {gp_entry(), xgboost_entry(), xgboost_ranker_entry(), random_forest_entry(), mlp_ensemble_entry(),
                    bnn_entry(), bayesian_ridge_entry()});
  return all;
}

Result<std::unique_ptr<Surrogate>> make_surrogate(const std::string& name, const Columns& columns, std::uint64_t seed) {
  TRY(const auto* entry, surrogates().at(name));
  return entry->make(columns, entry->settings, seed);
}

}  // namespace edgewise::surrogate
