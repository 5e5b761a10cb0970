// The JSON document of a graph. The attributes of each operator come from `for_each_attribute`, in both directions.
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <format>
#include <limits>
#include <unordered_map>
#include <utility>

#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

constexpr std::string_view format_name = "edgewise-graph";
constexpr std::int64_t newest_version = 2;

// ---- Writing ----

Json value_json(std::int64_t value) {
  return value;
}
Json value_json(double value) {
  return value;
}
Json value_json(bool value) {
  return value;
}
Json value_json(const Pair& value) {
  return Json::array({value.h, value.w});
}
Json value_json(const Shape& value) {
  return Json(value);
}
Json value_json(ResizeMode value) {
  return std::string(resize_mode_names[static_cast<std::size_t>(value)]);
}

Json value_json(DataType value) {
  return std::string(to_text(value));
}
Json number_json(float value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}
Json number_json(Float16 value) {
  return number_json(to_float(value));
}
Json number_json(Boolean value) {
  return value == Boolean::yes;
}
Json number_json(std::integral auto value) {
  return value;
}
Json value_json(const Tensor& value) {
  Json data = Json::array();
  std::visit(
      [&](const auto& held) {
        for (const auto one : held) data.push_back(number_json(one));
      },
      value.values);
  return {{"type", value_json(value.type())}, {"shape", value_json(value.shape)}, {"data", std::move(data)}};
}

/// The values of all attributes under their names.
struct AttributeWriter {
  Json all = Json::object();
  void operator()(std::string_view name, const auto& value) { all[std::string(name)] = value_json(value); }
};

Json attributes_json(const Operator& op) {
  AttributeWriter written, defaults;
  std::visit(
      [&]<class Op>(const Op& value) {
        const Op initial{};
        for_each_attribute(value, written);
        for_each_attribute(initial, defaults);
      },
      op);
  Json left = Json::object();
  for (const auto& [name, value] : written.all.items())
    if (value != defaults.all[name]) left[name] = value;
  return left;
}

Json init_json(const WeightInit& init) {
  Json json = {{"kind", std::string(init_names[static_cast<std::size_t>(init.kind)])}};
  if (init.spread != 0.0) json["spread"] = init.spread;
  return json;
}

// ---- Reading ----

std::string kind_of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return std::format("a list of {}", json.size());
    case Json::value_t::string:
      return in_quotes(json.get_ref<const std::string&>());
    case Json::value_t::null:
      return "null";
    default:
      return json.dump();  // a number or a boolean
  }
}

std::string suggestion(const std::string& word, const std::vector<std::string>& allowed) {
  const std::string nearest = nearest_word(word, allowed);
  return nearest.empty() ? std::string{} : std::format("did you mean \"{}\"?", nearest);
}

Status expect(std::string_view name, std::string_view wanted, const Json& json) {
  return invalid(std::format("\"{}\" takes {}, not {}", name, wanted, kind_of(json)));
}

Status read_value(std::string_view name, const Json& json, std::int64_t& value) {
  if (!json.is_number_integer()) return expect(name, "a whole number", json);
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return expect(name, "a smaller number", json);
  value = json.get<std::int64_t>();
  return {};
}

Status read_value(std::string_view name, const Json& json, double& value) {
  if (!json.is_number()) return expect(name, "a number", json);
  value = json.get<double>();
  return {};
}

Status read_value(std::string_view name, const Json& json, bool& value) {
  if (!json.is_boolean()) return expect(name, "true or false", json);
  value = json.get<bool>();
  return {};
}

Status read_value(std::string_view name, const Json& json, Pair& value) {
  if (!json.is_array() || json.size() != 2) return expect(name, "a list of two whole numbers [height, width]", json);
  TRY_DO(read_value(name, json[0], value.h));
  return read_value(name, json[1], value.w);
}

Status read_value(std::string_view name, const Json& json, Shape& value) {
  if (!json.is_array()) return expect(name, "a list of whole numbers", json);
  if (json.size() > max_rank)
    return invalid(std::format("\"{}\" has {} entries, more than {}", name, json.size(), max_rank));
  value.assign(json.size(), 0);
  for (std::size_t i = 0; i < value.size(); ++i) TRY_DO(read_value(name, json[i], value[i]));
  return {};
}

/// The position of a word in a list of names.
template <std::size_t N>
Result<std::size_t> read_word(std::string_view name, const Json& json, const std::array<std::string_view, N>& words) {
  const std::vector<std::string> allowed(words.begin(), words.end());
  if (!json.is_string()) return std::unexpected(expect(name, quoted_list(allowed), json).error());
  const std::string& word = json.get_ref<const std::string&>();
  const auto found = std::ranges::find(words, word);
  if (found == words.end())
    return invalid(std::format("\"{}\" {} is not one of {}", name, in_quotes(word), quoted_list(allowed)),
                   suggestion(word, allowed));
  return static_cast<std::size_t>(found - words.begin());
}

Status read_value(std::string_view name, const Json& json, ResizeMode& value) {
  TRY(const std::size_t index, read_word(name, json, resize_mode_names));
  value = static_cast<ResizeMode>(index);
  return {};
}

Status read_value(std::string_view name, const Json& json, DataType& value) {
  TRY(const std::size_t index, read_word(name, json, data_type_names));
  value = static_cast<DataType>(index);
  return {};
}

Status read_number(const Json& json, float& value) {
  if (json == "inf" || json == "-inf") {
    value = std::numeric_limits<float>::infinity() * (json == "inf" ? 1.0F : -1.0F);
    return {};
  }
  double number = 0;
  TRY_DO(read_value("data", json, number));
  if (std::abs(number) > std::numeric_limits<float>::max()) return expect("data", "numbers of 32 bits", json);
  value = static_cast<float>(number);
  return {};
}

Status read_number(const Json& json, Float16& value) {
  float number = 0;
  TRY_DO(read_number(json, number));
  value = to_float16(number);
  if (std::isinf(to_float(value)) && !std::isinf(number)) return expect("data", "numbers of 16 bits", json);
  return {};
}

Status read_number(const Json& json, Boolean& value) {
  bool truth = false;
  TRY_DO(read_value("data", json, truth));
  value = truth ? Boolean::yes : Boolean::no;
  return {};
}

template <std::integral T>
Status read_number(const Json& json, T& value) {
  std::int64_t number = 0;
  TRY_DO(read_value("data", json, number));
  if (!std::in_range<T>(number))
    return expect(
        "data",
        std::format("whole numbers within {} .. {}", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()),
        json);
  value = static_cast<T>(number);
  return {};
}

Status check_members(const Json& json, const std::vector<std::string>& allowed);

Status read_value(std::string_view name, const Json& json, Tensor& value) {
  if (!json.is_object()) return expect(name, "an object with \"type\", \"shape\" and \"data\"", json);
  TRY_DO(check_members(json, {"type", "shape", "data"}));
  for (const char* member : {"type", "shape", "data"})
    if (!json.contains(member)) return invalid(std::format("\"{}\" has no \"{}\"", name, member));
  DataType type = DataType::float32;
  TRY_DO(read_value("type", json["type"], type));
  TRY_DO(read_value("shape", json["shape"], value.shape));
  const Json& data = json["data"];
  if (!data.is_array()) return expect("data", "a list of numbers", data);
  value.values = empty_values(type);
  Status status;
  std::visit(
      [&](auto& held) {
        held.resize(data.size());
        for (std::size_t i = 0; i < held.size() && status; ++i) status = read_number(data[i], held[i]);
      },
      value.values);
  return status;
}

/// Every member of `json` has one of these names.
Status check_members(const Json& json, const std::vector<std::string>& allowed) {
  for (const auto& [name, value] : json.items())
    if (!std::ranges::contains(allowed, name))
      return invalid(std::format("{} is not known here; allowed are {}", in_quotes(name), quoted_list(allowed)),
                     suggestion(name, allowed));
  return {};
}

Result<WeightInit> read_init(const Json& json) {
  if (!json.is_object()) return std::unexpected(expect("init", "an object with \"kind\"", json).error());
  TRY_DO(check_members(json, {"kind", "spread"}));
  WeightInit init;
  if (!json.contains("kind")) return invalid("\"init\" has no \"kind\"");
  TRY(const std::size_t kind, read_word("kind", json["kind"], init_names));
  init.kind = static_cast<Init>(kind);
  if (json.contains("spread")) TRY_DO(read_value("spread", json["spread"], init.spread));
  return init;
}

Result<Operator> read_operator(const Json& json) {
  if (!json.contains("op")) return invalid("the node has no \"op\"", "name its operator");
  if (!json["op"].is_string()) return std::unexpected(expect("op", "the name of an operator", json["op"]).error());
  const std::string& name = json["op"].get_ref<const std::string&>();
  auto op = operator_by_name(name);
  if (!op)
    return invalid(std::format("\"op\" {} is not one of {}", in_quotes(name), quoted_list(operator_names())),
                   suggestion(name, operator_names()));
  std::vector<std::string> allowed{"name", "op", "inputs", "init", "part"};
  Status status;
  std::visit(
      [&](auto& value) {
        for_each_attribute(value, [&](std::string_view attribute, auto& member) {
          allowed.emplace_back(attribute);
          if (const auto found = json.find(std::string(attribute)); status && found != json.end())
            status = read_value(attribute, *found, member);
        });
      },
      *op);
  TRY_DO(status);
  TRY_DO(check_members(json, allowed));
  return *op;
}

using Indices = std::unordered_map<std::string, std::size_t>;

Result<std::size_t> find_node(const Json& json, const Indices& indices, const std::vector<Node>& nodes) {
  if (!json.is_string()) return invalid(std::format("a node is called by its name, not by {}", kind_of(json)));
  const std::string& name = json.get_ref<const std::string&>();
  if (const auto found = indices.find(name); found != indices.end()) return found->second;
  constexpr std::size_t most = 1000;  // the search for a near name takes time for each
  std::vector<std::string> names;
  for (std::size_t i = nodes.size() - std::min(nodes.size(), most); i < nodes.size(); ++i)
    if (nodes[i].name.size() <= max_name_bytes) names.push_back(nodes[i].name);
  return invalid(std::format("there is no earlier node {}", in_quotes(name)), suggestion(name, names));
}

Result<Node> read_node(const Json& json, const Indices& indices, const std::vector<Node>& earlier) {
  Node node;
  node.name = json["name"].get_ref<const std::string&>();
  TRY(node.op, read_operator(json));
  if (const auto inputs = json.find("inputs"); inputs != json.end()) {
    if (!inputs->is_array()) return std::unexpected(expect("inputs", "a list of node names", *inputs).error());
    for (const Json& input : *inputs) {
      TRY(const std::size_t index, find_node(input, indices, earlier));
      node.inputs.push_back(index);
    }
  }
  if (const auto init = json.find("init"); init != json.end()) {
    TRY(node.init, read_init(*init));
  }
  if (const auto part = json.find("part"); part != json.end()) {
    if (!part->is_string()) return std::unexpected(expect("part", "a word", *part).error());
    node.part = part->get_ref<const std::string&>();
  }
  return node;
}

Status check_header(const Json& json) {
  if (!json.is_object()) return invalid(std::format("a graph is a JSON object, not {}", kind_of(json)));
  // A document of version 1 has no "outputs".
  const bool has_outputs = json.contains("outputs") && json.value("version", Json()) != 1;
  const std::vector<std::string> members{"format", "version", "nodes", has_outputs ? "outputs" : "output"};
  TRY_DO(check_members(json, members));
  for (const std::string& member : members)
    if (!json.contains(member)) return invalid(std::format("the graph has no \"{}\"", member));
  if (json["format"] != format_name)
    return invalid(std::format("\"format\" is {}, not \"{}\"", kind_of(json["format"]), format_name),
                   "give the file of a graph");
  std::int64_t version = 0;
  TRY_DO(read_value("version", json["version"], version));
  if (version < 1 || version > newest_version)
    return invalid(std::format("\"version\" {} is not 1 or {}, the only ones known", version, newest_version),
                   "use the edgewise that wrote the file, or a newer one");
  if (!json["nodes"].is_array()) return expect("nodes", "a list of nodes", json["nodes"]);
  if (json["nodes"].size() > max_nodes)
    return invalid(std::format("the graph has {} nodes, more than {}", json["nodes"].size(), max_nodes));
  return {};
}

/// What `find_node` finds, or its error with the place.
Result<std::size_t> find_output(const Json& json, const Indices& indices, const std::vector<Node>& nodes,
                                std::string where) {
  auto output = find_node(json, indices, nodes);
  if (!output) {
    Error error = std::move(output).error();
    error.where = std::move(where);
    return std::unexpected(std::move(error));
  }
  return *output;
}

Result<std::vector<Output>> read_outputs(const Json& json, const Indices& indices, const std::vector<Node>& nodes) {
  if (json.contains("output")) {
    TRY(const std::size_t node, find_output(json["output"], indices, nodes, "\"output\""));
    return std::vector<Output>{{"", node}};
  }
  const Json& list = json["outputs"];
  if (!list.is_array()) return std::unexpected(expect("outputs", "a list of outputs", list).error());
  if (list.size() > max_outputs)
    return invalid(std::format("the graph has {} outputs, more than {}", list.size(), max_outputs));
  std::vector<Output> outputs;
  for (const Json& entry : list) {
    const std::string where = std::format("output {}", outputs.size());
    const bool is_whole = entry.is_object() && entry.size() == 2 && entry.contains("node") && entry.contains("name") &&
                          entry["name"].is_string();
    if (!is_whole) return invalid("an output is an object with \"name\" and \"node\"", {}, where);
    TRY(const std::size_t node, find_output(entry["node"], indices, nodes, where));
    outputs.push_back({entry["name"].get<std::string>(), node});
  }
  return outputs;
}

bool needs_version_2(const Graph& graph) {
  return !graph.outputs().front().name.empty() || std::ranges::any_of(graph.nodes(), [](const Node& node) {
    return !node.part.empty() || is_new_in_version_2(node.op);
  });
}

}  // namespace

Json to_json(const Graph& graph) {
  Json nodes = Json::array();
  for (const Node& node : graph.nodes()) {
    Json json = {{"name", node.name}, {"op", std::string(operator_name(node.op))}};
    const Json attributes = attributes_json(node.op);
    for (const auto& [name, value] : attributes.items()) json[name] = value;
    if (!node.inputs.empty()) {
      Json inputs = Json::array();
      for (const std::size_t input : node.inputs) inputs.push_back(graph.node(input).name);
      json["inputs"] = std::move(inputs);
    }
    if (node.init != WeightInit{}) json["init"] = init_json(node.init);
    if (!node.part.empty()) json["part"] = node.part;
    nodes.push_back(std::move(json));
  }
  Json json = {
      {"format", std::string(format_name)}, {"version", needs_version_2(graph) ? 2 : 1}, {"nodes", std::move(nodes)}};
  if (const auto& outputs = graph.outputs(); outputs.front().name.empty()) {
    json["output"] = graph.node(outputs.front().node).name;
  } else {
    json["outputs"] = Json::array();
    for (const Output& output : outputs)
      json["outputs"].push_back({{"name", output.name}, {"node", graph.node(output.node).name}});
  }
  return json;
}

Result<Graph> graph_from_json(const Json& json) {
  TRY_DO(check_header(json));
  std::vector<Node> nodes;
  Indices indices;
  for (const Json& entry : json["nodes"]) {
    const std::string place = std::format("node {}", nodes.size());
    if (!entry.is_object()) return invalid(std::format("a node is an object, not {}", kind_of(entry)), {}, place);
    if (!entry.contains("name") || !entry["name"].is_string())
      return invalid("the node has no \"name\"", "give each node a name of its own", place);
    auto node = read_node(entry, indices, nodes);
    if (!node) {
      Error error = std::move(node).error();
      const std::string& name = entry["name"].get_ref<const std::string&>();
      error.where = name.empty() ? place : "node " + in_quotes(name);
      return std::unexpected(std::move(error));
    }
    indices.emplace(node->name, nodes.size());
    nodes.push_back(std::move(*node));
  }
  TRY(std::vector<Output> outputs, read_outputs(json, indices, nodes));
  return make_graph(std::move(nodes), std::move(outputs));
}

}  // namespace edgewise::graph
