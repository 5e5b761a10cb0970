#include "task/classification/classification.hpp"

#include <format>

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

/// Mean cross-entropy of (n, classes) against (n) with label smoothing (Szegedy et al., CVPR 2016).
torch::Tensor cross_entropy(const torch::Tensor& outputs, const torch::Tensor& labels,
                            const edgewise::Settings& options) {
  const double smoothing = options.as<task::ClassificationLossOptions>().label_smoothing;
  return torch::cross_entropy_loss(outputs, labels, {}, at::Reduction::Mean, -100, smoothing);
}

}  // namespace

Loss classification() {
  return {.name = task::classification().name(), .targets = class_indices, .of = cross_entropy, .start = {}};
}

}  // namespace edgewise::train
