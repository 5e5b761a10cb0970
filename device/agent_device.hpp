/// Measuring by an agent, wherever it is.
#pragma once

#include <cstdint>
#include <memory>

#include "device/channel.hpp"
#include "device/device.hpp"

namespace edgewise::device {

/// How an agent measures.
struct MeasureOptions {
  std::string provider = "cpu";  ///< "cpu", "xnnpack"
  std::int64_t threads = 1;      ///< intra-op threads, each pinned to a processor of its own
  std::int64_t min_runs = 30, max_runs = 300;
  double max_seconds = 3.0;  ///< of timed runs; a slow model gets at least 5 runs however long they take
  double timeout_s = 120.0;  ///< for all of it; a model that hangs costs one measurement
};

/// Where the agent is.
struct AgentPlace {
  std::string device;  ///< the device's name
  bool is_this_machine = false;
  OpenChannel open;  ///< asked for each measurement: a bad model costs that call alone
};

/// A device that measures and runs models by an agent. Measures again what was disturbed, and finds out whose fault it
/// is when an agent dies.
/// `measure` gives @error invalid_input with the reason when the model is at fault: it crashed or hung the agent, which
/// runs a control model, or the runtime does not accept it; also when the provider is not there (with those that are).
/// unavailable when no model can be run at present. An agent that is killed from outside (by a person, or for memory)
/// says nothing about the model: it is asked once more, and a second time is exhausted
std::unique_ptr<Device> make_agent_device(AgentPlace place, const MeasureOptions& options, Waiting waiting);

}  // namespace edgewise::device
