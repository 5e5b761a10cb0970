#include <algorithm>
#include <cmath>
#include <format>
#include <limits>

#include "surrogate/ensemble_internal.hpp"

namespace edgewise::surrogate {

namespace {

/// The votes of the members that did not learn from point i, as a residual and a variance for each point with two such
/// members.
struct OutOfBag {
  Vector residuals, variances;  // (points with at least two members left)
};

OutOfBag out_of_bag(const Votes& votes, const Bags& bags, const Vector& targets) {
  std::vector<double> residuals, variances;
  for (Eigen::Index i = 0; i < targets.size(); ++i) {
    std::vector<Eigen::Index> left;
    for (std::size_t m = 0; m < bags.size(); ++m) {
      if (bags.count(m, i) == 0) left.push_back(static_cast<Eigen::Index>(m));
    }
    if (left.size() < 2) continue;
    Votes kept{.mean = votes.mean(left, std::vector{i}), .variance = {}};  // (left, 1)
    if (votes.variance.size() > 0) kept.variance = votes.variance(left, std::vector{i});
    const auto prediction = combine(kept, 1.0);
    // The mean of a few members is further off than the mean of all will be, by what averaging takes away.
    const auto count = static_cast<double>(left.size());
    const double between = (kept.mean.array() - prediction.mean(0)).square().sum() / (count - 1.0);
    const double surplus = between * (1.0 / count - 1.0 / static_cast<double>(bags.size()));
    const double error = targets(i) - prediction.mean(0);
    residuals.push_back(std::sqrt(std::max(0.0, error * error - surplus)));
    variances.push_back(prediction.variance(0));
  }
  const auto size = static_cast<Eigen::Index>(residuals.size());
  return {Eigen::Map<const Vector>(residuals.data(), size), Eigen::Map<const Vector>(variances.data(), size)};
}

}  // namespace

Prediction prior_prediction(double mean, Eigen::Index points) {
  return {Vector::Constant(points, mean), Vector::Ones(points)};
}

Status check_data(const Columns& columns, const Matrix& inputs, const Vector& targets) {
  if (inputs.rows() == 0) return invalid("a surrogate needs at least one point to learn from");
  if (inputs.rows() != targets.size())
    return invalid(std::format("{} points have {} targets", inputs.rows(), targets.size()));
  if (static_cast<std::size_t>(inputs.cols()) != columns.size()) {
    return invalid(std::format("points have {} columns, {} were declared", inputs.cols(), columns.size()));
  }
  if (!targets.allFinite()) return invalid("a target is not finite", "leave failed trials out");
  return {};
}

Prediction combine(const Votes& votes, double scale) {
  const auto members = static_cast<double>(votes.mean.rows());
  Prediction result;
  result.mean = votes.mean.colwise().mean().transpose();  // (n)
  result.variance = (votes.mean.rowwise() - result.mean.transpose()).array().square().colwise().sum().transpose() /
                    std::max(1.0, members - 1.0);
  if (votes.variance.size() > 0) result.variance += votes.variance.colwise().mean().transpose();
  result.variance *= scale;
  return result;
}

Matrix sample_votes(const Votes& votes, double scale, std::size_t count, RandomStream& random) {
  const auto members = votes.mean.rows(), points = votes.mean.cols(), draws = static_cast<Eigen::Index>(count);
  const Vector mean = votes.mean.colwise().mean().transpose();  // (n)
  const double divisor = std::sqrt(std::max(1.0, static_cast<double>(members) - 1.0));
  const Matrix deviations = (votes.mean.rowwise() - mean.transpose()) * (std::sqrt(scale) / divisor);  // (members, n)
  Vector own = Vector::Zero(points);
  if (votes.variance.size() > 0)
    own = (scale * votes.variance.colwise().mean().transpose()).array().max(0.0).sqrt();  // (n)
  Matrix functions(draws, points);
  for (Eigen::Index k = 0; k < draws; ++k) {
    Vector combination(members);
    for (Eigen::Index m = 0; m < members; ++m) combination(m) = random.normal();
    functions.row(k) = (mean + deviations.transpose() * combination + random.normal() * own).transpose();
  }
  return functions;
}

Bags::Bags(std::size_t bags, Eigen::Index points, RandomStream& random) {
  const auto size = static_cast<std::size_t>(points);
  counts_.assign(bags, std::vector<int>(size));
  for (auto& bag : counts_) {
    for (std::size_t draw = 0; draw < size; ++draw) ++bag[random.below(size)];
  }
}

std::vector<Eigen::Index> Bags::members(std::size_t bag, bool repeat) const {
  std::vector<Eigen::Index> result;
  for (std::size_t i = 0; i < counts_[bag].size(); ++i) {
    const int times = repeat ? counts_[bag][i] : std::min(1, counts_[bag][i]);
    result.insert(result.end(), static_cast<std::size_t>(times), static_cast<Eigen::Index>(i));
  }
  return result;
}

double widening(const Vector& residuals, const Vector& variances) {
  constexpr double nothing = 1e-12;  // targets are standardised
  constexpr Eigen::Index enough_for_quantile = 20;
  const auto size = residuals.size();
  if (size < fewest_points) return 1.0;
  Eigen::ArrayXd ratios = residuals.array().square() / variances.array().max(nothing);
  const double mean = ratios.mean();
  if (size < enough_for_quantile) return mean;
  // Like a conformal interval: the ceil(0.8 (n + 1))-th of n (Vovk, Gammerman, Shafer, 2005), where a normal has 1.2816
  // deviations. Not below a tenth of the mean: a few large errors among many that are zero still tell of ignorance.
  std::ranges::sort(ratios);
  const auto rank = static_cast<Eigen::Index>(std::ceil(0.8 * static_cast<double>(size + 1))) - 1;
  return std::max(ratios(rank) / (1.2816 * 1.2816), 0.1 * mean);
}

Spread calibrate(const Vector& residuals, const Vector& variances) {
  const auto size = residuals.size();
  if (size < fewest_points) return {};
  const Eigen::ArrayXd squares = residuals.array().square();
  const double mean_variance = variances.mean(), mean_square = squares.mean();
  constexpr double nothing = 1e-12;  // targets are standardised
  if (mean_variance < nothing || mean_square < nothing) return {.scale = 1.0, .noise = mean_square};

  // With variance = common * (variances / mean + ratio), the likeliest `common` has a closed form: a search over
  // `ratio` alone remains. Its bound means: at least a fifth of the error is ignorance.
  double best = -std::numeric_limits<double>::infinity(), best_ratio = 1.0;
  for (double ratio = 1.0 / 64.0; ratio <= 4.0; ratio *= std::sqrt(2.0)) {
    const Eigen::ArrayXd shape = variances.array() / mean_variance + ratio;
    const double likelihood = -shape.log().mean() - std::log((squares / shape).mean());
    if (likelihood > best) best = likelihood, best_ratio = ratio;
  }
  const double common = widening(residuals, variances / mean_variance + Vector::Constant(size, best_ratio));
  return {.scale = common / mean_variance, .noise = common * best_ratio};
}

Status Ensemble::fit(const Matrix& inputs, const Vector& targets) {
  TRY_DO(check_data(columns_, inputs, targets));
  encode_.reset();
  mean_ = targets.mean();
  spread_ = {};
  if (targets.size() < fewest_points) return {};

  OneHot encode(columns_, inputs);
  const Matrix encoded = encode(inputs);  // (n, width)
  const auto random = RandomStream::named(seed_, name_);
  auto draws = random.child("bags");
  const Bags bags(members_, targets.size(), draws);
  TRY_DO(train(encoded, targets, bags, random));
  const auto [residuals, variances] = out_of_bag(votes(encoded), bags, targets);
  spread_ = calibrate(residuals, variances);
  encode_ = std::move(encode);
  return {};
}

Prediction Ensemble::predict(const Matrix& inputs) const {
  if (!encode_) return prior_prediction(mean_, inputs.rows());
  return combine(votes((*encode_)(inputs)), spread_.scale);
}

Matrix Ensemble::sample(const Matrix& inputs, std::size_t count, RandomStream& random) const {
  if (!encode_) return Surrogate::sample(inputs, count, random);
  return sample_votes(votes((*encode_)(inputs)), spread_.scale, count, random);
}

}  // namespace edgewise::surrogate
