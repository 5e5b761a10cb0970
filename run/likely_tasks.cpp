#include "run/likely_tasks.hpp"

#include <algorithm>

#include "data/builtin/builtin.hpp"

namespace edgewise::run {

std::vector<const task::Task*> likely_tasks(const std::string& data) {
  const auto& all = task::tasks().entries();
  if (const auto* drawn = data::find_builtin(data)) return {task::tasks().find(drawn->task)->task};
  std::vector<const task::Task*> likely;
  for (const auto wants : {task::Wants::one_box, task::Wants::label}) {
    const auto found = std::ranges::find(all, wants, [](const auto& entry) { return entry.task->wants(); });
    if (found != all.end()) likely.push_back(found->task);
  }
  return likely;
}

}  // namespace edgewise::run
