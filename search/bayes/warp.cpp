#include "search/bayes/warp.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace edgewise::search {

namespace {

// The smallest value counts as at least this share of the median.
constexpr double least_share = 0.1;
constexpr double smallest = 1e-3,
                 largest = 1e6;  // of values over their median: what a model extrapolates to stays finite

}  // namespace

Warp::Warp(const std::vector<double>& values) {
  EDGEWISE_ASSERT(!values.empty(), "a warp is learned from values");
  auto sorted = values;
  std::ranges::sort(sorted);
  const double low = sorted.front(), median = sorted[sorted.size() / 2], high = sorted.back();
  if (!(low > 0)) {
    zero_ = low - 0.5 * (median > low ? median - low : std::max(high - low, 1.0));
  } else if (low < least_share * median) {
    zero_ = (low - least_share * median) / (1 - least_share);
  }
  // Where values are so large, or so near to each other, that the distance from zero is lost in rounding.
  if (!(median - zero_ > 0)) zero_ = low - std::max(0.5 * std::abs(low), 0.5);
  unit_ = median - zero_;
  std::vector<double> warped;
  for (const double v : sorted) warped.push_back(logarithm(v));
  const auto n = static_cast<double>(warped.size());
  mean_ = std::accumulate(warped.begin(), warped.end(), 0.0) / n;
  double sum = 0;
  for (const double v : warped) sum += (v - mean_) * (v - mean_);
  const double deviation = std::sqrt(sum / n);
  if (deviation > 1e-12 * std::max(1.0, std::abs(mean_))) deviation_ = deviation;
}

double Warp::logarithm(double value) const {
  return std::log(std::clamp((value - zero_) / unit_, smallest, largest));
}

double Warp::operator()(double value) const {
  return (logarithm(value) - mean_) / deviation_;
}

double Warp::inverse(double z) const {
  return zero_ + unit_ * std::min(std::exp(z * deviation_ + mean_), largest);
}

}  // namespace edgewise::search
