// The conversation with a real agent process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/wire.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "tests/device/models.hpp"

namespace edgewise::agent {
namespace {

using device::picks_and_casts;
using device::save;
using device::twice_plus_one;
using testing::AllOf;
using testing::HasSubstr;

class Protocol : public testing::Test {
 protected:
  void SetUp() override {
    auto child =
        ChildProcess::start({(program_folder() / "edgewise-agent").string()}, {.error_log = folder_ / "errors"});
    ASSERT_TRUE(child) << to_text(child.error());
    child_.emplace(std::move(*child));
  }
  /// The next message of the agent.
  Message hear() {
    for (;;) {
      if (auto message = reader_.next()) {
        EXPECT_TRUE(*message) << to_text(message->error());
        return message->value_or(Message{});
      }
      const auto bytes = child_->read(std::chrono::seconds(60));
      EXPECT_TRUE(bytes) << to_text(bytes.error());
      if (!bytes || bytes->empty()) return {};
      reader_.add(*bytes);
    }
  }
  /// The answer to a line as it is, in one line.
  std::string ask(std::string_view line) {
    EXPECT_TRUE(child_->write(std::string(line) + '\n', std::chrono::seconds(60)));
    return dump(hear().fields);
  }
  Message send(const Message& request) {
    EXPECT_TRUE(child_->write(to_frame(request).value(), std::chrono::seconds(60)));
    return hear();
  }
  Json good(const Json& request) {
    const Json answer = send({.fields = request, .tensors = {}}).fields;
    EXPECT_EQ(answer.value("ok", false), true) << answer;
    return answer;
  }
  void greet() { good({{"do", "hello"}, {"protocols", {protocol_version}}}); }
  FrameReader reader_;
  TestFolder folder_;
  std::optional<ChildProcess> child_;
};

TEST_F(Protocol, SaysWhoItIsWithoutNoiseOnStandardError) {
  const Json hello = good({{"do", "hello"}});
  EXPECT_EQ(hello["agent"], "edgewise-agent");
  EXPECT_EQ(hello["protocol"], protocol_version);
  EXPECT_THAT(hello["providers"].dump(), HasSubstr("\"cpu\""));
  EXPECT_GE(hello["processors"].get<int>(), 1);
  good({{"do", "load"}, {"model", save(twice_plus_one(), folder_ / "model.onnx").string()}});
  EXPECT_TRUE(good({{"do", "quit"}}).is_object());
  const auto ended = child_->wait(std::chrono::seconds(20));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0);
  EXPECT_EQ(read_file(folder_ / "errors").value(), "");
}

TEST_F(Protocol, AgreesOnAVersionBeforeAnythingElse) {
  EXPECT_THAT(ask(R"({"do": "load", "model": "x.onnx"})"),
              AllOf(HasSubstr("the agent speaks version 2 of the protocol"), HasSubstr("speaks version 1")));
  EXPECT_THAT(ask(R"({"do": "hello", "protocols": [1, 3]})"),
              HasSubstr("the agent speaks version 2 of the protocol, the device only 1, 3"));
  EXPECT_THAT(ask(R"({"do": "hello", "protocols": 2})"), HasSubstr("not a list of versions"));
  EXPECT_EQ(good({{"do", "hello"}, {"protocols", {1, 2, 3}}})["protocol"], 2);
  EXPECT_THAT(ask(R"({"do": "load", "model": "x.onnx"})"), HasSubstr("there is no model file"));
}

TEST_F(Protocol, LoadsRunsMeasuresAndUnloads) {
  greet();
  const auto path = save(twice_plus_one(), folder_ / "model.onnx").string();
  const Json loaded = good({{"do", "load"}, {"model", path}});
  EXPECT_EQ(loaded["inputs"].dump(), R"([{"name":"image","dtype":"float32","shape":[1,4]}])");
  EXPECT_EQ(loaded["outputs"].dump(), R"([{"name":"output","dtype":"float32","shape":[1,4]}])");
  const Tensor image = float_tensor("image", {1, 4}, std::vector<float>{0, 1, 2, 3});
  const Message answer = send({.fields = {{"do", "infer"}}, .tensors = {image}});
  EXPECT_EQ(answer.tensors, (std::vector{float_tensor("output", {1, 4}, std::vector<float>{1, 3, 5, 7})}));
  EXPECT_EQ(good({{"do", "measure"}, {"min_runs", 5}, {"max_runs", 7}})["runs"], 7);
  good({{"do", "unload"}});
  EXPECT_THAT(ask(R"({"do": "measure"})"), HasSubstr("no model is loaded"));
  good({{"do", "load"}, {"model", path}, {"provider", "xnnpack"}});
}

TEST_F(Protocol, TakesSeveralTypedInputsAndGivesAllOutputsByName) {
  greet();
  const auto path = save(picks_and_casts(), folder_ / "model.onnx").string();
  const Json loaded = good({{"do", "load"}, {"model", path}});
  EXPECT_EQ(loaded["inputs"].dump(), R"([{"name":"numbers","dtype":"float32","shape":[1,4]},)"
                                     R"({"name":"place","dtype":"int64","shape":[1]}])");
  const Tensor numbers = float_tensor("numbers", {1, 4}, std::vector<float>{5, 6, 7, 8});
  const Tensor place{.name = "place", .dtype = Dtype::int64, .shape = {1}, .bytes = std::string("\2\0\0\0\0\0\0\0", 8)};
  const Message answer = send({.fields = {{"do", "infer"}}, .tensors = {place, numbers}});
  ASSERT_EQ(answer.tensors.size(), 2U) << answer.fields;
  EXPECT_EQ(answer.tensors[0], float_tensor("picked", {1, 1}, std::vector<float>{7}));
  EXPECT_EQ(answer.tensors[1], (Tensor{.name = "bytes", .dtype = Dtype::uint8, .shape = {1, 4}, .bytes = "\5\6\7\10"}));
  EXPECT_EQ(good({{"do", "measure"}, {"min_runs", 5}, {"max_runs", 7}})["runs"], 7);
  const auto refused = [&](std::vector<Tensor> tensors) {
    return dump(send({.fields = {{"do", "infer"}}, .tensors = std::move(tensors)}).fields);
  };
  EXPECT_THAT(refused({numbers}), HasSubstr(R"(the input \"place\" is not given)"));
  EXPECT_THAT(refused({numbers, numbers}), HasSubstr(R"(the input \"numbers\" is given twice)"));
  EXPECT_THAT(refused({numbers, float_tensor("place", {1}, std::vector<float>{1})}),
              HasSubstr(R"(the input \"place\" of this model is int64 (1), not float32 (1))"));
  EXPECT_THAT(refused({float_tensor("image", {1}, std::vector<float>{1})}),
              HasSubstr(R"(the model has no input \"image\", only \"numbers\" or \"place\")"));
}

TEST_F(Protocol, AnswersEveryBadLineWithAnError) {
  greet();
  const std::string model = save(twice_plus_one(), folder_ / "model.onnx").string();
  const auto load = [&](const Json& more) {
    Json request{{"do", "load"}, {"model", model}};
    request.update(more);
    return request.dump();
  };
  const std::vector<std::pair<std::string, std::string>> lines{
      {"", "not valid JSON"},
      {"hello", "not valid JSON"},
      {"{\"do\": \"hello\"", "not valid JSON"},
      {"\xff\xfe\x01", "not valid JSON"},
      {"[1, 2]", "a request is a JSON object"},
      {"null", "a request is a JSON object"},
      {std::string(5000, '['), "nested deeper"},
      {"{}", R"(the request needs \"do\", a text)"},
      {R"({"do": 1})", R"(the request needs \"do\", a text)"},
      {R"({"do": "mesure"})", R"(did you mean \"measure\"?)"},
      {R"({"do": "load"})", R"(the request needs \"model\", a text)"},
      {R"({"do": "load", "model": "/no/such/model"})", "there is no model file"},
      {R"({"do": "load", "model": "/"})", "there is no model file"},
      {R"({"do": "load", "model": "/proc/self/mem"})", "does not accept"},
      {load({{"threads", 0}}), R"(\"threads\" 0 is not within 1 .. 1024)"},
      {load({{"threads", 1.5}}), R"(\"threads\" 1.5 is not an integer)"},
      {load({{"threads", "two"}}), R"(\"threads\" is not a number)"},
      {load({{"threads", 1024}}), "more than the"},
      {load({{"provider", "cuda"}}), R"(provider \"cuda\" is not there, only \"cpu\")"},
      {load({{"urgent", 1}}), R"(\"urgent\" is not true or false)"},
      {R"({"do": "measure"})", "no model is loaded"},
      {R"({"do": "infer"})", "no model is loaded"},
      {R"({"do": "unload"})", "no model is loaded"}};
  for (const auto& [line, message] : lines)
    EXPECT_THAT(ask(line), AllOf(HasSubstr("\"ok\":false"), HasSubstr(message))) << line.substr(0, 100);

  good({{"do", "load"}, {"model", model}});
  const std::vector<std::pair<std::string, std::string>> to_loaded{
      {R"({"do": "infer"})", R"(the input \"image\" is not given)"},
      {R"({"do": "infer", "tensors": [{"name": "image", "dtype": "float32", "shape": [1, 4]}]})",
       "the tensors have more than the 0 bytes of their frame"},
      {R"({"do": "infer", "tensors": 4})", R"(\"tensors\" is not a list)"},
      {R"({"do": "measure", "min_runs": -1})", R"(\"min_runs\" -1 is not within)"},
      {R"({"do": "measure", "min_runs": 9, "max_runs": 8})", "is more than"},
      {R"({"do": "measure", "max_seconds": 1e99})", R"(\"max_seconds\" 1e+99 is not within)"},
      {R"({"do": "measure", "max_seconds": null})", R"(\"max_seconds\" is not a number)"}};
  for (const auto& [line, message] : to_loaded)
    EXPECT_THAT(ask(line), AllOf(HasSubstr("\"ok\":false"), HasSubstr(message))) << line;
  EXPECT_THAT(ask(R"({"do": "hello"})"), HasSubstr("\"ok\":true"));
}

TEST_F(Protocol, SkipsALineThatIsTooLong) {
  EXPECT_THAT(ask(std::string(max_line_bytes + 100'000, 'x')), HasSubstr("the line is longer than"));
  EXPECT_THAT(ask(R"({"do": "hello"})"), HasSubstr("\"ok\":true"));
}

TEST_F(Protocol, EndsTheConversationWhereItCannotFindTheNextFrame) {
  EXPECT_THAT(ask(R"({"do": "hello", "bytes": -1})"), HasSubstr(R"(\"bytes\" is not a whole number)"));
  const auto ended = child_->wait(std::chrono::seconds(20));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
}

TEST_F(Protocol, SurvivesLinesOfRandomBytes) {
  auto random = RandomStream::named(1, "lines");
  for (int i = 0; i < 300; ++i) {
    std::string line(random.below(200), ' ');
    for (char& c : line) do
        c = static_cast<char>(random.below(256));
      while (c == '\n');
    EXPECT_THAT(ask(line), HasSubstr("\"ok\":false"));
  }
}

}  // namespace
}  // namespace edgewise::agent
