#include "surrogate/ensemble_internal.hpp"
#include "surrogate/network_internal.hpp"
#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

constexpr std::size_t mlp_members = 8;
constexpr Eigen::Index mlp_hidden = 32;

/// Networks of different initial weights and bootstrap samples (Lakshminarayanan, Pritzel, Blundell, NeurIPS 2017, with
/// the bootstrap as in their section 2.4, without adversarial examples). The variance is the members' disagreement,
/// calibrated by the out-of-bag errors
/// (`Ensemble`); nothing else is added.
class MlpEnsemble final : public Ensemble {
 public:
  MlpEnsemble(Columns columns, std::uint64_t seed) : Ensemble("mlp_ensemble", std::move(columns), seed, mlp_members) {}

 private:
  Status train(const Matrix& encoded, const Vector& targets, const Bags& bags, const RandomStream& random) override {
    inputs_ = NetworkInputs(encoded);
    network_ = Network(encoded.cols(), mlp_hidden);
    const auto all = inputs_(encoded);                                            // (n, width)
    const FloatVector labels = (targets.array() - targets.mean()).cast<float>();  // (n)
    level_ = targets.mean();
    weights_.clear();
    for (std::size_t m = 0; m < bags.size(); ++m) {
      const auto chosen = bags.members(m, false);
      FloatVector importance(static_cast<Eigen::Index>(chosen.size()));
      for (std::size_t k = 0; k < chosen.size(); ++k)
        importance(static_cast<Eigen::Index>(k)) = static_cast<float>(bags.count(m, chosen[k]));
      importance /= importance.sum();
      auto draws = random.child("network", m);
      weights_.push_back(descend(network_, all(chosen, Eigen::all), labels(chosen), importance, draws));
      if (!weights_.back().allFinite())
        return invalid("the training of a network diverged", "scale the targets to variance 1");
    }
    return {};
  }

  [[nodiscard]] Votes votes(const Matrix& encoded) const override {
    const auto inputs = inputs_(encoded);
    Votes result{.mean = Matrix(static_cast<Eigen::Index>(weights_.size()), encoded.rows()), .variance = {}};
    for (std::size_t m = 0; m < weights_.size(); ++m) {
      result.mean.row(static_cast<Eigen::Index>(m)) =
          (network_.outputs(weights_[m], inputs).cast<double>().array() + level_).matrix().transpose();
    }
    return result;
  }

  NetworkInputs inputs_;
  Network network_;
  double level_ = 0.0;
  std::vector<FloatVector> weights_;
};

}  // namespace

SurrogateEntry mlp_ensemble_entry() {
  return {.name = "mlp_ensemble",
          .sentence = "an ensemble of small networks",
          .make = [](const Columns& columns, const Settings& /*none*/, std::uint64_t seed) {
            return std::make_unique<MlpEnsemble>(columns, seed);
          }};
}

}  // namespace edgewise::surrogate
