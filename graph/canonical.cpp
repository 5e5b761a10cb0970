#include <algorithm>
#include <format>
#include <span>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

using Colours = std::vector<std::uint64_t>;  // one a node

std::uint64_t hash_of(std::span<const std::uint64_t> numbers) {
  return stable_hash({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
}

/// What a node is by itself.
std::uint64_t first_colour(const Node& node) {
  std::string text = operator_text(node.op);
  if (draws_weight(node.op)) text += std::format(" {} {:a}", static_cast<int>(node.init.kind), node.init.spread);
  return stable_hash(text);
}

/// Each node's colour joined with those of its inputs: what is above it.
Colours from_inputs(const Graph& graph, const Colours& colours) {
  Colours next(colours.size());
  for (std::size_t i = 0; i < colours.size(); ++i) {
    Colours parts{colours[i]};
    for (const std::size_t input : graph.node(i).inputs) parts.push_back(next[input]);
    if (is_commutative(graph.node(i).op)) std::sort(parts.begin() + 1, parts.end());
    next[i] = hash_of(parts);
  }
  return next;
}

/// Each node's colour joined with those of the nodes that read it, and at which place: what is below it. A value that
/// is read twice so differs from two equal values that are read once each, as one layer differs from two of its kind.
Colours from_readers(const Graph& graph, const Colours& colours) {
  std::vector<std::uint64_t> place_of_output(colours.size(), 0);  // from 1; 0: it is none
  for (std::size_t place = 0; place < graph.outputs().size(); ++place)
    place_of_output[graph.outputs()[place].node] = place + 1;
  std::vector<Colours> readers(colours.size());
  Colours next(colours.size());
  for (std::size_t i = colours.size(); i-- > 0;) {
    std::ranges::sort(readers[i]);
    Colours parts{colours[i], place_of_output[i]};
    parts.insert(parts.end(), readers[i].begin(), readers[i].end());
    next[i] = hash_of(parts);
    const auto& inputs = graph.node(i).inputs;
    for (std::size_t place = 0; place < inputs.size(); ++place)
      readers[inputs[place]].push_back(hash_of(Colours{next[i], is_commutative(graph.node(i).op) ? 0 : place}));
  }
  return next;
}

}  // namespace

std::uint64_t canonical_hash(const Graph& graph) {
  Colours colours;
  for (const Node& node : graph.nodes()) colours.push_back(first_colour(node));
  for (int round = 0; round < 2; ++round) colours = from_readers(graph, from_inputs(graph, colours));
  std::ranges::sort(colours);
  return hash_of(colours);
}

}  // namespace edgewise::graph
