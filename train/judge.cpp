#include <torch/utils.h>

#include <chrono>
#include <format>
#include <numeric>

#include "base/quiet.hpp"
#include "train/loop_internal.hpp"
#include "train/losses_internal.hpp"

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

void finish_classification(Evaluation& evaluation) {
  std::int64_t right = 0, all = 0, classes_seen = 0;
  double recalls = 0;
  for (std::size_t label = 0; label < evaluation.confusion.size(); ++label) {
    const auto& row = evaluation.confusion[label];
    const auto count = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    all += count;
    right += row[label];
    if (count > 0) {
      ++classes_seen;
      recalls += static_cast<double>(row[label]) / static_cast<double>(count);
    }
  }
  evaluation.metrics["accuracy"] = static_cast<double>(right) / static_cast<double>(all);
  evaluation.metrics["balanced_accuracy"] = recalls / static_cast<double>(classes_seen);
}

}  // namespace

Status check_output(const graph::Graph& graph, const Goal& goal) {
  const auto wanted = goal.task == data::Task::box ? std::int64_t{4} : goal.classes;
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
  if (goal.task == data::Task::classification) {
    const auto n = static_cast<std::size_t>(goal.classes);
    evaluation.confusion.assign(n, std::vector<std::int64_t>(n, 0));
  }
  double loss = 0, overlap = 0, half = 0;
  std::size_t count = 0;
  batches.start(0);
  for (;;) {
    const auto asked = std::chrono::steady_clock::now();
    auto batch = batches.next();
    if (!batch) break;
    const auto taken = std::chrono::steady_clock::now();
    if (stop && stop->load()) return fail(ErrorCode::interrupted, "judging the network was stopped");
    TRY(const auto busy, BusyMachine::enter());
    if (waited) {
      const std::chrono::duration<double> for_batch = taken - asked,
                                          for_turn = std::chrono::steady_clock::now() - taken;
      *waited += std::min(batch->waited_s, for_batch.count()) + for_turn.count();
    }
    TRY(const auto inputs, input_tensor(*batch, network->graph().input_shape(), where));
    TRY(const auto targets, target_tensor(*batch, goal, where));
    const auto outputs = network->forward(inputs);
    const auto n = static_cast<double>(batch->count);
    if (goal.task == data::Task::box) {
      loss += n * box_loss(outputs, targets, "smooth_l1_giou").item<double>();
      const auto shares = iou(outputs, targets);
      overlap += shares.sum().item<double>();
      half += (shares >= 0.5).sum().item<double>();
    } else {
      loss += n * classification_loss(outputs, targets, 0.0).item<double>();
      const auto predicted = outputs.argmax(1).to(torch::kCPU);
      const auto* const values = predicted.data_ptr<std::int64_t>();
      for (std::size_t i = 0; i < batch->count; ++i) {
        ++evaluation.confusion[static_cast<std::size_t>(batch->labels[i])][static_cast<std::size_t>(values[i])];
      }
    }
    count += batch->count;
    batches.recycle(std::move(*batch));
  }
  if (count == 0) return invalid("there is no picture to judge the network by", "give the split at least one picture");
  evaluation.loss = loss / static_cast<double>(count);
  if (goal.task == data::Task::box) {
    evaluation.metrics = {{"iou", overlap / static_cast<double>(count)}, {"iou50", half / static_cast<double>(count)}};
  } else {
    finish_classification(evaluation);
  }
  return evaluation;
}

}  // namespace edgewise::train
