#include "graph/graph.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <unordered_set>
#include <utility>

#include "base/random.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

/// Well-formed UTF-8 (Unicode 15, table 3-7) without control characters: names go into JSON, ONNX and SVG.
bool is_clean_text(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    if (length == 0 || first < 0x20 || first == 0x7f) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    const unsigned second = byte(i + 1);
    if (first == 0xc2 && second < 0xa0) return false;                                        // C1 control characters
    if ((first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90)) return false;  // over-long forms
    if ((first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f))
      return false;                                                           // surrogates, beyond U+10FFFF
    if (first == 0xef && second == 0xbf && byte(i + 2) > 0xbd) return false;  // U+FFFE and U+FFFF, which XML forbids
    i += length;
  }
  return true;
}

Status check_name(const std::string& name) {
  if (name.empty()) return invalid("the name is empty", "give each node a name of its own");
  if (name.size() > max_name_bytes)
    return invalid(std::format("the name has {} bytes, more than {}", name.size(), max_name_bytes));
  if (!is_clean_text(name)) return invalid("the name is not printable UTF-8 text");
  return {};
}

Status check_init(const WeightInit& init) {
  const auto kind = static_cast<std::size_t>(init.kind);
  if (kind >= init_names.size()) return invalid(std::format("\"init\" kind {} is unknown", kind));
  if (!std::isfinite(init.spread) || init.spread < 0.0)
    return invalid(std::format("\"spread\" {} of \"init\" is not a finite number of at least 0", init.spread));
  return {};
}

Status check_part(const std::string& part) {
  if (part.size() > max_name_bytes || !is_clean_text(part))
    return invalid(std::format("\"part\" is not printable UTF-8 text of at most {} bytes", max_name_bytes));
  return {};
}

std::string where_of(const std::string& name, std::size_t index) {
  return name.empty() ? std::format("node {}", index) : "node " + in_quotes(name);
}

std::unexpected<Error> at(Error error, const std::string& name, std::size_t index) {
  error.where = where_of(name, index);
  return std::unexpected(std::move(error));
}

/// Nodes from which no path leads to an output compute for nobody.
Status check_all_used(const std::vector<Node>& nodes, const std::vector<Output>& outputs) {
  std::vector<bool> used(nodes.size(), false);
  for (const Output& output : outputs) used[output.node] = true;
  for (std::size_t i = nodes.size(); i-- > 0;)
    if (used[i])
      for (const std::size_t input : nodes[i].inputs) used[input] = true;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (!used[i])
      return invalid(outputs.size() == 1 ? std::format("the output {} does not depend on this node",
                                                       in_quotes(nodes[outputs.front().node].name))
                                         : std::format("none of the {} outputs depends on this node", outputs.size()),
                     "remove the node or use its value", where_of(nodes[i].name, i));
  return {};
}

/// Apart from its nodes; "outputs" are few, so each is compared with those before it.
Status check_outputs(const std::vector<Output>& outputs, std::size_t nodes) {
  if (outputs.empty()) return invalid("the graph has no outputs", "name the node whose value it gives");
  if (outputs.size() > max_outputs)
    return invalid(std::format("the graph has {} outputs, more than {}", outputs.size(), max_outputs));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [name, node] = outputs[i];
    if (node >= nodes) return invalid(std::format("the output is node {}, but there are {} nodes", node, nodes));
    if (name.empty() && outputs.size() == 1) continue;  // "the" output
    const std::string where = std::format("output {}", i);
    if (auto status = check_name(name); !status) {
      Error error = std::move(status).error();
      error.where = where;
      if (name.empty()) error.next = "give each output a name of its own";
      return std::unexpected(std::move(error));
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (outputs[k].name == name)
        return invalid(std::format("two outputs have the name {}", in_quotes(name)), "rename one of them", where);
      if (outputs[k].node == node)
        return invalid(std::format("the outputs {} and {} are one value", in_quotes(outputs[k].name), in_quotes(name)),
                       "leave one of them out", where);
    }
  }
  return {};
}

}  // namespace

Result<Graph> make_graph(std::vector<Node> nodes, std::size_t output) {
  return make_graph(std::move(nodes), std::vector<Output>{{"", output}});
}

Result<Graph> make_graph(std::vector<Node> nodes, std::vector<Output> outputs) {
  if (nodes.empty()) return invalid("the graph has no nodes", "start with an \"input\" node");
  if (nodes.size() > max_nodes)
    return invalid(std::format("the graph has {} nodes, more than {}", nodes.size(), max_nodes));
  TRY_DO(check_outputs(outputs, nodes.size()));
  Graph graph;
  std::unordered_set<std::string> names, tensor_names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    const auto problem = [&](std::string message, std::string next = {}) {
      return invalid(std::move(message), std::move(next), where_of(node.name, i));
    };
    if (auto status = check_name(node.name); !status) return at(std::move(status).error(), node.name, i);
    if (auto status = check_init(node.init); !status) return at(std::move(status).error(), node.name, i);
    if (auto status = check_part(node.part); !status) return at(std::move(status).error(), node.name, i);
    if (!names.insert(node.name).second) return problem("two nodes have this name", "rename one of them");
    const bool is_input = std::holds_alternative<Input>(node.op);
    if (i == 0 && !is_input) return problem("the first node is not an \"input\"");
    if (i != 0 && is_input) return problem("this is a second \"input\"", "a graph has one input, its first node");
    std::vector<Shape> inputs;
    std::vector<DataType> types;
    for (const std::size_t input : node.inputs) {
      if (input >= i) return problem(std::format("input {} is not an earlier node than node {}", input, i));
      inputs.push_back(graph.shapes_[input]);
      types.push_back(graph.types_[input]);
    }
    auto shape = infer_shape(node.op, inputs);
    if (!shape) return at(std::move(shape).error(), node.name, i);
    auto type = infer_type(node.op, types);
    if (!type) return at(std::move(type).error(), node.name, i);
    for (const TensorSpec& tensor : operator_tensors(node.op, node.name, inputs.empty() ? Shape{} : inputs[0]))
      if (!tensor_names.insert(tensor.name).second)
        return problem(std::format("its tensor {} has the name of another node's tensor", in_quotes(tensor.name)),
                       "rename the node");
    graph.shapes_.push_back(std::move(*shape));
    graph.types_.push_back(*type);
  }
  TRY_DO(check_all_used(nodes, outputs));
  graph.nodes_ = std::move(nodes);
  graph.outputs_ = std::move(outputs);
  return graph;
}

bool Graph::is_output(std::size_t node) const {
  return std::ranges::contains(outputs_, node, &Output::node);
}

std::size_t Graph::output() const {
  EDGEWISE_ASSERT(outputs_.size() == 1, "this asks for the only output of a graph that has several");
  return outputs_.front().node;
}

std::vector<TensorSpec> Graph::tensors(std::size_t index) const {
  const Node& node = nodes_[index];
  return operator_tensors(node.op, node.name, node.inputs.empty() ? Shape{} : shapes_[node.inputs[0]]);
}

std::vector<TensorSpec> Graph::tensors() const {
  std::vector<TensorSpec> all;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (TensorSpec& tensor : tensors(i)) all.push_back(std::move(tensor));
  return all;
}

std::uint64_t structural_hash(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes()) {
    text += operator_text(node.op);
    for (const std::size_t input : node.inputs) text += std::format("{} ", input);
    text += '\n';
  }
  for (std::size_t i = 0; i < graph.outputs().size(); ++i)
    text += (i > 0 ? " " : "") + std::to_string(graph.outputs()[i].node);
  return stable_hash(text);
}

GraphBuilder::GraphBuilder(Shape input_shape, DataType input_type) {
  add(Input{std::move(input_shape), input_type}, {}, "input");
}

GraphBuilder::Value GraphBuilder::add(Operator op, const std::vector<Value>& inputs, std::string name,
                                      WeightInit init) {
  if (error_) return {0};
  const std::size_t index = nodes_.size();
  if (name.empty()) name = std::format("{}_{}", operator_name(op), index);
  Node node{std::move(name), std::move(op), {}, init, part_};
  std::vector<Shape> shapes;
  std::vector<DataType> types;
  for (const Value input : inputs) {
    EDGEWISE_ASSERT(input.index < index, "a value of another builder was used");
    node.inputs.push_back(input.index);
    shapes.push_back(shapes_[input.index]);
    types.push_back(types_[input.index]);
  }
  auto shape = infer_shape(node.op, shapes);
  auto type = shape ? infer_type(node.op, types) : std::unexpected(shape.error());
  if (!type) {
    error_ = std::move(type).error();
    error_->where = where_of(node.name, index);
    return {0};
  }
  nodes_.push_back(std::move(node));
  shapes_.push_back(std::move(*shape));
  types_.push_back(*type);
  return {index};
}

Shape GraphBuilder::shape(Value value) const {
  if (error_) return {};
  EDGEWISE_ASSERT(value.index < shapes_.size(), "a value of another builder was used");
  return shapes_[value.index];
}

DataType GraphBuilder::type(Value value) const {
  if (error_) return DataType::float32;
  EDGEWISE_ASSERT(value.index < types_.size(), "a value of another builder was used");
  return types_[value.index];
}

Result<Graph> GraphBuilder::finish(Value output) && {
  if (error_) return std::unexpected(std::move(*error_));
  return make_graph(std::move(nodes_), output.index);
}

Result<Graph> GraphBuilder::finish(std::span<const NamedValue> outputs) && {
  if (error_) return std::unexpected(std::move(*error_));
  std::vector<Output> named;
  for (const auto& [name, value] : outputs) named.push_back({name, value.index});
  return make_graph(std::move(nodes_), std::move(named));
}

}  // namespace edgewise::graph
