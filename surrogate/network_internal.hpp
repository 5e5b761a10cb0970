/// A small network with two hidden layers, as plain vectors of weights: what the ensemble and the Bayesian network are
/// made of. mlpack's networks would do, but draw their numbers from a generator that all of a process shares, so that a
/// model's seed could not be its own.
#pragma once

#include <cstddef>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

using FloatMatrix = Eigen::MatrixXf;
using FloatVector = Eigen::VectorXf;

/// One-hot inputs around zero with spread about one: (encoded - mean of the training points) * 2. Not divided by the
/// deviation: the flag of a rare category would become huge.
class NetworkInputs {
 public:
  NetworkInputs() = default;
  explicit NetworkInputs(const Matrix& encoded) : centre_(encoded.colwise().mean()) {}
  [[nodiscard]] FloatMatrix operator()(const Matrix& encoded) const {
    return (2.0 * (encoded.rowwise() - centre_)).cast<float>();
  }

 private:
  Eigen::RowVectorXd centre_;
};

/// inputs -> hidden (tanh) -> hidden (tanh) -> 1. All weights are one vector, biases included, layer by layer.
class Network {
 public:
  Network() = default;
  Network(Eigen::Index inputs, Eigen::Index hidden) : inputs_(inputs), hidden_(hidden) {}
  static constexpr int layers = 3;
  /// Where a layer's matrix lies (its bias follows it), and how many values feed each of its units.
  struct Part {
    Eigen::Index first, size, fan_in;
  };
  [[nodiscard]] Part part(int layer) const;
  [[nodiscard]] Eigen::Index weight_count() const;
  /// Matrices normal with variance 1 / fan-in (LeCun et al., "Efficient BackProp", 1998), biases zero.
  [[nodiscard]] FloatVector initial(RandomStream& random) const;
  [[nodiscard]] FloatVector outputs(const FloatVector& weights, const FloatMatrix& inputs) const;  // (n)
  /// Of sum_i importance_i (output_i - target_i)^2 / 2 with respect to the weights.
  /// @param inputs (n, inputs); @param targets (n); @param importance (n)
  [[nodiscard]] FloatVector gradient(const FloatVector& weights, const FloatMatrix& inputs, const FloatVector& targets,
                                     const FloatVector& importance) const;

 private:
  Eigen::Index inputs_ = 0, hidden_ = 0;
};

/// Weights of a network that was trained from random ones: 200 steps of Adam (Kingma, Ba, ICLR 2015) on all points at
/// once, the step falling to zero along a cosine, with a penalty on the squared weights. Chosen once: a tenth of the
/// penalty, or 120 steps, makes the error 8 % larger.
/// @param importance (n), adds up to 1
FloatVector descend(const Network& network, const FloatMatrix& inputs, const FloatVector& targets,
                    const FloatVector& importance, RandomStream& random);

/// Independent standard normal numbers, two for each pair of uniform ones.
void fill_normal(FloatVector& values, RandomStream& random);

}  // namespace edgewise::surrogate
