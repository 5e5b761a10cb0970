#include <algorithm>
#include <format>
#include <utility>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"
#include "graph/visit.hpp"

namespace edgewise::graph {

namespace {

/// One default value of every operator, an activation once for each kind.
template <std::size_t... I>
std::vector<Operator> list_operators(std::index_sequence<I...>) {
  std::vector<Operator> all{std::variant_alternative_t<I, Operator>{}...};
  for (std::size_t kind = 1; kind < activation_names.size(); ++kind)
    all.emplace_back(Activation{static_cast<ActivationKind>(kind)});
  return all;
}

/// Attributes as text that differs whenever they differ.
struct AttributeText {
  std::string text;
  void operator()(std::string_view, std::int64_t value) { text += std::format("{},", value); }
  void operator()(std::string_view, bool value) { text += value ? "t," : "f,"; }
  void operator()(std::string_view, double value) { text += std::format("{:a},", value); }
  void operator()(std::string_view, const Pair& value) { text += std::format("{}x{},", value.h, value.w); }
  void operator()(std::string_view, const Shape& value) { text += to_text(value) + ","; }
  void operator()(std::string_view, ResizeMode value) { text += std::format("{},", static_cast<int>(value)); }
  // Nothing for 32-bit floats: the texts of networks from before there were types stay what they were.
  void operator()(std::string_view, DataType value) {
    if (value != DataType::float32) text += std::format("{},", graph::to_text(value));
  }
  void operator()(std::string_view, const Tensor& value) {
    const auto bytes = value.bytes();
    text += std::format("{} {} {:x},", graph::to_text(value.type()), to_text(value.shape),
                        stable_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  }
};

std::vector<Operator> all_operators() {
  return list_operators(std::make_index_sequence<std::variant_size_v<Operator>>{});
}

}  // namespace

std::string_view operator_name(const Operator& op) {
  return std::visit(Overloaded{[](const Input&) -> std::string_view { return "input"; },
                               [](const Conv2d&) -> std::string_view { return "conv2d"; },
                               [](const BatchNorm2d&) -> std::string_view { return "batch_norm2d"; },
                               [](const LayerNorm&) -> std::string_view { return "layer_norm"; },
                               [](const Activation& a) { return activation_names[static_cast<std::size_t>(a.kind)]; },
                               [](const MaxPool2d&) -> std::string_view { return "max_pool2d"; },
                               [](const AvgPool2d&) -> std::string_view { return "avg_pool2d"; },
                               [](const AdaptiveAvgPool2d&) -> std::string_view { return "adaptive_avg_pool2d"; },
                               [](const Linear&) -> std::string_view { return "linear"; },
                               [](const Add&) -> std::string_view { return "add"; },
                               [](const Mul&) -> std::string_view { return "mul"; },
                               [](const Concat&) -> std::string_view { return "concat"; },
                               [](const Split&) -> std::string_view { return "split"; },
                               [](const ChannelShuffle&) -> std::string_view { return "channel_shuffle"; },
                               [](const Reshape&) -> std::string_view { return "reshape"; },
                               [](const Permute&) -> std::string_view { return "permute"; },
                               [](const MatMul&) -> std::string_view { return "matmul"; },
                               [](const Softmax&) -> std::string_view { return "softmax"; },
                               [](const Resize&) -> std::string_view { return "resize"; },
                               [](const Dropout&) -> std::string_view { return "dropout"; },
                               [](const StochasticDepth&) -> std::string_view { return "stochastic_depth"; },
                               [](const LayerScale&) -> std::string_view { return "layer_scale"; },
                               [](const Constant&) -> std::string_view { return "constant"; },
                               [](const Cast&) -> std::string_view { return "cast"; }},
                    op);
}

std::optional<Operator> operator_by_name(std::string_view name) {
  static const std::vector<Operator> all = all_operators();
  const auto found = std::ranges::find_if(all, [&](const Operator& op) { return operator_name(op) == name; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const Operator& op : all_operators()) names.emplace_back(operator_name(op));
  return names;
}

std::string to_text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::string operator_text(const Operator& op) {
  AttributeText attributes;
  std::visit([&](const auto& one) { for_each_attribute(one, attributes); }, op);
  return std::format("{}({})", operator_name(op), attributes.text);
}

bool is_new_in_version_2(const Operator& op) {
  static const std::size_t last_of_version_1 = Operator(LayerScale{}).index();
  if (const auto* input = std::get_if<Input>(&op)) return input->type != DataType::float32;
  return op.index() > last_of_version_1;
}

bool is_view(const Operator& op) {
  return std::visit(
      Overloaded{[](const OneOf<Reshape, Dropout, StochasticDepth> auto&) { return true; },
                 [](const OneOf<Input, Conv2d, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d,
                                AdaptiveAvgPool2d, Linear, Add, Mul, Concat, Split, ChannelShuffle, Permute, MatMul,
                                Softmax, Resize, LayerScale, Constant, Cast> auto&) { return false; }},
      op);
}

std::int64_t stride_of(const Operator& op) {
  return std::visit(
      Overloaded{[](const OneOf<Conv2d, MaxPool2d, AvgPool2d> auto& windows) { return windows.stride.h; },
                 [](const OneOf<Input, BatchNorm2d, LayerNorm, Activation, AdaptiveAvgPool2d, Linear, Add, Mul, Concat,
                                Split, ChannelShuffle, Reshape, Permute, MatMul, Softmax, Resize, Dropout,
                                StochasticDepth, LayerScale, Constant, Cast> auto&) { return std::int64_t{1}; }},
      op);
}

bool is_commutative(const Operator& op) {
  return std::visit(
      Overloaded{
          [](const OneOf<Add, Mul> auto&) { return true; },
          [](const OneOf<Input, Conv2d, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d,
                         Linear, Concat, Split, ChannelShuffle, Reshape, Permute, MatMul, Softmax, Resize, Dropout,
                         StochasticDepth, LayerScale, Constant, Cast> auto&) { return false; }},
      op);
}

bool draws_weight(const Operator& op) {
  return std::visit(
      Overloaded{[](const OneOf<Conv2d, Linear> auto&) { return true; },
                 [](const OneOf<Input, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Add,
                                Mul, Concat, Split, ChannelShuffle, Reshape, Permute, MatMul, Softmax, Resize, Dropout,
                                StochasticDepth, LayerScale, Constant, Cast> auto&) { return false; }},
      op);
}

bool computes_nothing(const Graph& graph, std::size_t index) {
  const Node& node = graph.node(index);
  const auto keeps_shape = [&] { return graph.shape(index) == graph.shape(node.inputs[0]); };
  return std::visit(
      Overloaded{
          [](const OneOf<Dropout, StochasticDepth> auto&) { return true; },
          [&](const OneOf<AdaptiveAvgPool2d, Reshape, Resize> auto&) { return keeps_shape(); },
          [](const Split& op) { return op.parts == 1; }, [&](const Concat&) { return node.inputs.size() == 1; },
          [&](const Cast&) { return graph.type(index) == graph.type(node.inputs[0]); },
          [](const OneOf<Input, Conv2d, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d, Linear, Add, Mul,
                         ChannelShuffle, Permute, MatMul, Softmax, LayerScale, Constant> auto&) { return false; }},
      node.op);
}

std::vector<TensorSpec> operator_tensors(const Operator& op, const std::string& name, const Shape& input) {
  std::vector<TensorSpec> tensors;
  const auto own = [&](std::string_view suffix, Shape shape, bool trainable = true) {
    tensors.push_back({name + std::string(suffix), std::move(shape), trainable});
  };
  std::visit(
      Overloaded{[&](const Conv2d& conv) {
                   own(".weight", {conv.out_channels, input[0] / conv.groups, conv.kernel_size.h, conv.kernel_size.w});
                   if (conv.bias) own(".bias", {conv.out_channels});
                 },
                 [&](const Linear& linear) {
                   own(".weight", {linear.out_features, input.back()});
                   if (linear.bias) own(".bias", {linear.out_features});
                 },
                 [&](const BatchNorm2d&) {
                   own(".weight", {input[0]});
                   own(".bias", {input[0]});
                   own(".running_mean", {input[0]}, false);
                   own(".running_var", {input[0]}, false);
                   own(".num_batches_tracked", {}, false);
                 },
                 [&](const LayerNorm&) {
                   own(".weight", {input.back()});
                   own(".bias", {input.back()});
                 },
                 [&](const LayerScale&) { own("", {input[0], 1, 1}); },
                 [](const OneOf<Input, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Add, Mul, Concat, Split,
                                ChannelShuffle, Reshape, Permute, MatMul, Softmax, Resize, Dropout, StochasticDepth,
                                Constant, Cast> auto&) {}},
      op);
  return tensors;
}

std::int64_t operator_macs(const Operator& op, const Shape& first_input, const Shape& output) {
  return std::visit(
      Overloaded{[&](const Conv2d& conv) {
                   return elements(output) * (first_input[0] / conv.groups * conv.kernel_size.h * conv.kernel_size.w);
                 },
                 [&](const OneOf<Linear, MatMul> auto&) { return elements(output) * first_input.back(); },
                 [](const OneOf<Input, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Add,
                                Mul, Concat, Split, ChannelShuffle, Reshape, Permute, Softmax, Resize, Dropout,
                                StochasticDepth, LayerScale, Constant, Cast> auto&) { return std::int64_t{0}; }},
      op);
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t most = 80;
  std::string text;
  const std::size_t end = std::min(name.size(), most);
  for (const char c : name.substr(0, end)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (name.size() > most) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.pop_back();
    text += "...";
  }
  return '"' + text + '"';
}

}  // namespace edgewise::graph
