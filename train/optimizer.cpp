#include <torch/utils.h>

#include <cmath>

#include "train/optimizer_internal.hpp"

namespace edgewise::train {

namespace {

constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

std::vector<torch::Tensor> zeros_like(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> zeros;
  for (const auto& tensor : tensors) zeros.push_back(torch::zeros_like(tensor.detach()));
  return zeros;
}

std::vector<torch::Tensor> gradients(const std::vector<torch::Tensor>& parameters) {
  std::vector<torch::Tensor> all;
  for (const auto& parameter : parameters) {
    // The fused kernels walk both in memory order.
    const auto& gradient = parameter.grad();
    if (!gradient.defined()) {
      all.push_back(torch::zeros_like(parameter.detach()));
    } else if (gradient.strides() == parameter.strides()) {
      all.push_back(gradient);
    } else {
      all.push_back(torch::empty_like(parameter.detach()).copy_(gradient));
    }
  }
  return all;
}

}  // namespace

bool is_decayed(const graph::Node& node, const std::string& tensor_name) {
  return tensor_name.ends_with(".weight") &&
         (std::holds_alternative<graph::Conv2d>(node.op) || std::holds_alternative<graph::Linear>(node.op));
}

Optimizer::Optimizer(Options options, std::vector<torch::Tensor> decayed, std::vector<torch::Tensor> plain)
    : options_(std::move(options)) {
  const auto device = !decayed.empty() ? decayed.front().device()
                      : !plain.empty() ? plain.front().device()
                                       : torch::Device(torch::kCPU);
  const bool has_second = options_.name != "sgd";
  for (auto* parameters : {&decayed, &plain}) {
    Group group{.parameters = *parameters, .weight_decay = parameters == &decayed ? options_.weight_decay : 0.0};
    group.first = zeros_like(group.parameters);
    if (has_second) group.second = zeros_like(group.parameters);
    groups_.push_back(std::move(group));
  }
  steps_ = torch::zeros({}, torch::TensorOptions(torch::kFloat32).device(device));
}

void Optimizer::clear_gradients() {
  for (auto& group : groups_) {
    for (auto& parameter : group.parameters) parameter.mutable_grad().reset();
  }
}

double Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  double norm = 0;
  std::optional<torch::Tensor> scale;
  if (options_.clip_norm > 0) {
    std::vector<torch::Tensor> norms;
    for (const auto& group : groups_) {
      if (group.parameters.empty()) continue;
      const auto some = at::_foreach_norm(gradients(group.parameters));
      norms.insert(norms.end(), some.begin(), some.end());
    }
    if (!norms.empty()) norm = torch::stack(norms).norm().item<double>();
    if (!std::isfinite(norm)) return norm;
    if (norm > options_.clip_norm) {
      scale = torch::full({}, norm / options_.clip_norm, torch::TensorOptions(torch::kFloat32).device(steps_.device()));
    }
  }
  steps_.add_(1);
  for (auto& group : groups_) {
    if (!group.parameters.empty()) update(group, learning_rate, scale);
  }
  return norm;
}

void Optimizer::update(Group& group, double learning_rate, const std::optional<torch::Tensor>& scale) {
  const auto slopes = gradients(group.parameters);
  if (options_.name == "sgd") {
    const std::vector<torch::Tensor> none;
    at::_fused_sgd_(group.parameters, slopes, options_.momentum == 0 ? none : group.first, group.weight_decay,
                    options_.momentum, learning_rate,
                    /*dampening=*/0.0,
                    /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false, scale);
    return;
  }
  const std::vector<torch::Tensor> steps(group.parameters.size(), steps_);
  if (options_.name == "adamw") {
    at::_fused_adamw_(group.parameters, slopes, group.first, group.second, {}, steps, learning_rate, beta1, beta2,
                      group.weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false, scale);
  } else {
    at::_fused_adam_(group.parameters, slopes, group.first, group.second, {}, steps, learning_rate, beta1, beta2,
                     group.weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false, scale);
  }
}

std::vector<torch::Tensor> Optimizer::state() const {
  std::vector<torch::Tensor> all;
  for (const auto& group : groups_) {
    all.insert(all.end(), group.first.begin(), group.first.end());
    all.insert(all.end(), group.second.begin(), group.second.end());
  }
  return all;
}

}  // namespace edgewise::train
