#include "job/quantity.hpp"

#include <algorithm>
#include <format>

#include "device/quantities.hpp"
#include "estimate/estimator.hpp"
#include "graph/quantities.hpp"

namespace edgewise::job {

namespace {

/// "accuracy > 90" means 0.9: how to write it, when a share is compared with a percentage.
std::string as_share(const study::Constraint& constraint, const task::Task& task) {
  const auto bound = study::bound_of(constraint.comparison);
  const auto ranges = known_ranges(task);
  if (!bound || !ranges.contains(bound->name)) return {};
  const auto& range = ranges.at(bound->name);
  if (range.low != 0 || range.high != 1 || !(bound->value >= 2 && bound->value <= 100)) return {};
  return std::format("{} is a share, not a percentage: write {} {}{} {}", bound->name, bound->name,
                     bound->is_upper ? "<" : ">", bound->is_strict ? "" : "=", bound->value / 100);
}

std::string ranges_of(const study::Constraint& constraint, const task::Task& task) {
  std::string text;
  for (const auto& [name, range] : known_ranges(task))
    if (constraint.comparison.names().contains(name))
      text += std::format("{}{} is {}", text.empty() ? ": " : ", ", name, to_text(range));
  return text;
}

}  // namespace

std::vector<Quantity> quantities(const task::Task& task) {
  std::vector<Quantity> all = estimate::quantities(task);
  for (auto& measured : device::quantities()) all.push_back(std::move(measured));
  all.insert(all.end(), graph::quantities().begin(), graph::quantities().end());
  return all;
}

std::vector<Quantity> usual_objectives(const task::Task& task) {
  std::vector<Quantity> usual{task.metrics().front()};
  const auto measured = device::quantities();
  if (!measured.empty()) usual.push_back(measured.front());
  return usual;
}

study::Intervals known_ranges(const task::Task& task) {
  study::Intervals ranges;
  for (const auto& quantity : quantities(task)) ranges[quantity.name] = quantity.range;
  return ranges;
}

std::vector<Doubt> mistaken(const std::vector<study::Constraint>& constraints, const task::Task& task) {
  std::vector<Doubt> doubts;
  for (const auto& one : study::impossible(constraints, known_ranges(task))) {
    const auto& constraint = constraints[one.constraint];
    if (one.other) {
      doubts.push_back({one.constraint,
                        std::format("constraint \"{}\" contradicts \"{}\": no value keeps both", constraint.text,
                                    constraints[*one.other].text),
                        "leave one of them out"});
    } else if (one.is_alone) {
      doubts.push_back({one.constraint,
                        std::format("constraint \"{}\" can never hold{}", constraint.text, ranges_of(constraint, task)),
                        as_share(constraint, task)});
    } else {
      doubts.push_back({one.constraint,
                        std::format("constraint \"{}\" can never hold where the other constraints do", constraint.text),
                        "leave one of them out"});
    }
  }
  return doubts;
}

std::vector<Doubt> idle(const std::vector<study::Constraint>& constraints, const task::Task& task) {
  std::vector<Doubt> doubts;
  for (const auto place : study::always_kept(constraints, known_ranges(task)))
    doubts.push_back(
        {place,
         std::format("constraint \"{}\" always holds{}", constraints[place].text, ranges_of(constraints[place], task)),
         as_share(constraints[place], task)});
  return doubts;
}

}  // namespace edgewise::job
