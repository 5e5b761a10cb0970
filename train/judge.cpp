#include <torch/utils.h>

#include <chrono>
#include <format>
#include <span>

#include "base/quiet.hpp"
#include "train/loop_internal.hpp"
#include "train/losses/loss.hpp"

namespace edgewise::train {

namespace {

// Restores what judging changes.
class EvaluationMode {
 public:
  explicit EvaluationMode(nn::Network& network)
      : network_(network), was_training_(network->is_training()), was_(network->precision()) {
    network_->eval();
    network_->set_precision(nn::Precision::fp32);
  }
  ~EvaluationMode() {
    network_->train(was_training_);
    network_->set_precision(was_);
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  nn::Network& network_;
  bool was_training_;
  nn::Precision was_;
};

// LibTorch's order of adding floats: values that were recorded years apart agree to the last bit.
double torch_sum(std::span<const float> values) {
  auto* const first = const_cast<float*>(values.data());
  return torch::from_blob(first, {static_cast<std::int64_t>(values.size())}, torch::kFloat32).sum().item<double>();
}

}  // namespace

Status check_output(const graph::Graph& graph, const Goal& goal) {
  const auto wanted = goal.outputs();
  if (graph.output_shape() != graph::Shape{wanted}) {
    return invalid(
        std::format("the network's output is {}, the task needs {}", graph::to_text(graph.output_shape()), wanted),
        "build the network for this data set", graph.node(graph.output()).name);
  }
  if (graph.input_shape().size() != 3) {
    return invalid(std::format("the network's input is {}, pictures need channels x height x width",
                               graph::to_text(graph.input_shape())),
                   {}, graph.node(0).name);
  }
  return {};
}

Result<Evaluation> judge(nn::Network& network, const Goal& goal, Batches& batches, const std::atomic<bool>* stop,
                         double* waited) {
  const EvaluationMode mode(network);
  const torch::InferenceMode no_gradients;
  const auto where = device();
  Evaluation evaluation;
  TRY(const Loss* loss_of_task, loss_of(*goal.task));
  const auto judging = goal.task->judge(static_cast<std::size_t>(goal.classes), torch_sum);
  double loss = 0;
  std::size_t count = 0;
  batches.start(0);
  for (;;) {
    const auto asked = std::chrono::steady_clock::now();
    auto batch = batches.next();
    if (!batch) break;
    const auto taken = std::chrono::steady_clock::now();
    if (stop && stop->load()) return fail(ErrorCode::interrupted, "judging the network was stopped");
    TRY(const auto busy, BusyMachine::enter({.say = {}, .stop = stop, .at_most = {}}));
    if (waited) {
      const std::chrono::duration<double> for_batch = taken - asked,
                                          for_turn = std::chrono::steady_clock::now() - taken;
      *waited += std::min(batch->waited_s, for_batch.count()) + for_turn.count();
    }
    TRY(const auto inputs, input_tensor(*batch, network->graph().input_shape(), where));
    TRY(const auto targets, target_tensor(*batch, goal, where));
    const auto outputs = network->forward(inputs);
    const auto n = static_cast<double>(batch->count);
    loss += n * loss_of_task->of(outputs, targets, goal.task->traits().loss).item<double>();
    const auto numbers = outputs.to(torch::kCPU).contiguous();
    judging->add({numbers.data_ptr<float>(), static_cast<std::size_t>(numbers.numel())}, batch->targets);
    count += batch->count;
    batches.recycle(std::move(*batch));
  }
  if (count == 0) return invalid("there is no picture to judge the network by", "give the split at least one picture");
  evaluation.loss = loss / static_cast<double>(count);
  auto judgement = judging->finish();
  evaluation.metrics = std::move(judgement.metrics);
  evaluation.details = std::move(judgement.details);
  return evaluation;
}

}  // namespace edgewise::train
