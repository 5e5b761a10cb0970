/// Trains a network on a data set and says how good it became.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "data/cache/cache.hpp"
#include "graph/graph.hpp"
#include "graph/preprocess.hpp"
#include "graph/weights.hpp"
#include "train/settings.hpp"
#include "train/weights/starting_weights.hpp"

namespace edgewise::train {

/// Values by name: the task's metrics.
using Metrics = std::map<std::string, double>;

/// One epoch of a learning curve.
struct Epoch {
  int epoch = 0;  ///< from 1
  double train_loss = 0, validation_loss = 0;
  Metrics metrics;  ///< on validation
  double learning_rate = 0;
  double seconds = 0;       ///< of computing this epoch, waiting for a measurement left out
  double images_per_s = 0;  ///< training part alone
};

/// What a split was judged by.
struct Evaluation {
  double loss = 0;
  Metrics metrics;
  Json details = Json::object();  ///< what the task's judge tells beside them
};

/// Whose checkpoint it is. One of another owner is not continued.
struct Owner {
  std::string study;  ///< the study and its data, by a text that no other has; empty: any owner's is taken
  std::int64_t trial = 0;
  int stage = 0;  ///< that writes it; a later one of the same trial continues it
};

struct Request {
  const graph::Graph* graph = nullptr;  ///< borrowed, as the set and the cache
  std::string network;  ///< the backbone's name, by which a folder of weights is looked through; may be empty
  const data::DataSet* set = nullptr;
  const data::Cache* cache = nullptr;  ///< of the graph's input size
  Settings settings;
  int epochs = 1;  ///< train until so many epochs are done, those of earlier calls counted
  std::uint64_t seed = 1;
  std::filesystem::path
      checkpoint;  ///< continued when it exists (same network); written after each epoch, renamed into place
  Owner owner;     ///< of the checkpoint
  const task::Targets* taught = nullptr;  ///< a teacher's outputs for each item of the set; absent: there is no teacher
  std::optional<int> told;                ///< epochs that `on_epoch` has heard of; nothing: the checkpoint's
  bool only_continue = false;             ///< a checkpoint that cannot be used is an error instead of a new start
  const std::atomic<bool>* stop = nullptr;          ///< looked at between batches
  std::function<void(const std::string&)> on_wait;  ///< hears whom a batch waits for, when it waits long
  std::function<void(const Epoch&)> on_epoch;  ///< after each epoch; also for those of the checkpoint beyond `told`
  std::function<void(const std::string&)> on_remark;  ///< what is strange and yet goes on, for people
  std::function<void(int epoch, std::size_t batch, std::size_t batches)> on_batch;
};

/// The metric that picks the best epoch: the one that the settings name, or the task's first.
const Quantity& picking_metric(const task::Task& task, const Settings& settings);

struct Outcome {
  std::vector<Epoch> curve;  ///< all epochs of the trial, earlier calls included
  int best_epoch = 0;        ///< by validation: the task's first metric, ties by loss
  graph::Weights best_weights;
  Evaluation best;                    ///< on validation, of the best epoch
  std::optional<Share> started_from;  ///< what came from the starting weights; nothing: it started from random ones
  /// Why what was trained before was not continued: "its checkpoint is damaged: its checksum is wrong".
  std::optional<std::string> started_over;
  std::optional<std::string> stopped_early;  ///< "the loss became NaN in epoch 3, batch 17"; the best epoch before it
                                             ///< still counts when there is one
};

/// Trains, with each batch under `BusyMachine`, so that a measurement on this machine waits for no more than one batch.
/// A checkpoint that is damaged, gone (when epochs were told) or another owner's is not continued: the training starts
/// over, and says so.
/// @error interrupted when `stop` became true (the checkpoint holds the last whole epoch); invalid_input when weights
/// do not fit, or no epoch ended with finite numbers (the message says when and why); exhausted when memory ran out;
/// unavailable when the disk is full or the weights cannot be read
Result<Outcome> train(const Request& request);

/// Judges weights on one split.
Result<Evaluation> evaluate(const graph::Graph& graph, const graph::Weights& weights, const data::DataSet& set,
                            const data::Cache& cache, data::Split split);

/// Outputs of the network in evaluation mode on `inputs` ((n, C, H, W) row-major, already normalised): (n, outputs).
Result<std::vector<float>> predict(const graph::Graph& graph, const graph::Weights& weights,
                                   const std::vector<float>& inputs);

/// What pictures of so many channels are normalised with, after division by 255.
using graph::Normalisation;
Normalisation normalisation(std::int64_t channels);

}  // namespace edgewise::train
