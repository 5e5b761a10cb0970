#include "nn/module.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "graph/visit.hpp"
#include "nn/norm_internal.hpp"
#include "nn/processor.hpp"
#include "nn/step_internal.hpp"

namespace edgewise::nn {

namespace {

using graph::OneOf, graph::Overloaded;

std::array<std::int64_t, 2> hw(graph::Pair pair) {
  return {pair.h, pair.w};
}

graph::Shape with_batch(std::int64_t n, const graph::Shape& shape) {
  graph::Shape full{n};
  full.insert(full.end(), shape.begin(), shape.end());
  return full;
}

// These make a value of their own whose backward pass does not read it, so an activation may write over it.
bool makes_expendable_value(const graph::Operator& op) {
  using namespace graph;
  return std::visit(
      Overloaded{[](const OneOf<Conv2d, BatchNorm2d, LayerNorm, Linear, Add, Concat> auto&) { return true; },
                 [](const OneOf<Input, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Mul, Split, ChannelShuffle,
                                Reshape, Permute, MatMul, Softmax, Resize, Dropout, StochasticDepth, LayerScale,
                                Constant, Cast> auto&) { return false; }},
      op);
}

torch::ScalarType scalar_type(graph::DataType type) {
  switch (type) {
    case graph::DataType::float32:
      return torch::kFloat32;
    case graph::DataType::int64:
      return torch::kInt64;
    case graph::DataType::int32:
      return torch::kInt32;
    case graph::DataType::uint8:
      return torch::kUInt8;
    case graph::DataType::int8:
      return torch::kInt8;
    case graph::DataType::float16:
      return torch::kFloat16;
    case graph::DataType::boolean:
      return torch::kBool;
  }
  EDGEWISE_ASSERT(false, "every data type is handled");
  return torch::kFloat32;
}

/// (1, shape...), with memory of its own.
torch::Tensor tensor_of(const graph::Tensor& constant) {
  auto tensor = torch::empty(with_batch(1, constant.shape), scalar_type(constant.type()));
  const auto bytes = constant.bytes();
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

torch::Tensor activate(graph::ActivationKind kind, torch::Tensor x, bool in_place) {
  switch (kind) {
    case graph::ActivationKind::relu:
      return in_place ? x.relu_() : torch::relu(x);
    case graph::ActivationKind::relu6:
      return in_place ? torch::hardtanh_(x, 0, 6) : torch::hardtanh(x, 0, 6);
    case graph::ActivationKind::silu:
      return torch::silu(x);
    case graph::ActivationKind::hardswish:
      return torch::hardswish(x);
    case graph::ActivationKind::hardsigmoid:
      return torch::hardsigmoid(x);
    case graph::ActivationKind::gelu:
      return torch::gelu(x);
    case graph::ActivationKind::sigmoid:
      return torch::sigmoid(x);
  }
  EDGEWISE_ASSERT(false, "every activation is handled");
  return x;
}

// In channels-last memory the channels of a pixel lie side by side: shuffle them there, so that the result is
// channels-last again.
torch::Tensor shuffle_channels(const torch::Tensor& x, std::int64_t groups) {
  const auto n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  const auto pixels = x.permute({0, 2, 3, 1}).reshape({n, h, w, groups, c / groups});
  return pixels.transpose(3, 4).reshape({n, h, w, c}).permute({0, 3, 1, 2});
}

// oneDNN 3.6's weight gradient of a 1x1 convolution with a stride (jit_1x1:avx512_core, 32 bits) writes where it may
// not when the input has fewer than 16 channels. Such a convolution reads every stride-th pixel: picking them first
// computes the same.
bool must_pick_pixels(const graph::Conv2d& op, const torch::Tensor& x) {
  return op.kernel_size.h == 1 && op.kernel_size.w == 1 && op.stride.h * op.stride.w > 1 && op.padding.h == 0 &&
         op.padding.w == 0 && x.size(1) < 16;
}

torch::Tensor convolve(const graph::Conv2d& op, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias) {
  if (must_pick_pixels(op, x)) {
    const auto picked = x.slice(2, 0, std::nullopt, op.stride.h).slice(3, 0, std::nullopt, op.stride.w);
    return torch::conv2d(picked.contiguous(torch::MemoryFormat::ChannelsLast), weight, bias, hw({1, 1}), hw({0, 0}),
                         hw({1, 1}), op.groups);
  }
  return torch::conv2d(x, weight, bias, hw(op.stride), hw(op.padding), hw(op.dilation), op.groups);
}

std::string registered_name(std::string name) {
  std::ranges::replace(name, '.', '/');
  return name;
}

}  // namespace

NetworkImpl::NetworkImpl(graph::Graph graph, std::optional<RandomStream> random)
    : graph_(std::move(graph)), generator_(torch::make_generator<at::CPUGeneratorImpl>(0)) {
  avoid_broken_instructions();
  const auto& nodes = graph_.nodes();
  std::vector<std::size_t> last_use(nodes.size(), 0), uses(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const auto input : nodes[i].inputs) {
      last_use[input] = i;
      ++uses[input];
    }
  }
  steps_.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    auto& step = steps_[i];
    step.node = &nodes[i];
    step.is_output = graph_.is_output(i);
    if (const auto* constant = std::get_if<graph::Constant>(&nodes[i].op)) step.constant = tensor_of(constant->value);
    if (nodes[i].inputs.size() == 1) {
      const auto input = nodes[i].inputs.front();
      step.may_overwrite = uses[input] == 1 && !steps_[input].is_output && makes_expendable_value(nodes[input].op);
    }
    for (const auto& spec : graph_.tensors(i)) {
      const bool is_weight = spec.name.ends_with(".weight");
      torch::Tensor tensor;
      if (spec.name.ends_with(".num_batches_tracked")) {
        tensor = torch::zeros(spec.shape, torch::kInt64);
      } else if (const auto* scale = std::get_if<graph::LayerScale>(&nodes[i].op)) {
        tensor = torch::full(spec.shape, scale->initial, torch::kFloat32);
      } else if (is_weight && graph::draws_weight(nodes[i].op)) {
        tensor = random ? draw(nodes[i].init, spec.shape, random->child(spec.name)) : torch::zeros(spec.shape);
      } else {
        tensor = is_weight || spec.name.ends_with(".running_var") ? torch::ones(spec.shape) : torch::zeros(spec.shape);
      }
      if (tensor.dim() == 4) tensor = tensor.contiguous(torch::MemoryFormat::ChannelsLast);
      const auto name = registered_name(spec.name);
      step.tensors.push_back(spec.trainable ? register_parameter(name, tensor) : register_buffer(name, tensor));
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!steps_[i].is_output) steps_[std::max(i, last_use[i])].release.push_back(i);
  }
  fuse_activations(uses);
}

// A ReLU or ReLU6 that alone reads a batch norm is computed along with it.
void NetworkImpl::fuse_activations(const std::vector<std::size_t>& uses) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (auto& step : steps_) step.clamp = {-infinity, infinity};
  for (auto& step : steps_) {
    const auto* activation = std::get_if<graph::Activation>(&step.node->op);
    if (!activation) continue;
    const auto input = step.node->inputs.front();
    if (uses[input] != 1 || steps_[input].is_output ||
        !std::holds_alternative<graph::BatchNorm2d>(steps_[input].node->op))
      continue;
    if (activation->kind != graph::ActivationKind::relu && activation->kind != graph::ActivationKind::relu6) continue;
    steps_[input].clamp = {0.0F, activation->kind == graph::ActivationKind::relu6 ? 6.0F : infinity};
    step.is_done_before = true;
  }
}

NetworkImpl::~NetworkImpl() = default;

void NetworkImpl::seed(std::uint64_t seed) {
  generator_.set_current_seed(seed);
}

torch::Tensor NetworkImpl::cast(const torch::Tensor& parameter) const {
  return precision_ == Precision::bf16 ? parameter.to(torch::kBFloat16) : parameter;
}

torch::Tensor NetworkImpl::keep_mask(torch::IntArrayRef shape, double drop, const torch::Tensor& like) {
  // Drawn on the processor whatever the device is, so that a seed means the same on both.
  auto mask = torch::empty(shape, torch::kFloat32).bernoulli_(1.0 - drop, generator_).div_(1.0 - drop);
  if (shape.size() == 4) mask = mask.contiguous(torch::MemoryFormat::ChannelsLast);
  return mask.to(like.device(), like.scalar_type());
}

torch::Tensor NetworkImpl::normalise(Step& step, const torch::Tensor& input, bool is_fused) {
  const auto& norm = std::get<graph::BatchNorm2d>(step.node->op);
  double momentum = norm.momentum;
  if (is_training()) {
    ++step.updates;
    if (norm_momentum_floor_ > 0) {
      momentum = std::max({momentum, norm_momentum_floor_, 1.0 / static_cast<double>(step.updates)});
    }
  }
  auto& t = step.tensors;  // weight, bias, running_mean, running_var, num_batches_tracked
  if (!is_fused) return torch::batch_norm(input, t[0], t[1], t[2], t[3], is_training(), momentum, norm.eps, true);
  return normalise_and_clamp(input, {t[0], t[1], t[2], t[3], momentum, norm.eps, is_training()}, step.clamp);
}

torch::ScalarType NetworkImpl::computed_as(graph::DataType type) const {
  if (type == graph::DataType::float32 && precision_ == Precision::bf16) return torch::kBFloat16;
  return scalar_type(type);
}

torch::Tensor NetworkImpl::compute(Step& step, const std::vector<torch::Tensor>& values, const Batch& batch,
                                   bool is_fused) {
  const auto& node = *step.node;
  const auto in = [&](std::size_t i) -> const torch::Tensor& { return values[node.inputs[i]]; };
  const auto parameter = [&](std::size_t i) {
    return i < step.tensors.size() ? cast(step.tensors[i]) : torch::Tensor();
  };
  return std::visit(
      Overloaded{
          [&](const graph::Input&) -> torch::Tensor {
            EDGEWISE_ASSERT(false, "the input is node 0 alone");
            return {};
          },
          [&](const graph::Conv2d& op) { return convolve(op, in(0), parameter(0), parameter(1)); },
          [&](const graph::BatchNorm2d&) { return normalise(step, in(0), is_fused); },
          [&](const graph::LayerNorm& op) {
            // Computed in 32 bits: the variance of a long row does not survive 8 bits of mantissa.
            const auto x = in(0).to(torch::kFloat32);
            return torch::layer_norm(x, {x.size(-1)}, step.tensors[0], step.tensors[1], op.eps).to(in(0).scalar_type());
          },
          [&](const graph::Activation& op) {
            return is_fused && step.is_done_before ? in(0) : activate(op.kind, in(0), is_fused && step.may_overwrite);
          },
          [&](const graph::MaxPool2d& op) {
            return torch::max_pool2d(in(0), hw(op.kernel_size), hw(op.stride), hw(op.padding), {1, 1}, op.ceil_mode);
          },
          [&](const graph::AvgPool2d& op) {
            return torch::avg_pool2d(in(0), hw(op.kernel_size), hw(op.stride), hw(op.padding), op.ceil_mode,
                                     op.count_include_pad);
          },
          [&](const graph::AdaptiveAvgPool2d& op) { return torch::adaptive_avg_pool2d(in(0), hw(op.output_size)); },
          [&](const graph::Linear&) { return torch::linear(in(0), parameter(0), parameter(1)); },
          [&](const graph::Add&) {
            auto sum = in(0) + in(1);
            for (std::size_t i = 2; i < node.inputs.size(); ++i) sum.add_(in(i));
            return sum;
          },
          [&](const graph::Mul&) { return in(0) * in(1); },
          [&](const graph::Concat& op) {
            std::vector<torch::Tensor> parts;
            for (const auto input : node.inputs) parts.push_back(values[input]);
            return torch::cat(parts, op.axis + 1);
          },
          [&](const graph::Split& op) {
            const auto extent = in(0).size(op.axis + 1) / op.parts;
            return in(0).narrow(op.axis + 1, op.index * extent, extent);
          },
          [&](const graph::ChannelShuffle& op) { return shuffle_channels(in(0), op.groups); },
          [&](const graph::Reshape& op) { return in(0).reshape(with_batch(in(0).size(0), op.shape)); },
          [&](const graph::Permute& op) {
            std::vector<std::int64_t> order{0};
            for (const auto axis : op.order) order.push_back(axis + 1);
            return in(0).permute(order);
          },
          [&](const graph::MatMul& op) {
            const auto product = torch::matmul(in(0), op.transpose_b ? in(1).transpose(-1, -2) : in(1));
            return op.scale == 1.0 ? product : product * op.scale;
          },
          [&](const graph::Softmax&) { return torch::softmax(in(0), -1); },
          [&](const graph::Resize& op) {
            const auto size = hw(op.output_size);
            return op.mode == graph::ResizeMode::nearest ? torch::upsample_nearest2d(in(0), size)
                                                         : torch::upsample_bilinear2d(in(0), size, false);
          },
          [&](const graph::Dropout& op) {
            return is_training() && op.p > 0 ? in(0) * keep_mask(in(0).sizes(), op.p, in(0)) : in(0);
          },
          [&](const graph::StochasticDepth& op) {
            if (!is_training() || op.p <= 0) return in(0);
            std::vector<std::int64_t> rows(static_cast<std::size_t>(in(0).dim()), 1);
            rows[0] = in(0).size(0);
            return in(0) * keep_mask(rows, op.p, in(0));
          },
          [&](const graph::LayerScale&) { return in(0) * parameter(0); },
          [&](const graph::Constant& op) {
            if (step.constant.device() != batch.device) step.constant = step.constant.to(batch.device);
            auto shape = with_batch(batch.size, op.value.shape);
            return step.constant.to(computed_as(op.value.type())).expand(shape);
          },
          [&](const graph::Cast& op) { return in(0).to(computed_as(op.to)); },
      },
      node.op);
}

std::vector<torch::Tensor> NetworkImpl::outputs(torch::Tensor input) {
  const Batch batch{input.size(0), input.device()};
  std::vector<torch::Tensor> values(steps_.size());
  values[0] = input.to(computed_as(graph_.type(0)));
  if (values[0].dim() == 4) values[0] = values[0].contiguous(torch::MemoryFormat::ChannelsLast);
  input.reset();
  for (std::size_t i = 1; i < steps_.size(); ++i) {
    values[i] = compute(steps_[i], values, batch, true);
    for (const auto dead : steps_[i].release) values[dead].reset();
  }
  std::vector<torch::Tensor> results;
  for (const auto& output : graph_.outputs())
    results.push_back(values[output.node].to(scalar_type(graph_.type(output.node))));
  return results;
}

torch::Tensor NetworkImpl::forward(torch::Tensor input) {
  EDGEWISE_ASSERT(graph_.outputs().size() == 1, "a network of several outputs gives them by `outputs`");
  return outputs(std::move(input)).front();
}

std::vector<torch::Tensor> NetworkImpl::trace(torch::Tensor input) {
  const Batch batch{input.size(0), input.device()};
  std::vector<torch::Tensor> values(steps_.size());
  values[0] = input;
  for (std::size_t i = 1; i < steps_.size(); ++i) values[i] = compute(steps_[i], values, batch, false);
  return values;
}

}  // namespace edgewise::nn
