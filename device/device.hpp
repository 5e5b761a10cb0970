/// Devices: an ONNX file in, a measurement out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::device {

/// How to measure: the `device:` section of the job file.
struct MeasureOptions {
  std::string provider = "cpu";  ///< "cpu", "xnnpack"
  int threads = 1;               ///< intra-op threads, each pinned to a processor of its own
  int min_runs = 30, max_runs = 300;
  double max_seconds = 3.0;  ///< of timed runs; a slow model gets at least 5 runs however long they take
  double timeout_s = 120.0;  ///< for all of it; a model that hangs costs one measurement
};

/// What was measured, and under which conditions. Latencies are of one inference at batch 1.
struct Measurement {
  double latency_ms = 0;  ///< median
  double p90_ms = 0, p99_ms = 0, min_ms = 0;
  double spread_ms = 0;  ///< median absolute deviation
  int runs = 0, warmup_runs = 0;
  double load_ms = 0;                  ///< reading the file and making the session
  std::int64_t peak_memory_bytes = 0;  ///< growth of the agent's resident memory from before loading to its peak
  std::int64_t model_bytes = 0;        ///< file size
  bool disturbed = false;              ///< see `disturbance`
  std::string disturbance;  ///< why: "p90 is 1.8 times the median", "12 involuntary context switches in 30 runs",
                            ///< "clock fell from 2.4 to 1.2 GHz"
  std::string device, processor, provider;  ///< "local", CPU model, "cpu"
  std::string precision = "fp32", runtime;  ///< ..., "onnxruntime 1.21.0"
  int threads = 1;
  std::string clock;  ///< governor and frequency where the system tells, else "unknown"
  friend bool operator==(const Measurement&, const Measurement&) = default;
};
Json to_json(const Measurement& measurement);
Result<Measurement> measurement_from_json(const Json& json);

/// Something that can run a model. Not safe to use from two threads.
class Device {
 public:
  virtual ~Device() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Each measurement has an agent of its own, so that a bad model costs this call alone.
  /// @error invalid_input with the reason when the model is at fault: it crashed or hung the agent, which runs a
  /// control model, or the runtime does not accept it; also when the provider is not there (with those that are).
  /// unavailable when no model can be run at present
  virtual Result<Measurement> measure(const std::filesystem::path& onnx, const MeasureOptions& options) = 0;
  /// Outputs for `inputs`, (n, C, H, W) row-major, run one by one. @error as `measure`
  virtual Result<std::vector<float>> infer(const std::filesystem::path& onnx, const std::vector<float>& inputs) = 0;
};

/// Hears every 10 s what is waited for: `loading "x.onnx": 20 s of 120 s at most`.
using Waiting = std::function<void(const std::string& line)>;

/// This machine, through a child `edgewise-agent`. Measuring holds `QuietMachine`, so that no worker of this user
/// trains meanwhile.
/// @param agent    path of the program; empty: beside the running program
/// @param waiting  may be empty
std::unique_ptr<Device> make_local_device(const std::filesystem::path& agent = {}, const Waiting& waiting = {});

}  // namespace edgewise::device
