/// The networks whose training is timed.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "graph/graph.hpp"

namespace edgewise {

/// "mobilenet_v2_035", or a backbone's name.
Result<graph::Graph> bench_network(const std::string& name, std::int64_t size, std::int64_t classes);

}  // namespace edgewise
