#include "search/warp.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace edgewise::search {

namespace {

constexpr double smallest = 1e-3, largest = 1e6;  // of values over their median: what a model extrapolates to stays finite

double box_cox(double x, double power) {
  return power == 0 ? std::log(x) : (std::pow(x, power) - 1) / power;
}

double inverse_box_cox(double y, double power) {
  if (power == 0) return std::exp(y);
  const double base = power * y + 1;
  if (base > 0) return std::pow(base, 1 / power);
  return power > 0 ? 0 : largest;
}

}  // namespace

Warp::Warp(const std::vector<double>& values, double power) : power_(power) {
  EDGEWISE_ASSERT(!values.empty(), "a warp is learned from values");
  auto sorted = values;
  std::ranges::sort(sorted);
  const double low = sorted.front(), median = sorted[sorted.size() / 2], high = sorted.back();
  if (!(low > 0)) zero_ = low - 0.5 * (median > low ? median - low : std::max(high - low, 1.0));
  unit_ = median - zero_;
  std::vector<double> warped;
  for (const double v : sorted) warped.push_back(box_cox(scaled(v), power_));
  const auto n = static_cast<double>(warped.size());
  mean_ = std::accumulate(warped.begin(), warped.end(), 0.0) / n;
  double sum = 0;
  for (const double v : warped) sum += (v - mean_) * (v - mean_);
  const double deviation = std::sqrt(sum / n);
  if (deviation > 1e-12 * std::max(1.0, std::abs(mean_))) deviation_ = deviation;
}

double Warp::scaled(double value) const {
  return std::clamp((value - zero_) / unit_, smallest, largest);
}

double Warp::operator()(double value) const {
  return (box_cox(scaled(value), power_) - mean_) / deviation_;
}

double Warp::inverse(double z) const {
  return zero_ + unit_ * std::clamp(inverse_box_cox(z * deviation_ + mean_, power_), 0.0, largest);
}

double Warp::log_slope(double value) const {
  return (power_ - 1) * std::log(scaled(value)) - std::log(unit_ * deviation_);
}

}  // namespace edgewise::search
