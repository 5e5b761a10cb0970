#include "surrogate/gp.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <format>
#include <map>

#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

const double root_half = std::sqrt(0.5);

/// Rows [first, first + count).
Features rows(const Features& features, Eigen::Index first, Eigen::Index count) {
  Features some;
  for (const auto& part : features) some.emplace_back(part.middleRows(first, count));
  return some;
}

Matrix scaled(Matrix features, const Vector& log_scales, const std::vector<int>& scale_of) {
  for (Eigen::Index f = 0; f < features.cols(); ++f)
    features.col(f) *= std::exp(-log_scales(scale_of[static_cast<std::size_t>(f)]));
  return features;
}

}  // namespace

Matrix squared_distances(const Matrix& a, const Matrix& b) {
  Matrix distances = -2.0 * (a * b.transpose());  // (a, b)
  distances.colwise() += a.rowwise().squaredNorm();
  distances.rowwise() += b.rowwise().squaredNorm().transpose();
  return distances.cwiseMax(0.0);
}

Matrix matern52(const Matrix& squared_distances) {
  const Eigen::ArrayXXd s = (5.0 * squared_distances.array()).sqrt();
  return (1.0 + s + s.square() / 3.0) * (-s).exp();
}

Matern52 matern52_with_slope(const Matrix& squared_distances) {
  const Eigen::ArrayXXd s = (5.0 * squared_distances.array()).sqrt();
  const Eigen::ArrayXXd decay = (-s).exp();
  return {(1.0 + s + s.square() / 3.0) * decay, -5.0 / 6.0 * (1.0 + s) * decay};
}

FeatureMap::FeatureMap(const Columns& columns, const Matrix& inputs)
    : columns_(columns), gaps_(columns_with_gaps(inputs)), one_hot_(columns, gaps_) {
  Part places, in_bags;
  std::map<int, Bag> bags;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto& column = columns[c];
    if (column.block >= 0) continue;
    const int features = (column.kind == Column::Kind::category ? column.categories : 1) + (gaps_[c] ? 1 : 0);
    places.scale_of.insert(places.scale_of.end(), static_cast<std::size_t>(features), places.scales++);
    if (column.group < 0) continue;
    auto& bag = bags[column.group];
    bag.members.push_back(static_cast<Eigen::Index>(c));
    bag.categories = column.kind == Column::Kind::category ? column.categories : 0;
  }
  for (auto& [group, bag] : bags) {
    for (int i = 0; i < std::max(1, bag.categories); ++i) in_bags.scale_of.push_back(in_bags.scales++);
    bags_.push_back(std::move(bag));
  }
  if (places.scales > 0) parts_.push_back(std::move(places));
  if (in_bags.scales > 0) parts_.push_back(std::move(in_bags));
  for (auto& members : blocks_of(columns)) {
    Described block(std::move(members), inputs);
    if (block.width() == 0) continue;
    parts_.push_back({.scale_of = std::vector<int>(static_cast<std::size_t>(block.width()), 0), .scales = 1});
    blocks_.push_back(std::move(block));
  }
}

Matrix FeatureMap::places(const Matrix& inputs) const {
  Matrix places = one_hot_(inputs);
  Eigen::Index f = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].block >= 0) continue;
    const bool is_category = columns_[c].kind == Column::Kind::category;
    const Eigen::Index width = is_category ? columns_[c].categories : 1;
    if (is_category) places.middleCols(f, width) *= root_half;
    f += width + (gaps_[c] ? 1 : 0);
  }
  return places;
}

Matrix FeatureMap::bags(const Matrix& inputs) const {
  Eigen::Index count = 0, first = 0;
  for (const auto& bag : bags_) count += std::max(1, bag.categories);
  Matrix bags = Matrix::Zero(inputs.rows(), count);
  for (const auto& bag : bags_) {
    // Counts over the root of the group's size: two networks that differ in one place are about as far apart as in
    // `places`.
    const double unit = 1.0 / std::sqrt(2.0 * static_cast<double>(bag.members.size()));
    for (Eigen::Index i = 0; i < inputs.rows(); ++i)
      for (const auto member : bag.members) {
        const double value = inputs(i, member);
        if (std::isnan(value)) continue;
        if (bag.categories > 0)
          bags(i, first + std::min(static_cast<Eigen::Index>(value), static_cast<Eigen::Index>(bag.categories - 1))) +=
              unit;
        else
          bags(i, first) += value * unit;
      }
    first += std::max(1, bag.categories);
  }
  return bags;
}

Features FeatureMap::operator()(const Matrix& inputs) const {
  Features features;
  if (one_hot_.width() > 0) features.push_back(places(inputs));
  if (!bags_.empty()) features.push_back(bags(inputs));
  // Over the root of twice their number: two points are about 1 apart, as two that differ in one place are.
  for (const auto& block : blocks_)
    features.emplace_back(block(inputs) / std::sqrt(2.0 * static_cast<double>(block.width())));
  return features;
}

GaussianProcess::GaussianProcess(Columns columns) : columns_(std::move(columns)) {}

Matrix GaussianProcess::covariance(const Features& a, const Features& b) const {
  Matrix k = Matrix::Zero(a.front().rows(), b.front().rows());
  for (std::size_t p = 0; p < a.size(); ++p) {
    const auto& h = hyperparameters_.parts[p];
    const auto& scales = map_->parts()[p].scale_of;
    k += std::exp(h.matern) *
         matern52(squared_distances(scaled(a[p], h.scales, scales), scaled(b[p], h.scales, scales)));
    k += std::exp(h.linear) * (a[p] * b[p].transpose());
  }
  return k;
}

Vector GaussianProcess::variances(const Features& a) const {
  Vector v = Vector::Zero(a.front().rows());
  for (std::size_t p = 0; p < a.size(); ++p) {
    const auto& h = hyperparameters_.parts[p];
    v.array() += std::exp(h.matern) + std::exp(h.linear) * a[p].rowwise().squaredNorm().array();
  }
  return v;
}

namespace {

Status check(const Matrix& inputs, const Vector& targets, const Columns& columns) {
  if (inputs.rows() == 0) return invalid("a model needs at least one point to learn from");
  if (inputs.rows() != targets.size())
    return invalid(std::format("{} points have {} targets", inputs.rows(), targets.size()));
  if (inputs.cols() != static_cast<Eigen::Index>(columns.size()))
    return invalid(std::format("points have {} columns, {} were declared", inputs.cols(), columns.size()));
  if (!targets.allFinite()) return invalid("a target is not finite");
  return {};
}

}  // namespace

Status GaussianProcess::fit(const Matrix& inputs, const Vector& targets) {
  TRY_DO(check(inputs, targets, columns_));
  map_.emplace(columns_, inputs);
  const auto features = (*map_)(inputs);
  const Vector centred = targets.array() - targets.mean();
  return condition(fitted_hyperparameters(*map_, features, centred), inputs, targets);
}

Status GaussianProcess::condition(const Hyperparameters& hyperparameters, const Matrix& inputs, const Vector& targets) {
  TRY_DO(check(inputs, targets, columns_));
  if (!map_) map_.emplace(columns_, inputs);
  hyperparameters_ = hyperparameters;
  inputs_.resize(0, inputs.cols());
  return update(inputs, targets);
}

Status GaussianProcess::update(const Matrix& inputs, const Vector& targets) {
  TRY_DO(check(inputs, targets, columns_));
  EDGEWISE_ASSERT(map_.has_value(), "a model is fitted before it is updated");
  const auto same = [&](Eigen::Index rows) {
    for (Eigen::Index i = 0; i < rows; ++i)
      for (Eigen::Index c = 0; c < inputs.cols(); ++c)
        if (inputs(i, c) != inputs_(i, c) && !(std::isnan(inputs(i, c)) && std::isnan(inputs_(i, c)))) return false;
    return true;
  };
  const Eigen::Index before = inputs_.rows();
  const Eigen::Index kept =
      before > 0 && before <= inputs.rows() && factor_.rows() == before && same(before) ? before : 0;
  if (kept == 0) {
    features_ = (*map_)(inputs);
  } else if (kept < inputs.rows()) {
    const auto fresh = (*map_)(inputs.bottomRows(inputs.rows() - kept));
    for (std::size_t p = 0; p < fresh.size(); ++p) {
      features_[p].conservativeResize(inputs.rows(), Eigen::NoChange);
      features_[p].bottomRows(fresh[p].rows()) = fresh[p];
    }
  }
  inputs_ = inputs;
  if (kept < inputs.rows()) TRY_DO(factorise(kept));
  mean_ = targets.mean();
  weights_ = targets.array() - mean_;
  factor_.triangularView<Eigen::Lower>().solveInPlace(weights_);
  factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(weights_);
  return {};
}

Status GaussianProcess::factorise(Eigen::Index kept) {
  const Eigen::Index n = inputs_.rows(), fresh = n - kept;
  const auto new_rows = rows(features_, kept, fresh);
  Matrix block = covariance(new_rows, new_rows);  // (fresh, fresh)
  Matrix across;                                  // (fresh, kept)
  factor_.conservativeResize(n, n);
  if (kept > 0) {
    across = covariance(new_rows, rows(features_, 0, kept));
    factor_.topLeftCorner(kept, kept)
        .triangularView<Eigen::Lower>()
        .transpose()
        .solveInPlace<Eigen::OnTheRight>(across);
    block -= across * across.transpose();
    factor_.bottomLeftCorner(fresh, kept) = across;
    factor_.topRightCorner(kept, fresh).setZero();
  }
  // Repeated points are the same row but for the noise; where that is too little for floating point, more of it is
  // assumed.
  for (double extra = 0.0; extra < 1.0; extra = extra == 0.0 ? 1e-8 : extra * 10) {
    Matrix trial = block;
    trial.diagonal().array() += std::exp(hyperparameters_.noise) + extra;
    const Eigen::LLT<Matrix> llt(trial);
    if (llt.info() != Eigen::Success) continue;
    factor_.bottomRightCorner(fresh, fresh) = llt.matrixL();
    return {};
  }
  return invalid("the covariance of the points is not positive definite");
}

Prediction GaussianProcess::predict_features(const Features& features) const {
  if (features.front().rows() == 0) return {};  // Eigen's solver takes a reference to the first of the right-hand sides
  Matrix across = covariance(features_, features);  // (n, m)
  Prediction prediction;
  prediction.mean = (across.transpose() * weights_).array() + mean_;
  factor_.triangularView<Eigen::Lower>().solveInPlace(across);
  prediction.variance = (variances(features) - across.colwise().squaredNorm().transpose()).cwiseMax(0.0);
  return prediction;
}

Prediction GaussianProcess::predict(const Matrix& inputs) const {
  EDGEWISE_ASSERT(inputs_.rows() > 0, "a model is fitted before it predicts");
  return predict_features((*map_)(inputs));
}

double GaussianProcess::noise_variance() const {
  return std::exp(hyperparameters_.noise);
}

namespace {

/// A square root of a covariance that may be singular: (n, n) lower triangular.
Matrix root_of(Matrix covariance) {
  for (double extra = 1e-10 * std::max(1e-12, covariance.diagonal().maxCoeff());; extra *= 10) {
    Matrix trial = covariance;
    trial.diagonal().array() += extra;
    const Eigen::LLT<Matrix> llt(trial);
    if (llt.info() == Eigen::Success) return llt.matrixL();
    EDGEWISE_ASSERT(extra < 1e6, "a covariance has a square root");
  }
}

Vector normals(Eigen::Index n, RandomStream& random) {
  Vector values(n);
  for (auto& value : values) value = random.normal();
  return values;
}

}  // namespace

Matrix GaussianProcess::sample(const Matrix& inputs, std::size_t count, RandomStream& random) const {
  const auto features = (*map_)(inputs);
  Matrix across = covariance(features_, features);  // (n, m)
  const Vector mean = (across.transpose() * weights_).array() + mean_;
  factor_.triangularView<Eigen::Lower>().solveInPlace(across);
  Matrix posterior = covariance(features, features);
  posterior.noalias() -= across.transpose() * across;
  const Matrix root = root_of(std::move(posterior));
  Matrix functions(static_cast<Eigen::Index>(count), inputs.rows());
  for (Eigen::Index k = 0; k < functions.rows(); ++k)
    functions.row(k) = (mean + root * normals(inputs.rows(), random)).transpose();
  return functions;
}

Surrogate::Path GaussianProcess::path(RandomStream& random) const {
  // Matheron's rule (Wilson et al., ICML 2020) with the prior drawn at random anchors among perturbed training inputs:
  // each anchor is a training row with some columns taken from another row, so that anchors lie where candidates do.
  constexpr Eigen::Index most_anchors = 150;
  const Eigen::Index n = inputs_.rows(), count = std::min<Eigen::Index>(most_anchors, 4 * n + 8);
  Matrix anchors(count, inputs_.cols());
  for (Eigen::Index a = 0; a < count; ++a) {
    anchors.row(a) = inputs_.row(static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(n))));
    for (Eigen::Index c = 0; c < anchors.cols(); ++c)
      if (columns_[static_cast<std::size_t>(c)].block < 0 && random.chance(0.5))
        anchors(a, c) = inputs_(static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(n))), c);
  }
  const Vector values = sample(anchors, 1, random).row(0).transpose();
  auto model = std::make_shared<GaussianProcess>(columns_);  // owned by the path alone
  model->map_ = map_;
  Matrix all(n + count, inputs_.cols());
  all << inputs_, anchors;
  Vector targets(n + count);
  targets << ((factor_ * (factor_.transpose() * weights_)).array() + mean_).matrix(), values;
  const auto status = model->condition(hyperparameters_, all, targets);
  EDGEWISE_ASSERT(status.has_value(), "points drawn from a covariance fit it");
  return [model](const Matrix& inputs) -> Vector { return model->predict(inputs).mean; };
}

SurrogateEntry gp_entry() {
  return {.name = "gp",
          .sentence = "a Gaussian process",
          .make = [](const Columns& columns, const Settings& /*none*/, std::uint64_t /*seed: nothing is random*/) {
            return std::make_unique<GaussianProcess>(columns);
          }};
}

}  // namespace edgewise::surrogate
