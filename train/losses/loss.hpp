/// What only LibTorch can do of a task: one file a task, found by the task's name.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>

#include "base/catalogue.hpp"
#include "nn/module.hpp"
#include "task/task.hpp"

namespace edgewise::train {

struct Loss {
  std::string name;  ///< the task's
  /// The targets of a batch as `of` wants them, on the processor.
  /// @error invalid_input when they do not fit a network with so many outputs
  std::function<Result<torch::Tensor>(const task::Targets& targets, std::int64_t outputs)> targets;
  /// The mean over the batch, a scalar. `options` are the task's `Traits::loss`.
  std::function<torch::Tensor(const torch::Tensor& outputs, const torch::Tensor& targets,
                              const edgewise::Settings& options)>
      of;
  /// The options for training on pictures with these targets; empty: as they are told. What is judged is judged by the
  /// options' defaults.
  std::function<edgewise::Settings(const edgewise::Settings& options, const task::Targets& training,
                                   std::int64_t outputs)>
      fitted = {};
  /// How far outputs are from those of a teacher, both (n, outputs): a mean over the batch; empty: the mean squared
  /// difference.
  std::function<torch::Tensor(const torch::Tensor& outputs, const torch::Tensor& taught, double temperature)>
      from_teacher = {};
  /// Sets the head of a network with random weights to where the training pictures' targets lie; empty: it stays as
  /// drawn.
  std::function<void(nn::Network& network, const task::Targets& training)> start = {};
};
Catalogue<Loss>& losses();
/// @error invalid_input when this program cannot train the task
Result<const Loss*> loss_of(const task::Task& task);

}  // namespace edgewise::train
