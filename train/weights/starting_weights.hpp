/// Weights that a training starts from: reading files of PyTorch, and what of them a network takes. No LibTorch here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "graph/graph.hpp"
#include "graph/weights.hpp"
#include "train/settings.hpp"

namespace edgewise::train {

/// Reads a file of safetensors, or a state dict (`.pth`: a zip of a pickle and raw tensors), alone or inside a training
/// script's checkpoint, under "state_dict", "model" and the like. The pickle is interpreted by a reader that knows only
/// the few opcodes and names a state dict of plain tensors needs; nothing in the file is ever executed, and what is no
/// tensor is left out.
/// @error invalid_input naming the file and what is not understood
Result<graph::Weights> read_state_dict(const std::filesystem::path& pth);
/// The same without the tensors' values, which stay empty.
Result<graph::Weights> read_shapes(const std::filesystem::path& pth);
/// Writes weights as safetensors, which `read_state_dict` reads too, beside the target and renamed.
/// @error as write_file
Status write_safetensors(const std::filesystem::path& path, const graph::Weights& weights);

/// How much of a network starts from a file. Counters of batch norms are no tensors here.
struct Share {
  std::string file;    ///< empty where it is not known
  std::string prefix;  ///< that all names of the network have in the file, e.g. "model."
  std::int64_t tensors = 0, of_tensors = 0;
  std::int64_t parameters = 0, of_parameters = 0;  ///< numbers that are trained
  friend bool operator==(const Share&, const Share&) = default;
};
Json to_json(const Share& share);
Share share_from_json(const Json& json);

struct Adapted {
  graph::Weights weights;
  Share share;
};

/// Starting weights for `graph` from a state dict: tensors are taken by name where the shape is equal, all others keep
/// their random values. Names may have one common prefix ("model.") and components that wrappers add ("module",
/// "_orig_mod"). Under Fit::cut the first channels of a larger tensor are taken, and the middle of a larger kernel, but
/// no head is cut; under Fit::shape names say nothing but which tensors belong together (by_shape_internal.hpp).
/// @param loaded  their values may be missing (read_shapes) where only the share is asked for: see `share_of`
/// @error invalid_input when less is there than `fit` asks for, with a name of the file, one of the network and how
/// many fit; when the file has the network twice, under two prefixes
Result<Adapted> adapt_weights(const graph::Graph& graph, const graph::Weights& random, const graph::Weights& loaded,
                              Fit fit);
/// What `adapt_weights` would take, or its error, from names and shapes alone.
/// @param head_may_differ  a head of another size is right for `Fit::exact` too: the number of classes is not known yet
Result<Share> share_of(const graph::Graph& graph, const graph::Weights& shapes, Fit fit, bool head_may_differ = false);

/// The file for a network: `place` itself, or the one of that folder which is called as the network is, "resnet18.pth"
/// or "resnet18-f37072fd.pth". Where any share will do the one of which the most fits, where none is called so; under
/// Fit::half always that.
/// @param network  its name; empty: it has none
/// @error not_found: no such file in the folder (with what is there); invalid_input: two
Result<std::filesystem::path> weights_file(const graph::Graph& graph, const std::string& network,
                                           const std::filesystem::path& place, Fit fit);

}  // namespace edgewise::train
