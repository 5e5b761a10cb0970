#include "surrogate/surrogate.hpp"

#include <algorithm>
#include <cmath>

#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

std::vector<bool> columns_with_gaps(const Matrix& inputs) {
  std::vector<bool> gaps(static_cast<std::size_t>(inputs.cols()));
  for (Eigen::Index c = 0; c < inputs.cols(); ++c)
    gaps[static_cast<std::size_t>(c)] = inputs.col(c).array().isNaN().any();
  return gaps;
}

OneHot::OneHot(Columns columns, std::vector<bool> columns_with_gaps)
    : columns_(std::move(columns)), gaps_(std::move(columns_with_gaps)) {
  EDGEWISE_ASSERT(gaps_.size() == columns_.size(), "it is known of every column whether it has gaps");
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    width_ += columns_[c].kind == Column::Kind::category ? static_cast<std::size_t>(columns_[c].categories) : 1;
    width_ += gaps_[c] ? 1 : 0;
  }
}

Matrix OneHot::operator()(const Matrix& inputs) const {
  EDGEWISE_ASSERT(static_cast<std::size_t>(inputs.cols()) == columns_.size(),
                  "inputs have the columns that were declared");
  Matrix result = Matrix::Zero(inputs.rows(), static_cast<Eigen::Index>(width_));  // (n, width)
  Eigen::Index first = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const auto& column = columns_[c];
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
