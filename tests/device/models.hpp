/// ONNX files for the tests of devices: good ones, and ones that harm whoever runs them.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::device {

inline void describe(onnx::ValueInfoProto& value, const std::string& name, const std::vector<std::int64_t>& shape,
                     int type = onnx::TensorProto::FLOAT) {
  value.set_name(name);
  value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  value.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (const auto extent : shape)
    value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(extent);
}

inline onnx::ModelProto empty_model(const std::vector<std::int64_t>& input, const std::vector<std::int64_t>& output) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  model.mutable_graph()->set_name("network");
  describe(*model.mutable_graph()->add_input(), "image", input);
  describe(*model.mutable_graph()->add_output(), "output", output);
  return model;
}

inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* type, const std::vector<std::string>& inputs,
                                 const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

inline onnx::TensorProto& add_floats(onnx::GraphProto& graph, const std::string& name,
                                     const std::vector<std::int64_t>& shape, float value) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  std::size_t count = 1;
  for (const auto extent : shape) {
    tensor.add_dims(extent);
    count *= static_cast<std::size_t>(extent);
  }
  const std::vector<float> values(count, value);
  tensor.set_raw_data(values.data(), 4 * count);
  return tensor;
}

inline onnx::TensorProto& add_integers(onnx::GraphProto& graph, const std::string& name,
                                       const std::vector<std::int64_t>& values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const auto value : values) tensor.add_int64_data(value);
  return tensor;
}

/// `layers` 3x3 convolutions of 16 channels on 32x32 pixels, one after the other.
inline onnx::ModelProto convolutions(int layers) {
  auto model = empty_model({1, 16, 32, 32}, {1, 16, 32, 32});
  auto& graph = *model.mutable_graph();
  std::string value = "image";
  for (int i = 0; i < layers; ++i) {
    const std::string weight = "weight" + std::to_string(i),
                      next = i + 1 == layers ? "output" : "value" + std::to_string(i);
    add_floats(graph, weight, {16, 16, 3, 3}, 0.01F);
    auto& node = add_node(graph, "Conv", {value, weight}, next);
    auto& pads = *node.add_attribute();
    pads.set_name("pads");
    pads.set_type(onnx::AttributeProto::INTS);
    for (int k = 0; k < 4; ++k) pads.add_ints(1);
    value = next;
  }
  return model;
}

/// output = 2 * image + 1, of four numbers.
inline onnx::ModelProto twice_plus_one() {
  auto model = empty_model({1, 4}, {1, 4});
  auto& graph = *model.mutable_graph();
  add_floats(graph, "two", {1}, 2.0F);
  add_floats(graph, "one", {1}, 1.0F);
  add_node(graph, "Mul", {"image", "two"}, "product");
  add_node(graph, "Add", {"product", "one"}, "output");
  return model;
}

/// picked = numbers at `place`, and bytes = numbers as 8-bit integers: two inputs and outputs of several types.
inline onnx::ModelProto picks_and_casts() {
  auto model = empty_model({1, 4}, {1, 1});
  auto& graph = *model.mutable_graph();
  graph.mutable_input(0)->set_name("numbers");
  graph.mutable_output(0)->set_name("picked");
  describe(*graph.add_input(), "place", {1}, onnx::TensorProto::INT64);
  describe(*graph.add_output(), "bytes", {1, 4}, onnx::TensorProto::UINT8);
  auto& axis = *add_node(graph, "Gather", {"numbers", "place"}, "picked").add_attribute();
  axis.set_name("axis");
  axis.set_type(onnx::AttributeProto::INT);
  axis.set_i(1);
  auto& type = *add_node(graph, "Cast", {"numbers"}, "bytes").add_attribute();
  type.set_name("to");
  type.set_type(onnx::AttributeProto::INT);
  type.set_i(onnx::TensorProto::UINT8);
  return model;
}

/// Runs for a million years.
inline onnx::ModelProto endless_loop() {
  auto model = empty_model({1, 4}, {1, 4});
  auto& graph = *model.mutable_graph();
  add_integers(graph, "times", {std::int64_t{1} << 60}).clear_dims();
  auto& yes = *graph.add_initializer();
  yes.set_name("yes");
  yes.set_data_type(onnx::TensorProto::BOOL);
  yes.add_int32_data(1);
  auto& loop = add_node(graph, "Loop", {"times", "yes", "image"}, "output");
  auto& attribute = *loop.add_attribute();
  attribute.set_name("body");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  auto& body = *attribute.mutable_g();
  body.set_name("body");
  describe(*body.add_input(), "i", {}, onnx::TensorProto::INT64);
  describe(*body.add_input(), "go_on", {}, onnx::TensorProto::BOOL);
  describe(*body.add_input(), "x", {1, 4});
  describe(*body.add_output(), "goes_on", {}, onnx::TensorProto::BOOL);
  describe(*body.add_output(), "y", {1, 4});
  add_node(body, "Identity", {"go_on"}, "goes_on");
  add_node(body, "Neg", {"x"}, "y");
  return model;
}

/// Blows four numbers up to 4 TB.
inline onnx::ModelProto huge_value() {
  auto model = empty_model({1, 4}, {1, 4});
  auto& graph = *model.mutable_graph();
  add_integers(graph, "shape", {1'000'000, 1'000'000, 1, 4});
  add_integers(graph, "axes", {0, 1});
  add_node(graph, "Expand", {"image", "shape"}, "large");
  auto& sum = add_node(graph, "ReduceSum", {"large", "axes"}, "output");
  auto& keep = *sum.add_attribute();
  keep.set_name("keepdims");
  keep.set_type(onnx::AttributeProto::INT);
  keep.set_i(0);
  return model;
}

inline std::filesystem::path save(const onnx::ModelProto& model, const std::filesystem::path& path) {
  if (!write_file(path, model.SerializeAsString())) throw std::runtime_error("cannot write a test model");
  return path;
}

}  // namespace edgewise::device
