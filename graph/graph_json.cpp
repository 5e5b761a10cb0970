// The JSON document of a graph. The attributes of each operator come from `for_each_attribute`, in both directions.
#include <algorithm>
#include <array>
#include <format>
#include <limits>
#include <unordered_map>
#include <utility>

#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

constexpr std::string_view format_name = "edgewise-graph";
constexpr std::int64_t format_version = 1;

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
  std::vector<std::string> allowed{"name", "op", "inputs", "init"};
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
  return node;
}

Status check_header(const Json& json) {
  if (!json.is_object()) return invalid(std::format("a graph is a JSON object, not {}", kind_of(json)));
  TRY_DO(check_members(json, {"format", "version", "nodes", "output"}));
  for (const char* member : {"format", "version", "nodes", "output"})
    if (!json.contains(member)) return invalid(std::format("the graph has no \"{}\"", member));
  if (json["format"] != format_name)
    return invalid(std::format("\"format\" is {}, not \"{}\"", kind_of(json["format"]), format_name),
                   "give the file of a graph");
  std::int64_t version = 0;
  TRY_DO(read_value("version", json["version"], version));
  if (version != format_version)
    return invalid(std::format("\"version\" {} is not {}, the only one known", version, format_version),
                   "use the edgewise that wrote the file, or a newer one");
  if (!json["nodes"].is_array()) return expect("nodes", "a list of nodes", json["nodes"]);
  if (json["nodes"].size() > max_nodes)
    return invalid(std::format("the graph has {} nodes, more than {}", json["nodes"].size(), max_nodes));
  return {};
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
    nodes.push_back(std::move(json));
  }
  return {{"format", std::string(format_name)},
          {"version", format_version},
          {"nodes", std::move(nodes)},
          {"output", graph.node(graph.output()).name}};
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
  auto output = find_node(json["output"], indices, nodes);
  if (!output) {
    Error error = std::move(output).error();
    error.where = "\"output\"";
    return std::unexpected(std::move(error));
  }
  return make_graph(std::move(nodes), *output);
}

}  // namespace edgewise::graph
