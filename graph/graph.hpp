/// The architecture of a network as data. Everything else about a network derives from a `Graph`: its costs, the
/// LibTorch module, the ONNX file, the drawing. No second description of a network exists anywhere.
///
/// Shapes leave the batch out: an image is (C, H, W), a feature vector (F), a sequence (N, D). Every operator works on
/// each sample of a batch alone (batch normalisation in training excepted). Values are 32-bit floats unless an input, a
/// constant or a cast says otherwise; what learns and what smooths takes nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "graph/tensor.hpp"

namespace edgewise::graph {

/// Height and width.
struct Pair {
  std::int64_t h = 1, w = 1;
  friend bool operator==(const Pair&, const Pair&) = default;
};

// ---- Operators. Each takes the outputs of earlier nodes; all have one output. ----

struct Input {
  Shape shape;  ///< (C, H, W) for images
  DataType type = DataType::float32;
  friend bool operator==(const Input&, const Input&) = default;
};
/// (C, H, W) -> (out_channels, H', W'); parameters "weight" (out, C/groups, kh, kw) and, with `bias`, "bias".
struct Conv2d {
  std::int64_t out_channels = 1;
  Pair kernel_size{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
  bool bias = true;
  friend bool operator==(const Conv2d&, const Conv2d&) = default;
};
/// Parameters "weight", "bias"; buffers "running_mean", "running_var", "num_batches_tracked" (a scalar integer).
struct BatchNorm2d {
  double eps = 1e-5, momentum = 0.1;
  friend bool operator==(const BatchNorm2d&, const BatchNorm2d&) = default;
};
/// Normalises over the last axis; parameters "weight", "bias".
struct LayerNorm {
  double eps = 1e-5;
  friend bool operator==(const LayerNorm&, const LayerNorm&) = default;
};
enum class ActivationKind { relu, relu6, silu, hardswish, hardsigmoid, gelu, sigmoid };
struct Activation {
  ActivationKind kind = ActivationKind::relu;
  friend bool operator==(const Activation&, const Activation&) = default;
};
struct MaxPool2d {
  Pair kernel_size{2, 2}, stride{2, 2}, padding{0, 0};
  bool ceil_mode = false;
  friend bool operator==(const MaxPool2d&, const MaxPool2d&) = default;
};
struct AvgPool2d {
  Pair kernel_size{2, 2}, stride{2, 2}, padding{0, 0};
  bool ceil_mode = false, count_include_pad = true;
  friend bool operator==(const AvgPool2d&, const AvgPool2d&) = default;
};
/// (C, H, W) -> (C, output_size); {1, 1} is global pooling. Bins as in PyTorch: floor(i*H/out) .. ceil((i+1)*H/out).
struct AdaptiveAvgPool2d {
  Pair output_size{1, 1};
  friend bool operator==(const AdaptiveAvgPool2d&, const AdaptiveAvgPool2d&) = default;
};
/// Over the last axis; parameters "weight" (out, in) and, with `bias`, "bias".
struct Linear {
  std::int64_t out_features = 1;
  bool bias = true;
  friend bool operator==(const Linear&, const Linear&) = default;
};
/// Two or more inputs of one shape.
struct Add {
  friend bool operator==(const Add&, const Add&) = default;
};
/// Two inputs; an axis of extent 1 is stretched (squeeze-and-excitation: (C, H, W) * (C, 1, 1)).
struct Mul {
  friend bool operator==(const Mul&, const Mul&) = default;
};
/// Joins along `axis` (0 = channels of an image).
struct Concat {
  std::int64_t axis = 0;
  friend bool operator==(const Concat&, const Concat&) = default;
};
/// Part `index` of `parts` equal parts along `axis`.
struct Split {
  std::int64_t axis = 0, parts = 2, index = 0;
  friend bool operator==(const Split&, const Split&) = default;
};
/// (groups * k, H, W): channel g * k + i moves to i * groups + g.
struct ChannelShuffle {
  std::int64_t groups = 2;
  friend bool operator==(const ChannelShuffle&, const ChannelShuffle&) = default;
};
/// Same elements, new shape (without the batch). Flattening is a Reshape to one axis.
struct Reshape {
  Shape shape;
  friend bool operator==(const Reshape&, const Reshape&) = default;
};
/// Output axis i is input axis order[i] (without the batch).
struct Permute {
  std::vector<std::int64_t> order;
  friend bool operator==(const Permute&, const Permute&) = default;
};
/// (..., m, k) x (..., k, n) -> (..., m, n), times `scale`; with `transpose_b` the second is (..., n, k).
struct MatMul {
  bool transpose_b = false;
  double scale = 1.0;
  friend bool operator==(const MatMul&, const MatMul&) = default;
};
/// Over the last axis.
struct Softmax {
  friend bool operator==(const Softmax&, const Softmax&) = default;
};
enum class ResizeMode { nearest, bilinear };  ///< bilinear with half-pixel centres (PyTorch's align_corners=false)
struct Resize {
  Pair output_size{1, 1};
  ResizeMode mode = ResizeMode::bilinear;
  friend bool operator==(const Resize&, const Resize&) = default;
};
struct Dropout {
  double p = 0.5;
  friend bool operator==(const Dropout&, const Dropout&) = default;
};
/// Drops the whole value of a sample with probability p in training, and scales the rest by 1 / (1 - p) (torchvision
/// "row").
struct StochasticDepth {
  double p = 0.1;
  friend bool operator==(const StochasticDepth&, const StochasticDepth&) = default;
};
/// One learned factor a channel (axis 0). Its one parameter is called as the node itself, without a suffix, and has the
/// shape (C, 1, 1).
struct LayerScale {
  double initial = 1e-6;
  friend bool operator==(const LayerScale&, const LayerScale&) = default;
};

/// The same numbers for every sample of a batch; no inputs. Part of the network's identity, and none of its weights.
struct Constant {
  Tensor value;  ///< at least one axis; no element is NaN
  friend bool operator==(const Constant&, const Constant&) = default;
};
/// The same numbers as another type; as ONNX's Cast (a float loses its fraction, a number that does not fit is
/// undefined).
struct Cast {
  DataType to = DataType::float32;
  friend bool operator==(const Cast&, const Cast&) = default;
};

/// New operators go to the end: the first ones, up to LayerScale, are those that version 1 of the JSON document has.
using Operator = std::variant<Input, Conv2d, BatchNorm2d, LayerNorm, Activation, MaxPool2d, AvgPool2d,
                              AdaptiveAvgPool2d, Linear, Add, Mul, Concat, Split, ChannelShuffle, Reshape, Permute,
                              MatMul, Softmax, Resize, Dropout, StochasticDepth, LayerScale, Constant, Cast>;

/// The operator's name in JSON, messages and drawings: "conv2d", "batch_norm2d", "relu" (an activation is called by its
/// kind), ...
std::string_view operator_name(const Operator& op);

/// How the weights of one tensor are drawn before training.
enum class Init { kaiming_normal_fan_out, kaiming_uniform, xavier_uniform, normal, uniform, trunc_normal, ones, zeros };
/// An initial distribution with its spread (standard deviation, or half width of a uniform one) where it is not
/// implied.
struct WeightInit {
  Init kind = Init::kaiming_normal_fan_out;
  double spread = 0.0;
  friend bool operator==(const WeightInit&, const WeightInit&) = default;
};

/// One operation. Its value is known by the node's index in the graph.
struct Node {
  std::string name;  ///< unique; torchvision's module path in the backbones ("features.0.0"), so that its weights load
  Operator op;
  std::vector<std::size_t> inputs;  ///< indices of earlier nodes
  WeightInit init;                  ///< of "weight" of Conv2d and Linear; biases start at 0
  /// What the node belongs to, for people: "stem", "stage 2", "head"; may be empty. It makes no other network, so
  /// neither hash sees it.
  std::string part = {};
  friend bool operator==(const Node&, const Node&) = default;
};

/// A tensor of parameters or state that a node owns.
struct TensorSpec {
  std::string name;  ///< "<node>.weight"; as in torchvision's state dict
  Shape shape;       ///< full shape, as stored
  bool trainable = true;
  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

/// A value that the network gives.
struct Output {
  std::string name;      ///< unique among the outputs; may be empty when there is one alone, which is then the output
  std::size_t node = 0;  ///< whose value it is
  friend bool operator==(const Output&, const Output&) = default;
};

/// A checked architecture: one input (node 0), one or more outputs, shapes and types known. Immutable.
class Graph {
 public:
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& node(std::size_t index) const { return nodes_[index]; }
  [[nodiscard]] const Shape& shape(std::size_t index) const { return shapes_[index]; }
  [[nodiscard]] DataType type(std::size_t index) const { return types_[index]; }
  [[nodiscard]] const Shape& input_shape() const { return shapes_.front(); }
  /// At least one, no two of the same node.
  [[nodiscard]] const std::vector<Output>& outputs() const { return outputs_; }
  [[nodiscard]] bool is_output(std::size_t node) const;
  /// The node of the only output; asserts that there is one alone.
  [[nodiscard]] std::size_t output() const;
  /// Of the only output; asserts that there is one alone.
  [[nodiscard]] const Shape& output_shape() const { return shapes_[output()]; }
  /// All tensors in node order, a state dict's order. Constants are not among them.
  [[nodiscard]] std::vector<TensorSpec> tensors() const;
  /// The tensors of one node.
  [[nodiscard]] std::vector<TensorSpec> tensors(std::size_t index) const;
  friend bool operator==(const Graph& a, const Graph& b) { return a.nodes_ == b.nodes_ && a.outputs_ == b.outputs_; }

 private:
  friend Result<Graph> make_graph(std::vector<Node> nodes, std::vector<Output> outputs);
  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;
  std::vector<DataType> types_;
  std::vector<Output> outputs_;
};

/// Checks the nodes and infers every shape and type.
/// @error invalid_input with the node's name in `where`: no or several inputs, an empty, doubled or over-long name
/// (more than 200 bytes), an input that is not an earlier node, a wrong number of inputs, a shape or type that does not
/// fit, a parameter out of range (kernel 0, groups that do not divide, dropout outside [0, 1)), two tensors of one
/// name, a node that no output depends on, outputs without a name or of one name or node. Refused as too large: 100,000
/// nodes, 8 axes, 2^31 elements of a value or tensor, kernel sizes, strides, paddings and dilations of 65,536, 2^46
/// multiply-accumulates of one node are the most; so no cost can overflow.
Result<Graph> make_graph(std::vector<Node> nodes, std::vector<Output> outputs);
/// With one output, which needs no name.
Result<Graph> make_graph(std::vector<Node> nodes, std::size_t output);

/// Output shape of `op` on inputs of these shapes; `make_graph` uses it. Also for tests and builders.
Result<Shape> infer_shape(const Operator& op, const std::vector<Shape>& inputs);
/// Type of its output on inputs of these types, as many as `infer_shape` accepts.
Result<DataType> infer_type(const Operator& op, const std::vector<DataType>& inputs);

/// Whether a node's "weight" is drawn as its `init` says.
bool draws_weight(const Operator& op);
/// Whether node `index` gives its first input unchanged at inference.
bool computes_nothing(const Graph& graph, std::size_t index);

/// {"format": "edgewise-graph", "version": 1, "nodes": [{"name", "op", attributes..., "inputs": [names], "init"}],
/// "output": name}. Attributes equal to their defaults are left out. A graph that needs more is written as version 2:
/// operators that version 1 lacks, types, "part" of a node, and "outputs": [{"name", "node"}] in the place of "output"
/// where outputs have names. A tensor is {"type", "shape", "data": [numbers]}, in row-major order; "inf" and "-inf" are
/// numbers there.
Json to_json(const Graph& graph);
/// The inverse; every mistake in the document is an error that names the node. Never trusts the file.
Result<Graph> graph_from_json(const Json& json);

/// A name for the network alone: equal for graphs that compute the same function family by the same nodes in the same
/// order, whatever the node names and initial distributions. Values of constants and the order of outputs make a
/// difference, parts and the outputs' names do not.
std::uint64_t structural_hash(const Graph& graph);

/// A name for the network however it was written down: equal for graphs that differ only in node names, in the order of
/// nodes that do not depend on each other, and in the order of the inputs of `Add` and `Mul`. Operators, attributes,
/// initial distributions of weights, links, their order elsewhere, and which nodes are the outputs make a difference.
/// Two graphs that no such iteration tells apart have the same name too; that takes symmetries which networks of layers
/// with one input do not show. By colour refinement along the links in both directions (Weisfeiler and
/// Leman, 1968), twice.
std::uint64_t canonical_hash(const Graph& graph);

/// Puts a graph together step by step. The first mistake is kept and comes out of `finish`; later calls do nothing
/// then.
class GraphBuilder {
 public:
  /// A value inside the graph under construction.
  struct Value {
    std::size_t index = 0;
  };
  /// An output of the graph under construction.
  struct NamedValue {
    std::string name;
    Value value;
  };
  explicit GraphBuilder(Shape input_shape, DataType input_type = DataType::float32);
  [[nodiscard]] Value input() const { return {0}; }
  /// Adds a node; an empty name is replaced by "<op>_<index>".
  Value add(Operator op, const std::vector<Value>& inputs, std::string name = {}, WeightInit init = {});
  /// Nodes added from now on belong to it.
  void begin_part(std::string part) { part_ = std::move(part); }
  /// Shape of a value; {} after a mistake.
  [[nodiscard]] Shape shape(Value value) const;
  /// Type of a value; float32 after a mistake.
  [[nodiscard]] DataType type(Value value) const;
  /// The first mistake; nothing: there was none so far.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// What was added so far, the input first.
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  Result<Graph> finish(Value output) &&;
  Result<Graph> finish(std::span<const NamedValue> outputs) &&;

 private:
  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;
  std::vector<DataType> types_;
  std::string part_;
  std::optional<Error> error_;
};

}  // namespace edgewise::graph
