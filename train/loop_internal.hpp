/// The training loop over any source of batches. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "data/cache/loader.hpp"
#include "nn/module.hpp"
#include "task/task.hpp"
#include "train/train.hpp"

namespace edgewise::train {

/// Where batches come from: a data::Loader, or a test. Goes through the items once per `start`.
class Batches {
 public:
  virtual ~Batches() = default;
  virtual void start(int epoch) = 0;
  virtual std::optional<data::Batch> next() = 0;
  virtual void recycle(data::Batch batch) = 0;
  [[nodiscard]] virtual std::size_t batches() const = 0;
};

/// What is asked of a network, apart from where the pictures lie.
struct Goal {
  const task::Task* task = nullptr;
  std::int64_t classes = 2;
  [[nodiscard]] std::int64_t outputs() const { return task->outputs(static_cast<std::size_t>(classes)); }
};

/// A request without files.
struct LoopRequest {
  const graph::Graph* graph = nullptr;
  Goal goal;
  Batches* training = nullptr;
  Batches* validation = nullptr;
  Settings settings;
  int epochs = 1;
  std::uint64_t seed = 1;
  std::filesystem::path checkpoint;
  Owner owner;  ///< as in Request, as the next ones
  std::optional<int> told;
  bool only_continue = false;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const Epoch&)> on_epoch;
  std::function<void(int, std::size_t, std::size_t)> on_batch;
  std::function<void(const std::string&)> on_wait, on_remark;
  /// Weights to start from when there is no checkpoint to continue; nothing: random ones.
  std::function<Result<Adapted>(const graph::Weights& random)> starting_weights;
  const task::Targets* training_targets =
      nullptr;                            ///< targets of the training split: where a head may start; absent: as drawn
  const task::Targets* taught = nullptr;  ///< a teacher's outputs, by item of the set; absent: none
};

/// `train` without files. @error as `train`
Result<Outcome> run_loop(const LoopRequest& request);

/// cuda when LibTorch has it, else cpu.
torch::Device device();

/// (n, C, H, W), normalised, channels-last in memory, from interleaved bytes; a copy.
/// @error invalid_input when the batch does not have the shape of the graph's input
Result<torch::Tensor> input_tensor(const data::Batch& batch, const graph::Shape& input, torch::Device device);

/// As the task's loss wants them. @error invalid_input when they do not fit the task
Result<torch::Tensor> target_tensor(const data::Batch& batch, const Goal& goal, torch::Device device);

/// Judges the network in evaluation mode and 32-bit floats; leaves its mode and precision as they were.
/// The loss is always that of the default options, so that trials with different ones can be compared.
/// @param stop    may be null
/// @param waited  when not null, receives the seconds that measurements kept it waiting
/// @error interrupted
Result<Evaluation> judge(nn::Network& network, const Goal& goal, Batches& batches, const std::atomic<bool>* stop,
                         double* waited = nullptr);

/// Checks that the network's output fits. @error invalid_input
Status check_output(const graph::Graph& graph, const Goal& goal);

/// The precision to train one network in: see precision.cpp for what "auto" was measured to mean.
nn::Precision choose_precision(const std::string& setting, const graph::Graph& graph, torch::Device device);

/// What "auto" takes on a processor with these properties (nn/processor.hpp).
nn::Precision faster_precision(const graph::Graph& graph, bool has_bf16, bool has_undescribed_tiles);

/// Runs `body` and turns what LibTorch throws into an error: what memory_ran_out says, else invalid_input with
/// `context` before.
template <class T, class Body>
Result<T> with_torch_errors(const std::string& context, Body&& body);

/// The first line of LibTorch's message; the rest is a stack trace.
std::unexpected<Error> torch_error(const std::string& context, const std::exception& error);

template <class T, class Body>
Result<T> with_torch_errors(const std::string& context, Body&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return torch_error(context, error);
  }
}

}  // namespace edgewise::train
