/// What trials record: which way is better, and what a value can be at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "study/bounds.hpp"

namespace edgewise::job {

struct Quantity {
  std::string name;
  study::Direction better = study::Direction::minimize;
  Interval range;
  std::optional<data::Task> task;  ///< nothing: recorded for each
};

/// All of them; the one place where their names stand.
const std::vector<Quantity>& quantities();

/// What the quantities of a task can be.
study::Intervals known_ranges(data::Task task);

/// Constraints of a job that cannot be kept, as mistakes without a place: by their places in the list.
struct Doubt {
  std::size_t constraint = 0;
  std::string message, next;
};
std::vector<Doubt> mistaken(const std::vector<study::Constraint>& constraints, data::Task task);
/// Those that hold whatever is tried.
std::vector<Doubt> idle(const std::vector<study::Constraint>& constraints, data::Task task);

}  // namespace edgewise::job
