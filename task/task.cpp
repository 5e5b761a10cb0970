#include "task/task.hpp"

#include "task/box/box.hpp"
#include "task/classification/classification.hpp"

namespace edgewise::task {

Catalogue<Entry>& tasks() {
  static Catalogue<Entry> all("task", {Entry(classification()), Entry(box())});
  return all;
}

Result<const Task*> find_task(const std::string& name) {
  return tasks().at(name).transform([](const Entry* entry) { return entry->task; });
}

Task::Task(Traits traits) : traits_(std::move(traits)) {
  EDGEWISE_ASSERT(!traits_.metrics.empty(), "a task has a metric to pick the best epoch by");
}

void Task::warp(Target&, const picture::Warp&) const {}

bool Task::survives(std::span<const float>, const picture::Warp&) const {
  return true;
}

double plain_sum(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum;
}

graph::HeadMaker head_of(const Task& task) {
  return [&task](graph::GraphBuilder& builder, const graph::Features& features, std::int64_t outputs) {
    return task.put_head(builder, features, outputs);
  };
}

}  // namespace edgewise::task
