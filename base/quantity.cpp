#include "base/quantity.hpp"

#include <cmath>
#include <format>

namespace edgewise {

std::string to_text(const Interval& i) {
  const std::string low = std::format("{} {}", i.low_is_open ? "above" : "at least", i.low);
  const std::string high = std::format("{} {}", i.high_is_open ? "below" : "at most", i.high);
  if (std::isfinite(i.low) && std::isfinite(i.high)) return low + " and " + high;
  if (std::isfinite(i.low)) return low;
  return std::isfinite(i.high) ? high : "any number";
}

}  // namespace edgewise
