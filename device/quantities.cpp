#include "device/quantities.hpp"

namespace edgewise::device {

namespace {

Quantity measured(std::string name, std::string unit, std::string sentence) {
  return {.name = std::move(name),
          .unit = std::move(unit),
          .better = Direction::minimize,
          .known = Known::measured,
          .range = intervals::above_zero,
          .sentence = std::move(sentence)};
}

}  // namespace

std::vector<Quantity> quantities() {
  return {measured("latency_ms", "ms", "time of one inference, median"),
          measured("latency_p90_ms", "ms", "time of one inference, 90th percentile"),
          measured("latency_p99_ms", "ms", "time of one inference, 99th percentile"),
          measured("memory_mb", "MB", "largest resident memory of the process that runs it"),
          measured("load_ms", "ms", "time to load the model"),
          measured("model_mb", "MB", "size of the model's file")};
}

}  // namespace edgewise::device
