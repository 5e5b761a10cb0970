// What the drawing says of each operator: words, colour, and with what it shares a box.
#include <array>
#include <format>

#include "graph/drawing_internal.hpp"
#include "graph/operators_internal.hpp"
#include "graph/visit.hpp"

namespace edgewise::graph {

namespace {

std::string times_sign(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c == 'x')
      result += "×";
    else
      result += c;
  return result;
}
/// "2" for a square, "2×1" otherwise.
std::string brief(const Pair& pair) {
  return pair.h == pair.w ? std::to_string(pair.h) : pretty(pair);
}

bool is_depthwise(const Graph& graph, std::size_t node) {
  const auto* conv = std::get_if<Conv2d>(&graph.node(node).op);
  return conv != nullptr && conv->groups > 1 && conv->groups == graph.shape(graph.node(node).inputs[0])[0];
}

std::string pool_details(const auto& op) {
  std::string text = "stride " + brief(op.stride);
  if (op.padding != Pair{0, 0}) text += " · padding " + brief(op.padding);
  if (op.ceil_mode) text += " · ceil";
  return text;
}

}  // namespace

std::string pretty(const Shape& shape) {
  return times_sign(to_text(shape));
}
std::string pretty(const Pair& pair) {
  return std::format("{}×{}", pair.h, pair.w);
}

Family family_of(const Graph& graph, std::size_t node) {
  using namespace families;
  return std::visit(
      Overloaded{[](const Input&) { return input; },
                 [&](const Conv2d&) { return is_depthwise(graph, node) ? depthwise : convolution; },
                 [](const OneOf<Linear, MatMul> auto&) { return linear; },
                 [](const OneOf<MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Resize> auto&) { return pooling; },
                 [](const OneOf<Add, Mul, Concat, Split, ChannelShuffle> auto&) { return joining; },
                 [](const OneOf<BatchNorm2d, LayerNorm, Activation, Reshape, Permute, Softmax, Dropout, StochasticDepth,
                                LayerScale, Constant, Cast> auto&) { return other; }},
      graph.node(node).op);
}

Boxing boxing_of(const Operator& op) {
  return std::visit(
      Overloaded{
          [](const OneOf<Input, Constant> auto&) {
            return Boxing{.takes = Boxing::Takes::nothing, .sets_first_axis = true};
          },
          [](const OneOf<Conv2d, Linear> auto&) { return Boxing{.sets_first_axis = true}; },
          [](const Reshape&) { return Boxing{.goes = Boxing::Goes::with_layers, .sets_first_axis = true}; },
          [](const OneOf<Activation, Dropout, ChannelShuffle> auto&) { return Boxing{.goes = Boxing::Goes::with_all}; },
          [](const OneOf<BatchNorm2d, LayerNorm, StochasticDepth, LayerScale, Permute, Softmax, Cast> auto&) {
            return Boxing{.goes = Boxing::Goes::with_layers};
          },
          // A norm after a join stands alone: it opens the next block.
          [](const OneOf<Add, Mul, Concat, Split> auto&) { return Boxing{.takes = Boxing::Takes::simple}; },
          [](const OneOf<MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, MatMul, Resize> auto&) { return Boxing{}; }},
      op);
}

Words words_of(const Graph& graph, std::size_t index) {
  const Node& node = graph.node(index);
  return std::visit(
      Overloaded{
          [](const Input&) -> Words { return {"input", ""}; },
          [&](const Conv2d& op) -> Words {
            const bool by_channel = is_depthwise(graph, index);
            Words words{
                std::format("{} {} → {}", by_channel ? "depthwise" : "conv", pretty(op.kernel_size), op.out_channels),
                ""};
            const auto add = [&](const std::string& text) {
              words.details += (words.details.empty() ? "" : " · ") + text;
            };
            if (op.stride != Pair{1, 1}) add("stride " + brief(op.stride));
            if (op.groups > 1 && !by_channel) add(std::format("groups {}", op.groups));
            if (op.dilation != Pair{1, 1}) add("dilation " + brief(op.dilation));
            const Pair same{op.dilation.h * (op.kernel_size.h - 1) / 2, op.dilation.w * (op.kernel_size.w - 1) / 2};
            if (op.padding != same) add("padding " + brief(op.padding));
            return words;
          },
          [](const BatchNorm2d&) -> Words { return {"batch norm", ""}; },
          [](const LayerNorm&) -> Words { return {"layer norm", ""}; },
          [](const Activation& op) -> Words {
            constexpr std::array<std::string_view, 7> names{"ReLU",        "ReLU6", "SiLU",   "Hardswish",
                                                            "Hardsigmoid", "GELU",  "sigmoid"};
            return {std::string(names[static_cast<std::size_t>(op.kind)]), ""};
          },
          [](const MaxPool2d& op) -> Words { return {"max pool " + pretty(op.kernel_size), pool_details(op)}; },
          [](const AvgPool2d& op) -> Words { return {"average pool " + pretty(op.kernel_size), pool_details(op)}; },
          [](const AdaptiveAvgPool2d& op) -> Words {
            if (op.output_size == Pair{1, 1}) return {"global average pool", ""};
            return {"average pool to " + pretty(op.output_size), ""};
          },
          [](const Linear& op) -> Words { return {std::format("linear → {}", op.out_features), ""}; },
          [](const Add&) -> Words { return {"add", ""}; },
          [](const Mul&) -> Words { return {"multiply", ""}; },
          [&](const Concat&) -> Words { return {std::format("concat of {}", node.inputs.size()), ""}; },
          [](const Split& op) -> Words { return {std::format("part {} of {}", op.index + 1, op.parts), ""}; },
          [](const ChannelShuffle& op) -> Words { return {std::format("shuffle {} groups", op.groups), ""}; },
          [&](const Reshape&) -> Words {
            return {graph.shape(index).size() == 1 ? "flatten" : "reshape to " + pretty(graph.shape(index)), ""};
          },
          [](const Permute& op) -> Words {
            std::string order;
            for (const std::int64_t axis : op.order) order += std::format(" {}", axis);
            return {"permute" + order, ""};
          },
          [](const MatMul& op) -> Words { return {"matmul", op.transpose_b ? "second transposed" : ""}; },
          [](const Softmax&) -> Words { return {"softmax", ""}; },
          [](const Resize& op) -> Words {
            return {"resize to " + pretty(op.output_size), op.mode == ResizeMode::nearest ? "nearest" : "bilinear"};
          },
          [](const Dropout& op) -> Words { return {std::format("dropout {:.3g}", op.p), ""}; },
          [](const StochasticDepth&) -> Words { return {"stochastic depth", ""}; },
          [](const LayerScale&) -> Words { return {"layer scale", ""}; },
          [](const Constant& op) -> Words { return {"constant", std::string(to_text(op.value.type()))}; },
          [](const Cast& op) -> Words { return {std::format("cast to {}", to_text(op.to)), ""}; }},
      node.op);
}

}  // namespace edgewise::graph
