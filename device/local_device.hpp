/// This machine as a device.
#pragma once

#include <filesystem>

#include "device/agent_device.hpp"
#include "device/devices.hpp"

namespace edgewise::device {

/// This machine, through a child `edgewise-agent`.
/// @param agent    path of the program; empty: beside the running program, or where EDGEWISE_AGENT says
std::unique_ptr<Device> make_local_device(const MeasureOptions& options = {}, const std::filesystem::path& agent = {},
                                          const Waiting& waiting = {});

/// Its entry in the catalogue.
Entry local_entry();

}  // namespace edgewise::device
