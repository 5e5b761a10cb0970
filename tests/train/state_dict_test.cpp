#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/random.hpp"
#include "train/pickle_internal.hpp"
#include "train/state_dict_internal.hpp"
#include "train/train.hpp"

namespace edgewise::train {
namespace {

using ::testing::HasSubstr;

std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

// A zip archive of stored files.
std::string zip(const std::vector<std::pair<std::string, std::string>>& files, int method = 0) {
  std::string out, list;
  for (const auto& [name, contents] : files) {
    const auto place = out.size();
    const auto middle = little(0, 2) + little(0, 2) + little(0, 4) + little(contents.size(), 4) +
                        little(contents.size(), 4) + little(name.size(), 2);
    out += "PK\x03\x04" + little(10, 2) + little(0, 2) + little(static_cast<std::uint64_t>(method), 2) +
           middle.substr(0, 4) + middle.substr(4) + little(0, 2) + name + contents;
    list += "PK\x01\x02" + little(10, 2) + little(10, 2) + little(0, 2) +
            little(static_cast<std::uint64_t>(method), 2) + middle + little(0, 2) + little(0, 2) + little(0, 2) +
            little(0, 2) + little(0, 4) + little(place, 4) + name;
  }
  const auto start = out.size();
  return out + list + "PK\x05\x06" + little(0, 4) + little(files.size(), 2) + little(files.size(), 2) +
         little(list.size(), 4) + little(start, 4) + little(0, 2);
}

std::string text(const std::string& value) {
  return "X" + little(value.size(), 4) + value;
}
std::string integer(std::int64_t value) {
  return "J" + little(static_cast<std::uint32_t>(value), 4);
}
std::string tuple(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const auto value : values) out += integer(value);
  return out + "t";
}

struct Described {
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape{2, 3}, strides{3, 1};
  std::string storage = "FloatStorage", key = "0";
  std::int64_t count = 6;
};

// The pickle of {"w": tensor}, opcode by opcode.
std::string pickled(const Described& d) {
  return std::string("\x80\x02") + "}" + text("w") + "ctorch._utils\n_rebuild_tensor_v2\n(" + "(" + text("storage") +
         "ctorch\n" + d.storage + "\n" + text(d.key) + text("cpu") + integer(d.count) + "tQ" + integer(d.offset) +
         tuple(d.shape) + tuple(d.strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtRs.";
}

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string file(const Described& d) {
  return zip({{"m/data.pkl", pickled(d)}, {"m/byteorder", "little"}, {"m/data/0", floats({0, 1, 2, 3, 4, 5})}});
}

std::string message(const std::string& bytes) {
  const auto result = parse_state_dict(bytes);
  return result ? "accepted" : result.error().message;
}

TEST(StateDict, ReadsAPlainTensor) {
  const auto weights = parse_state_dict(file({}));
  ASSERT_TRUE(weights.has_value()) << to_text(weights.error());
  EXPECT_EQ(weights->at("w"), (graph::Tensor{{2, 3}, {0, 1, 2, 3, 4, 5}}));
}

TEST(StateDict, FollowsStridesAndOffsets) {
  const auto transposed = parse_state_dict(file({.shape = {3, 2}, .strides = {1, 3}}));
  ASSERT_TRUE(transposed.has_value());
  EXPECT_EQ(transposed->at("w").values, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  const auto part = parse_state_dict(file({.offset = 4, .shape = {2}, .strides = {1}}));
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->at("w").values, (std::vector<float>{4, 5}));
}

TEST(StateDict, RefusesTensorsThatReachBeyondTheirStorage) {
  EXPECT_THAT(message(file({.offset = 1})), HasSubstr("tensor \"w\": it reaches beyond its storage"));
  EXPECT_THAT(message(file({.shape = {2, 4}, .strides = {4, 1}})), HasSubstr("beyond"));
  EXPECT_THAT(message(file({.shape = {2, 3}, .strides = {2147483647, 1}})), HasSubstr("beyond"));
  EXPECT_THAT(message(file({.shape = {2147483647, 2147483647, 4}, .strides = {0, 0, 0}})), HasSubstr("beyond"));
  EXPECT_THAT(message(file({.shape = {-1, 3}})), HasSubstr("natural"));
  EXPECT_THAT(message(file({.shape = {6}})), HasSubstr("do not fit"));
  EXPECT_THAT(message(file({.key = "9"})), HasSubstr("storage \"9\" is missing"));
  EXPECT_THAT(message(file({.storage = "DoubleStorage"})), HasSubstr("beyond"));
}

TEST(StateDict, NeverExecutesWhatAPickleAsksFor) {
  const auto attack = std::string("\x80\x02") + "cos\nsystem\n" + text("touch /tmp/owned") + "\x85R.";
  EXPECT_THAT(message(zip({{"m/data.pkl", attack}})), HasSubstr("asks for \"os.system\""));
  const auto by_stack = std::string("\x80\x04") +
                        "\x8c\x08"
                        "builtins"
                        "\x8c\x04"
                        "eval"
                        "\x93" +
                        text("1") + "\x85R.";
  EXPECT_THAT(message(zip({{"m/data.pkl", by_stack}})), HasSubstr("asks for \"builtins.eval\""));
  EXPECT_THAT(message(zip({{"m/data.pkl", std::string("\x80\x02") + "(ios\nsystem\n."}})), HasSubstr("opcode 0x69"));
  EXPECT_THAT(message(zip({{"m/data.pkl", std::string("\x80\x02") + "c\x01\x02\xff\nx\n."}})),
              HasSubstr("asks for \"???.x\""));
}

TEST(StateDict, RefusesStacksThatDoNotAddUp) {
  for (const std::string body : {"R",        "t",      "s",     "u",     "Q",     "b",     "a",
                                 "e",        "0",      "q\x01", "h\x01", "(.",    "",      "NN.",
                                 "}Na.",     "]Ns.",   "N)R.",  "NQ.",   "}(Nu.", "J\x01", "X\xff\xff\xff\xff",
                                 "\x8a\xff", "ctorch", "\x87"}) {
    EXPECT_FALSE(pickle::read("\x80\x02" + body).has_value()) << body;
  }
  EXPECT_FALSE(pickle::read("\x80\x05N.").has_value());
}

// A call keeps its arguments: recalling one long tuple for many calls must not multiply its memory.
TEST(StateDict, RefusesCallsWithMoreArgumentsThanAnyTensorNeeds) {
  const std::string long_tuple = tuple(std::vector<std::int64_t>(1000, 1)) + "q\x01";  // kept as memo 1
  const auto call = [&](const std::string& how) { return "\x80\x02" + how + "."; };
  EXPECT_FALSE(pickle::read(call("ctorch._utils\n_rebuild_tensor_v2\n" + long_tuple + "R")));
  EXPECT_FALSE(pickle::read(call(long_tuple + "Q")));
  EXPECT_TRUE(pickle::read(call("ctorch._utils\n_rebuild_tensor_v2\n" + tuple({1, 2, 3}) + "R")));
  EXPECT_TRUE(pickle::read(call(tuple({1, 2, 3}) + "Q")));
}

TEST(StateDict, RefusesAListThatContainsItself) {
  // l = []; l.append(l): legal for a pickle, but no shape.
  const auto self = std::string("\x80\x02") +
                    "]q\x01h\x01"
                    "a.";
  EXPECT_TRUE(pickle::read(self).has_value());
  EXPECT_THAT(message(zip({{"m/data.pkl", self}})), HasSubstr("no dictionary of tensors"));
}

TEST(StateDict, RefusesOtherFiles) {
  EXPECT_THAT(message(""), HasSubstr("neither a zip archive nor an old PyTorch file"));
  EXPECT_THAT(message("GIF89a"), HasSubstr("neither"));
  EXPECT_THAT(message(std::string("\x80\x02N.")), HasSubstr("neither"));
  EXPECT_THAT(message(zip({{"a", "b"}})), HasSubstr("data.pkl"));
  EXPECT_THAT(message(zip({{"m/data.pkl", pickled({})}, {"m/constants.pkl", ""}})), HasSubstr("TorchScript"));
  EXPECT_THAT(message(zip({{"m/data.pkl", pickled({})}}, 8)), HasSubstr("compressed"));
  EXPECT_THAT(message(zip({{"m/data.pkl", std::string("\x80\x02}.")}})), HasSubstr("no tensor"));
}

TEST(StateDict, SurvivesEveryTruncationAndRandomDamage) {
  const auto good = file({});
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parse_state_dict(good.substr(0, length)).has_value());
  RandomStream random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (auto changes = 1 + random.below(4); changes > 0; --changes)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    if (const auto weights = parse_state_dict(bytes)) {
      for (const auto& [name, tensor] : *weights) EXPECT_LE(tensor.values.size(), good.size());
    }
  }
}

TEST(ReadStateDict, NamesTheFile) {
  const auto missing = read_state_dict("/nowhere/x.pth");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(to_text(missing.error()), HasSubstr("/nowhere/x.pth"));
}

graph::Graph two_layers(std::int64_t outputs) {
  graph::GraphBuilder b({4});
  auto x = b.add(graph::Linear{.out_features = 3}, {b.input()}, "a");
  x = b.add(graph::Linear{.out_features = outputs}, {x}, "head");
  return std::move(b).finish(x).value();
}

graph::Weights filled(const graph::Graph& graph, float value) {
  graph::Weights weights;
  for (const auto& spec : graph.tensors()) {
    std::int64_t n = 1;
    for (const auto extent : spec.shape) n *= extent;
    weights[spec.name] = {spec.shape, std::vector<float>(static_cast<std::size_t>(n), value)};
  }
  return weights;
}

TEST(AdaptWeights, TakesWhatFitsAndKeepsTheNewHead) {
  const auto graph = two_layers(2);
  std::size_t taken = 0;
  const auto weights = adapt_weights(graph, filled(graph, 0), filled(two_layers(10), 1), &taken);
  ASSERT_TRUE(weights.has_value()) << to_text(weights.error());
  EXPECT_EQ(taken, 2U);
  EXPECT_EQ(weights->at("a.weight").values.front(), 1.0F);
  EXPECT_EQ(weights->at("head.weight").values.front(), 0.0F);
}

TEST(AdaptWeights, RefusesWeightsOfAnotherNetwork) {
  const auto graph = two_layers(2);
  const auto weights = adapt_weights(graph, filled(graph, 0), {{"other", {{1}, {1}}}}, nullptr);
  ASSERT_FALSE(weights.has_value());
  EXPECT_EQ(weights.error().message, "only 0 of the network's 4 tensors are in the file by name and shape");
}

}  // namespace
}  // namespace edgewise::train
