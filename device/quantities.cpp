#include "device/quantities.hpp"

#include <algorithm>

#include "device/devices.hpp"

namespace edgewise::device {

/// What any device of the catalogue can say, each name once.
std::vector<Quantity> quantities() {
  std::vector<Quantity> all;
  for (const Entry& entry : devices().entries())
    for (const Quantity& quantity : entry.quantities)
      if (!std::ranges::contains(all, quantity.name, &Quantity::name)) all.push_back(quantity);
  return all;
}

}  // namespace edgewise::device
