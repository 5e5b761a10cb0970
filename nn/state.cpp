#include <torch/utils.h>

#include <algorithm>

#include "nn/step_internal.hpp"

namespace edgewise::nn {

std::vector<torch::Tensor> NetworkImpl::tensors() {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> all;
  for (auto& step : steps_) {
    for (auto& tensor : step.tensors) {
      if (tensor.scalar_type() == torch::kInt64) tensor.fill_(step.updates);
      all.push_back(tensor);
    }
  }
  return all;
}

void NetworkImpl::tensors_changed() {
  for (auto& step : steps_) {
    for (const auto& tensor : step.tensors) {
      if (tensor.scalar_type() == torch::kInt64) step.updates = tensor.item<std::int64_t>();
    }
  }
}

graph::Weights NetworkImpl::weights() const {
  torch::NoGradGuard no_grad;
  graph::Weights result;
  for (std::size_t index = 0; index < steps_.size(); ++index) {
    const auto specs = graph_.tensors(index);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const auto& tensor = steps_[index].tensors[i];
      graph::Tensor plain{specs[i].shape, {}};
      if (tensor.scalar_type() == torch::kInt64) {
        plain.values = std::vector{static_cast<float>(steps_[index].updates)};
      } else {
        const auto values = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
        plain.floats().assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
      }
      result.emplace(specs[i].name, std::move(plain));
    }
  }
  return result;
}

Status NetworkImpl::load_weights(const graph::Weights& weights) {
  TRY_DO(graph::check_weights(graph_, weights));
  torch::NoGradGuard no_grad;
  for (std::size_t index = 0; index < steps_.size(); ++index) {
    auto& step = steps_[index];
    const auto specs = graph_.tensors(index);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const auto& plain = weights.at(specs[i].name);
      auto values = torch::empty(plain.shape, torch::kFloat32);
      std::ranges::copy(plain.floats(), values.data_ptr<float>());
      step.tensors[i].copy_(values);
    }
  }
  tensors_changed();
  return {};
}

graph::Weights weights(const Network& network) {
  return network->weights();
}

Status load_weights(Network& network, const graph::Weights& weights) {
  return network->load_weights(weights);
}

}  // namespace edgewise::nn
