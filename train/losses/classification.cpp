#include "task/classification/classification.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <optional>

#include "train/losses/loss.hpp"

namespace edgewise::train {

namespace {

Result<torch::Tensor> class_indices(const task::Targets& targets, std::int64_t outputs) {
  std::vector<std::int64_t> labels;
  labels.reserve(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets.of(i).size() != 1) return invalid("the pictures have no classes", "use a data set with classes");
    const auto label = static_cast<std::int64_t>(targets.of(i).front());
    if (label < 0 || label >= outputs)
      return invalid(std::format("the class {} of a picture is not in [0, {}]", label, outputs - 1));
    labels.push_back(label);
  }
  return torch::tensor(labels, torch::kInt64);
}

/// Mean cross-entropy of (n, classes) against (n) with label smoothing (Szegedy et al., CVPR 2016). With weights of
/// classes it is the mean that is weighted.
torch::Tensor cross_entropy(const torch::Tensor& outputs, const torch::Tensor& labels,
                            const edgewise::Settings& options) {
  const auto& told = options.as<task::ClassificationLossOptions>();
  std::optional<torch::Tensor> weights;
  if (!told.weights.empty()) weights = torch::tensor(told.weights).to(outputs.device());
  return torch::cross_entropy_loss(outputs, labels, weights, at::Reduction::Mean, -100, told.label_smoothing);
}

/// Weights of classes from how often they occur; a class that does not counts as if it did once.
edgewise::Settings weighted(const edgewise::Settings& options, const task::Targets& training, std::int64_t outputs) {
  auto told = options.as<task::ClassificationLossOptions>();
  if (told.class_weights == "none") return options;
  std::vector<double> counts(static_cast<std::size_t>(outputs), 0.0);
  for (std::size_t i = 0; i < training.size(); ++i) ++counts[static_cast<std::size_t>(training.of(i).front())];
  const double power = told.class_weights == "root" ? 0.5 : 1.0;
  double sum = 0, pictures = 0;
  for (double& count : counts) {
    const double weight = std::pow(std::max(count, 1.0), -power);
    sum += weight * count;
    pictures += count;
    told.weights.push_back(static_cast<float>(weight));
  }
  for (float& weight : told.weights) weight *= static_cast<float>(pictures / sum);
  return edgewise::Settings(std::move(told));
}

/// Knowledge distillation (Hinton, Vinyals, Dean, 2015): the Kullback-Leibler divergence of the softened probabilities,
/// times the square of the temperature, so that gradients keep their size.
torch::Tensor divergence(const torch::Tensor& outputs, const torch::Tensor& taught, double temperature) {
  return torch::kl_div(torch::log_softmax(outputs / temperature, 1), torch::log_softmax(taught / temperature, 1),
                       at::Reduction::Sum, /*log_target=*/true) *
         (temperature * temperature / static_cast<double>(outputs.size(0)));
}

}  // namespace

Loss classification() {
  return {.name = task::classification().name(),
          .targets = class_indices,
          .of = cross_entropy,
          .fitted = weighted,
          .from_teacher = divergence,
          .start = {}};
}

}  // namespace edgewise::train
