/// Numbers that describe a network by its graph alone, for models that learn from few trained networks.
///
/// GRAF (Kadlecova, Lukasik, Pilat, Vidnerova, Safari, Neri, Hutter, ICML 2024) describes a cell by counts of its
/// operators and, for every set of them, by path lengths and degrees. Here the same is told of whole networks, with
/// what their resolution, width and memory add. No weights, no data, under a millisecond.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// One number that is known of every graph. Names and their order are the same for all graphs; new ones go to the end.
struct GraphFeature {
  std::string name;   ///< "count.conv3/4", "longest.conv+pool"
  std::string group;  ///< one of graph_feature_groups()
};

/// What belongs together, with what it says.
struct GraphFeatureGroup {
  std::string name;
  std::string sentence;
};

/// - "counts": operators of each kind, in all and by stage. A stage is a stride: "/4" is what sees the input four times
///   smaller along an edge; "head" is what sees no map any more.
/// - "costs": logarithms (of one more) of MACs and parameters, in all and by stage; of the widest value, the receptive
///   field and the planned memory.
/// - "paths": for every set of path kinds the most and the fewest operators of the set on a way from the input to an
///   output; the logarithm of the number of ways; the steps of each kind on a way, in the mean over all ways.
/// - "blocks": the same lengths with every block counted once, however often it is repeated. A block lies between two
///   values that all ways lead through; its widths and sizes make no difference.
/// - "degrees": for every set the number of branches that hold an operator of the set: those that leave a block's
///   beginning, enter its end, and meet or part inside (in the mean at one join or fork there); means over the blocks,
///   each counted once.
///
/// Path kinds are conv1 (1x1 convolutions and linear layers), conv (wider ones), depthwise, pool, attention (matrix
/// products) and skip: a branch that holds none of the others. Normalisation and activations are no steps of a path.
const std::vector<GraphFeatureGroup>& graph_feature_groups();
const std::vector<GraphFeature>& graph_feature_list();

/// One finite number for each of graph_feature_list().
std::vector<double> graph_features(const Graph& graph);

}  // namespace edgewise::graph
