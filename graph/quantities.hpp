/// What a network's graph tells before it is built, trained or run, as recorded quantities.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "graph/graph.hpp"

namespace edgewise::graph {

/// "parameters", "macs", "weight_mb", "activation_mb", in this order; all known from the graph, fewer is better.
const std::vector<Quantity>& quantities();

/// Their values for a network, by name; MB are 10^6 bytes. Takes a fraction of a millisecond.
std::map<std::string, double> known_values(const Graph& graph);

}  // namespace edgewise::graph
