/// A training under way, on disk. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "train/schedule_internal.hpp"
#include "train/train.hpp"

namespace edgewise::train {

/// All that a training needs to go on after a whole epoch as if it had not stopped. Random numbers are functions of the
/// seed and the epoch, so the epoch is their position.
struct Checkpoint {
  std::uint64_t network = 0;  ///< `network_key` of the graph
  Owner owner;
  std::uint64_t seed = 0;
  int epoch = 0;    ///< epochs done
  Stretch stretch;  ///< of the learning rate
  std::vector<Epoch> curve;
  int best_epoch = 0;
  Evaluation best;
  std::optional<Share> started_from;  ///< nothing: from random weights, or written before this was kept
  std::string optimizer;
  std::int64_t steps = 0;
  std::vector<torch::Tensor> model;       ///< in the order of Graph::tensors()
  std::vector<torch::Tensor> moments;     ///< as Optimizer::state
  std::vector<torch::Tensor> averages;    ///< as model, of the running average; empty when there is none
  std::vector<torch::Tensor> best_model;  ///< empty when the best epoch is the last one
};

/// Equal for networks whose tensors mean the same.
std::uint64_t network_key(const graph::Graph& graph);

/// Writes a temporary file and renames it: "EDGEWISE" and the version, the header's length, a JSON header, the tensors'
/// numbers as little-endian 32-bit floats, a checksum of all of it. @error unavailable when the disk is full or the
/// folder is gone
Status write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// The tensors of `into` give shapes; their contents are replaced by the file's.
/// @param into  model, moments and averages allocated; best_model is allocated here when the file has it
/// @error not_found: no such file; invalid_input: damaged, of another version, of another owner, seed, network or
/// optimizer, or of a later stage (`into` may be half written then)
Status read_checkpoint(const std::filesystem::path& path, Checkpoint& into);

}  // namespace edgewise::train
