/// The attributes of every operator, told once: the JSON document, the structural hash, the checks and the drawing read
/// them from here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// The most elements of one value or one tensor.
constexpr std::int64_t max_elements = std::int64_t{1} << 31;
/// The most multiply-accumulates of one node. With `max_nodes` it keeps every sum over a graph inside 63 bits.
constexpr std::int64_t max_node_macs = std::int64_t{1} << 46;
constexpr std::size_t max_nodes = 100'000;
constexpr std::size_t max_outputs = 1000;
constexpr std::size_t max_name_bytes = 200;
constexpr std::size_t max_rank = 8;
/// The most of a kernel size, stride, padding or dilation.
constexpr std::int64_t max_extent = 65'536;

// Spelling of the enumerators, in their order.
constexpr std::array<std::string_view, 7> activation_names{"relu",        "relu6", "silu",   "hardswish",
                                                           "hardsigmoid", "gelu",  "sigmoid"};
constexpr std::array<std::string_view, 8> init_names{"kaiming_normal_fan_out",
                                                     "kaiming_uniform",
                                                     "xavier_uniform",
                                                     "normal",
                                                     "uniform",
                                                     "trunc_normal",
                                                     "ones",
                                                     "zeros"};
constexpr std::array<std::string_view, 2> resize_mode_names{"nearest", "bilinear"};

/// Calls `visit(name, member)` for each attribute of `op` (an alternative of `Operator`, const or not), in the order of
/// its declaration. Members are of type int64, double, bool, Pair, Shape (Permute's order too), ResizeMode, DataType or
/// Tensor.
template <class Op, class Visit>
void for_each_attribute(Op& op, Visit&& visit) {
  using T = std::remove_const_t<Op>;
  if constexpr (std::is_same_v<T, Input>) {
    visit("shape", op.shape);
    visit("type", op.type);
  } else if constexpr (std::is_same_v<T, Reshape>) {
    visit("shape", op.shape);
  } else if constexpr (std::is_same_v<T, Conv2d>) {
    visit("out_channels", op.out_channels);
    visit("kernel_size", op.kernel_size);
    visit("stride", op.stride);
    visit("padding", op.padding);
    visit("dilation", op.dilation);
    visit("groups", op.groups);
    visit("bias", op.bias);
  } else if constexpr (std::is_same_v<T, BatchNorm2d>) {
    visit("eps", op.eps);
    visit("momentum", op.momentum);
  } else if constexpr (std::is_same_v<T, LayerNorm>) {
    visit("eps", op.eps);
  } else if constexpr (std::is_same_v<T, MaxPool2d> || std::is_same_v<T, AvgPool2d>) {
    visit("kernel_size", op.kernel_size);
    visit("stride", op.stride);
    visit("padding", op.padding);
    visit("ceil_mode", op.ceil_mode);
    if constexpr (std::is_same_v<T, AvgPool2d>) visit("count_include_pad", op.count_include_pad);
  } else if constexpr (std::is_same_v<T, AdaptiveAvgPool2d>) {
    visit("output_size", op.output_size);
  } else if constexpr (std::is_same_v<T, Linear>) {
    visit("out_features", op.out_features);
    visit("bias", op.bias);
  } else if constexpr (std::is_same_v<T, Concat>) {
    visit("axis", op.axis);
  } else if constexpr (std::is_same_v<T, Split>) {
    visit("axis", op.axis);
    visit("parts", op.parts);
    visit("index", op.index);
  } else if constexpr (std::is_same_v<T, ChannelShuffle>) {
    visit("groups", op.groups);
  } else if constexpr (std::is_same_v<T, Permute>) {
    visit("order", op.order);
  } else if constexpr (std::is_same_v<T, MatMul>) {
    visit("transpose_b", op.transpose_b);
    visit("scale", op.scale);
  } else if constexpr (std::is_same_v<T, Resize>) {
    visit("output_size", op.output_size);
    visit("mode", op.mode);
  } else if constexpr (std::is_same_v<T, Dropout> || std::is_same_v<T, StochasticDepth>) {
    visit("p", op.p);
  } else if constexpr (std::is_same_v<T, LayerScale>) {
    visit("initial", op.initial);
  } else if constexpr (std::is_same_v<T, Constant>) {
    visit("value", op.value);
  } else if constexpr (std::is_same_v<T, Cast>) {
    visit("to", op.to);
  } else {
    static_assert(
        std::is_same_v<T, Activation> || std::is_same_v<T, Add> || std::is_same_v<T, Mul> || std::is_same_v<T, Softmax>,
        "a new operator needs its attributes here");
  }
}

/// The operator called `name`, with default attributes; nothing if there is none.
std::optional<Operator> operator_by_name(std::string_view name);
/// All operator names.
std::vector<std::string> operator_names();

/// The operator's name and attributes as a text that differs whenever they differ. Types are told where they are not
/// 32-bit floats, and numbers of a constant by a hash of 64 bits.
std::string operator_text(const Operator& op);
/// Whether a document needs version 2 for this operator.
bool is_new_in_version_2(const Operator& op);

/// Every extent at least 1, no more than `max_elements` in all; multiplies nothing that could overflow.
Status check_shape(std::string_view what, const Shape& shape);
/// Number of elements; 1 for a scalar. The shape must have passed `make_graph` or `infer_shape`.
std::int64_t elements(const Shape& shape);
/// The tensors that `op`, called `name`, owns when its first input has the shape `input`.
std::vector<TensorSpec> operator_tensors(const Operator& op, const std::string& name, const Shape& input);
/// Multiply-accumulates of `op` with these shapes. The shapes must belong together.
std::int64_t operator_macs(const Operator& op, const Shape& first_input, const Shape& output);
/// The value is its input's memory under another shape: in inference these operators compute nothing.
bool is_view(const Operator& op);
/// How many times smaller `op` makes a map, along its height.
std::int64_t stride_of(const Operator& op);
/// The order of its inputs makes no difference.
bool is_commutative(const Operator& op);
/// A name in quotes for a message: control characters replaced, shortened when long.
std::string in_quotes(std::string_view name);

}  // namespace edgewise::graph
