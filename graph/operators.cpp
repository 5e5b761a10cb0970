#include <algorithm>
#include <format>
#include <utility>

#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// One default value of every operator, an activation once for each kind.
template <std::size_t... I>
std::vector<Operator> list_operators(std::index_sequence<I...>) {
  std::vector<Operator> all{std::variant_alternative_t<I, Operator>{}...};
  for (std::size_t kind = 1; kind < activation_names.size(); ++kind)
    all.emplace_back(Activation{static_cast<ActivationKind>(kind)});
  return all;
}

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
                               [](const LayerScale&) -> std::string_view { return "layer_scale"; }},
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

bool is_view(const Operator& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Dropout>(op) ||
         std::holds_alternative<StochasticDepth>(op);
}

std::vector<TensorSpec> operator_tensors(const Operator& op, const std::string& name, const Shape& input) {
  std::vector<TensorSpec> tensors;
  const auto own = [&](std::string_view suffix, Shape shape, bool trainable = true) {
    tensors.push_back({name + std::string(suffix), std::move(shape), trainable});
  };
  if (const auto* conv = std::get_if<Conv2d>(&op)) {
    own(".weight", {conv->out_channels, input[0] / conv->groups, conv->kernel_size.h, conv->kernel_size.w});
    if (conv->bias) own(".bias", {conv->out_channels});
  } else if (const auto* linear = std::get_if<Linear>(&op)) {
    own(".weight", {linear->out_features, input.back()});
    if (linear->bias) own(".bias", {linear->out_features});
  } else if (std::holds_alternative<BatchNorm2d>(op)) {
    own(".weight", {input[0]});
    own(".bias", {input[0]});
    own(".running_mean", {input[0]}, false);
    own(".running_var", {input[0]}, false);
    own(".num_batches_tracked", {}, false);
  } else if (std::holds_alternative<LayerNorm>(op)) {
    own(".weight", {input.back()});
    own(".bias", {input.back()});
  } else if (std::holds_alternative<LayerScale>(op)) {
    own("", {input[0], 1, 1});
  }
  return tensors;
}

std::int64_t operator_macs(const Operator& op, const Shape& first_input, const Shape& output) {
  if (const auto* conv = std::get_if<Conv2d>(&op))
    return elements(output) * (first_input[0] / conv->groups * conv->kernel_size.h * conv->kernel_size.w);
  if (std::holds_alternative<Linear>(op) || std::holds_alternative<MatMul>(op))
    return elements(output) * first_input.back();
  return 0;
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
