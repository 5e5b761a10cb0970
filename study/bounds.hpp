/// What constraints say together, before anything is tried: those that contradict each other, and those that can never
/// hold.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "study/study.hpp"

namespace edgewise::study {

/// By the values' names; a name that is absent can be any number.
using Intervals = std::map<std::string, Interval>;

/// `name < value` and the like: what a constraint that is linear in one name says about it.
struct Bound {
  std::string name;
  bool is_upper = false, is_strict = false;
  double value = 0;
};
/// Nothing for a comparison of anything else. "2 * latency_ms <= 66" bounds latency_ms by 33.
std::optional<Bound> bound_of(const Comparison& comparison);

/// A constraint that no values keep.
struct Impossible {
  std::size_t constraint = 0;  ///< its place in the list
  std::optional<std::size_t>
      other;  ///< the earlier one that it contradicts; nothing: it can never hold, or not beside all the others
  bool is_alone = true;  ///< it can never hold, whatever the others say
};
/// In the list's order. Sound, not complete: what is listed cannot be kept, but expressions over several names are only
/// looked at by the intervals of their parts (Moore, Interval Analysis, 1966).
/// @param known  what the values can be, whatever the constraints say
std::vector<Impossible> impossible(const std::vector<Constraint>& constraints, const Intervals& known);

/// Places of the constraints that hold whatever the values are.
std::vector<std::size_t> always_kept(const std::vector<Constraint>& constraints, const Intervals& known);

}  // namespace edgewise::study
