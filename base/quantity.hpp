/// Quantities: what can be recorded of a candidate. Who makes a value declares it, once; objectives, constraints,
/// columns, charts and the reference page come from these declarations.
#pragma once

#include <limits>
#include <string>

namespace edgewise {

enum class Direction { minimize, maximize };

/// When a value is known first.
enum class Known {
  before_building,  ///< from the choice alone
  from_graph,       ///< from the network's graph
  measured,         ///< from an untrained network on a device
  trained,          ///< from a trained network
};

/// What a value can be. An open end does not belong to it.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_is_open = false, high_is_open = false;
  friend bool operator==(const Interval&, const Interval&) = default;
};
std::string to_text(const Interval& interval);  ///< "at least 0 and at most 1", "above 0"

struct Quantity {
  std::string name;  ///< with its unit: "latency_ms"
  std::string unit;  ///< "ms", "MB"; empty: a number or a share
  Direction better = Direction::minimize;
  Known known = Known::trained;
  Interval range;
  std::string sentence;  ///< what it is, for the reference page
};

/// What most quantities can be.
namespace intervals {
inline constexpr Interval share{.low = 0, .high = 1};
inline constexpr Interval above_zero{.low = 0, .low_is_open = true};
inline constexpr Interval not_negative{.low = 0};
inline constexpr Interval at_least_one{.low = 1};
}  // namespace intervals

}  // namespace edgewise
