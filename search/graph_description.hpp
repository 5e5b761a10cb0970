/// Choices described by the networks that they build.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "graph/graph.hpp"
#include "search/description.hpp"

namespace edgewise::search {

/// The features of the network that a choice builds (`graph::graph_features`).
/// @param build  the network; nothing when it cannot be built
/// @param is_looked_up  building costs nothing worth saving, or is done for all choices before long (a table)
std::shared_ptr<const Description> described_by_graph(
    std::function<std::optional<graph::Graph>(const space::Choice&)> build, bool is_looked_up = false);

}  // namespace edgewise::search
