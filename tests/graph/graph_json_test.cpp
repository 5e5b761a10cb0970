#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "random_graph.hpp"

namespace edgewise::graph {
namespace {

constexpr const char* small = R"({
  "format": "edgewise-graph", "version": 1,
  "nodes": [
    {"name": "input", "op": "input", "shape": [3, 8, 8]},
    {"name": "conv", "op": "conv2d", "out_channels": 4, "kernel_size": [3, 3], "inputs": ["input"],
     "init": {"kind": "normal", "spread": 0.5}},
    {"name": "act", "op": "hardswish", "inputs": ["conv"]},
    {"name": "up", "op": "resize", "output_size": [2, 4], "mode": "nearest", "inputs": ["act"]}
  ],
  "output": "up"
})";

Json document() {
  return *parse_json(small, "small");
}

Error mistake(const Json& json) {
  const auto graph = graph_from_json(json);
  EXPECT_FALSE(graph) << json.dump();
  return graph ? Error{} : graph.error();
}

TEST(GraphJson, ReadsAndWritesTheSameDocument) {
  const auto graph = graph_from_json(document());
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_EQ(graph->output_shape(), (Shape{4, 2, 4}));
  EXPECT_EQ(graph->node(1).init, (WeightInit{Init::normal, 0.5}));
  EXPECT_EQ(to_json(*graph), document());  // attributes equal to their defaults stay out
}

TEST(GraphJson, KeepsEveryRandomGraph) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Graph graph = random_graph(RandomStream::named(seed, "json"), 40, seed % 3 == 0);
    const auto text = to_json(graph).dump();
    const auto parsed = parse_json(text, "text");
    ASSERT_TRUE(parsed);
    const auto again = graph_from_json(*parsed);
    ASSERT_TRUE(again) << "seed " << seed << ": " << to_text(again.error());
    ASSERT_EQ(graph, *again) << "seed " << seed;
    ASSERT_EQ(structural_hash(graph), structural_hash(*again));
    for (const Node& node : graph.nodes()) seen.emplace(operator_name(node.op));
  }
  EXPECT_EQ(seen.size(), 30U) << "every operator and activation took part";
}

TEST(GraphJson, NamesTheNodeOfAMistakeAndTheNearestWord) {
  Json json = document();
  json["nodes"][1]["op"] = "conv2";
  EXPECT_EQ(mistake(json).where, "node \"conv\"");
  EXPECT_THAT(mistake(json).message, testing::StartsWith("\"op\" \"conv2\" is not one of \"input\", \"conv2d\", "));
  EXPECT_EQ(mistake(json).next, "did you mean \"conv2d\"?");

  json = document();
  json["nodes"][1]["kernel"] = 3;
  EXPECT_THAT(mistake(json).message, testing::StartsWith("\"kernel\" is not known here; allowed are "));

  json = document();
  json["nodes"][1]["kernel_size"] = 3;
  EXPECT_EQ(mistake(json),
            (Error{ErrorCode::invalid_input, "\"kernel_size\" takes a list of two whole numbers [height, width], not 3",
                   "node \"conv\"", ""}));

  json = document();
  json["nodes"][2]["inputs"][0] = "cov";
  EXPECT_EQ(mistake(json), (Error{ErrorCode::invalid_input, "there is no earlier node \"cov\"", "node \"act\"",
                                  "did you mean \"conv\"?"}));

  json = document();
  json["nodes"][3]["mode"] = "linear";
  EXPECT_EQ(mistake(json).message, "\"mode\" \"linear\" is not one of \"nearest\" or \"bilinear\"");
  EXPECT_EQ(mistake(json).where, "node \"up\"");

  json = document();
  json["nodes"][1]["init"]["kind"] = "ones!";
  EXPECT_EQ(mistake(json).next, "did you mean \"ones\"?");
}

TEST(GraphJson, RefusesWrongDocuments) {
  EXPECT_EQ(mistake(Json(3)).message, "a graph is a JSON object, not 3");
  EXPECT_EQ(mistake(Json::object()).message, "the graph has no \"format\"");
  const auto with = [](const char* member, Json value) {
    Json json = document();
    json[member] = std::move(value);
    return mistake(json);
  };
  EXPECT_EQ(with("format", "onnx").message, "\"format\" is \"onnx\", not \"edgewise-graph\"");
  EXPECT_EQ(with("version", 3).message, "\"version\" 3 is not 1 or 2, the only ones known");
  EXPECT_EQ(with("version", 0).message, "\"version\" 0 is not 1 or 2, the only ones known");
  EXPECT_EQ(with("version", "1").message, "\"version\" takes a whole number, not \"1\"");
  EXPECT_EQ(with("nodes", Json::object()).message, "\"nodes\" takes a list of nodes, not an object");
  EXPECT_EQ(with("nodes", Json::array()).message, "there is no earlier node \"up\"");
  EXPECT_EQ(with("nodes", Json(std::vector<int>(100'001))).message, "the graph has 100001 nodes, more than 100000");
  EXPECT_EQ(with("output", "down").where, "\"output\"");
  EXPECT_EQ(with("output", "conv").message, "the output \"conv\" does not depend on this node");
  EXPECT_EQ(with("more", 1).message,
            "\"more\" is not known here; allowed are \"format\", \"version\", \"nodes\" or \"output\"");

  Json json = document();
  json["nodes"][1] = 5;
  EXPECT_EQ(mistake(json), (Error{ErrorCode::invalid_input, "a node is an object, not 5", "node 1", ""}));
  json["nodes"][1] = {{"op", "relu"}};
  EXPECT_EQ(mistake(json).message, "the node has no \"name\"");
}

TEST(GraphJson, RefusesNumbersThatDoNotFit) {
  const auto with = [](Json channels) {
    Json json = document();
    json["nodes"][1]["out_channels"] = std::move(channels);
    return mistake(json).message;
  };
  EXPECT_EQ(with(18446744073709551615ULL), "\"out_channels\" takes a smaller number, not 18446744073709551615");
  EXPECT_EQ(with(2.5), "\"out_channels\" takes a whole number, not 2.5");
  EXPECT_EQ(with(-1), "\"out_channels\" -1 is not within 1 .. 2147483648");
  EXPECT_EQ(with(nullptr), "\"out_channels\" takes a whole number, not null");
  EXPECT_EQ(with("\x1b[31m"), "\"out_channels\" takes a whole number, not \"?[31m\"");
  Json json = document();
  json["nodes"][0]["shape"] = std::vector<int>(1000, 1);
  EXPECT_EQ(mistake(json).message, "\"shape\" has 1000 entries, more than 8");
}

constexpr const char* newer = R"({
  "format": "edgewise-graph", "version": 2,
  "nodes": [
    {"name": "input", "op": "input", "shape": [3, 2, 2], "type": "uint8"},
    {"name": "cast", "op": "cast", "inputs": ["input"]},
    {"name": "shift", "op": "constant", "value": {"type": "float32", "shape": [3, 2, 2],
      "data": [0.5, -1.25, "inf", "-inf", 0.10000000149011612, -0.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]}, "part": "stem"},
    {"name": "sum", "op": "add", "inputs": ["cast", "shift"], "part": "stem"},
    {"name": "mask", "op": "constant", "value": {"type": "bool", "shape": [2], "data": [true, false]}},
    {"name": "flat", "op": "reshape", "shape": [12], "inputs": ["sum"], "part": "head"}
  ],
  "outputs": [{"name": "scores", "node": "flat"}, {"name": "features", "node": "sum"}, {"name": "mask", "node": "mask"}]
})";

TEST(GraphJson, ReadsAndWritesWhatVersion1DoesNotHave) {
  const Json json = parse_json(newer, "newer").value();
  const auto graph = graph_from_json(json);
  ASSERT_TRUE(graph) << to_text(graph.error());
  EXPECT_EQ(graph->outputs(), (std::vector<Output>{{"scores", 5}, {"features", 3}, {"mask", 4}}));
  EXPECT_EQ(graph->type(0), DataType::uint8);
  EXPECT_EQ(graph->type(4), DataType::boolean);
  EXPECT_EQ(graph->node(5).part, "head");
  EXPECT_EQ(std::get<Constant>(graph->node(2).op).value.floats()[4], 0.1F);
  EXPECT_EQ(to_json(*graph), json);
}

TEST(GraphJson, IsVersion1WhereThatIsEnough) {
  const auto version = [](const char* change, Json value) {
    Json json = document();
    json["version"] = 2;
    if (*change != 0) json[Json::json_pointer(change)] = std::move(value);
    const auto graph = graph_from_json(json);
    EXPECT_TRUE(graph) << json.dump();
    return graph ? to_json(*graph)["version"] : Json();
  };
  EXPECT_EQ(version("", {}), 1);
  EXPECT_EQ(version("/nodes/1/part", "stem"), 2);
  EXPECT_EQ(version("/nodes/0/type", "float32"), 1);
}

TEST(GraphJson, RefusesWrongOutputsAndConstants) {
  const auto with = [](const char* place, Json value) {
    Json json = parse_json(newer, "newer").value();
    json[Json::json_pointer(place)] = std::move(value);
    return mistake(json);
  };
  EXPECT_EQ(with("/outputs", Json::array()).message, "the graph has no outputs");
  EXPECT_EQ(with("/outputs", 3).message, "\"outputs\" takes a list of outputs, not 3");
  EXPECT_EQ(with("/outputs/1/node", "sun"),
            (Error{ErrorCode::invalid_input, "there is no earlier node \"sun\"", "output 1", "did you mean \"sum\"?"}));
  EXPECT_EQ(with("/outputs/1/node", "flat").message, "the outputs \"scores\" and \"features\" are one value");
  EXPECT_EQ(with("/outputs/1/name", "scores").message, "two outputs have the name \"scores\"");
  EXPECT_EQ(with("/outputs/1/name", "").message, "the name is empty");
  EXPECT_EQ(with("/outputs/1", 1).message, "an output is an object with \"name\" and \"node\"");
  EXPECT_EQ(with("/output", "sum").message,
            "\"output\" is not known here; allowed are \"format\", \"version\", \"nodes\" or \"outputs\"");
  EXPECT_EQ(with("/version", 1).message,
            "\"outputs\" is not known here; allowed are \"format\", \"version\", \"nodes\" or \"output\"");
  EXPECT_EQ(with("/nodes/2/value/data/11", "twelve").message, "\"data\" takes a number, not \"twelve\"");
  EXPECT_EQ(with("/nodes/2/value/data/11", 1e40).message, "\"data\" takes numbers of 32 bits, not 1e+40");
  EXPECT_EQ(with("/nodes/2/value/data/12", 1).message, "\"value\" holds 13 numbers for the shape 3x2x2");
  EXPECT_EQ(with("/nodes/2/value/type", "float8").message,
            "\"type\" \"float8\" is not one of \"float32\", \"int64\", \"int32\", \"uint8\", \"int8\", \"float16\" or "
            "\"bool\"");
  EXPECT_EQ(with("/nodes/2/value/shape", Json::array()).message, "\"value\" of the constant has no axis");
  EXPECT_EQ(with("/nodes/4/value", {{"type", "int8"}, {"shape", {2}}, {"data", {1, 128}}}).message,
            "\"data\" takes whole numbers within -128 .. 127, not 128");
  EXPECT_EQ(with("/nodes/1/op", "relu").message, "relu takes values of \"float32\", not uint8");
}

}  // namespace
}  // namespace edgewise::graph
