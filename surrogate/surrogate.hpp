/// Regressors that say how sure they are: what a search believes about an objective after the trials so far.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/settings.hpp"

namespace edgewise::surrogate {

using Matrix = Eigen::MatrixXd;  ///< inputs: one row a point, one column a parameter
using Vector = Eigen::VectorXd;

/// What one column of the inputs holds. A parameter that is not active is NaN.
struct Column {
  enum class Kind { number, category };
  Kind kind = Kind::number;
  int categories = 0;  ///< of a category: values are 0 .. categories-1; a number lies in [0, 1]
  int group = -1;  ///< columns of one group choose from the same values (the same choice in several places); -1: none
  /// Numbers of one block say of what kind a point is, in any units, rather than what was chosen; -1: a parameter.
  int block = -1;
  friend bool operator==(const Column&, const Column&) = default;
};
using Columns = std::vector<Column>;

/// Describing columns (those with a block) as models want them: standardised by the points that were learned from. What
/// is the same for all of these, or moves with an earlier column of its block, is left out; what is not finite counts
/// as their mean.
class Described {
 public:
  Described() = default;
  /// @param members  columns of `inputs`
  Described(std::vector<Eigen::Index> members, const Matrix& inputs);
  [[nodiscard]] Eigen::Index width() const { return static_cast<Eigen::Index>(kept_.size()); }
  [[nodiscard]] const std::vector<Eigen::Index>& kept() const { return kept_; }  ///< columns
  [[nodiscard]] Matrix operator()(const Matrix& inputs) const;  // (n, width): mean 0, variance 1 where it was learned

 private:
  [[nodiscard]] Vector standardised(const Matrix& inputs, std::size_t kept) const;
  std::vector<Eigen::Index> kept_;
  std::vector<double> mean_, deviation_;
};

/// Numbers as they are, a 0/1 column for each category, an extra activity flag for each column that is somewhere NaN
/// (decided by `columns_with_gaps`); NaN becomes zeros. Describing columns come last, block after block, standardised
/// over what was learned from. For models that want plain vectors.
class OneHot {
 public:
  /// Without describing columns.
  OneHot(Columns columns, std::vector<bool> columns_with_gaps);
  /// Learned from points.
  OneHot(const Columns& columns, const Matrix& inputs);
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] Matrix operator()(const Matrix& inputs) const;  // (n, width)

 private:
  Columns columns_;
  std::vector<bool> gaps_;
  std::vector<Described> blocks_;
  std::size_t width_ = 0;
};
/// The columns of each block, in the blocks' order.
std::vector<std::vector<Eigen::Index>> blocks_of(const Columns& columns);
/// Which columns have a NaN in some row.
std::vector<bool> columns_with_gaps(const Matrix& inputs);

/// Independent normal distributions, one a point.
struct Prediction {
  Vector mean, variance;  // (n); variances at least 0
};

/// One regression model. Targets should be about standardised (mean 0, variance 1); whoever fits it does that.
class Surrogate {
 public:
  virtual ~Surrogate() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Learns from scratch, whatever was fitted before. The same data and seed give the same model.
  /// @param inputs (n, columns); @param targets (n), finite
  /// @error invalid_input: no points, sizes that differ; whatever the library behind it says
  virtual Status fit(const Matrix& inputs, const Vector& targets) = 0;
  /// Whether `fit` spends most of its time on hyperparameters that `update` keeps.
  [[nodiscard]] virtual bool has_hyperparameters() const { return false; }
  /// A copy, learned state included, of a model with hyperparameters; null for others.
  [[nodiscard]] virtual std::unique_ptr<Surrogate> clone() const { return nullptr; }
  /// Learns these points with the hyperparameters of the last `fit`; models without any learn from scratch.
  virtual Status update(const Matrix& inputs, const Vector& targets) { return fit(inputs, targets); }
  /// What is known about the function (without the noise of a single observation). Only after `fit`.
  [[nodiscard]] virtual Prediction predict(const Matrix& inputs) const = 0;
  /// Variance of the noise of an observation, as learned; 0 for models that take observations as exact.
  [[nodiscard]] virtual double noise_variance() const { return 0.0; }
  /// Values of `count` functions drawn from what the model believes, at the same points: (count, n). Unless a model
  /// knows better: one standard normal number a function shifts all its points alike (keeps each point's distribution).
  [[nodiscard]] virtual Matrix sample(const Matrix& inputs, std::size_t count, RandomStream& random) const;
  /// One function drawn from what the model believes, to be evaluated anywhere (Thompson sampling). The same kind of
  /// draw as `sample` unless a model knows better. Borrows the model.
  using Path = std::function<Vector(const Matrix& inputs)>;
  [[nodiscard]] virtual Path path(RandomStream& random) const;
};

/// One kind of model: all that others know of it.
struct SurrogateEntry {
  std::string name;
  std::string sentence;  ///< what it is, for the reference page
  Settings settings;     ///< its options with their defaults
  /// @param settings  of the type of the member
  std::function<std::unique_ptr<Surrogate>(const Columns& columns, const Settings& settings, std::uint64_t seed)> make;
  bool is_level_outside = false;  ///< as sure far from data as beside them: trees continue level, all members alike
};

Catalogue<SurrogateEntry>& surrogates();

/// With the options' defaults. @error invalid_input: unknown name (with the nearest)
Result<std::unique_ptr<Surrogate>> make_surrogate(const std::string& name, const Columns& columns, std::uint64_t seed);

}  // namespace edgewise::surrogate
