#include <cmath>
#include <numbers>

#include "surrogate/network_internal.hpp"

namespace edgewise::surrogate {

namespace {

using Weights = Eigen::Map<const FloatMatrix>;
using Bias = Eigen::Map<const Eigen::RowVectorXf>;

Weights matrix(const FloatVector& weights, const Network::Part& part, Eigen::Index units) {
  return {weights.data() + part.first, part.fan_in, units};
}
Bias bias(const FloatVector& weights, const Network::Part& part, Eigen::Index units) {
  return {weights.data() + part.first + part.size, units};
}

FloatMatrix activate(const FloatMatrix& inputs, const Weights& weights, const Bias& bias) {
  FloatMatrix sums = inputs * weights;
  sums.rowwise() += bias;
  return sums.array().tanh();
}

}  // namespace

Network::Part Network::part(int layer) const {
  const auto first = inputs_ * hidden_, second = hidden_ * hidden_;
  if (layer == 0) return {0, first, inputs_};
  if (layer == 1) return {first + hidden_, second, hidden_};
  return {first + second + 2 * hidden_, hidden_, hidden_};
}

Eigen::Index Network::weight_count() const {
  const auto last = part(layers - 1);
  return last.first + last.size + 1;
}

FloatVector Network::initial(RandomStream& random) const {
  FloatVector weights = FloatVector::Zero(weight_count());
  for (int layer = 0; layer < layers; ++layer) {
    const auto where = part(layer);
    FloatVector drawn(where.size);
    fill_normal(drawn, random);
    weights.segment(where.first, where.size) = drawn / std::sqrt(static_cast<float>(where.fan_in));
  }
  return weights;
}

FloatVector Network::outputs(const FloatVector& weights, const FloatMatrix& inputs) const {
  const auto h1 = activate(inputs, matrix(weights, part(0), hidden_), bias(weights, part(0), hidden_));  // (n, hidden)
  const auto h2 = activate(h1, matrix(weights, part(1), hidden_), bias(weights, part(1), hidden_));      // (n, hidden)
  return (h2 * matrix(weights, part(2), 1)).array() + bias(weights, part(2), 1)(0);
}

FloatVector Network::gradient(const FloatVector& weights, const FloatMatrix& inputs, const FloatVector& targets,
                              const FloatVector& importance) const {
  const auto first = part(0), second = part(1), third = part(2);
  const FloatMatrix h1 =
      activate(inputs, matrix(weights, first, hidden_), bias(weights, first, hidden_));                   // (n, hidden)
  const FloatMatrix h2 = activate(h1, matrix(weights, second, hidden_), bias(weights, second, hidden_));  // (n, hidden)
  const FloatVector output = (h2 * matrix(weights, third, 1)).array() + bias(weights, third, 1)(0);       // (n)
  const FloatVector d_output = importance.cwiseProduct(output - targets);                                 // (n)
  const FloatMatrix d_sum2 = (d_output * matrix(weights, third, 1).transpose()).array() * (1.0F - h2.array().square());
  const FloatMatrix d_sum1 =
      (d_sum2 * matrix(weights, second, hidden_).transpose()).array() * (1.0F - h1.array().square());

  FloatVector result(weight_count());
  Eigen::Map<FloatMatrix>(result.data() + first.first, inputs_, hidden_).noalias() = inputs.transpose() * d_sum1;
  result.segment(first.first + first.size, hidden_) = d_sum1.colwise().sum().transpose();
  Eigen::Map<FloatMatrix>(result.data() + second.first, hidden_, hidden_).noalias() = h1.transpose() * d_sum2;
  result.segment(second.first + second.size, hidden_) = d_sum2.colwise().sum().transpose();
  result.segment(third.first, hidden_).noalias() = h2.transpose() * d_output;
  result(third.first + third.size) = d_output.sum();
  return result;
}

FloatVector descend(const Network& network, const FloatMatrix& inputs, const FloatVector& targets,
                    const FloatVector& importance, RandomStream& random) {
  constexpr int steps = 200;
  constexpr float largest_step = 0.02F, penalty = 0.01F, keep_mean = 0.9F, keep_square = 0.99F, tiny = 1e-8F;
  FloatVector weights = network.initial(random);
  FloatVector mean = FloatVector::Zero(weights.size()), square = mean;
  float mean_share = 1.0F, square_share = 1.0F;
  for (int step = 0; step < steps; ++step) {
    const FloatVector slope = network.gradient(weights, inputs, targets, importance) + penalty * weights;
    mean = keep_mean * mean + (1.0F - keep_mean) * slope;
    square = keep_square * square + (1.0F - keep_square) * slope.cwiseAbs2();
    mean_share *= keep_mean;
    square_share *= keep_square;
    const auto rate =
        largest_step * 0.5F * (1.0F + std::cos(std::numbers::pi_v<float> * static_cast<float>(step) / steps));
    weights.array() -=
        rate / (1.0F - mean_share) * mean.array() / ((square.array() / (1.0F - square_share)).sqrt() + tiny);
  }
  return weights;
}

void fill_normal(FloatVector& values, RandomStream& random) {
  // Box-Muller with both of its numbers.
  for (Eigen::Index i = 0; i < values.size(); i += 2) {
    const auto radius = std::sqrt(-2.0F * std::log(1.0F - static_cast<float>(random.next() >> 41U) * 0x1.0p-23F));
    const auto angle = 2.0F * std::numbers::pi_v<float> * static_cast<float>(random.uniform());
    values(i) = radius * std::cos(angle);
    if (i + 1 < values.size()) values(i + 1) = radius * std::sin(angle);
  }
}

}  // namespace edgewise::surrogate
