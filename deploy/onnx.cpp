#include "deploy/onnx.hpp"

#include <cmath>
#include <format>
#include <limits>
#include <variant>

#include "base/file.hpp"
#include "deploy/onnx_writer_internal.hpp"

namespace edgewise::deploy {

namespace {

constexpr std::int64_t opset = 17, ir_version = 8;
constexpr std::string_view input_name = "image";
constexpr std::int64_t max_file_bytes = std::numeric_limits<std::int32_t>::max();  // protobuf's bound on one message

void describe_value(onnx::ValueInfoProto& value, const std::string& name, const graph::Shape& shape,
                    graph::DataType data_type) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx_type(data_type));
  type.mutable_shape();
  for (const std::int64_t extent : with_batch(shape)) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

/// A negative variance would become NaN in the folded weights.
Status check_variances(const graph::Graph& graph, const graph::Weights& weights) {
  for (const graph::Node& node : graph.nodes()) {
    if (!std::holds_alternative<graph::BatchNorm2d>(node.op)) continue;
    const std::string name = node.name + ".running_var";
    for (const float value : weights.at(name).floats())
      if (value < 0.0F)
        return invalid(std::format("\"{}\" holds {}, but a variance is at least 0", name, value),
                       "the weights are damaged; train again or take another checkpoint", node.name);
  }
  return {};
}

/// The input's name is a promise of every file.
Status check_names(const graph::Graph& graph) {
  for (const graph::Output& output : graph.outputs())
    if (output.name == input_name)
      return invalid(std::format("an output is called \"{}\", as the input of every file is", output.name),
                     "rename the output");
  return {};
}

Status check_wrapping(const graph::Graph& graph, const Wrapping& wrapping) {
  if (!wrapping.preprocess) return {};
  if (wrapping.preprocess->input_shape() != graph.input_shape() || graph.type(0) != graph::DataType::float32)
    return invalid(std::format("pictures become {} float32, but the network takes {} {}",
                               graph::to_text(wrapping.preprocess->input_shape()), graph::to_text(graph.input_shape()),
                               graph::to_text(graph.type(0))),
                   "wrap the network in the preprocessing it was trained with");
  return {};
}

/// Multiplies and adds per channel; the name of what the network takes.
std::string write_normalisation(OnnxWriter& writer, const graph::Preprocess& preprocess, const std::string& input) {
  const graph::Affine affine = graph::from_bytes(preprocess);
  const graph::Shape by_channel{1, preprocess.channels, 1, 1};
  const auto scaled = writer.unique("normalise/scaled"), normal = writer.unique("normalise");
  writer.node("Mul", {input, writer.constant("normalise/factor", by_channel, affine.factor)}, scaled);
  writer.node("Add", {scaled, writer.constant("normalise/offset", by_channel, affine.offset)}, normal);
  return normal;
}

std::unexpected<Error> too_large(std::int64_t bytes, const std::filesystem::path& path) {
  return invalid(std::format("the network needs {:.2f} GB as ONNX, more than the 2.14 GB of one file",
                             static_cast<double>(bytes) / 1e9),
                 "choose a network with fewer parameters", path.string());
}

}  // namespace

Status write_onnx(const graph::Graph& graph, const graph::Weights& weights, const Metadata& metadata,
                  const std::filesystem::path& path, const Wrapping& wrapping) {
  TRY_DO(graph::check_weights(graph, weights));
  TRY_DO(check_names(graph));
  TRY_DO(check_wrapping(graph, wrapping));
  TRY_DO(check_variances(graph, weights));
  std::int64_t weight_bytes = 0;
  for (const auto& [name, tensor] : weights) weight_bytes += 4 * static_cast<std::int64_t>(tensor.size());
  for (const graph::Node& node : graph.nodes())
    if (const auto* constant = std::get_if<graph::Constant>(&node.op))
      weight_bytes += static_cast<std::int64_t>(constant->value.bytes().size());
  if (weight_bytes > max_file_bytes) return too_large(weight_bytes, path);

  onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("edgewise");
  auto& operators = *model.add_opset_import();
  operators.set_domain("");
  operators.set_version(opset);
  for (const auto& [key, value] : metadata) {
    auto& property = *model.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  onnx::GraphProto& proto = *model.mutable_graph();
  proto.set_name("network");
  OnnxWriter writer(proto);
  const std::string input = writer.unique(std::string(input_name));
  describe_value(*proto.add_input(), input, graph.input_shape(), graph.type(0));
  std::vector<std::string> outputs;
  for (const graph::Output& output : graph.outputs()) {
    outputs.push_back(writer.unique(output.name.empty() ? "output" : output.name));
    describe_value(*proto.add_output(), outputs.back(), graph.shape(output.node), graph.type(output.node));
  }
  const std::string network_input =
      wrapping.preprocess ? write_normalisation(writer, *wrapping.preprocess, input) : input;
  write_nodes(writer, graph, weights, plan_deployment(graph), network_input, outputs);

  const auto bytes_needed = static_cast<std::int64_t>(model.ByteSizeLong());
  if (bytes_needed > max_file_bytes) return too_large(bytes_needed, path);
  // The messages that make a model have no map fields, so equal models give equal bytes.
  std::string bytes;
  if (!model.SerializeToString(&bytes)) return invalid("the network cannot be written as ONNX", {}, path.string());
  return write_file(path, bytes);
}

double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinite;
  double difference = 0.0, scale = 1.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return infinite;
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    scale = std::max(scale, std::abs(static_cast<double>(b[i])));
  }
  return difference / scale;
}

}  // namespace edgewise::deploy
