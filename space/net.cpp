#include "space/net.hpp"

#include <algorithm>
#include <cmath>
#include <format>

namespace edgewise::space {

using graph::Init;
using graph::WeightInit;

WeightInit default_init(std::int64_t fan_in, std::int64_t) {
  return {Init::uniform, 1.0 / std::sqrt(static_cast<double>(fan_in))};
}
WeightInit he_fan_out_init(std::int64_t, std::int64_t) {
  return {Init::kaiming_normal_fan_out};
}
WeightInit he_fan_in_init(std::int64_t fan_in, std::int64_t) {
  return {Init::normal, std::sqrt(2.0 / static_cast<double>(fan_in))};
}
WeightInit he_uniform_init(std::int64_t fan_in, std::int64_t) {
  return {Init::uniform, std::sqrt(6.0 / static_cast<double>(fan_in))};
}
WeightInit sigmoid_init(std::int64_t, std::int64_t fan_out) {
  return {Init::uniform, std::sqrt(3.0 / static_cast<double>(fan_out))};
}
WeightInit small_init(std::int64_t, std::int64_t) {
  return {Init::normal, 0.01};
}
WeightInit truncated_init(std::int64_t, std::int64_t) {
  return {Init::trunc_normal, 0.02};
}

Net::Net(const Frame& frame, InitRule conv_init, graph::BatchNorm2d norm)
    : builder_({frame.channels, frame.input_size.height, frame.input_size.width}), conv_init_(conv_init), norm_(norm) {}

std::int64_t Net::channels(Wire x) const {
  const auto shape = builder_.shape(x);
  return shape.empty() ? 1 : shape.front();
}

Wire Net::conv(const std::string& name, Wire x, std::int64_t out, Window window, bool bias, InitRule init) {
  const auto padding = window.padding.value_or(window.kernel / 2);
  const auto area = window.kernel * window.kernel;
  const auto weight =
      (init != nullptr ? init : conv_init_)(std::max<std::int64_t>(1, channels(x) / window.groups) * area, out * area);
  return builder_.add(graph::Conv2d{.out_channels = out,
                                    .kernel_size = {window.kernel, window.kernel},
                                    .stride = {window.stride, window.stride},
                                    .padding = {padding, padding},
                                    .dilation = {window.dilation, window.dilation},
                                    .groups = window.groups,
                                    .bias = bias},
                      {x}, name, weight);
}

Wire Net::norm(const std::string& name, Wire x) {
  return builder_.add(norm_, {x}, name);
}

Wire Net::activation(const std::string& name, Wire x, Kind kind) {
  return builder_.add(graph::Activation{kind}, {x}, name);
}

Wire Net::conv_norm(const std::string& scope, Wire x, std::int64_t out, Window window, std::optional<Kind> kind) {
  x = norm(scope + ".1", conv(scope + ".0", x, out, window));
  return kind ? activation(scope + ".2", x, *kind) : x;
}

Wire Net::max_pool(const std::string& name, Wire x, Window window, bool ceil_mode) {
  const auto padding = window.padding.value_or(0);
  return builder_.add(
      graph::MaxPool2d{{window.kernel, window.kernel}, {window.stride, window.stride}, {padding, padding}, ceil_mode},
      {x}, name);
}

Wire Net::average_to(const std::string& name, Wire x, std::int64_t size) {
  return builder_.add(graph::AdaptiveAvgPool2d{{size, size}}, {x}, name);
}

Wire Net::flatten(const std::string& name, Wire x) {
  std::int64_t elements = 1;
  for (const auto extent : builder_.shape(x)) elements *= extent;
  return builder_.add(graph::Reshape{{elements}}, {x}, name);
}

Wire Net::linear(const std::string& name, Wire x, std::int64_t out, InitRule init) {
  const auto shape = builder_.shape(x);
  return builder_.add(graph::Linear{out}, {x}, name, init(shape.empty() ? 1 : shape.back(), out));
}

Wire Net::dropout(const std::string& name, Wire x, double p) {
  return builder_.add(graph::Dropout{p}, {x}, name);
}

Wire Net::add(const std::string& name, Wire a, Wire b) {
  return builder_.add(graph::Add{}, {a, b}, name);
}

Wire Net::squeeze_excitation(const std::string& scope, Wire x, std::int64_t squeezed, Kind gate) {
  auto scale = average_to(scope + ".avgpool", x, 1);
  scale = activation(scope + ".activation", conv(scope + ".fc1", scale, squeezed, {}, true));
  scale = activation(scope + ".scale_activation", conv(scope + ".fc2", scale, channels(x), {}, true), gate);
  return builder_.add(graph::Mul{}, {x, scale}, scope + ".mul");
}

Wire Net::op(const std::string& name, graph::Operator op, const std::vector<Wire>& inputs) {
  return builder_.add(std::move(op), inputs, name);
}

Result<graph::Graph> Net::finish(Wire last, const graph::Classifier& classifier, const Frame& frame) {
  return space::finish(builder_, {graph::maps_towards(builder_, last), classifier}, frame);
}

std::int64_t round_to_multiple(double value, std::int64_t divisor) {
  const auto half_up = static_cast<std::int64_t>(value + static_cast<double>(divisor) / 2) / divisor * divisor;
  const auto rounded = std::max(divisor, half_up);
  return static_cast<double>(rounded) < 0.9 * value ? rounded + divisor : rounded;
}

Status check_frame(const Frame& frame) {
  const auto check = [](const char* what, std::int64_t value, std::int64_t most) -> Status {
    if (value >= 1 && value <= most) return {};
    return invalid(std::format("{} is {}; it must be from 1 to {}", what, value, most));
  };
  TRY_DO(check("the number of input channels", frame.channels, 1024));
  TRY_DO(check(frame.input_size.is_square() ? "the input size" : "the input width", frame.input_size.width, 4096));
  TRY_DO(check("the input height", frame.input_size.height, 4096));
  TRY_DO(check("the number of outputs", frame.outputs, 1'000'000));
  return {};
}

}  // namespace edgewise::space
