/// Builds the nodes and constants of an ONNX graph. Private: it shows the protobuf classes.
#pragma once

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "deploy/fold_internal.hpp"

namespace edgewise::deploy {

/// The batch axis in front of a graph's shape.
graph::Shape with_batch(const graph::Shape& shape);

/// Appends to a GraphProto; keeps names unique.
class OnnxWriter {
 public:
  explicit OnnxWriter(onnx::GraphProto& proto) : proto_(proto) {}

  /// `wanted`, or `wanted_2`, `wanted_3`, ... when it is taken. The name is taken from then on.
  std::string unique(const std::string& wanted);

  /// One node with one output. Attributes are set on the returned node, through the functions below.
  onnx::NodeProto& node(const char* op_type, const std::vector<std::string>& inputs, const std::string& output);
  static void set(onnx::NodeProto& node, const char* name, std::int64_t value);
  static void set(onnx::NodeProto& node, const char* name, double value);
  static void set(onnx::NodeProto& node, const char* name, const char* value);
  static void set(onnx::NodeProto& node, const char* name, std::initializer_list<std::int64_t> values);
  static void set(onnx::NodeProto& node, const char* name, std::span<const std::int64_t> values);

  /// Constants stored in the file; the name they got.
  std::string constant(const std::string& wanted, const graph::Shape& shape, std::span<const float> values);
  std::string constant(const std::string& wanted, std::span<const std::int64_t> values);
  /// Behind a batch axis of 1.
  std::string constant(const std::string& wanted, const graph::Tensor& tensor);
  std::string scalar(const std::string& wanted, float value);

 private:
  onnx::GraphProto& proto_;
  std::set<std::string> taken_;
};

/// ONNX's name of a data type.
onnx::TensorProto::DataType onnx_type(graph::DataType type);

/// Writes every node of `graph` as `plan` says; the network's input is called `input`, its outputs, in their order,
/// `outputs`.
void write_nodes(OnnxWriter& writer, const graph::Graph& graph, const graph::Weights& weights, const Plan& plan,
                 const std::string& input, const std::vector<std::string>& outputs);

}  // namespace edgewise::deploy
