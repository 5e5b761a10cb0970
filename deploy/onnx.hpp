/// A trained network as an ONNX file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "graph/graph.hpp"
#include "graph/preprocess.hpp"
#include "graph/weights.hpp"

namespace edgewise::deploy {

/// What the file says about itself, as ONNX metadata properties. All values are text; lists are JSON.
using Metadata = std::map<std::string, std::string>;  ///< "task", "classes", "input_size", "mean", "deviation",
                                                      ///< "study", "trial", "edgewise_version", ...

/// What is put around a network in the file that a device runs. It is no part of the network's graph: it changes no
/// hash and no count of costs, but it is in the file, so what is measured includes it. What comes behind a network
/// (decoding boxes, suppressing those that overlap) will have its members here too.
struct Wrapping {
  /// The file takes pixels, 0 .. 255 as 32-bit floats, of pictures that were fitted to the input's size already, and
  /// makes the network's input of them. Nothing: it takes the network's input.
  std::optional<graph::Preprocess> preprocess;
};

/// Writes the network for inference at batch 1: input "image" (1, C, H, W), outputs by their names, the one without a
/// name as "output"; opset 17, IR version 8; weights and constants inside; batch norms folded into the convolution
/// before them where nothing else reads it (else a BatchNormalization node); dropout and stochastic depth gone. Written
/// beside the target and renamed.
/// @error invalid_input when weights do not fit the graph, the wrapping does not fit its input, an output is called
/// "image", or the file would pass ONNX's 2 GB
Status write_onnx(const graph::Graph& graph, const graph::Weights& weights, const Metadata& metadata,
                  const std::filesystem::path& path, const Wrapping& wrapping = {});

/// The largest |a - b| / max(1, max |b|) of two output vectors; exported means at most 1e-4.
double relative_difference(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace edgewise::deploy
