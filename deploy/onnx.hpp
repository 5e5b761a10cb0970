/// A trained network as an ONNX file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "graph/graph.hpp"
#include "graph/weights.hpp"

namespace edgewise::deploy {

/// What the file says about itself, as ONNX metadata properties. All values are text; lists are JSON.
using Metadata = std::map<std::string, std::string>;  ///< "task", "classes", "input_size", "mean", "deviation",
                                                      ///< "study", "trial", "edgewise_version", ...

/// Writes the network for inference at batch 1: input "image" (1, C, H, W), output "output"; opset 17, IR version 8;
/// weights inside; batch norms folded into the convolution before them where nothing else reads it (else a
/// BatchNormalization node); dropout and stochastic depth gone. Written beside the target and renamed.
/// @error invalid_input when weights do not fit the graph or the file would pass ONNX's 2 GB
Status write_onnx(const graph::Graph& graph, const graph::Weights& weights, const Metadata& metadata,
                  const std::filesystem::path& path);

/// The largest |a - b| / max(1, max |b|) of two output vectors; exported means at most 1e-4.
double relative_difference(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace edgewise::deploy
