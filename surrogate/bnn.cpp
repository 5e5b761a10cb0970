#include <algorithm>
#include <cmath>
#include <optional>

#include "surrogate/ensemble_internal.hpp"
#include "surrogate/network_internal.hpp"
#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

constexpr Eigen::Index bnn_hidden = 16;
constexpr std::size_t chains = 4;
constexpr int burn_in = 2000, kept = 12, steps_between = 60;

/// Marsaglia, Tsang, ACM TOMS 26(3), 2000; shape at least 1, rate 1.
double gamma(double shape, RandomStream& random) {
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random.normal(), v = std::pow(1.0 + c * x, 3.0);
    if (v > 0.0 && std::log(1.0 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

/// A network whose weights are drawn from their posterior by scale-adapted stochastic-gradient Hamiltonian Monte Carlo
/// (Springenberg, Klein, Falkner, Hutter, NeurIPS 2016, section 3; Chen, Fox, Guestrin, ICML 2014). We differ: the
/// precisions of the noise and of each layer's weights are not optimised along but drawn from their conditional gamma
/// distributions now and then (Neal, Bayesian Learning for Neural Networks, 1996, section 3.2).
class PosteriorChain {
 public:
  PosteriorChain(const Network& network, const FloatMatrix& inputs, const FloatVector& targets, float step,
                 RandomStream random)
      : network_(network), inputs_(inputs), targets_(targets), step_(step), random_(random) {
    // Begun where training ends, chains differ less from one seed to the next than begun at random.
    weights_ = descend(network, inputs, targets,
                       FloatVector::Constant(targets.size(), 1.0F / static_cast<float>(targets.size())), random_);
    const auto size = weights_.size();
    momentum_ = FloatVector::Zero(size);
    slope_mean_ = FloatVector::Zero(size);
    slope_square_ = FloatVector::Ones(size);
    window_ = FloatVector::Ones(size);
    noise_.resize(size);
    penalty_.resize(size);
    draw_precisions();
  }

  /// One step; `adapts` while burning in, when the step sizes of the weights follow their gradients.
  void advance(bool adapts) {
    if (age_++ % 25 == 0) draw_precisions();
    const FloatVector slope = batch_slope();
    if (adapts) adapt(slope);
    const auto points = static_cast<float>(targets_.size());
    const float rate = step_ / std::sqrt(points);  // the energy is `points` times what `slope` belongs to
    constexpr float friction = 0.05F;
    // Bounded: where gradients vanish (a flag that is never set, targets that are constant) the noise would throw a
    // weight far away.
    const FloatVector inverse = slope_square_.array().max(1e-5F).rsqrt();
    fill_normal(noise_, random_);
    const auto spread = (2.0F * rate * rate * friction * inverse.array() - std::pow(rate, 4.0F)).max(1e-16F).sqrt();
    momentum_.array() +=
        -step_ * step_ * inverse.array() * slope.array() - friction * momentum_.array() + spread * noise_.array();
    weights_ += momentum_;
  }

  [[nodiscard]] const FloatVector& weights() const { return weights_; }
  [[nodiscard]] double noise_variance() const { return 1.0 / noise_precision_; }

 private:
  /// Of the negative log posterior divided by the number of points, estimated from a few of them.
  FloatVector batch_slope() {
    constexpr Eigen::Index most = 32;
    const auto points = targets_.size();
    const auto precision = static_cast<float>(noise_precision_);
    FloatVector slope;
    if (points <= most) {
      slope = network_.gradient(weights_, inputs_, targets_,
                                FloatVector::Constant(points, precision / static_cast<float>(points)));
    } else {
      std::vector<Eigen::Index> chosen(most);
      for (auto& i : chosen) i = static_cast<Eigen::Index>(random_.below(static_cast<std::uint64_t>(points)));
      slope = network_.gradient(weights_, inputs_(chosen, Eigen::all), targets_(chosen),
                                FloatVector::Constant(most, precision / static_cast<float>(most)));
    }
    return slope + penalty_.cwiseProduct(weights_) / static_cast<float>(points);
  }

  /// Running means over a window that each weight adapts to how steady its gradient is (equations 8 and 9 of the 2016
  /// paper).
  void adapt(const FloatVector& slope) {
    const auto share = window_.array().inverse();
    slope_mean_.array() += share * (slope.array() - slope_mean_.array());
    slope_square_.array() += share * (slope.array().square() - slope_square_.array());
    window_ = (1.0F + window_.array() * (1.0F - slope_mean_.array().square() / slope_square_.array().max(1e-12F)))
                  .max(1.0F)
                  .matrix();
  }

  void draw_precisions() {
    const auto points = static_cast<double>(targets_.size());
    const double errors = (network_.outputs(weights_, inputs_) - targets_).cast<double>().squaredNorm();
    constexpr double noise_shape = 2.0, noise_rate = 0.1, weight_shape = 4.0, weight_rate = 4.0;
    // Bounded: the first networks fit nothing, a constant target fits all; either would stall the chain.
    noise_precision_ = std::clamp(gamma(noise_shape + 0.5 * points, random_) / (noise_rate + 0.5 * errors), 0.5, 1e4);
    penalty_.setConstant(0.1F);  // biases: hardly held
    for (int layer = 0; layer < Network::layers; ++layer) {
      const auto where = network_.part(layer);
      const auto fan_in = static_cast<double>(where.fan_in);
      const double size = fan_in * weights_.segment(where.first, where.size).cast<double>().squaredNorm();
      const double precision =
          gamma(weight_shape + 0.5 * static_cast<double>(where.size), random_) / (weight_rate + 0.5 * size);
      penalty_.segment(where.first, where.size)
          .setConstant(static_cast<float>(std::clamp(precision, 0.05, 50.0) * fan_in));
    }
  }

  const Network& network_;
  const FloatMatrix& inputs_;
  const FloatVector& targets_;
  float step_;
  RandomStream random_;
  int age_ = 0;
  FloatVector weights_, momentum_, slope_mean_, slope_square_, window_, noise_, penalty_;
  double noise_precision_ = 1.0;
};

struct Posterior {
  std::vector<FloatVector> weights;  // of networks drawn from it
  double noise = 0.0;                // mean variance
};

/// Whether the networks' mean is no worse on what they learned from than a constant: else the chain has drifted off.
bool fits(const Network& network, const Posterior& posterior, const FloatMatrix& inputs, const FloatVector& targets) {
  FloatVector mean = FloatVector::Zero(targets.size());
  for (const auto& weights : posterior.weights)
    mean += network.outputs(weights, inputs) / static_cast<float>(posterior.weights.size());
  constexpr float slack = 0.05F;  // targets have a variance of about 1, but may be constant
  return (mean - targets).squaredNorm() <=
         (targets.array() - targets.mean()).square().sum() + slack * static_cast<float>(targets.size());
}

/// A chain that flies off says that its step is too long for these data: begun anew with half of it. (Shorter than
/// needed is as bad: it stays where it began.)
/// @error invalid_input: it flies off whatever the step
Result<Posterior> run_chain(const Network& network, const FloatMatrix& inputs, const FloatVector& targets,
                            const RandomStream& random) {
  float step = 0.02F;
  for (std::uint64_t attempt = 0; attempt < 5; ++attempt, step *= 0.5F) {
    PosteriorChain chain(network, inputs, targets, step, random.child("attempt", attempt));
    Posterior result;
    for (int k = 0; k < burn_in; ++k) chain.advance(true);
    for (int k = 0; k < kept; ++k) {
      for (int between = 0; between < steps_between; ++between) chain.advance(false);
      result.weights.push_back(chain.weights());
      result.noise += chain.noise_variance() / kept;
    }
    const bool is_sane = std::ranges::all_of(
        result.weights, [](const auto& w) { return w.allFinite() && w.cwiseAbs().maxCoeff() < 1e3F; });
    if (is_sane && fits(network, result, inputs, targets)) return result;
  }
  return invalid("the Bayesian network's chain diverges on these targets", "scale the targets to variance 1");
}

/// The networks of four chains, each of which leaves out another quarter of the points: the variance, noise included,
/// is multiplied by one factor from the errors on those. A chain that is stuck in a poor mode shows as disagreement.
/// (One chain on all points with a factor from other, held-out chains was tried: the factor did not carry over, and 80
/// % intervals held 60 % of nearly exact data.)
class BayesianNetwork final : public Surrogate {
 public:
  BayesianNetwork(Columns columns, std::uint64_t seed) : columns_(std::move(columns)), seed_(seed) {}
  [[nodiscard]] std::string name() const override { return "bnn"; }

  Status fit(const Matrix& inputs, const Vector& targets) override {
    TRY_DO(check_data(columns_, inputs, targets));
    encode_.reset();
    level_ = targets.mean();
    posterior_ = {};
    factor_ = 1.0;
    // Constant targets make the posterior flat in all directions that matter: the chain would wander.
    const bool is_constant = (targets.array() - level_).abs().maxCoeff() < 1e-9;
    if (targets.size() < fewest_points || is_constant) return {};
    OneHot encode(columns_, inputs);
    const Matrix encoded = encode(inputs);
    inputs_ = NetworkInputs(encoded);
    network_ = Network(encoded.cols(), bnn_hidden);
    const FloatMatrix x = inputs_(encoded);                          // (n, width)
    const FloatVector y = (targets.array() - level_).cast<float>();  // (n)
    const auto random = RandomStream::named(seed_, "bnn");
    TRY_DO(run_chains(x, y, random));
    encode_ = std::move(encode);
    return {};
  }

  [[nodiscard]] Prediction predict(const Matrix& inputs) const override {
    if (!encode_) return prior_prediction(level_, inputs.rows());
    return combine(votes(posterior_, inputs_((*encode_)(inputs))), factor_);
  }

  [[nodiscard]] double noise_variance() const override { return factor_ * posterior_.noise; }

  [[nodiscard]] Matrix sample(const Matrix& inputs, std::size_t count, RandomStream& random) const override {
    if (!encode_) return Surrogate::sample(inputs, count, random);
    return sample_votes(votes(posterior_, inputs_((*encode_)(inputs))), factor_, count, random);
  }

 private:
  /// Networks add the training points' mean to their output.
  [[nodiscard]] Votes votes(const Posterior& posterior, const FloatMatrix& x) const {
    Votes result{.mean = Matrix(static_cast<Eigen::Index>(posterior.weights.size()), x.rows()), .variance = {}};
    for (std::size_t m = 0; m < posterior.weights.size(); ++m) {
      const Vector outputs = network_.outputs(posterior.weights[m], x).cast<double>().array() + level_;
      result.mean.row(static_cast<Eigen::Index>(m)) = outputs.transpose();
    }
    return result;
  }

  Status run_chains(const FloatMatrix& x, const FloatVector& y, const RandomStream& random) {
    const auto size = static_cast<std::size_t>(y.size());
    const bool leaves_out = size >= chains * fewest_points;  // fewer are all needed
    const auto order = random.child("order").permutation(size);
    std::vector<double> residuals, variances;
    for (std::size_t k = 0; k < chains; ++k) {
      std::vector<std::size_t> seen, unseen;
      for (std::size_t i = 0; i < size; ++i) (leaves_out && i % chains == k ? unseen : seen).push_back(order[i]);
      const FloatMatrix seen_x = x(seen, Eigen::all), unseen_x = x(unseen, Eigen::all);
      const FloatVector seen_y = y(seen), unseen_y = y(unseen);
      TRY(const auto chain, run_chain(network_, seen_x, seen_y, random.child("chain", k)));
      const auto prediction = combine(votes(chain, unseen_x), 1.0);
      for (Eigen::Index i = 0; i < unseen_y.size(); ++i) {
        residuals.push_back(unseen_y(i) + level_ - prediction.mean(i));
        variances.push_back(prediction.variance(i) + chain.noise);
      }
      posterior_.weights.insert(posterior_.weights.end(), chain.weights.begin(), chain.weights.end());
      posterior_.noise += chain.noise / chains;
    }
    const auto count = static_cast<Eigen::Index>(residuals.size());
    factor_ =
        widening(Eigen::Map<const Vector>(residuals.data(), count), Eigen::Map<const Vector>(variances.data(), count));
    return {};
  }

  Columns columns_;
  std::uint64_t seed_;
  std::optional<OneHot> encode_;  // of the last fit; absent: nothing to learn from it
  NetworkInputs inputs_;
  Network network_;
  Posterior posterior_;
  double level_ = 0.0, factor_ = 1.0;
};

}  // namespace

SurrogateEntry bnn_entry() {
  return {.name = "bnn",
          .sentence = "networks whose weights are drawn from their posterior",
          .make = [](const Columns& columns, const Settings& /*none*/, std::uint64_t seed) {
            return std::make_unique<BayesianNetwork>(columns, seed);
          }};
}

}  // namespace edgewise::surrogate
