// The conversation with a real agent process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/wire.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "tests/device/models.hpp"

namespace edgewise::agent {
namespace {

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
  /// The answer as it comes.
  std::string ask(std::string_view line) {
    EXPECT_TRUE(child_->write_line(line));
    const auto answer = child_->read_line(std::chrono::seconds(60));
    EXPECT_TRUE(answer) << to_text(answer.error());
    return answer.value_or("");
  }
  Json good(const Json& request) {
    const std::string answer = ask(request.dump());
    EXPECT_THAT(answer, testing::StartsWith("{\"ok\":true"));
    return Json::parse(answer);
  }
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

TEST_F(Protocol, LoadsRunsMeasuresAndUnloads) {
  const auto path = save(twice_plus_one(), folder_ / "model.onnx").string();
  const Json loaded = good({{"do", "load"}, {"model", path}});
  EXPECT_EQ(loaded["input"].dump(), "[1,4]");
  const Json answer = good({{"do", "infer"}, {"data", encode_floats(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7})}});
  EXPECT_EQ(answer["inputs"], 2);
  EXPECT_EQ(decode_floats(answer["data"].get<std::string>()).value(), (std::vector<float>{1, 3, 5, 7, 9, 11, 13, 15}));
  EXPECT_EQ(good({{"do", "measure"}, {"min_runs", 5}, {"max_runs", 7}})["runs"], 7);
  good({{"do", "unload"}});
  EXPECT_THAT(ask(R"({"do": "measure"})"), HasSubstr("no model is loaded"));
  good({{"do", "load"}, {"model", path}, {"provider", "xnnpack"}});
}

TEST_F(Protocol, AnswersEveryBadLineWithAnError) {
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
      {R"({"do": "infer", "data": ""})", "no model is loaded"},
      {R"({"do": "unload"})", "no model is loaded"}};
  for (const auto& [line, message] : lines)
    EXPECT_THAT(ask(line), AllOf(HasSubstr("\"ok\":false"), HasSubstr(message))) << line.substr(0, 100);

  good({{"do", "load"}, {"model", model}});
  const std::vector<std::pair<std::string, std::string>> to_loaded{
      {R"({"do": "infer"})", R"(the request needs \"data\", a text)"},
      {R"({"do": "infer", "data": "?"})", "not base64"},
      {R"({"do": "infer", "data": ""})", R"(\"data\" has 0 numbers)"},
      {R"({"do": "infer", "data": "AACAPw=="})", R"(\"data\" has 1 numbers, not a multiple of the 4 of one input)"},
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
