// Any text: parsing a graph never crashes, hangs or takes memory without bound; what is accepted survives a round trip.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "graph/costs.hpp"
#include "graph/drawing.hpp"
#include "graph/graph.hpp"

using namespace edgewise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = parse_json({reinterpret_cast<const char*>(data), size}, "input");
  if (!json) return 0;
  const auto graph = graph::graph_from_json(*json);
  if (!graph) {
    if (graph.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = parse_json(graph::to_json(*graph).dump(), "again");
  if (!again) std::abort();
  const auto same = graph::graph_from_json(*again);
  if (!same || *same != *graph || graph::structural_hash(*same) != graph::structural_hash(*graph)) std::abort();
  const graph::Costs cost = graph::costs(*graph);
  if (cost.macs < 0 || cost.parameters < 0 || cost.weight_bytes < 4 * cost.parameters ||
      cost.peak_activation_bytes <= 0)
    std::abort();
  if (graph::draw_svg(*graph) != graph::draw_svg(*same)) std::abort();
  return 0;
}
