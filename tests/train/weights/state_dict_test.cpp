#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/random.hpp"
#include "train/train.hpp"
#include "train/weights/pickle_internal.hpp"
#include "train/weights/state_dict_internal.hpp"

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
  EXPECT_EQ(weights->at("w"), (graph::Tensor{{2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5}}));
}

TEST(StateDict, FollowsStridesAndOffsets) {
  const auto transposed = parse_state_dict(file({.shape = {3, 2}, .strides = {1, 3}}));
  ASSERT_TRUE(transposed.has_value());
  EXPECT_EQ(transposed->at("w").floats(), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  const auto part = parse_state_dict(file({.offset = 4, .shape = {2}, .strides = {1}}));
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->at("w").floats(), (std::vector<float>{4, 5}));
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
      for (const auto& [name, tensor] : *weights) EXPECT_LE(tensor.size(), good.size());
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
  const auto adapted = adapt_weights(graph, filled(graph, 0), filled(two_layers(10), 1), Fit::backbone);
  ASSERT_TRUE(adapted.has_value()) << to_text(adapted.error());
  EXPECT_EQ(adapted->share, (Share{.tensors = 2, .of_tensors = 4, .parameters = 15, .of_parameters = 23}));
  EXPECT_EQ(adapted->weights.at("a.weight").floats().front(), 1.0F);
  EXPECT_EQ(adapted->weights.at("head.weight").floats().front(), 0.0F);
}

TEST(AdaptWeights, RefusesWeightsOfAnotherNetworkWithANameOfEach) {
  const auto graph = two_layers(2);
  for (const auto fit : {Fit::exact, Fit::backbone, Fit::half}) {
    const auto adapted = adapt_weights(graph, filled(graph, 0), {{"other", {{1}, std::vector<float>{1}}}}, fit);
    ASSERT_FALSE(adapted.has_value());
    EXPECT_EQ(
        adapted.error().message,
        "only 0 of the network's 4 tensors are in the file by name and shape; the network has \"a.weight\", the file "
        "\"other\"");
  }
  const auto partial = adapt_weights(graph, filled(graph, 0), {{"other", {{1}, std::vector<float>{1}}}}, Fit::partial);
  ASSERT_TRUE(partial.has_value());
  EXPECT_EQ(partial->share.tensors, 0);
}

TEST(AdaptWeights, TellsBothShapesWhereTheyDiffer) {
  const auto graph = two_layers(2);
  auto other = filled(graph, 1);
  other["a.weight"] = {{3, 5}, std::vector<float>(15, 1.0F)};
  const auto adapted = adapt_weights(graph, filled(graph, 0), other, Fit::backbone);
  ASSERT_FALSE(adapted.has_value());
  EXPECT_EQ(
      adapted.error().message,
      "only 3 of the network's 4 tensors are in the file by name and shape; \"a.weight\" is 3x5 there and 3x4 in the "
      "network");
  EXPECT_TRUE(adapt_weights(graph, filled(graph, 0), other, Fit::half).has_value());
}

// The names of `weights` after a change.
template <class Change>
graph::Weights named(const graph::Weights& weights, Change&& change) {
  graph::Weights result;
  for (const auto& [name, tensor] : weights) result[change(name)] = tensor;
  return result;
}

TEST(AdaptWeights, UnderstandsPrefixesAlsoNestedAndInside) {
  const auto graph = two_layers(2);
  for (const std::string prefix : {"module.", "_orig_mod.", "model.", "net.", "backbone.", "module._orig_mod.",
                                   "_orig_mod.module.", "model.module.", "encoder.trunk._orig_mod.", "model.model."}) {
    auto file = named(filled(graph, 1), [&](const std::string& name) { return prefix + name; });
    file["n_averaged"] = {{1}, std::vector<float>{3}};
    const auto adapted = adapt_weights(graph, filled(graph, 0), file, Fit::backbone);
    ASSERT_TRUE(adapted.has_value()) << prefix << to_text(adapted.error());
    EXPECT_EQ(adapted->share.tensors, 4) << prefix;
    EXPECT_EQ(adapted->weights, filled(graph, 1));
  }
  const auto inside = named(filled(graph, 1), [](const std::string& name) {
    return name.starts_with("a.") ? "a.module." + name.substr(2) : name;
  });
  const auto adapted = adapt_weights(graph, filled(graph, 0), inside, Fit::exact);
  ASSERT_TRUE(adapted.has_value()) << to_text(adapted.error());
  EXPECT_EQ(adapted->weights, filled(graph, 1));
}

TEST(AdaptWeights, TakesNamesAsTheyAreBeforeThoseUnderAPrefix) {
  const auto graph = two_layers(2);
  auto file = named(filled(graph, 2), [](const std::string& name) { return "ema." + name; });
  file.merge(filled(graph, 1));
  const auto adapted = adapt_weights(graph, filled(graph, 0), file, Fit::backbone);
  ASSERT_TRUE(adapted.has_value()) << to_text(adapted.error());
  EXPECT_EQ(adapted->weights, filled(graph, 1));
}

TEST(AdaptWeights, DoesNotChooseBetweenANameAndTheSameInsideAWrapper) {
  const auto graph = two_layers(2);
  auto file = named(filled(graph, 2), [](const std::string& name) { return "module." + name; });
  file.merge(filled(graph, 1));
  const auto adapted = adapt_weights(graph, filled(graph, 0), file, Fit::backbone);
  ASSERT_FALSE(adapted.has_value());
  EXPECT_THAT(adapted.error().message, HasSubstr("the network is twice in the file"));
}

TEST(AdaptWeights, AsksWhichOfTwoNetworksInOneFileIsMeant) {
  const auto graph = two_layers(2);
  auto file = named(filled(graph, 2), [](const std::string& name) { return "student." + name; });
  file.merge(named(filled(graph, 1), [](const std::string& name) { return "teacher." + name; }));
  for (const auto fit : {Fit::exact, Fit::backbone, Fit::partial}) {
    const auto adapted = adapt_weights(graph, filled(graph, 0), file, fit);
    ASSERT_FALSE(adapted.has_value());
    EXPECT_EQ(adapted.error().message, "the file has the network twice, under \"student.\" and under \"teacher.\"");
  }
}

// a.0, a.1, ..., head
graph::Graph deep(int layers, std::int64_t outputs, const std::string& head = "head") {
  graph::GraphBuilder b({3});
  auto x = b.input();
  for (int i = 0; i < layers; ++i) x = b.add(graph::Linear{.out_features = 3}, {x}, "a." + std::to_string(i));
  x = b.add(graph::Linear{.out_features = outputs}, {x}, head);
  return std::move(b).finish(x).value();
}

TEST(AdaptWeights, RefusesAFileOfALargerNetworkThatHasAllOfTheSmallerOne) {
  const auto small = deep(2, 2), large = deep(3, 2);
  const auto adapted = adapt_weights(small, filled(small, 0), filled(large, 1), Fit::backbone);
  ASSERT_FALSE(adapted.has_value());
  EXPECT_THAT(adapted.error().message,
              HasSubstr("larger network: 6 of the network's 6 tensors are in it, but it has \"a.2.bias\""));
  EXPECT_TRUE(adapt_weights(small, filled(small, 0), filled(large, 1), Fit::partial).has_value());
}

TEST(AdaptWeights, LetsOnlyTheHeadDiffer) {
  const auto graph = deep(2, 2);
  // A head of another name, two heads, none.
  EXPECT_TRUE(adapt_weights(graph, filled(graph, 0), filled(deep(2, 10, "fc"), 1), Fit::backbone).has_value());
  auto two = filled(deep(2, 10, "fc"), 1);
  two["aux.weight"] = {{1}, std::vector<float>{1}};
  EXPECT_TRUE(adapt_weights(graph, filled(graph, 0), two, Fit::backbone).has_value());
  EXPECT_FALSE(adapt_weights(graph, filled(graph, 0), two, Fit::exact).has_value());
  auto none = filled(graph, 1);
  none.erase("head.weight");
  none.erase("head.bias");
  EXPECT_TRUE(adapt_weights(graph, filled(graph, 0), none, Fit::backbone).has_value());
  EXPECT_FALSE(adapt_weights(graph, filled(graph, 0), none, Fit::exact).has_value());
  none.erase("a.0.bias");
  EXPECT_FALSE(adapt_weights(graph, filled(graph, 0), none, Fit::backbone).has_value());
  // Exact, but the number of classes is not known yet.
  const auto shapes = filled(deep(2, 10), 1);
  EXPECT_FALSE(share_of(graph, shapes, Fit::exact).has_value());
  EXPECT_TRUE(share_of(graph, shapes, Fit::exact, true).has_value());
  EXPECT_TRUE(share_of(deep(2, 10), shapes, Fit::exact).has_value());
}

// A dictionary: pairs of a key and the opcodes of its value.
std::string dictionary(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out = "}(";
  for (const auto& [key, value] : entries) out += text(key) + value;
  return out + "u";
}

std::string tensor_opcodes(const Described& d) {
  auto all = pickled(d);
  return all.substr(3 + text("w").size(), all.size() - 3 - text("w").size() - 2);  // without the dictionary around it
}

std::string message_of(const std::string& body) {
  return message(zip({{"m/data.pkl", "\x80\x02" + body + "."}, {"m/data/0", floats({0, 1, 2, 3, 4, 5})}}));
}

TEST(StateDict, IsFoundUnderTheKeysOfTrainingScripts) {
  const auto weights = dictionary({{"w", tensor_opcodes({})}});
  // An object with a state, arguments, a list of others: what optimizers and parsed arguments are in a pickle.
  const std::string object = "cargparse\nNamespace\n)\x81" + dictionary({{"lr", "G?\x84z\xe1G\xae\x14{"}}) + "b";
  const std::string list = "ccollections\ndeque\n]\x85R(" + integer(1) + integer(2) + "e";
  for (const std::string key : {"state_dict", "model_state_dict", "model", "weights", "net", "ema", "anything"}) {
    EXPECT_EQ(message_of(dictionary(
                  {{"epoch", integer(3)}, {"args", object}, {key, weights}, {"losses", list}, {"none", "N"}})),
              "accepted")
        << key;
  }
  EXPECT_EQ(message_of(dictionary({{"model", dictionary({{"state_dict", weights}})}})), "accepted");
  EXPECT_EQ(
      message_of(dictionary({{"w", tensor_opcodes({})}, {"epoch", integer(3)}, {"best", "G?\x84z\xe1G\xae\x14{"}})),
      "accepted");
  EXPECT_EQ(message_of(dictionary({{"model", weights}, {"ema", weights}})), "accepted");
  EXPECT_EQ(message_of(dictionary({{"best_acc1", tensor_opcodes({})}, {"state_dict", weights}})), "accepted");
  EXPECT_EQ(message_of(dictionary({{"first", weights}, {"second", weights}})),
            "the file holds several dictionaries of tensors, \"first\" and \"second\", and does not say which is the "
            "network's");
  // Beside tensors, what is no plain tensor is not passed over: it may be a weight.
  EXPECT_THAT(message_of(dictionary({{"w", tensor_opcodes({})}, {"q", object}})),
              HasSubstr("tensor \"q\": it is no plain tensor"));
  EXPECT_THAT(message_of(object), HasSubstr("asks for \"argparse.Namespace\""));
}

TEST(StateDict, KeepsNothingOfForeignObjects) {
  const auto document = pickle::read(std::string("\x80\x02") + "cos\nsystem\n(" + text("touch owned") + "tR.");
  ASSERT_TRUE(document.has_value());
  const auto& root = document->values[document->root];
  EXPECT_EQ(root.kind, pickle::Kind::foreign);
  EXPECT_TRUE(root.items.empty());
  EXPECT_EQ(pickle::foreign_name(*document, root), "os.system");
}

TEST(StateDict, IsFoundInDictionariesThatContainThemselves) {
  // d = {}; d["d"] = d; and a thousand ways to one dictionary.
  EXPECT_THAT(message_of("}q\x01" + text("d") + "h\x01s"), HasSubstr("no tensor"));
  std::vector<std::pair<std::string, std::string>> ways;
  for (int i = 0; i < 1000; ++i) ways.emplace_back(std::to_string(i), "h\x02");
  const std::string inner = "}q\x01" + text("x") + integer(1) + "s0" + dictionary(ways);
  EXPECT_FALSE(parse_state_dict(zip({{"m/data.pkl", "\x80\x02" + inner + "."}})).has_value());
}

class WeightsFolder : public ::testing::Test {
 protected:
  WeightsFolder() { std::filesystem::create_directories(folder); }
  ~WeightsFolder() override { std::filesystem::remove_all(folder); }
  void put(const std::string& name) const { std::ofstream(folder / name) << "x"; }
  [[nodiscard]] std::string found(const std::string& network, Fit fit = Fit::backbone) const {
    const auto path = weights_file(graph, network, folder, fit);
    return path ? path->filename().string() : "error: " + path.error().message;
  }
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("edgewise-weights-" + std::to_string(::getpid()));
  graph::Graph graph = two_layers(2);
};

TEST_F(WeightsFolder, GivesTheNetworksOwnFile) {
  put("vgg11_bn-6002323d.pth");
  put("squeezenet1_0-b66bff10.pth");
  put("notes.txt");
  EXPECT_THAT(found("vgg11"), HasSubstr("there is no file for the network \"vgg11\""));
  EXPECT_THAT(found("vgg11"), HasSubstr("\"squeezenet1_0-b66bff10.pth\" or \"vgg11_bn-6002323d.pth\""));
  EXPECT_EQ(found("squeezenet1_0"), "squeezenet1_0-b66bff10.pth");
  EXPECT_THAT(found("vgg11", Fit::partial), HasSubstr("none of the 2 files of weights"));
  EXPECT_THAT(found(""), HasSubstr("have no names"));
  put("squeezenet1_0-other.pt");
  EXPECT_THAT(found("squeezenet1_0"), HasSubstr("two files"));
  put("squeezenet1_0.pth");
  EXPECT_EQ(found("squeezenet1_0"), "squeezenet1_0.pth");
}

}  // namespace
}  // namespace edgewise::train
