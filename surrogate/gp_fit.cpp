#include <Eigen/Cholesky>
#include <cmath>
#include <ensmallen.hpp>
#include <numbers>

#include "surrogate/gp.hpp"

namespace edgewise::surrogate {

namespace {

/// Normal priors on logarithms, for targets of variance about 1.
/// Length scales grow with the root of the number of columns (Hvarfner, Hellsten, Nardi, ICML 2024): otherwise a space
/// of many parameters begins with the belief that every point is far from every other.
struct Prior {
  double mean, deviation;
};
constexpr double scale_deviation = 1.0;
constexpr Prior places_prior{-0.7, 1.0}, bags_prior{-0.7, 1.0}, linear_prior{-1.5, 1.5}, noise_prior{-6.0, 1.5};
constexpr double lowest_noise = -13.0;  // of the logarithm: 2e-6 of the targets' variance

Prior scale_prior(Eigen::Index columns) {
  return {0.5 * std::log(static_cast<double>(std::max<Eigen::Index>(1, columns))) - 0.35, scale_deviation};
}

template <class Visit>
void each_with_prior(Hyperparameters& h, Visit visit) {
  for (auto& scale : h.place_scales) visit(scale, scale_prior(h.place_scales.size()));
  for (auto& scale : h.bag_scales) visit(scale, scale_prior(h.bag_scales.size()));
  visit(h.places, places_prior);
  visit(h.bags, bags_prior);
  visit(h.linear, linear_prior);
  visit(h.bag_linear, linear_prior);
  visit(h.noise, noise_prior);
}

/// Sum over pairs (i, j) of weights(i, j) * (z_if - z_jf)^2 for each feature f; `weights` symmetric.
Vector pair_sums(const Matrix& weights, const Matrix& z) {
  const Vector sums = weights.rowwise().sum();
  const Matrix weighted = weights * z;  // (n, features)
  return 2.0 * ((z.array().square().matrix().transpose() * sums) -
                (weighted.array() * z.array()).colwise().sum().matrix().transpose());
}

/// One Matern part of the covariance, kept between value and gradient.
struct Part {
  Matrix z;           // features over their scales
  Matrix covariance;  // (n, n), with its variance
  Matrix slope;       // (n, n), of the covariance by the squared distance

  Part(const Matrix& features, const Vector& log_scales, const std::vector<int>* scale_of, double log_variance)
      : z(features) {
    for (Eigen::Index f = 0; f < z.cols(); ++f)
      z.col(f) *= std::exp(-log_scales(scale_of ? (*scale_of)[static_cast<std::size_t>(f)] : f));
    auto [value, slope_value] = matern52_with_slope(squared_distances(z, z));
    covariance = std::exp(log_variance) * value;
    slope = std::exp(log_variance) * slope_value;
  }
  /// Adds the slopes by the logarithms of the scales. @param w  half the derivative of the evidence by the covariance
  void add_scale_slopes(const Matrix& w, const std::vector<int>* scale_of, Eigen::Ref<Vector> slopes) const {
    const Matrix inner = w.array() * slope.array();
    const Vector sums = -2.0 * pair_sums(inner, z);  // d(squared distance) / d(log scale) = -2 (z_i - z_j)^2
    for (Eigen::Index f = 0; f < sums.size(); ++f)
      slopes(scale_of ? (*scale_of)[static_cast<std::size_t>(f)] : f) += sums(f);
  }
};

}  // namespace

Vector to_vector(const Hyperparameters& h) {
  Vector vector(h.place_scales.size() + h.bag_scales.size() + 5);
  vector << h.place_scales, h.bag_scales, h.places, h.bags, h.linear, h.bag_linear, h.noise;
  return vector;
}

Hyperparameters from_vector(const Vector& vector, int place_scales, int bag_scales) {
  EDGEWISE_ASSERT(vector.size() == place_scales + bag_scales + 5,
                  "a vector of hyperparameters has one number for each");
  const auto rest = vector.tail(5);
  return {
      vector.head(place_scales), vector.segment(place_scales, bag_scales), rest(0), rest(1), rest(2), rest(3), rest(4)};
}

std::optional<Evidence> evidence(const FeatureMap& map, const Features& features, const Vector& targets,
                                 const Hyperparameters& h) {
  const Eigen::Index n = targets.size();
  const auto& scales = map.place_scales();
  const bool has_bags = features.bags.cols() > 0;
  const Part places(features.places, h.place_scales, &scales, h.places);
  std::optional<Part> bags;
  const Matrix linear = std::exp(h.linear) * (features.places * features.places.transpose());
  Matrix bag_linear;
  Matrix k = places.covariance + linear;
  if (has_bags) {
    bags.emplace(features.bags, h.bag_scales, nullptr, h.bags);
    bag_linear = std::exp(h.bag_linear) * (features.bags * features.bags.transpose());
    k += bags->covariance + bag_linear;
  }
  const double noise = std::exp(h.noise);
  k.diagonal().array() += noise;
  const Eigen::LLT<Matrix> llt(k);
  if (llt.info() != Eigen::Success) return std::nullopt;
  const Vector weights = llt.solve(targets);
  Evidence result;
  result.value = -0.5 * targets.dot(weights) - Matrix(llt.matrixL()).diagonal().array().log().sum();
  // Rasmussen & Williams 2006, equation 5.9.
  const Matrix w = 0.5 * (weights * weights.transpose() - llt.solve(Matrix::Identity(n, n)));
  result.gradient = Vector::Zero(h.place_scales.size() + h.bag_scales.size() + 5);
  places.add_scale_slopes(w, &scales, result.gradient.head(h.place_scales.size()));
  auto rest = result.gradient.tail(5);
  rest(0) = (w.array() * places.covariance.array()).sum();
  rest(2) = (w.array() * linear.array()).sum();
  if (has_bags) {
    bags->add_scale_slopes(w, nullptr, result.gradient.segment(h.place_scales.size(), h.bag_scales.size()));
    rest(1) = (w.array() * bags->covariance.array()).sum();
    rest(3) = (w.array() * bag_linear.array()).sum();
  }
  rest(4) = noise * w.trace();
  Hyperparameters copy = h;
  Eigen::Index index = 0;
  each_with_prior(copy, [&](double value, const Prior& prior) {
    const double z = (value - prior.mean) / prior.deviation;
    result.value -= 0.5 * z * z;
    result.gradient(index++) -= z / prior.deviation;
  });
  return result;
}

namespace {

/// What ensmallen's optimisers want: a function to minimise, over a column of numbers.
class NegativeEvidence {
 public:
  NegativeEvidence(const FeatureMap& map, const Features& features, const Vector& targets)
      : map_(map), features_(features), targets_(targets) {}

  double EvaluateWithGradient(const arma::mat& x, arma::mat& gradient) {
    const Eigen::Map<const Vector> vector(x.memptr(), static_cast<Eigen::Index>(x.n_elem));
    auto h = from_vector(vector, map_.place_scale_count(), map_.bag_count());
    const bool is_at_floor = h.noise < lowest_noise;
    h.noise = std::max(h.noise, lowest_noise);
    gradient.zeros(x.n_rows, x.n_cols);
    const auto found = evidence(map_, features_, targets_, h);
    if (!found || !std::isfinite(found->value)) return 1e10;
    for (Eigen::Index i = 0; i < found->gradient.size(); ++i)
      gradient(static_cast<arma::uword>(i)) = -found->gradient(i);
    if (is_at_floor) gradient(gradient.n_elem - 1) = std::min(0.0, gradient(gradient.n_elem - 1));
    return -found->value;
  }

 private:
  const FeatureMap& map_;
  const Features& features_;
  const Vector& targets_;
};

/// At most `most` rows, evenly spread over the order.
std::vector<Eigen::Index> spread(Eigen::Index n, Eigen::Index most) {
  std::vector<Eigen::Index> chosen;
  const Eigen::Index count = std::min(n, most);
  for (Eigen::Index i = 0; i < count; ++i) chosen.push_back(i * n / count);
  return chosen;
}

struct Climbed {
  Hyperparameters hyperparameters;
  double value = 0;
};

/// L-BFGS on at most `most` points; the best of the starting points' ends.
Climbed climbed(const FeatureMap& map, const Features& all_features, const Vector& all_targets,
                const std::vector<Hyperparameters>& starts, Eigen::Index most, std::size_t iterations) {
  const auto chosen = spread(all_targets.size(), most);
  const Features features{all_features.places(chosen, Eigen::all), all_features.bags(chosen, Eigen::all)};
  const Vector targets = all_targets(chosen);
  NegativeEvidence function(map, features, targets);
  std::optional<Climbed> best;
  for (const auto& start : starts) {
    const Vector begin = to_vector(start);
    arma::mat x(begin.data(), static_cast<arma::uword>(begin.size()), 1);
    ens::L_BFGS optimizer(/*numBasis=*/10, iterations);
    optimizer.MinGradientNorm() = 1e-2;
    optimizer.Factr() = 1e-5;
    const double value = -optimizer.Optimize(function, x);
    const Vector end = Eigen::Map<const Vector>(x.memptr(), begin.size());
    if (!end.allFinite() || !std::isfinite(value) || (best && !(value > best->value))) continue;
    best = Climbed{from_vector(end, map.place_scale_count(), map.bag_count()), value};
    best->hyperparameters.noise = std::max(best->hyperparameters.noise, lowest_noise);
  }
  return best.value_or(Climbed{starts.front(), -1e10});
}

}  // namespace

Hyperparameters fitted_hyperparameters(const FeatureMap& map, const Features& features, const Vector& targets) {
  constexpr Eigen::Index few = 60, many = 200;
  Hyperparameters middle;
  middle.place_scales = Vector::Zero(map.place_scale_count());
  middle.bag_scales = Vector::Zero(map.bag_count());
  each_with_prior(middle, [](double& value, const Prior& prior) { value = prior.mean; });
  // The other hill that was seen: nearly all is linear.
  auto linear = middle;
  linear.place_scales.array() += 1.5;
  linear.linear += 3.0;
  auto found = climbed(map, features, targets, {middle, linear}, few, 30);
  if (targets.size() > few) found = climbed(map, features, targets, {found.hyperparameters}, many, 12);
  return found.hyperparameters;
}

}  // namespace edgewise::surrogate
