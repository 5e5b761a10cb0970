#include "exchange/optimize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>

#include "search/pareto.hpp"

namespace edgewise::exchange {
namespace {

using testing::HasSubstr;

constexpr const char* example = R"(parameters:
  kind: [a, b]
  x: {type: real, low: 0, high: 1}
  n: {type: integer, low: 1, high: 8, when: {kind: [b]}}
objectives: {error: minimize, speed: maximize}
constraints: [latency_ms < 33]
)";

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "edgewise-exchange-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::unique_ptr<Optimizer> make(const OptimizeOptions& options = {}) {
  auto optimizer = Optimizer::make(parse_problem(example, "p.yaml").value(), options);
  EXPECT_TRUE(optimizer) << to_text(optimizer.error());
  return *std::move(optimizer);
}

Json answer(Optimizer& optimizer, const std::string& line) { return parse_json(optimizer.answer(line), "answer").value(); }
std::string error_of(Optimizer& optimizer, const std::string& line) { return answer(optimizer, line).value("error", ""); }

std::string tell(std::int64_t id, double error) {
  return Json{{"tell", id}, {"values", {{"error", error}, {"speed", 2 * error}, {"latency_ms", 10}}}}.dump();
}

TEST(Optimize, AsksTellsAndShowsTheFront) {
  const auto optimizer = make();
  const auto first = answer(*optimizer, R"({"ask": 3})");
  ASSERT_EQ(first["trials"].size(), 3U);
  EXPECT_EQ(first["finished"], false);
  EXPECT_EQ(first["trials"][2]["id"], 2);
  EXPECT_FALSE(first["trials"][0].contains("epochs"));
  const auto space = parse_problem(example, "p.yaml")->space;
  for (const auto& trial : first["trials"]) EXPECT_TRUE(space::choice_from_json(space, trial["choice"]));
  EXPECT_EQ(answer(*optimizer, tell(1, 0.5)), Json({{"ok", true}}));
  EXPECT_EQ(answer(*optimizer, R"({"tell": 0, "values": {"error": 0.1, "speed": 5, "latency_ms": 40}})"), Json({{"ok", true}}));  // breaks the constraint
  EXPECT_EQ(answer(*optimizer, R"({"tell": 2, "failed": "out of memory"})"), Json({{"ok", true}}));
  const auto front = answer(*optimizer, R"({"front": true})")["front"];
  ASSERT_EQ(front.size(), 1U);
  EXPECT_EQ(front[0]["id"], 1);
  EXPECT_EQ(front[0]["values"]["speed"], 1.0);
  const auto status = answer(*optimizer, R"({"status": true})");
  EXPECT_EQ(status["trials"], 3);
  EXPECT_EQ(status["states"], Json({{"complete", 2}, {"failed", 1}}));
  EXPECT_EQ(status["open"].size(), 0U);
}

TEST(Optimize, TakesKnownResultsWithoutCountingThem) {
  const auto optimizer = make({.trials = 2});
  EXPECT_EQ(answer(*optimizer, R"({"add": {"kind": "a", "x": 0.5}, "values": {"error": 1, "speed": 1, "latency_ms": 1}})"), Json({{"id", 0}}));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.5}, "values": {"error": 1, "speed": 1, "latency_ms": 1}})"), HasSubstr("this choice is trial 0 already; it is complete"));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.5, "n": 3}, "values": {}})"), HasSubstr("parameter \"n\" is given, but it exists only when \"kind\" is \"b\""));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "c", "x": 0.5}, "values": {}})"), HasSubstr("parameter \"kind\" is \"c\"; it must be one of \"a\" or \"b\""));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.25}})"), HasSubstr("\"values\" is missing"));
  EXPECT_EQ(answer(*optimizer, R"({"ask": 9})")["trials"].size(), 2U);
  EXPECT_EQ(answer(*optimizer, R"({"ask": 9})")["finished"], true);
  EXPECT_EQ(answer(*optimizer, R"({"front": true})")["front"].size(), 1U);
}

TEST(Optimize, ManyKnownResultsAreNoReasonToGiveUp) {
  const auto optimizer = make({.trials = 1});
  for (int i = 0; i < 150; ++i)
    ASSERT_TRUE(answer(*optimizer, Json{{"add", {{"kind", "a"}, {"x", i / 1000.0}}}, {"values", {{"error", 1}, {"speed", 1}, {"latency_ms", 1}}}}.dump()).contains("id"));
  EXPECT_EQ(answer(*optimizer, R"({"ask": 1})")["trials"].size(), 1U);
}

TEST(Optimize, TellsWhatIsWrongAndGoesOn) {
  const auto optimizer = make();
  ASSERT_EQ(answer(*optimizer, R"({"ask": 2})")["trials"].size(), 2U);
  ASSERT_TRUE(answer(*optimizer, tell(0, 0.5)).contains("ok"));
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"{\"ask\": ", "request:"},
      {"[1]", "a request is a JSON object, not [1]"},
      {"{}", "the request has none of \"ask\", \"tell\""},
      {R"({"aks": 1})", "the request has none of"},
      {R"({"ask": 1, "tell": 2})", "the request has both \"ask\" and \"tell\""},
      {R"({"ask": 0})", "\"ask\" is 0; it must be a whole number from 1 to 1000"},
      {R"({"ask": 1.5})", "\"ask\" is 1.5"},
      {R"({"ask": "many"})", "\"ask\" is \"many\""},
      {R"({"ask": 1, "seed": 3})", "\"seed\" is not known here"},
      {R"({"front": 1})", "\"front\" is 1; it must be true"},
      {R"({"tell": 7, "failed": "x"})", "there is no trial 7; the study has 2 trials"},
      {R"({"tell": -1, "failed": "x"})", "there is no trial -1"},
      {R"({"tell": 1e30, "failed": "x"})", "\"tell\" is 1e+30; it must be the id of a trial"},
      {R"({"tell": "1", "failed": "x"})", "\"tell\" is \"1\"; it must be the id of a trial"},
      {R"({"tell": 1})", "either \"values\" or \"failed\""},
      {R"({"tell": 1, "failed": ""})", "it must be the reason as a text"},
      {R"({"tell": 1, "values": {"error": 1, "speed": 2}})", "the value of \"latency_ms\" is missing; every result has \"error\", \"speed\" or \"latency_ms\""},
      {R"({"tell": 1, "values": {"error": 1, "speed": null, "latency_ms": 1}})", "the value of \"speed\" is null; it must be a finite number"},
      {R"({"tell": 1, "values": [1, 2]})", "\"values\" is [1,2]; it must be an object of numbers"},
      {tell(0, 0.25), "trial 0 was told already: it is complete"},
  };
  for (const auto& [line, message] : wrong) EXPECT_THAT(optimizer->answer(line), HasSubstr(Json(message).dump().substr(1, Json(message).dump().size() - 2))) << line;
  EXPECT_THAT(answer(*optimizer, R"({"tell": 1, "values": {"error": NaN}})")["next"], HasSubstr("a value that is not finite is no result"));
  EXPECT_THAT(answer(*optimizer, R"({"tel": 1})")["next"], "did you mean \"tell\"?");
  EXPECT_THAT(error_of(*optimizer, std::string(max_line_bytes + 1, 'x')), HasSubstr("at most 1048576 are read"));
  EXPECT_THAT(error_of(*optimizer, "\xff\xfe"), HasSubstr("request"));
  EXPECT_EQ(answer(*optimizer, R"({"status": true})")["open"].size(), 1U);
  EXPECT_TRUE(answer(*optimizer, tell(1, 0.25)).contains("ok"));
}

TEST(Optimize, ServesLineByLineAndSurvivesLinesThatAreTooLong) {
  const auto optimizer = make();
  std::istringstream in("{\"ask\": 1}\r\n\n" + std::string(3 * max_line_bytes, 'y') + "\n{\"status\": true}");
  std::ostringstream out;
  ASSERT_TRUE(serve(*optimizer, in, out));
  std::istringstream lines(out.str());
  std::vector<std::string> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(line);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_THAT(answers[0], HasSubstr("\"trials\":[{\"id\":0"));
  EXPECT_THAT(answers[1], HasSubstr("the line has more than 1048576 bytes"));
  EXPECT_THAT(answers[2], HasSubstr("\"running\":1"));
}

/// The answers to a fixed conversation; the program is "killed" (a new one opened) whenever `kill` says so.
std::vector<std::string> conversation(const std::filesystem::path& folder, const std::string& strategy, RandomStream* kill) {
  const OptimizeOptions options{.strategy = strategy, .seed = 5, .trials = 20, .study = folder};
  auto optimizer = make(options);
  std::vector<std::string> answers;
  std::int64_t told = 0;
  for (int step = 0; step < 30; ++step) {
    if (kill && kill->chance(0.5)) {
      optimizer.reset();
      optimizer = make(options);
    }
    answers.push_back(optimizer->answer(step % 3 == 0 ? R"({"ask": 2})" : tell(told, 0.1 * static_cast<double>(told % 7))));
    if (step % 3 != 0) ++told;
  }
  return answers;
}

TEST(Optimize, GoesOnExactlyWhereItWasKilled) {
  for (const auto& strategy : search::strategy_names()) {
    // Some refuse this space (a real parameter has no grid) or a single epoch.
    if (!Optimizer::make(parse_problem(example, "p.yaml").value(), {.strategy = strategy, .trials = 20})) continue;
    SCOPED_TRACE(strategy);
    const Folder one;
    const auto expected = conversation(one.path / "s", strategy, nullptr);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const Folder other;
      RandomStream kill(seed);
      EXPECT_EQ(conversation(other.path / "s", strategy, &kill), expected);
    }
  }
}

TEST(Optimize, TellsAutoWhatEvaluationsCost) {
  const auto taken = [](const OptimizeOptions& options) {
    auto optimizer = Optimizer::make(parse_problem(example, "p.yaml").value(), options);
    return optimizer ? optimizer.value()->answer(R"({"ask": 1})") : to_text(optimizer.error());
  };
  EXPECT_THAT(taken({.strategy = "auto", .trials = 200, .evaluation_s = 0.001}), HasSubstr("strategy auto takes sobol: an evaluation takes 1 ms"));
  EXPECT_THAT(taken({.strategy = "auto", .trials = 200}), HasSubstr("strategy auto takes mobo"));
  const Folder folder;
  ASSERT_THAT(taken({.strategy = "auto", .evaluation_s = 60, .study = folder.path}), HasSubstr("trials"));
  EXPECT_THAT(taken({.strategy = "auto", .study = folder.path}), HasSubstr("(evaluation_s: 60.0 there, 0.0 here)"));
}

TEST(Optimize, RefusesAnotherProblemAndASecondProgram) {
  const Folder folder;
  auto first = make({.study = folder.path});
  const auto second = Optimizer::make(parse_problem(example, "p.yaml").value(), {.study = folder.path});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another program uses the study"));
  first.reset();
  const auto other_seed = Optimizer::make(parse_problem(example, "p.yaml").value(), {.seed = 2, .study = folder.path});
  ASSERT_FALSE(other_seed);
  EXPECT_THAT(other_seed.error().message, HasSubstr("was made with other settings (seed: 1 there, 2 here)"));
  auto changed = parse_problem(std::string(example) + "# a remark\n", "p.yaml").value();
  EXPECT_TRUE(Optimizer::make(changed, {.study = folder.path}));
  std::string text = example;
  text.replace(text.find("high: 8"), 7, "high: 9");
  const auto other_space = Optimizer::make(parse_problem(text, "p.yaml").value(), {.study = folder.path});
  ASSERT_FALSE(other_space);
  EXPECT_THAT(other_space.error().message, HasSubstr("(problem)"));
}

TEST(Optimize, TellsAStrategyThatDoesNotExist) {
  const auto optimizer = Optimizer::make(parse_problem(example, "p.yaml").value(), {.strategy = "randm"});
  ASSERT_FALSE(optimizer);
  EXPECT_EQ(optimizer.error().next, "did you mean \"random\"?");
}

}  // namespace
}  // namespace edgewise::exchange
