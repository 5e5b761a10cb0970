// Inference of shapes and types: one function for each operator, which also checks the operator's attributes.
#include <algorithm>
#include <cmath>
#include <format>
#include <utility>

#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"
#include "graph/visit.hpp"

namespace edgewise::graph {

Status check_shape(std::string_view what, const Shape& shape) {
  if (shape.size() > max_rank)
    return invalid(std::format("{} has {} axes, more than {}", what, shape.size(), max_rank));
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) return invalid(std::format("{} {} has an axis of {}, less than 1", what, to_text(shape), extent));
    if (extent > max_elements || (count *= extent) > max_elements)
      return invalid(std::format("{} {} has more than {} elements", what, to_text(shape), max_elements));
  }
  return {};
}

namespace {

std::string pair_text(const Pair& pair) {
  return std::format("{}x{}", pair.h, pair.w);
}

Status check_range(std::string_view what, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    return invalid(std::format("\"{}\" {} is not within {} .. {}", what, value, low, high));
  return {};
}

Status check_range(std::string_view what, const Pair& value, std::int64_t low, std::int64_t high) {
  if (std::min(value.h, value.w) < low || std::max(value.h, value.w) > high)
    return invalid(std::format("\"{}\" {} is not within {} .. {}", what, pair_text(value), low, high));
  return {};
}

/// Multiply-accumulates stay countable.
Status check_macs(std::int64_t each, std::int64_t times) {
  if (each > max_node_macs / times)
    return invalid(std::format("more than {} multiply-accumulates in one operation", max_node_macs),
                   "make the value or the kernel smaller");
  return {};
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// PyTorch's rule: with `ceil_mode` a last window may stick out, but it must start inside the input or its left
/// padding.
std::int64_t pooled(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t padding, bool ceil_mode) {
  std::int64_t out = floor_divide(in + 2 * padding - kernel + (ceil_mode ? stride - 1 : 0), stride) + 1;
  if (ceil_mode && (out - 1) * stride >= in + padding) --out;
  return out;
}

class Inference {
 public:
  Inference(std::string_view name, const std::vector<Shape>& inputs) : name_(name), inputs_(inputs) {}

  Result<Shape> operator()(const Input& op) const {
    TRY_DO(take(0));
    TRY_DO(check_type("type", op.type));
    if (op.shape.empty()) return invalid("\"shape\" of the input is empty", "give (C, H, W) for images");
    return op.shape;
  }

  Result<Shape> operator()(const Conv2d& op) const {
    TRY(const Shape in, take_image());
    TRY_DO(check_range("out_channels", op.out_channels, 1, max_elements));
    TRY_DO(check_range("kernel_size", op.kernel_size, 1, max_extent));
    TRY_DO(check_range("stride", op.stride, 1, max_extent));
    TRY_DO(check_range("padding", op.padding, 0, max_extent));
    TRY_DO(check_range("dilation", op.dilation, 1, max_extent));
    TRY_DO(check_range("groups", op.groups, 1, max_elements));
    if (in[0] % op.groups != 0)
      return invalid(std::format("\"groups\" {} does not divide the {} input channels", op.groups, in[0]));
    if (op.out_channels % op.groups != 0)
      return invalid(std::format("\"groups\" {} does not divide \"out_channels\" {}", op.groups, op.out_channels));
    const Pair reach{op.dilation.h * (op.kernel_size.h - 1) + 1, op.dilation.w * (op.kernel_size.w - 1) + 1};
    const Pair padded{in[1] + 2 * op.padding.h, in[2] + 2 * op.padding.w};
    TRY_DO(check_fits(op.kernel_size, reach, padded));
    const Shape weight{op.out_channels, in[0] / op.groups, op.kernel_size.h, op.kernel_size.w};
    TRY_DO(check_shape("the weight", weight));
    const Shape out{op.out_channels, (padded.h - reach.h) / op.stride.h + 1, (padded.w - reach.w) / op.stride.w + 1};
    TRY_DO(check_shape("the output", out));
    TRY_DO(check_macs(elements(out), elements(weight) / op.out_channels));
    return out;
  }

  Result<Shape> operator()(const BatchNorm2d& op) const {
    TRY(Shape in, take_image());
    TRY_DO(check_eps(op.eps));
    if (!(op.momentum >= 0.0 && op.momentum <= 1.0))
      return invalid(std::format("\"momentum\" {} is not within 0 .. 1", op.momentum));
    return in;
  }

  Result<Shape> operator()(const LayerNorm& op) const {
    TRY(Shape in, take_one());
    TRY_DO(check_eps(op.eps));
    return in;
  }

  Result<Shape> operator()(const Activation& op) const {
    TRY_DO(check_range("kind", static_cast<std::int64_t>(op.kind), 0, std::ssize(activation_names) - 1));
    return take_one();
  }
  Result<Shape> operator()(const MaxPool2d& op) const { return pool(op); }
  Result<Shape> operator()(const AvgPool2d& op) const { return pool(op); }

  Result<Shape> operator()(const AdaptiveAvgPool2d& op) const {
    TRY(const Shape in, take_image());
    TRY_DO(check_range("output_size", op.output_size, 1, max_extent));
    return Shape{in[0], op.output_size.h, op.output_size.w};
  }

  Result<Shape> operator()(const Linear& op) const {
    TRY(Shape shape, take_one());
    TRY_DO(check_range("out_features", op.out_features, 1, max_elements));
    const std::int64_t in_features = shape.back();
    TRY_DO(check_shape("the weight", {op.out_features, in_features}));
    shape.back() = op.out_features;
    TRY_DO(check_shape("the output", shape));
    TRY_DO(check_macs(elements(shape), in_features));
    return shape;
  }

  Result<Shape> operator()(const Add&) const {
    TRY_DO(take_at_least(2));
    for (const Shape& shape : inputs_)
      if (shape != inputs_[0])
        return invalid(
            std::format("add takes values of one shape, not {} and {}", to_text(inputs_[0]), to_text(shape)));
    return inputs_[0];
  }

  Result<Shape> operator()(const Mul&) const {
    TRY_DO(take(2));
    const Shape &a = inputs_[0], &b = inputs_[1];
    bool fits = a.size() == b.size();
    Shape out = a;
    for (std::size_t i = 0; fits && i < a.size(); ++i) {
      fits = a[i] == b[i] || a[i] == 1 || b[i] == 1;
      out[i] = std::max(a[i], b[i]);
    }
    if (!fits)
      return invalid(
          std::format("mul takes values of one shape or with axes of 1, not {} and {}", to_text(a), to_text(b)));
    return out;
  }

  Result<Shape> operator()(const Concat& op) const {
    TRY_DO(take_at_least(1));
    Shape out = inputs_[0];
    TRY_DO(check_range("axis", op.axis, 0, std::ssize(out) - 1));
    const auto axis = static_cast<std::size_t>(op.axis);
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      Shape same = inputs_[i];
      if (same.size() == out.size()) same[axis] = out[axis];
      if (same != out)
        return invalid(std::format("concat along axis {} takes values that are equal in all other axes, not {} and {}",
                                   op.axis, to_text(inputs_[0]), to_text(inputs_[i])));
      out[axis] += inputs_[i][axis];
      TRY_DO(check_shape("the output", out));  // inside the loop: many inputs must not overflow the sum
    }
    return out;
  }

  Result<Shape> operator()(const Split& op) const {
    TRY(Shape out, take_one());
    TRY_DO(check_range("axis", op.axis, 0, std::ssize(out) - 1));
    TRY_DO(check_range("parts", op.parts, 1, max_elements));
    TRY_DO(check_range("index", op.index, 0, op.parts - 1));
    std::int64_t& extent = out[static_cast<std::size_t>(op.axis)];
    if (extent % op.parts != 0)
      return invalid(std::format("\"parts\" {} does not divide axis {} of {}", op.parts, op.axis, to_text(inputs_[0])));
    extent /= op.parts;
    return out;
  }

  Result<Shape> operator()(const ChannelShuffle& op) const {
    TRY(Shape in, take_image());
    TRY_DO(check_range("groups", op.groups, 1, max_elements));
    if (in[0] % op.groups != 0)
      return invalid(std::format("\"groups\" {} does not divide the {} channels", op.groups, in[0]));
    return in;
  }

  Result<Shape> operator()(const Reshape& op) const {
    TRY(const Shape in, take_one());
    TRY_DO(check_shape("\"shape\"", op.shape));
    if (op.shape.empty()) return invalid("\"shape\" is empty", "name at least one axis");
    if (elements(op.shape) != elements(in))
      return invalid(std::format("\"shape\" {} has {} elements, but the value {} has {}", to_text(op.shape),
                                 elements(op.shape), to_text(in), elements(in)));
    return op.shape;
  }

  Result<Shape> operator()(const Permute& op) const {
    TRY(const Shape in, take_one());
    std::vector<bool> used(in.size(), false);
    Shape out;
    for (const std::int64_t axis : op.order) {
      const bool fits = axis >= 0 && axis < std::ssize(in) && !used[static_cast<std::size_t>(axis)];
      if (!fits) break;
      used[static_cast<std::size_t>(axis)] = true;
      out.push_back(in[static_cast<std::size_t>(axis)]);
    }
    if (out.size() != in.size() || op.order.size() != in.size())
      return invalid(std::format("\"order\" does not name each of the {} axes of {} once", in.size(), to_text(in)));
    return out;
  }

  Result<Shape> operator()(const MatMul& op) const {
    TRY_DO(take(2));
    if (!std::isfinite(op.scale)) return invalid("\"scale\" is not a finite number");
    const Shape &a = inputs_[0], &b = inputs_[1];
    const std::size_t rank = a.size();
    const std::size_t shared_axis = rank - (op.transpose_b ? 1 : 2), free_axis = rank - (op.transpose_b ? 2 : 1);
    if (rank < 2 || b.size() != rank || a[rank - 1] != b[shared_axis] || !std::equal(a.begin(), a.end() - 2, b.begin()))
      return invalid(
          std::format("matmul cannot multiply {} by {}{}", to_text(a), to_text(b), op.transpose_b ? " transposed" : ""),
          op.transpose_b ? "it takes (..., m, k) and (..., n, k)" : "it takes (..., m, k) and (..., k, n)");
    Shape out = a;
    out.back() = b[free_axis];
    TRY_DO(check_shape("the output", out));
    TRY_DO(check_macs(elements(out), a.back()));
    return out;
  }

  Result<Shape> operator()(const Softmax&) const { return take_one(); }

  Result<Shape> operator()(const Resize& op) const {
    TRY(const Shape in, take_image());
    TRY_DO(check_range("output_size", op.output_size, 1, max_extent));
    TRY_DO(check_range("mode", static_cast<std::int64_t>(op.mode), 0, std::ssize(resize_mode_names) - 1));
    return Shape{in[0], op.output_size.h, op.output_size.w};
  }

  Result<Shape> operator()(const Dropout& op) const { return drop(op.p); }
  Result<Shape> operator()(const StochasticDepth& op) const { return drop(op.p); }

  Result<Shape> operator()(const LayerScale& op) const {
    if (!std::isfinite(op.initial)) return invalid("\"initial\" is not a finite number");
    return take_image();
  }

  Result<Shape> operator()(const Constant& op) const {
    TRY_DO(take(0));
    const Tensor& value = op.value;
    if (value.shape.empty()) return invalid("\"value\" of the constant has no axis", "give one number the shape [1]");
    TRY_DO(check_shape("\"value\"", value.shape));
    if (std::cmp_not_equal(value.size(), elements(value.shape)))
      return invalid(std::format("\"value\" holds {} numbers for the shape {}", value.size(), to_text(value.shape)));
    if (value.type() == DataType::float32 && std::ranges::any_of(value.floats(), [](float x) { return std::isnan(x); }))
      return invalid("\"value\" holds what is not a number (NaN)");
    if (value.type() == DataType::float16 &&
        std::ranges::any_of(value.as<Float16>(), [](Float16 x) { return std::isnan(to_float(x)); }))
      return invalid("\"value\" holds what is not a number (NaN)");
    return value.shape;
  }

  Result<Shape> operator()(const Cast& op) const {
    TRY_DO(check_type("to", op.to));
    return take_one();
  }

 private:
  Status take(std::size_t count) const {
    if (inputs_.size() != count)
      return invalid(std::format("{} takes {} input{}, not {}", name_, count, count == 1 ? "" : "s", inputs_.size()));
    return {};
  }

  Status take_at_least(std::size_t count) const {
    if (inputs_.size() < count)
      return invalid(
          std::format("{} takes at least {} input{}, not {}", name_, count, count == 1 ? "" : "s", inputs_.size()));
    return {};
  }

  Result<Shape> take_one() const {
    TRY_DO(take(1));
    return inputs_[0];
  }

  Result<Shape> take_image() const {
    TRY_DO(take(1));
    if (inputs_[0].size() != 3)
      return invalid(std::format("{} takes an image (C, H, W), not a value of shape {}", name_, to_text(inputs_[0])));
    return inputs_[0];
  }

  static Status check_type(std::string_view what, DataType type) {
    return check_range(what, static_cast<std::int64_t>(type), 0, std::ssize(data_type_names) - 1);
  }

  static Status check_eps(double eps) {
    if (!(eps >= 1e-12 && eps <= 1.0)) return invalid(std::format("\"eps\" {} is not within 1e-12 .. 1", eps));
    return {};
  }

  static Status check_fits(const Pair& kernel, const Pair& reach, const Pair& padded) {
    if (reach.h > padded.h || reach.w > padded.w)
      return invalid(std::format("\"kernel_size\" {} reaches over {}, more than the padded input {}", pair_text(kernel),
                                 pair_text(reach), pair_text(padded)),
                     "make the kernel smaller, the padding or the image larger");
    return {};
  }

  template <class Pool>
  Result<Shape> pool(const Pool& op) const {
    TRY(const Shape in, take_image());
    TRY_DO(check_range("kernel_size", op.kernel_size, 1, max_extent));
    TRY_DO(check_range("stride", op.stride, 1, max_extent));
    TRY_DO(check_range("padding", op.padding, 0, max_extent));
    if (op.padding.h > op.kernel_size.h / 2 || op.padding.w > op.kernel_size.w / 2)
      return invalid(std::format("\"padding\" {} is more than half of \"kernel_size\" {}", pair_text(op.padding),
                                 pair_text(op.kernel_size)));
    const Shape out{in[0], pooled(in[1], op.kernel_size.h, op.stride.h, op.padding.h, op.ceil_mode),
                    pooled(in[2], op.kernel_size.w, op.stride.w, op.padding.w, op.ceil_mode)};
    if (out[1] < 1 || out[2] < 1)
      return invalid(std::format("\"kernel_size\" {} is more than the padded input {}", pair_text(op.kernel_size),
                                 pair_text(Pair{in[1] + 2 * op.padding.h, in[2] + 2 * op.padding.w})),
                     "make the kernel smaller, the padding or the image larger");
    return out;
  }

  Result<Shape> drop(double p) const {
    if (!(p >= 0.0 && p < 1.0)) return invalid(std::format("\"p\" {} is not within [0, 1)", p));
    return take_one();
  }

  std::string_view name_;
  const std::vector<Shape>& inputs_;
};

}  // namespace

Result<Shape> infer_shape(const Operator& op, const std::vector<Shape>& inputs) {
  for (const Shape& input : inputs) {
    TRY_DO(check_shape("the input", input));
    if (input.empty()) return invalid(std::format("{} takes no scalar", operator_name(op)));
  }
  TRY(Shape out, std::visit(Inference(operator_name(op), inputs), op));
  TRY_DO(check_shape("the output", out));
  return out;
}

Result<DataType> infer_type(const Operator& op, const std::vector<DataType>& inputs) {
  const auto only = [&](std::initializer_list<DataType> allowed) -> Result<DataType> {
    for (const DataType type : inputs) {
      if (!std::ranges::contains(allowed, type)) {
        std::vector<std::string> names;
        for (const DataType one : allowed) names.emplace_back(to_text(one));
        return invalid(
            std::format("{} takes values of {}, not {}", operator_name(op), quoted_list(names), to_text(type)),
            "cast the value first");
      }
      if (type != inputs[0])
        return invalid(std::format("{} takes values of one type, not {} and {}", operator_name(op), to_text(inputs[0]),
                                   to_text(type)),
                       "cast one of them");
    }
    EDGEWISE_ASSERT(!inputs.empty(), "types are inferred after shapes, which count the inputs");
    return inputs[0];
  };
  using enum DataType;
  return std::visit(
      Overloaded{[](const Input& input) -> Result<DataType> { return input.type; },
                 [](const Constant& constant) -> Result<DataType> { return constant.value.type(); },
                 [](const Cast& cast) -> Result<DataType> { return cast.to; },
                 // What only moves numbers takes all.
                 [&](const OneOf<Concat, Split, ChannelShuffle, Reshape, Permute> auto&) {
                   return only({float32, int64, int32, uint8, int8, float16, boolean});
                 },
                 [&](const OneOf<Add, Mul> auto&) { return only({float32, int64, int32}); },
                 [&](const OneOf<Conv2d, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d,
                                 Linear, MatMul, Softmax, Resize, Dropout, StochasticDepth, LayerScale> auto&) {
                   return only({float32});
                 }},
      op);
}

}  // namespace edgewise::graph
