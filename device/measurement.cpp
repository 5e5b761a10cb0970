#include "device/measurement.hpp"

#include <cmath>
#include <format>
#include <limits>
#include <type_traits>

namespace edgewise::device {

namespace {

/// Calls `visit(name, member)` for every field, so that writing and reading cannot differ.
template <class Self, class Visit>
void for_each_field(Self& m, Visit&& visit) {
  visit("latency_ms", m.latency_ms);
  visit("p90_ms", m.p90_ms);
  visit("p99_ms", m.p99_ms);
  visit("min_ms", m.min_ms);
  visit("spread_ms", m.spread_ms);
  visit("runs", m.runs);
  visit("warmup_runs", m.warmup_runs);
  visit("load_ms", m.load_ms);
  visit("peak_memory_bytes", m.peak_memory_bytes);
  visit("model_bytes", m.model_bytes);
  visit("disturbed", m.disturbed);
  visit("disturbance", m.disturbance);
  visit("device", m.device);
  visit("processor", m.processor);
  visit("provider", m.provider);
  visit("precision", m.precision);
  visit("runtime", m.runtime);
  visit("threads", m.threads);
  visit("clock", m.clock);
}

/// Why `value` cannot be read into `member`, or nothing.
template <class T>
const char* read_into(const Json& value, T& member) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) return "true or false";
    member = value.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) return "a text";
    member = value.get<std::string>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer() || value < 0 || value > std::numeric_limits<T>::max())
      return "an integer of at least 0";
    member = value.get<T>();
  } else {
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() < 0)
      return "a number of at least 0";
    member = value.get<T>();
  }
  return nullptr;
}

}  // namespace

Json to_json(const Measurement& measurement) {
  Json json = Json::object();
  for_each_field(measurement, [&](const char* name, const auto& value) { json[name] = value; });
  return json;
}

Result<Measurement> measurement_from_json(const Json& json) {
  if (!json.is_object()) return invalid("a measurement is a JSON object");
  // An older file may lack a field; without the latency it is no measurement.
  if (!json.contains("latency_ms")) return invalid("the measurement has no \"latency_ms\"");
  Measurement measurement;
  std::string mistake;
  for_each_field(measurement, [&](const char* name, auto& member) {
    const auto found = json.find(name);
    if (found == json.end()) return;
    if (const char* expected = read_into(*found, member); expected && mistake.empty())
      mistake = std::format("\"{}\" of the measurement is not {}", name, expected);
  });
  if (!mistake.empty()) return invalid(mistake);
  return measurement;
}

}  // namespace edgewise::device
