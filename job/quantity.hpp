/// What trials record: which way is better, and what a value can be at all.
#pragma once

#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "study/bounds.hpp"
#include "task/task.hpp"

namespace edgewise::job {

/// All that trials of a task record: its metrics first, then what training, measuring and the graph give.
std::vector<Quantity> quantities(const task::Task& task);

/// The objectives of a job that names none: the task's first metric and the first measured value.
std::vector<Quantity> usual_objectives(const task::Task& task);

/// What the quantities of a task can be.
study::Intervals known_ranges(const task::Task& task);

/// Constraints of a job that cannot be kept, as mistakes without a place: by their places in the list.
struct Doubt {
  std::size_t constraint = 0;
  std::string message, next;
};
std::vector<Doubt> mistaken(const std::vector<study::Constraint>& constraints, const task::Task& task);
/// Those that hold whatever is tried.
std::vector<Doubt> idle(const std::vector<study::Constraint>& constraints, const task::Task& task);

}  // namespace edgewise::job
