#include "search/bayes/improvement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace edgewise::search {

namespace {

constexpr double root_two_pi = 2.50662827463100050242;
const double log_root_two_pi = std::log(root_two_pi);

double density(double z) {
  return std::exp(-0.5 * z * z) / root_two_pi;
}

/// exp(x^2) * erfc(x) for x >= 0: erfc underflows at x = 27, the product does not.
double scaled_erfc(double x) {
  if (x < 20.0) return std::exp(x * x) * std::erfc(x);
  const double t = 1.0 / (x * x);  // asymptotic series, relative error below 1e-9 from x = 20 on
  return (1.0 - 0.5 * t + 0.75 * t * t - 1.875 * t * t * t) / (x * std::sqrt(std::numbers::pi));
}

/// log(density(z) + z * P(Z <= z)).
double log_unit_expected(double z) {
  if (z > -1.0) return std::log(density(z) + z * normal_probability(z));
  // density(z) * (1 + z * Mills ratio), the bracket computed without cancelling two nearly equal terms where |z| is
  // large.
  const double x = -z / std::numbers::sqrt2;
  const double bracket = z > -25.0 ? 1.0 - x * std::sqrt(std::numbers::pi) * scaled_erfc(x)
                                   : (1.0 - 3.0 / (z * z) + 15.0 / (z * z * z * z)) / (z * z);
  return -0.5 * z * z - log_root_two_pi + std::log(bracket);
}

/// log(exp(a) - exp(b)) for a >= b.
double log_difference(double a, double b) {
  if (b == -infinity) return a;
  if (!(a > b)) return -infinity;
  return a + std::log1p(-std::exp(b - a));
}

/// log(exp(a) + exp(b)).
double log_sum(double a, double b) {
  const double larger = std::max(a, b), smaller = std::min(a, b);
  return smaller == -infinity ? larger : larger + std::log1p(std::exp(smaller - larger));
}

}  // namespace

double normal_probability(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double log_normal_probability(double z) {
  if (z > -5.0) return std::log(normal_probability(z));
  return -0.5 * z * z + std::log(0.5 * scaled_erfc(-z / std::numbers::sqrt2));
}

double expected_below(double limit, double mean, double deviation) {
  if (!(deviation > 0.0)) return std::max(0.0, limit - mean);
  const double z = (limit - mean) / deviation;
  return deviation * (density(z) + z * normal_probability(z));
}

double log_expected_below(double limit, double mean, double deviation) {
  if (!(deviation > 0.0)) return limit > mean ? std::log(limit - mean) : -infinity;
  return std::log(deviation) + log_unit_expected((limit - mean) / deviation);
}

Improvement::Improvement(const Matrix& front, std::vector<double> reference, const std::vector<Units>& units)
    : reference_(std::move(reference)) {
  EDGEWISE_ASSERT(!reference_.empty() && reference_.size() <= 4, "one to four objectives are improved at once");
  EDGEWISE_ASSERT(units.empty() || units.size() == reference_.size(), "every objective has its units");
  Matrix inside;
  for (const auto& point : front) {
    EDGEWISE_ASSERT(point.size() == reference_.size(), "a front has the reference point's objectives");
    bool is_inside = true;
    for (std::size_t m = 0; m < point.size(); ++m) is_inside = is_inside && point[m] < reference_[m];
    if (is_inside) inside.push_back(point);
  }
  const auto ranks = non_dominated_ranks(inside);
  Matrix points;
  for (std::size_t i = 0; i < inside.size(); ++i)
    if (ranks[i] == 0) points.push_back(inside[i]);
  for (std::size_t m = 0; m < reference_.size(); ++m) {
    auto& [coordinates, lengths] = axes_.emplace_back();
    coordinates.push_back(-infinity);
    for (const auto& point : points) coordinates.push_back(point[m]);
    coordinates.push_back(reference_[m]);
    std::ranges::sort(coordinates);
    const auto doubled = std::ranges::unique(coordinates);
    coordinates.erase(doubled.begin(), doubled.end());
    lengths.assign(coordinates.size(), 1.0);
    if (units.empty()) continue;
    for (std::size_t c = 1; c < coordinates.size(); ++c) {
      const double from = c == 1 ? coordinates[1] - 0.5 : coordinates[c - 1];
      const double length = (units[m](coordinates[c]) - units[m](from)) / (coordinates[c] - from);
      lengths[c] = std::isfinite(length) ? std::max(length, 1e-12) : 1.0;
    }
  }
  Box box{std::vector<std::size_t>(reference_.size()), std::vector<std::size_t>(reference_.size())};
  add_boxes(points, reference_.size() - 1, box);
}

// Slabs of the last objective; within one, the points below it dominate in what is left.
void Improvement::add_boxes(const Matrix& points, std::size_t objective, Box& box) {
  const auto& coordinates = axes_[objective].coordinates;
  const auto index = [&](double value) {
    return static_cast<std::size_t>(std::ranges::lower_bound(coordinates, value) - coordinates.begin());
  };
  if (objective == 0) {
    double limit = reference_[0];
    for (const auto& point : points) limit = std::min(limit, point[0]);
    box.low[0] = 0;
    box.high[0] = index(limit);
    boxes_.push_back(box);
    return;
  }
  std::vector<double> levels;
  for (const auto& point : points) levels.push_back(point[objective]);
  std::ranges::sort(levels);
  const auto doubled = std::ranges::unique(levels);
  levels.erase(doubled.begin(), doubled.end());
  levels.push_back(reference_[objective]);
  double below = -infinity;
  for (const double level : levels) {
    Matrix active;
    for (const auto& point : points)
      if (point[objective] <= below) active.push_back(point);
    box.low[objective] = below == -infinity ? 0 : index(below);
    box.high[objective] = index(level);
    add_boxes(active, objective - 1, box);
    below = level;
  }
}

double Improvement::of(std::span<const double> point) const {
  const std::vector<double> known(point.size(), 0.0);
  return std::exp(log_expected(point, known));
}

double Improvement::log_expected(std::span<const double> mean, std::span<const double> variance) const {
  const std::size_t objectives = reference_.size();
  thread_local std::vector<std::vector<double>>
      below;  // expected lengths below each coordinate; kept to save allocations
  below.resize(objectives);
  for (std::size_t m = 0; m < objectives; ++m) {
    const auto& [coordinates, lengths] = axes_[m];
    const double deviation = std::sqrt(variance[m]);
    below[m].assign(coordinates.size(), 0.0);
    double last = 0;
    for (std::size_t c = 1; c < coordinates.size(); ++c) {
      const double amount = expected_below(coordinates[c], mean[m], deviation);
      below[m][c] = below[m][c - 1] + lengths[c] * std::max(0.0, amount - last);
      last = amount;
    }
  }
  double sum = 0;
  for (const auto& box : boxes_) {
    double volume = 1;
    for (std::size_t m = 0; m < objectives; ++m) volume *= std::max(0.0, below[m][box.high[m]] - below[m][box.low[m]]);
    sum += volume;
  }
  if (sum > 1e-100) return std::log(sum);
  // So far from the front that the differences above lost their digits: the same in logarithms.
  for (std::size_t m = 0; m < objectives; ++m) {
    const auto& [coordinates, lengths] = axes_[m];
    const double deviation = std::sqrt(variance[m]);
    below[m][0] = -infinity;
    double last = -infinity;
    for (std::size_t c = 1; c < coordinates.size(); ++c) {
      const double amount = log_expected_below(coordinates[c], mean[m], deviation);
      below[m][c] = log_sum(below[m][c - 1], std::log(lengths[c]) + log_difference(amount, last));
      last = amount;
    }
  }
  double total = -infinity;
  for (const auto& box : boxes_) {
    double volume = 0;
    for (std::size_t m = 0; m < objectives && volume > -infinity; ++m)
      volume += log_difference(below[m][box.high[m]], below[m][box.low[m]]);
    total = log_sum(total, volume);
  }
  return total;
}

}  // namespace edgewise::search
