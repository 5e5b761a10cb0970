/// Heads that several tasks use.
#pragma once

#include "graph/feature_maps.hpp"

namespace edgewise::task {

/// Global average of the last map, Linear(F, F/2), ReLU, Linear(F/2, outputs): numbers about the picture as a whole.
/// Nodes "global_pool", "flatten", "head.0", "head.1", "head.2"; weights drawn as PyTorch draws them.
graph::GraphBuilder::Value regression_head(graph::GraphBuilder& builder, const graph::Features& features,
                                           std::int64_t outputs);

}  // namespace edgewise::task
