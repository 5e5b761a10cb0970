// A surrogate in one file: what it can be told, how it learns and predicts, and the entry that makes it known. Linked
// into a program, it is in `search.surrogate` of job files, its option stands beside that, and the conformance suite of
// surrogates (tests/surrogate/surrogate_test.cpp) tries it. No other file knows of it.
#include <algorithm>
#include <numeric>
#include <optional>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

namespace {

struct NearestOptions {
  std::int64_t neighbours = 6;
  void fields(config::Options& o) {
    o.integer("neighbours", neighbours, {1, 1000}, "of the surrogate nearest: points that a prediction is made of");
  }
};

/// The mean of the nearest points, weighted by nearness. The variance grows with their distance; how fast is what the
/// errors at each point say when that point itself is left out.
class Nearest final : public Surrogate {
 public:
  Nearest(Columns columns, const NearestOptions& options)
      : columns_(std::move(columns)), neighbours_(static_cast<std::size_t>(options.neighbours)) {}

  [[nodiscard]] std::string name() const override { return "nearest"; }

  Status fit(const Matrix& inputs, const Vector& targets) override {
    if (inputs.rows() == 0 || inputs.rows() != targets.size() ||
        static_cast<std::size_t>(inputs.cols()) != columns_.size() || !targets.allFinite())
      return invalid("the points and targets of a surrogate do not fit together, or there are none");
    encode_.emplace(columns_, inputs);
    points_ = (*encode_)(inputs);  // (n, width)
    targets_ = targets;
    unit_ = 1.0;
    typical_ = 1.0;
    if (points_.rows() == 1) return {};
    Vector distances(points_.rows()), errors(points_.rows());
    for (Eigen::Index i = 0; i < points_.rows(); ++i) {
      const auto seen = look(points_.row(i), i);
      distances(i) = seen.distance;
      errors(i) = seen.mean - targets_(i);
    }
    typical_ = distances.mean() + 1e-9;
    unit_ = (errors.array().square() / (1.0 + (distances.array() / typical_).square())).mean();
    return {};
  }

  [[nodiscard]] Prediction predict(const Matrix& inputs) const override {
    const Matrix points = (*encode_)(inputs);
    Prediction prediction{Vector(points.rows()), Vector(points.rows())};
    for (Eigen::Index i = 0; i < points.rows(); ++i) {
      const auto seen = look(points.row(i), std::nullopt);
      const double far = seen.distance / typical_;
      prediction.mean(i) = seen.mean;
      prediction.variance(i) = unit_ * (1.0 + far * far);
    }
    return prediction;
  }

 private:
  struct Seen {
    double mean = 0, distance = 0;
  };
  /// From the nearest points but `left_out`.
  [[nodiscard]] Seen look(const Eigen::RowVectorXd& point, std::optional<Eigen::Index> left_out) const {
    const Vector distances = (points_.rowwise() - point).rowwise().norm();
    std::vector<Eigen::Index> order(static_cast<std::size_t>(points_.rows()));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    if (left_out) std::erase(order, *left_out);
    const std::size_t count = std::min(neighbours_, order.size());
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                              [&](Eigen::Index a, Eigen::Index b) {
                                return distances(a) != distances(b) ? distances(a) < distances(b) : a < b;
                              });
    Seen seen;
    double weights = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double weight = 1.0 / (distances(order[k]) + 0.05);
      seen.mean += weight * targets_(order[k]);
      seen.distance += distances(order[k]) / static_cast<double>(count);
      weights += weight;
    }
    seen.mean /= weights;
    return seen;
  }

  Columns columns_;
  std::size_t neighbours_;
  std::optional<OneHot> encode_;
  Matrix points_;
  Vector targets_;
  double unit_ = 1.0, typical_ = 1.0;
};

// In the product the entry stands in the list of surrogates() in surrogate/surrogate.cpp.
const Registration nearest{
    surrogates(), SurrogateEntry{.name = "nearest",
                                 .sentence = "the mean of the nearest points",
                                 .settings = Settings(NearestOptions{}),
                                 .make = [](const Columns& columns, const Settings& settings,
                                            std::uint64_t /*seed: nothing is random*/) -> std::unique_ptr<Surrogate> {
                                   return std::make_unique<Nearest>(columns, settings.as<NearestOptions>());
                                 }}};

}  // namespace

}  // namespace edgewise::surrogate
