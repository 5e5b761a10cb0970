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
constexpr Prior matern_prior{-0.7, 1.0}, linear_prior{-1.5, 1.5}, noise_prior{-6.0, 1.5};
/// The variances are those of one of so many parts; where there are more, all together begin with as much.
constexpr double usual_parts = 2.0;
constexpr double lowest_noise = -13.0;  // of the logarithm: 2e-6 of the targets' variance

Prior scale_prior(Eigen::Index columns) {
  return {0.5 * std::log(static_cast<double>(std::max<Eigen::Index>(1, columns))) - 0.35, scale_deviation};
}

template <class Visit>
void each_with_prior(Hyperparameters& h, Visit visit) {
  for (auto& part : h.parts)
    for (auto& scale : part.scales) visit(scale, scale_prior(part.scales.size()));
  const double share = std::log(std::max(1.0, static_cast<double>(h.parts.size()) / usual_parts));
  for (auto& part : h.parts) visit(part.matern, Prior{matern_prior.mean - share, matern_prior.deviation});
  for (auto& part : h.parts) visit(part.linear, Prior{linear_prior.mean - share, linear_prior.deviation});
  visit(h.noise, noise_prior);
}

/// Sum over pairs (i, j) of weights(i, j) * (z_if - z_jf)^2 for each feature f; `weights` symmetric.
Vector pair_sums(const Matrix& weights, const Matrix& z) {
  const Vector sums = weights.rowwise().sum();
  const Matrix weighted = weights * z;  // (n, features)
  return 2.0 * ((z.array().square().matrix().transpose() * sums) -
                (weighted.array() * z.array()).colwise().sum().matrix().transpose());
}

/// One part of the covariance, kept between value and gradient.
struct Term {
  Matrix z;       // features over their scales
  Matrix matern;  // (n, n), with its variance
  Matrix slope;   // (n, n), of the Matern term by the squared distance
  Matrix linear;  // (n, n), with its variance

  Term(const Matrix& features, const Hyperparameters::Part& h, const std::vector<int>& scale_of) : z(features) {
    for (Eigen::Index f = 0; f < z.cols(); ++f) z.col(f) *= std::exp(-h.scales(scale_of[static_cast<std::size_t>(f)]));
    auto [value, slope_value] = matern52_with_slope(squared_distances(z, z));
    matern = std::exp(h.matern) * value;
    slope = std::exp(h.matern) * slope_value;
    linear = std::exp(h.linear) * (features * features.transpose());
  }
  /// Adds the slopes by the logarithms of the scales. @param w  half the derivative of the evidence by the covariance
  void add_scale_slopes(const Matrix& w, const std::vector<int>& scale_of, Eigen::Ref<Vector> slopes) const {
    const Matrix inner = w.array() * slope.array();
    const Vector sums = -2.0 * pair_sums(inner, z);  // d(squared distance) / d(log scale) = -2 (z_i - z_j)^2
    for (Eigen::Index f = 0; f < sums.size(); ++f) slopes(scale_of[static_cast<std::size_t>(f)]) += sums(f);
  }
};

Eigen::Index count_of(const Hyperparameters& h) {
  Eigen::Index count = 1;
  for (const auto& part : h.parts) count += part.scales.size() + 2;
  return count;
}

}  // namespace

Vector to_vector(const Hyperparameters& h) {
  Vector vector(count_of(h));
  Eigen::Index i = 0;
  for (const auto& part : h.parts)
    for (const double scale : part.scales) vector(i++) = scale;
  for (const auto& part : h.parts) vector(i++) = part.matern;
  for (const auto& part : h.parts) vector(i++) = part.linear;
  vector(i) = h.noise;
  return vector;
}

Hyperparameters from_vector(const Vector& vector, const FeatureMap& map) {
  Hyperparameters h;
  Eigen::Index i = 0;
  for (const auto& part : map.parts()) {
    h.parts.push_back({.scales = vector.segment(i, part.scales)});
    i += part.scales;
  }
  for (auto& part : h.parts) part.matern = vector(i++);
  for (auto& part : h.parts) part.linear = vector(i++);
  h.noise = vector(i++);
  EDGEWISE_ASSERT(i == vector.size(), "a vector of hyperparameters has one number for each");
  return h;
}

std::optional<Evidence> evidence(const FeatureMap& map, const Features& features, const Vector& targets,
                                 const Hyperparameters& h) {
  const Eigen::Index n = targets.size();
  std::vector<Term> terms;
  Matrix k = Matrix::Zero(n, n);
  for (std::size_t p = 0; p < features.size(); ++p) {
    const auto& term = terms.emplace_back(features[p], h.parts[p], map.parts()[p].scale_of);
    k += term.matern;
    k += term.linear;
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
  result.gradient = Vector::Zero(count_of(h));
  Eigen::Index first = 0;
  for (std::size_t p = 0; p < terms.size(); ++p) {
    const auto scales = h.parts[p].scales.size();
    terms[p].add_scale_slopes(w, map.parts()[p].scale_of, result.gradient.segment(first, scales));
    first += scales;
  }
  for (const auto& term : terms) result.gradient(first++) = (w.array() * term.matern.array()).sum();
  for (const auto& term : terms) result.gradient(first++) = (w.array() * term.linear.array()).sum();
  result.gradient(first) = noise * w.trace();
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
    auto h = from_vector(vector, map_);
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
  Features features;
  for (const auto& part : all_features) features.emplace_back(part(chosen, Eigen::all));
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
    best = Climbed{from_vector(end, map), value};
    best->hyperparameters.noise = std::max(best->hyperparameters.noise, lowest_noise);
  }
  return best.value_or(Climbed{starts.front(), -1e10});
}

}  // namespace

Hyperparameters fitted_hyperparameters(const FeatureMap& map, const Features& features, const Vector& targets) {
  constexpr Eigen::Index few = 60, many = 200;
  Hyperparameters middle;
  for (const auto& part : map.parts()) middle.parts.push_back({.scales = Vector::Zero(part.scales)});
  each_with_prior(middle, [](double& value, const Prior& prior) { value = prior.mean; });
  // The other hill that was seen: nearly all is linear.
  auto linear = middle;
  linear.parts.front().scales.array() += 1.5;
  linear.parts.front().linear += 3.0;
  auto found = climbed(map, features, targets, {middle, linear}, few, 30);
  if (targets.size() > few) found = climbed(map, features, targets, {found.hyperparameters}, many, 12);
  return found.hyperparameters;
}

}  // namespace edgewise::surrogate
