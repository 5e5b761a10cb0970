#include <Eigen/Eigenvalues>
#include <cmath>
#include <optional>

#include "surrogate/ensemble_internal.hpp"
#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

/// Linear in the one-hot inputs, weights normal around zero; the precision of the weights and of the noise maximise the
/// evidence (MacKay, Neural Computation 4(3), 1992, "Bayesian interpolation", section 4), with a weak gamma prior on
/// each so that a single point works. Noise that is not normal makes its intervals too wide or too narrow: all
/// variances are multiplied by one factor from leave-one-out errors.
class BayesianRidge final : public Surrogate {
 public:
  explicit BayesianRidge(Columns columns) : columns_(std::move(columns)) {}
  [[nodiscard]] std::string name() const override { return "bayesian_ridge"; }

  Status fit(const Matrix& inputs, const Vector& targets) override {
    TRY_DO(check_data(columns_, inputs, targets));
    encode_.emplace(columns_, inputs);
    const Matrix encoded = (*encode_)(inputs);  // (n, width)
    const auto points = static_cast<double>(targets.size());
    centre_ = encoded.colwise().mean();
    level_ = targets.mean();
    const Matrix x = encoded.rowwise() - centre_;
    const Vector y = targets.array() - level_;

    const Eigen::SelfAdjointEigenSolver<Matrix> solved(x.transpose() * x);
    if (solved.info() != Eigen::Success) return invalid("the linear model's eigenvalues cannot be found");
    directions_ = solved.eigenvectors();                          // (width, width)
    const Vector strengths = solved.eigenvalues().cwiseMax(0.0);  // (width)
    const Vector projected = directions_.transpose() * (x.transpose() * y);

    // Each prior counts like one weight or point of that variance: it fades as data come.
    constexpr double weight_prior = 1.0, noise_prior = 0.01;
    double weight_precision = 1.0, noise_precision = 1.0 / std::max(0.1 * y.squaredNorm() / points, noise_prior);
    for (int round = 0; round < 300; ++round) {
      const Vector posterior_precision = noise_precision * strengths.array() + weight_precision;
      mode_ =
          noise_precision * projected.cwiseQuotient(posterior_precision);  // (width) in the eigenvectors' coordinates
      const double determined = (noise_precision * strengths).cwiseQuotient(posterior_precision).sum();
      const double errors = (y - x * (directions_ * mode_)).squaredNorm();
      const double next_weight = (determined + 1.0) / (mode_.squaredNorm() + weight_prior);
      const double next_noise = (points - determined + 1.0) / (errors + noise_prior);
      const bool settled =
          std::abs(std::log(next_weight / weight_precision)) + std::abs(std::log(next_noise / noise_precision)) < 1e-6;
      weight_precision = next_weight;
      noise_precision = next_noise;
      if (settled) break;
    }
    variances_ = (noise_precision * strengths.array() + weight_precision).inverse();
    mode_ = noise_precision * projected.cwiseProduct(variances_);
    noise_ = 1.0 / noise_precision;
    level_variance_ = noise_ / points;
    widen(x, y);
    return {};
  }

  [[nodiscard]] Prediction predict(const Matrix& inputs) const override {
    const Matrix x = coordinates(inputs);  // (n, width)
    return {(x * mode_).array() + level_,
            ((x.array().square().matrix() * variances_).array() + level_variance_).matrix()};
  }

  [[nodiscard]] double noise_variance() const override { return noise_; }

  /// Lines with weights drawn from their posterior.
  [[nodiscard]] Matrix sample(const Matrix& inputs, std::size_t count, RandomStream& random) const override {
    const Matrix x = coordinates(inputs);
    Matrix functions(static_cast<Eigen::Index>(count), inputs.rows());
    for (Eigen::Index k = 0; k < functions.rows(); ++k) {
      Vector weights = mode_;
      for (Eigen::Index j = 0; j < weights.size(); ++j) weights(j) += std::sqrt(variances_(j)) * random.normal();
      const double level = level_ + std::sqrt(level_variance_) * random.normal();
      functions.row(k) = ((x * weights).array() + level).transpose();
    }
    return functions;
  }

 private:
  /// Leave-one-out errors are exact here: with error e and h = (variance of the function) / noise at a point that was
  /// learned from, it would have been predicted with error e / (1 - h) and variance noise / (1 - h) (Rasmussen,
  /// Williams, 2006, equation 5.12, in weight space).
  void widen(const Matrix& x, const Vector& y) {
    const Matrix along = x * directions_;  // (n, width)
    const Vector kept =
        1.0 - ((along.array().square().matrix() * variances_).array() + level_variance_) / noise_;  // 1 - h
    const Vector errors = y - along * mode_;
    const double factor = widening(errors, noise_ * kept.cwiseMax(1e-6));
    variances_ *= factor;
    level_variance_ *= factor;
    noise_ *= factor;
  }

  [[nodiscard]] Matrix coordinates(const Matrix& inputs) const {
    return ((*encode_)(inputs).rowwise() - centre_) * directions_;
  }

  Columns columns_;
  std::optional<OneHot> encode_;
  Eigen::RowVectorXd centre_;
  Matrix
      directions_;  // (width, width) columns: eigenvectors of the inputs' covariance, where the posterior is diagonal
  Vector mode_, variances_;  // (width) posterior of the weights along `directions_`
  double level_ = 0.0, level_variance_ = 0.0, noise_ = 0.0;
};

}  // namespace

SurrogateEntry bayesian_ridge_entry() {
  return {.name = "bayesian_ridge",
          .sentence = "Bayesian linear regression",
          .make = [](const Columns& columns, const Settings& /*none*/, std::uint64_t /*seed: nothing is random*/) {
            return std::make_unique<BayesianRidge>(columns);
          }};
}

}  // namespace edgewise::surrogate
