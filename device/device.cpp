#include "device/device.hpp"

#include <format>

namespace edgewise::device {

Candidate candidate_of_file(const std::filesystem::path& onnx) {
  return {.file = [onnx] { return onnx; }};
}

Reading reading_of(const Measurement& m) {
  Reading reading{.values = {{"latency_ms", m.latency_ms},
                             {"latency_p90_ms", m.p90_ms},
                             {"latency_p99_ms", m.p99_ms},
                             {"memory_mb", static_cast<double>(m.peak_memory_bytes) / 1e6},
                             {"load_ms", m.load_ms},
                             {"model_mb", static_cast<double>(m.model_bytes) / 1e6}},
                  .at_least = {},
                  .measurement = m};
  // A disturbance only adds time: what is sure of a disturbed measurement is what its fastest run shows.
  if (m.disturbed)
    for (const char* name : {"latency_ms", "latency_p90_ms", "latency_p99_ms"}) reading.at_least[name] = m.min_ms;
  return reading;
}

Result<std::vector<Tensors>> Device::infer(const std::filesystem::path& onnx, std::span<const Tensors>) {
  return invalid(
      std::format("the device {} runs no models, so \"{}\" has no outputs there", name(), onnx.filename().string()));
}

Result<std::vector<TensorType>> Device::inputs(const std::filesystem::path& onnx) {
  return invalid(std::format("the device {} runs no models, so it cannot say what \"{}\" takes", name(),
                             onnx.filename().string()));
}

}  // namespace edgewise::device
