/// A drawing of an architecture for people.
#pragma once

#include <string>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// A self-contained SVG: nodes from top to bottom, batch norms and activations folded into the convolution they follow,
/// chains of equal blocks kept short enough to read; each box tells operator, attributes, output shape and share of the
/// MACs. Names are escaped.
std::string draw_svg(const Graph& graph);

}  // namespace edgewise::graph
