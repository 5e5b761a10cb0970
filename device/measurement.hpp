/// What was measured of a model on a device, and under which conditions.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::device {

/// Latencies are of one inference at batch 1.
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

}  // namespace edgewise::device
