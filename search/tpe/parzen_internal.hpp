/// Densities over the choices of a space, as the tree-structured Parzen estimator needs them.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace edgewise::search {

/// How choices are written as numbers: one column a parameter.
class ParzenCoding {
 public:
  /// @param space  borrowed
  explicit ParzenCoding(const space::Space& space);

  struct Column {
    std::size_t values = 0;  ///< of a category, or of an integer with few values; 0: a place in [0, 1]
    bool is_category = false;
    std::vector<double> edges;  ///< of an integer with few values: where the shares of [0, 1] begin and end
  };
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] const space::Space& space() const { return *space_; }

  /// Adds one number a column: of few values the value's number, else its place; `absent` where the parameter is
  /// inactive or its value unknown.
  void append(const space::Choice& choice, std::vector<double>& rows) const;
  [[nodiscard]] space::Choice choice(const std::vector<double>& row) const;
  [[nodiscard]] space::Value value(std::size_t column, double code) const;

  static constexpr double absent = -1.0;

 private:
  /// How a parameter's values become codes; what does not change from value to value is kept, as a study has many.
  struct Scale {
    std::string name;
    std::size_t column = 0;
    bool is_log = false;
    double from = 0, range = 1;  ///< of a real number, in the logarithm with log scale
  };
  [[nodiscard]] double code(const Scale& scale, const space::Value& value) const;

  const space::Space* space_;  // borrowed
  std::vector<Column> columns_;
  std::vector<Scale> scales_;  // in the order of names, as a choice lists its values
};

/// A mixture of one kernel an observation and a prior. A kernel is a product over the parameters: of a category the
/// observed value with the prior's share for the others; of a number a normal truncated to the range, of width 0.2
/// n^(-1/(d+4)) of it but at least 1/min(100, n + 2)
/// ("magic clip"), summed over each value's share where the values are few. Where an observation lacks a parameter its
/// kernel is the prior's, so that conditions need no densities of their own (Watanabe, arXiv:2304.11127, 2023, section
/// 3; Bergstra et al., NeurIPS 2011).
class Parzen {
 public:
  /// @param coding   borrowed
  /// @param rows     of the observations, one after the other, as `ParzenCoding::append` writes them
  /// @param weights  of the observations, above 0; the prior's is 1
  Parzen(const ParzenCoding& coding, const std::vector<double>& rows, const std::vector<double>& weights);

  [[nodiscard]] std::vector<double> sample(RandomStream& random) const;
  /// Of a row as `sample` gives it. O(observations).
  [[nodiscard]] double log_density(const std::vector<double>& row) const;

 private:
  struct Kernels {
    // few values: the logarithm of each kernel's probabilities; (values + 1, values), the prior's in the last row
    Eigen::ArrayXXd log_table;
    std::vector<std::uint16_t> table_row;  // of each kernel
    // places in [0, 1]: of each kernel
    Eigen::ArrayXd center, inverse_width, log_scale;
  };
  [[nodiscard]] Kernels table_of(const ParzenCoding::Column& column, const Eigen::ArrayXd& codes) const;
  [[nodiscard]] Kernels places_of(const Eigen::ArrayXd& codes) const;
  /// Tables of several columns as one, so that each kernel is looked up once: the number of the kernel's row in all of
  /// them.
  struct Joined {
    std::vector<std::size_t> columns;
    std::size_t size = 1;  // of the joined table
    std::vector<std::uint16_t> row;
  };
  void join(std::size_t column);
  /// What each row of the joined table adds to the logarithm of a kernel at `row`.
  [[nodiscard]] std::vector<double> sums_of(const Joined& joined, const std::vector<double>& row) const;
  [[nodiscard]] double draw(std::size_t column, std::size_t kernel, RandomStream& random) const;

  const ParzenCoding* coding_;
  double width_ = 1;
  std::vector<double> cumulative_;  // weights, added up
  Eigen::ArrayXd log_weights_;      // the prior's last
  std::vector<Kernels> kernels_;    // by column
  std::vector<Joined> joined_;
};

}  // namespace edgewise::search
