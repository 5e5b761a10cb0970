// One function for each operator of a graph, in the operators of ONNX opset 17.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <utility>
#include <variant>

#include "deploy/onnx_writer_internal.hpp"

namespace edgewise::deploy {

namespace {

using namespace graph;
using Axes = std::vector<std::int64_t>;

/// Overhang of the last pooling window over the padded input, so that explicit padding alone gives the output's extent.
/// ONNX's own "ceil_mode" counts a window that starts in the right padding; PyTorch does not.
std::int64_t end_padding(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                         std::int64_t padding) {
  return std::max<std::int64_t>(0, (out - 1) * stride + kernel - in - padding);
}

/// (out, in): row i averages bin i, floor(i * in / out) .. ceil((i + 1) * in / out), as PyTorch's adaptive pooling.
std::vector<float> averaging_matrix(std::int64_t in, std::int64_t out) {
  std::vector<float> matrix(static_cast<std::size_t>(in * out), 0.0F);
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t begin = i * in / out, end = ((i + 1) * in + out - 1) / out;
    for (std::int64_t k = begin; k < end; ++k)
      matrix[static_cast<std::size_t>(i * in + k)] = 1.0F / static_cast<float>(end - begin);
  }
  return matrix;
}

/// (rows, columns) -> (columns, rows).
std::vector<float> transposed(const std::vector<float>& matrix, std::int64_t rows, std::int64_t columns) {
  std::vector<float> result(matrix.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      result[static_cast<std::size_t>(c * rows + r)] = matrix[static_cast<std::size_t>(r * columns + c)];
  return result;
}

/// The pixel that PyTorch's nearest resize takes for output `i`: a product of 32-bit floats, rounded, then cut.
std::int64_t nearest_in_torch(std::int64_t i, std::int64_t in, std::int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  return std::min(in - 1, static_cast<std::int64_t>(std::floor(static_cast<float>(i) * scale)));
}
/// The same by ONNX's "asymmetric": a quotient, which rounds to the other side of a whole number at some sizes.
std::int64_t nearest_in_onnx(std::int64_t i, std::int64_t in, std::int64_t out) {
  const float scale = static_cast<float>(out) / static_cast<float>(in);
  return std::min(in - 1, static_cast<std::int64_t>(std::floor(static_cast<float>(i) / scale)));
}
bool is_nearest_the_same(std::int64_t in, std::int64_t out) {
  for (std::int64_t i = 0; i < out; ++i)
    if (nearest_in_torch(i, in, out) != nearest_in_onnx(i, in, out)) return false;
  return true;
}

class NodeWriter {
 public:
  NodeWriter(OnnxWriter& writer, const Graph& graph, const Weights& weights, const Plan& plan, const std::string& input,
             const std::vector<std::string>& outputs)
      : writer_(writer), graph_(graph), weights_(weights), plan_(plan), values_(graph.nodes().size()) {
    values_[0] = input;
    for (std::size_t i = 0; i < outputs.size(); ++i) output_name_.emplace(plan.outputs[i], outputs[i]);
  }

  void write(std::size_t index) {
    if (index == 0 || plan_.source[index] != index || plan_.is_folded[index]) return;
    const Node& node = graph_.node(index);
    if (const auto* constant = std::get_if<Constant>(&node.op)) {
      values_[index] = writer_.constant(node.name, constant->value);
      return;
    }
    index_ = index;
    name_ = node.name;
    in_.clear();
    for (const std::size_t input : node.inputs) in_.push_back(values_[plan_.source[input]]);
    // A convolution gives the value of the batch norm inside it.
    const std::size_t gives = plan_.folded_norm[index].value_or(index);
    const auto output = output_name_.find(gives);
    out_ = values_[gives] = output != output_name_.end() ? output->second : writer_.unique(graph_.node(gives).name);
    if (plan_.patches[index]) return emit_patches(*plan_.patches[index]);
    std::visit([this](const auto& op) { emit(op); }, node.op);
  }

  /// A value that is the input, a constant, or another output already, under one more name.
  void write_output(std::size_t place, const std::string& name) {
    const std::string& value = values_[plan_.outputs[place]];
    if (value != name) writer_.node("Identity", {value}, name);
  }

 private:
  // What the operator being written reads and gives.
  [[nodiscard]] const Shape& in_shape(std::size_t i = 0) const { return graph_.shape(graph_.node(index_).inputs[i]); }
  [[nodiscard]] const Shape& out_shape() const { return graph_.shape(index_); }
  [[nodiscard]] const Tensor& tensor(const std::string& suffix) const { return weights_.at(name_ + suffix); }
  [[nodiscard]] std::string inner(const char* what) const { return name_ + "/" + what; }

  onnx::NodeProto& node(const char* op_type, const std::vector<std::string>& inputs) {
    return writer_.node(op_type, inputs, out_);
  }
  /// A node in the middle of a composition; the name of its value.
  std::string step(const char* op_type, const std::vector<std::string>& inputs, const char* what) {
    return writer_.node(op_type, inputs, writer_.unique(inner(what))).output(0);
  }
  std::string stored(const std::string& suffix) {
    const Tensor& made = tensor(suffix);
    return writer_.constant(name_ + suffix, made.shape, made.floats());
  }
  std::string reshaped(const std::string& value, const Shape& shape, const char* what) {
    return step("Reshape", {value, writer_.constant(inner("shape"), shape)}, what);
  }

  void emit(const Input&) { EDGEWISE_ASSERT(false, "a graph has one input, which is not written as a node"); }

  void emit(const Conv2d& op) {
    const ConvWeights numbers = conv_weights(graph_, weights_, plan_, index_);
    const Shape& shape = tensor(".weight").shape;
    std::vector<std::string> inputs{in_[0], writer_.constant(name_ + ".weight", shape, numbers.weight)};
    if (numbers.bias) inputs.push_back(writer_.constant(name_ + ".bias", {shape[0]}, *numbers.bias));
    auto& made = node("Conv", inputs);
    OnnxWriter::set(made, "dilations", {op.dilation.h, op.dilation.w});
    OnnxWriter::set(made, "group", op.groups);
    OnnxWriter::set(made, "kernel_shape", {op.kernel_size.h, op.kernel_size.w});
    OnnxWriter::set(made, "pads", {op.padding.h, op.padding.w, op.padding.h, op.padding.w});
    OnnxWriter::set(made, "strides", {op.stride.h, op.stride.w});
  }

  void emit(const BatchNorm2d& op) {
    auto& made = node("BatchNormalization",
                      {in_[0], stored(".weight"), stored(".bias"), stored(".running_mean"), stored(".running_var")});
    OnnxWriter::set(made, "epsilon", op.eps);
  }

  void emit(const LayerNorm& op) {
    auto& made = node("LayerNormalization", {in_[0], stored(".weight"), stored(".bias")});
    OnnxWriter::set(made, "axis", std::int64_t{-1});
    OnnxWriter::set(made, "epsilon", op.eps);
  }

  void emit(const Activation& op) {
    switch (op.kind) {
      case ActivationKind::relu:
        node("Relu", in_);
        return;
      case ActivationKind::relu6:
        node("Clip", {in_[0], writer_.scalar(inner("min"), 0.0F), writer_.scalar(inner("max"), 6.0F)});
        return;
      case ActivationKind::silu:
        node("Mul", {in_[0], step("Sigmoid", in_, "sigmoid")});
        return;
      case ActivationKind::hardswish:
        node("HardSwish", in_);
        return;
      case ActivationKind::hardsigmoid: {
        auto& made = node("HardSigmoid", in_);
        OnnxWriter::set(made, "alpha", 1.0 / 6.0);
        OnnxWriter::set(made, "beta", 0.5);
        return;
      }
      case ActivationKind::gelu: {
        // x / 2 * (1 + erf(x / sqrt 2)), in the order of operations that ONNX Runtime joins into one kernel.
        const auto root = writer_.scalar(inner("sqrt2"), std::numbers::sqrt2_v<float>);
        const auto erf = step("Erf", {step("Div", {in_[0], root}, "div")}, "erf");
        const auto sum = step("Add", {erf, writer_.scalar(inner("one"), 1.0F)}, "add");
        node("Mul", {step("Mul", {in_[0], sum}, "mul"), writer_.scalar(inner("half"), 0.5F)});
        return;
      }
      case ActivationKind::sigmoid:
        node("Sigmoid", in_);
        return;
    }
    std::unreachable();
  }

  template <class Pool>
  void pool_attributes(onnx::NodeProto& made, const Pool& op, const Pair& begin, const Pair& end) {
    OnnxWriter::set(made, "kernel_shape", {op.kernel_size.h, op.kernel_size.w});
    OnnxWriter::set(made, "pads", {begin.h, begin.w, end.h, end.w});
    OnnxWriter::set(made, "strides", {op.stride.h, op.stride.w});
  }
  template <class Pool>
  [[nodiscard]] Pair overhang(const Pool& op) const {
    if (!op.ceil_mode) return op.padding;
    return {end_padding(in_shape()[1], out_shape()[1], op.kernel_size.h, op.stride.h, op.padding.h),
            end_padding(in_shape()[2], out_shape()[2], op.kernel_size.w, op.stride.w, op.padding.w)};
  }

  void emit(const MaxPool2d& op) { pool_attributes(node("MaxPool", in_), op, op.padding, overhang(op)); }

  void emit(const AvgPool2d& op) {
    const Pair end = overhang(op);
    const bool is_padded = op.padding != Pair{0, 0};
    if (op.count_include_pad && is_padded && op.ceil_mode) {
      // Zeros of the padding count in the average, an overhang past them does not: pad first, then average what is
      // there.
      const Axes pads{0, 0, op.padding.h, op.padding.w, 0, 0, op.padding.h, op.padding.w};
      const auto padded = step("Pad", {in_[0], writer_.constant(inner("pads"), pads)}, "pad");
      const Pair rest{std::max<std::int64_t>(0, end.h - op.padding.h), std::max<std::int64_t>(0, end.w - op.padding.w)};
      pool_attributes(node("AveragePool", {padded}), op, {0, 0}, rest);
      return;
    }
    auto& made = node("AveragePool", in_);
    pool_attributes(made, op, op.padding, end);
    if (op.count_include_pad && is_padded) OnnxWriter::set(made, "count_include_pad", std::int64_t{1});
  }

  void emit(const AdaptiveAvgPool2d& op) {
    const std::int64_t h = in_shape()[1], w = in_shape()[2];
    if (op.output_size == Pair{1, 1}) {
      node("GlobalAveragePool", in_);
    } else if (h % op.output_size.h == 0 && w % op.output_size.w == 0) {
      const Pair bin{h / op.output_size.h, w / op.output_size.w};
      pool_attributes(node("AveragePool", in_), AvgPool2d{.kernel_size = bin, .stride = bin}, {0, 0}, {0, 0});
    } else {
      // Bins of unequal size: (out_h, H) x (C, H, W) x (W, out_w), which is exact.
      const auto rows = averaging_matrix(h, op.output_size.h);
      const auto columns = transposed(averaging_matrix(w, op.output_size.w), op.output_size.w, w);
      const auto high = writer_.constant(inner("rows"), {op.output_size.h, h}, rows);
      const auto wide = writer_.constant(inner("columns"), {w, op.output_size.w}, columns);
      node("MatMul", {step("MatMul", {high, in_[0]}, "height"), wide});
    }
  }

  void emit(const Linear& op) {
    if (in_shape().size() == 1) {
      std::vector<std::string> inputs{in_[0], stored(".weight")};
      if (op.bias) inputs.push_back(stored(".bias"));
      OnnxWriter::set(node("Gemm", inputs), "transB", std::int64_t{1});
      return;
    }
    const Tensor& weight = tensor(".weight");
    const auto values = transposed(weight.floats(), weight.shape[0], weight.shape[1]);
    const auto right = writer_.constant(name_ + ".weight", {weight.shape[1], weight.shape[0]}, values);
    if (op.bias)
      node("Add", {step("MatMul", {in_[0], right}, "matmul"), stored(".bias")});
    else
      node("MatMul", {in_[0], right});
  }

  void emit(const Add&) {
    std::string sum = in_[0];
    for (std::size_t i = 1; i + 1 < in_.size(); ++i) sum = step("Add", {sum, in_[i]}, "sum");
    node("Add", {sum, in_.back()});
  }
  void emit(const Mul&) { node("Mul", in_); }
  void emit(const Concat& op) { OnnxWriter::set(node("Concat", in_), "axis", op.axis + 1); }

  void emit(const Split& op) {
    const std::int64_t extent = out_shape()[static_cast<std::size_t>(op.axis)];
    const auto bound = [&](const char* what, std::int64_t value) {
      return writer_.constant(inner(what), std::span<const std::int64_t>(&value, 1));
    };
    const std::vector<std::string> inputs{in_[0], bound("starts", op.index * extent),
                                          bound("ends", (op.index + 1) * extent), bound("axes", op.axis + 1)};
    node("Slice", inputs);
  }

  void emit(const ChannelShuffle& op) {
    const Shape& shape = in_shape();
    const auto groups =
        reshaped(in_[0], {1, op.groups, shape[0] / op.groups, shape[1], shape[2]}, "groups");  // (1, g, k, H, W)
    auto& turned = writer_.node("Transpose", {groups}, writer_.unique(inner("transpose")));
    OnnxWriter::set(turned, "perm", {0, 2, 1, 3, 4});
    const std::string value = turned.output(0);
    node("Reshape", {value, writer_.constant(inner("shape"), with_batch(shape))});
  }

  void emit(const Reshape& op) { node("Reshape", {in_[0], writer_.constant(inner("shape"), with_batch(op.shape))}); }

  void emit_patches(const PatchChain& chain) {
    const std::string& from = values_[chain.from];
    const std::int64_t p = chain.patch;
    const Shape& map = chain.unfolds ? graph_.shape(chain.from) : out_shape();
    const std::int64_t channels = map[0], down = map[1] / p, across = map[2] / p;
    const auto set_patch = [&](onnx::NodeProto& made) { OnnxWriter::set(made, "blocksize", p); };
    const Axes last_two{0, 1, 3, 2};
    if (chain.unfolds) {
      auto& deep = writer_.node("SpaceToDepth", {from}, writer_.unique(inner("deep")));
      set_patch(deep);
      const auto rows = reshaped(deep.output(0), {1, p * p, channels, down * across}, "rows");
      OnnxWriter::set(node("Transpose", {rows}), "perm", last_two);
      return;
    }
    auto& turned = writer_.node("Transpose", {from}, writer_.unique(inner("turned")));
    OnnxWriter::set(turned, "perm", last_two);
    auto& made = node("DepthToSpace", {reshaped(turned.output(0), {1, p * p * channels, down, across}, "deep")});
    set_patch(made);
  }

  void emit(const Permute& op) {
    Axes order{0};
    for (const std::int64_t axis : op.order) order.push_back(axis + 1);
    OnnxWriter::set(node("Transpose", in_), "perm", order);
  }

  void emit(const MatMul& op) {
    std::vector<std::string> inputs = in_;
    if (op.transpose_b) {
      Axes order(in_shape(1).size() + 1);
      std::iota(order.begin(), order.end(), 0);
      std::swap(order[order.size() - 1], order[order.size() - 2]);
      auto& turned = writer_.node("Transpose", {in_[1]}, writer_.unique(inner("transpose")));
      OnnxWriter::set(turned, "perm", order);
      inputs[1] = turned.output(0);
    }
    if (op.scale == 1.0)
      node("MatMul", inputs);
    else
      node("Mul", {step("MatMul", inputs, "matmul"), writer_.scalar(inner("scale"), static_cast<float>(op.scale))});
  }

  void emit(const Softmax&) { OnnxWriter::set(node("Softmax", in_), "axis", std::int64_t{-1}); }

  void emit(const Resize& op) {
    const std::int64_t h = in_shape()[1], w = in_shape()[2];
    if (op.mode == ResizeMode::nearest &&
        !(is_nearest_the_same(h, op.output_size.h) && is_nearest_the_same(w, op.output_size.w))) {
      const auto pick = [&](std::int64_t in, std::int64_t out, const char* what) {
        Axes pixels;
        for (std::int64_t i = 0; i < out; ++i) pixels.push_back(nearest_in_torch(i, in, out));
        return writer_.constant(inner(what), pixels);
      };
      auto& rows = writer_.node("Gather", {in_[0], pick(h, op.output_size.h, "rows")}, writer_.unique(inner("height")));
      OnnxWriter::set(rows, "axis", std::int64_t{2});
      const std::string high = rows.output(0);
      OnnxWriter::set(node("Gather", {high, pick(w, op.output_size.w, "columns")}), "axis", std::int64_t{3});
      return;
    }
    const auto sizes = writer_.constant(inner("sizes"), with_batch(out_shape()));
    auto& made = node("Resize", {in_[0], "", "", sizes});
    const bool is_nearest = op.mode == ResizeMode::nearest;
    OnnxWriter::set(made, "coordinate_transformation_mode", is_nearest ? "asymmetric" : "half_pixel");
    OnnxWriter::set(made, "mode", is_nearest ? "nearest" : "linear");
    if (is_nearest) OnnxWriter::set(made, "nearest_mode", "floor");
  }

  void emit(const Dropout&) { EDGEWISE_ASSERT(false, "dropout computes nothing at inference"); }
  void emit(const StochasticDepth&) { EDGEWISE_ASSERT(false, "stochastic depth computes nothing at inference"); }
  void emit(const LayerScale&) { node("Mul", {in_[0], stored("")}); }
  void emit(const Constant&) { EDGEWISE_ASSERT(false, "a constant is stored, not written as a node"); }
  void emit(const Cast& op) { OnnxWriter::set(node("Cast", in_), "to", std::int64_t{onnx_type(op.to)}); }

  OnnxWriter& writer_;
  const Graph& graph_;
  const Weights& weights_;
  const Plan& plan_;
  std::vector<std::string> values_;                 // by node: the name of its value in the file
  std::map<std::size_t, std::string> output_name_;  // by node: the first output that is its value
  std::size_t index_ = 0;
  std::string name_, out_;
  std::vector<std::string> in_;
};

}  // namespace

void write_nodes(OnnxWriter& writer, const Graph& graph, const Weights& weights, const Plan& plan,
                 const std::string& input, const std::vector<std::string>& outputs) {
  NodeWriter nodes(writer, graph, weights, plan, input, outputs);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) nodes.write(i);
  for (std::size_t i = 0; i < outputs.size(); ++i) nodes.write_output(i, outputs[i]);
}

}  // namespace edgewise::deploy
