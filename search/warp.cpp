#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/beliefs.hpp"

namespace edgewise::search {

namespace {

double yeo_johnson(double x, double lambda) {
  if (x >= 0) return std::abs(lambda) < 1e-9 ? std::log1p(x) : (std::pow(x + 1, lambda) - 1) / lambda;
  const double other = 2 - lambda;
  return std::abs(other) < 1e-9 ? -std::log1p(-x) : -(std::pow(1 - x, other) - 1) / other;
}

/// The inverse; where the transform has a bound that `y` lies beyond, a large number.
double inverse_yeo_johnson(double y, double lambda) {
  constexpr double large = 1e6;
  if (y >= 0) {
    if (std::abs(lambda) < 1e-9) return std::min(large, std::expm1(y));
    const double base = lambda * y + 1;
    return base > 0 ? std::min(large, std::pow(base, 1 / lambda) - 1) : large;
  }
  const double other = 2 - lambda;
  if (std::abs(other) < 1e-9) return std::max(-large, -std::expm1(-y));
  const double base = 1 - other * y;
  return base > 0 ? std::max(-large, 1 - std::pow(base, 1 / other)) : -large;
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return {mean, std::sqrt(sum / n)};
}

/// Log likelihood of lambda (Yeo & Johnson 2000, section 3) with a weak pull to 1, no transform, for a handful of values.
double likelihood(const std::vector<double>& values, double lambda) {
  std::vector<double> warped;
  double slopes = 0;
  for (const double v : values) {
    warped.push_back(yeo_johnson(v, lambda));
    slopes += std::copysign(std::log1p(std::abs(v)), v);
  }
  const double deviation = moments(warped).deviation;
  if (!(deviation > 1e-12)) return -1e300;
  return -static_cast<double>(values.size()) * std::log(deviation) + (lambda - 1) * slopes - 0.5 * (lambda - 1) * (lambda - 1);
}

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

Warp::Warp(const std::vector<double>& values) {
  EDGEWISE_ASSERT(!values.empty(), "a warp is learned from values");
  auto sorted = values;
  std::ranges::sort(sorted);
  centre_ = quantile(sorted, 0.5);
  unit_ = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  if (!(unit_ > 0)) unit_ = sorted.back() - sorted.front();
  if (!(unit_ > 0)) unit_ = 1;
  std::vector<double> scaled;
  for (const double v : sorted) scaled.push_back((v - centre_) / unit_);
  double best = -1e300;
  for (int step = 0; step <= 30; ++step) {
    const double lambda = -1.0 + 0.1 * step;  // -1 to 2
    if (const double found = likelihood(scaled, lambda); found > best) {
      best = found;
      lambda_ = lambda;
    }
  }
  for (double& v : scaled) v = yeo_johnson(v, lambda_);
  const auto found = moments(scaled);
  mean_ = found.mean;
  deviation_ = found.deviation > 1e-12 ? found.deviation : 1.0;
}

double Warp::operator()(double value) const {
  return (yeo_johnson((value - centre_) / unit_, lambda_) - mean_) / deviation_;
}

double Warp::inverse(double z) const {
  return centre_ + unit_ * inverse_yeo_johnson(z * deviation_ + mean_, lambda_);
}

}  // namespace edgewise::search
