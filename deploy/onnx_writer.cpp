#include <bit>
#include <format>
#include <utility>

#include "deploy/onnx_writer_internal.hpp"

namespace edgewise::deploy {

namespace {

static_assert(std::endian::native == std::endian::little, "ONNX stores raw numbers in little-endian order");

template <class T>
std::string raw_bytes(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

onnx::AttributeProto& attribute(onnx::NodeProto& node, const char* name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& made = *node.add_attribute();
  made.set_name(name);
  made.set_type(type);
  return made;
}

}  // namespace

graph::Shape with_batch(const graph::Shape& shape) {
  graph::Shape whole{1};
  whole.insert(whole.end(), shape.begin(), shape.end());
  return whole;
}

onnx::TensorProto::DataType onnx_type(graph::DataType type) {
  switch (type) {
    case graph::DataType::float32:
      return onnx::TensorProto::FLOAT;
    case graph::DataType::int64:
      return onnx::TensorProto::INT64;
    case graph::DataType::int32:
      return onnx::TensorProto::INT32;
    case graph::DataType::uint8:
      return onnx::TensorProto::UINT8;
    case graph::DataType::int8:
      return onnx::TensorProto::INT8;
    case graph::DataType::float16:
      return onnx::TensorProto::FLOAT16;
    case graph::DataType::boolean:
      return onnx::TensorProto::BOOL;
  }
  std::unreachable();
}

std::string OnnxWriter::unique(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !taken_.insert(name).second; ++i) name = std::format("{}_{}", wanted, i);
  return name;
}

onnx::NodeProto& OnnxWriter::node(const char* op_type, const std::vector<std::string>& inputs,
                                  const std::string& output) {
  onnx::NodeProto& made = *proto_.add_node();
  made.set_op_type(op_type);
  made.set_name(output);
  for (const auto& input : inputs) made.add_input(input);
  made.add_output(output);
  return made;
}

void OnnxWriter::set(onnx::NodeProto& node, const char* name, std::int64_t value) {
  attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
void OnnxWriter::set(onnx::NodeProto& node, const char* name, double value) {
  attribute(node, name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
}
void OnnxWriter::set(onnx::NodeProto& node, const char* name, const char* value) {
  attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}
void OnnxWriter::set(onnx::NodeProto& node, const char* name, std::initializer_list<std::int64_t> values) {
  set(node, name, std::span(values.begin(), values.size()));
}
void OnnxWriter::set(onnx::NodeProto& node, const char* name, std::span<const std::int64_t> values) {
  auto& made = attribute(node, name, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) made.add_ints(value);
}

std::string OnnxWriter::constant(const std::string& wanted, const graph::Shape& shape, std::span<const float> values) {
  std::string name = unique(wanted);
  onnx::TensorProto& made = *proto_.add_initializer();
  made.set_name(name);
  made.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : shape) made.add_dims(extent);
  made.set_raw_data(raw_bytes(values));
  return name;
}

std::string OnnxWriter::constant(const std::string& wanted, std::span<const std::int64_t> values) {
  std::string name = unique(wanted);
  onnx::TensorProto& made = *proto_.add_initializer();
  made.set_name(name);
  made.set_data_type(onnx::TensorProto::INT64);
  made.add_dims(static_cast<std::int64_t>(values.size()));
  made.set_raw_data(raw_bytes(values));
  return name;
}

std::string OnnxWriter::constant(const std::string& wanted, const graph::Tensor& tensor) {
  std::string name = unique(wanted);
  onnx::TensorProto& made = *proto_.add_initializer();
  made.set_name(name);
  made.set_data_type(onnx_type(tensor.type()));
  for (const std::int64_t extent : with_batch(tensor.shape)) made.add_dims(extent);
  made.set_raw_data(raw_bytes(tensor.bytes()));
  return name;
}

std::string OnnxWriter::scalar(const std::string& wanted, float value) {
  return constant(wanted, {}, std::span(&value, 1));
}

}  // namespace edgewise::deploy
