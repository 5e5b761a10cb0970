/// What evaluating a candidate is worth, from what is believed about its objectives. Everything is minimised.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "search/pareto.hpp"

namespace edgewise::search {

/// The region that no point of a front dominates, below a reference point, as disjoint boxes. Built once a front, used
/// for many candidates.
///
/// Points are given in the units that models work in; volumes may be asked for in others: each objective has a monotone
/// map to the units that lengths are measured in. Between two coordinates of the front the map is taken as linear,
/// which keeps the expectation exact there.
class Improvement {
 public:
  using Units = std::function<double(double)>;

  /// @param front  points in any order, dominated ones do no harm; those not better than the reference in every
  /// objective are left out
  /// @param reference  1 to 4 objectives
  /// @param units  of each objective; empty: volumes in the units of the points
  /// Boxes: n + 1 for 2 objectives, O(n^2) for 3, O(n^3) for 4.
  Improvement(const Matrix& front, std::vector<double> reference, const std::vector<Units>& units = {});

  /// Growth of the hypervolume if the point were added.
  [[nodiscard]] double of(std::span<const double> point) const;
  /// Logarithm of the expected growth if the objectives are independent normals. Exact (Emmerich, Deutz, Klinkenberg,
  /// CEC 2011, in the box form of Yang et al., JOGO 2019); far from the front, where the growth itself is below what a
  /// double holds, too (Ament et al., NeurIPS 2023, section 3). A variance of 0 means that the objective is known.
  /// Minus infinity only where nothing can be gained.
  [[nodiscard]] double log_expected(std::span<const double> mean, std::span<const double> variance) const;

 private:
  struct Box {
    // For each objective the numbers of its limits among the axis's coordinates; 0 is minus infinity.
    std::vector<std::size_t> low, high;
  };
  struct Axis {
    std::vector<double> coordinates;  // ascending; the first is minus infinity
    std::vector<double> lengths;      // of one unit between a coordinate and the one before it
  };
  void add_boxes(const Matrix& points, std::size_t objective, Box& box);

  std::vector<double> reference_;
  std::vector<Axis> axes_;
  std::vector<Box> boxes_;
};

/// Expected amount by which a normal variable lies below a limit, and its logarithm (far below any double too).
double expected_below(double limit, double mean, double deviation);
double log_expected_below(double limit, double mean, double deviation);
double normal_probability(double z);      ///< P(Z <= z)
double log_normal_probability(double z);  ///< its logarithm, for any z

}  // namespace edgewise::search
