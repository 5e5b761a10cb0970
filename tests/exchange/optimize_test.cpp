#include "exchange/optimize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <format>
#include <map>
#include <set>
#include <sstream>

#include "search/pareto.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::exchange {
namespace {

using testing::HasSubstr;

constexpr const char* problem_text = R"(parameters:
  kind: [a, b]
  x: {type: real, low: 0, high: 1}
  n: {type: integer, low: 1, high: 8, when: {kind: [b]}}
objectives: {error: minimize, speed: maximize}
constraints: [latency_ms < 33]
)";

std::unique_ptr<Optimizer> make(const OptimizeOptions& options = {}) {
  auto optimizer = Optimizer::make(parse_problem(problem_text, "p.yaml").value(), options);
  EXPECT_TRUE(optimizer) << to_text(optimizer.error());
  return *std::move(optimizer);
}

Json answer(Optimizer& optimizer, const std::string& line) {
  return parse_json(optimizer.answer(line), "answer").value();
}
std::string error_of(Optimizer& optimizer, const std::string& line) {
  return answer(optimizer, line).value("error", "");
}

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
  const auto space = parse_problem(problem_text, "p.yaml")->space;
  for (const auto& trial : first["trials"]) EXPECT_TRUE(space::choice_from_json(space, trial["choice"]));
  EXPECT_EQ(answer(*optimizer, tell(1, 0.5)), Json({{"ok", true}}));
  EXPECT_EQ(answer(*optimizer, R"({"tell": 0, "values": {"error": 0.1, "speed": 5, "latency_ms": 40}})"),
            Json({{"ok", true}}));  // breaks the constraint
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

constexpr const char* typed = R"(parameters:
  bn: [true, false]
  batch: [16, "32", 0.5]
  act: [null, relu]
  same: [1, "1"]
  slope: {type: real, low: 0, high: 1, when: {act: [null]}}
objectives: {error: minimize}
)";

TEST(Optimize, ValuesComeBackOfTheKindThatTheyAreWrittenAs) {
  const auto optimizer = *Optimizer::make(parse_problem(typed, "p.yaml").value(), {});
  const auto asked = answer(*optimizer, R"({"ask": 24})")["trials"];
  std::map<std::string, std::set<std::string>> seen;
  for (const auto& trial : asked)
    for (const auto& [name, value] : trial["choice"].items())
      if (name != "slope") seen[name].insert(dump(value));
  EXPECT_EQ(seen["bn"], (std::set<std::string>{"true", "false"}));
  EXPECT_EQ(seen["batch"], (std::set<std::string>{"16", "\"32\"", "0.5"}));
  EXPECT_EQ(seen["act"], (std::set<std::string>{"null", "\"relu\""}));
  EXPECT_EQ(seen["same"], (std::set<std::string>{"1", "\"1\""}));
  // What comes out goes in again.
  const auto other = *Optimizer::make(parse_problem(typed, "p.yaml").value(), {});
  for (const auto& trial : asked) {
    const auto added = answer(*other, dump({{"add", trial["choice"]}, {"values", {{"error", 1}}}}));
    EXPECT_EQ(added, Json({{"id", trial["id"]}}));
  }
  EXPECT_EQ(answer(*other, R"({"front": true})")["front"][0]["choice"], asked[0]["choice"]);
  EXPECT_THAT(
      error_of(*other, R"({"add": {"bn": null, "batch": 16, "act": "relu", "same": 1}, "values": {"error": 1}})"),
      HasSubstr("parameter \"bn\" must be one of true or false, not empty"));
}

TEST(Optimize, AStudyFromBeforeGoesOnWithTexts) {
  const TestFolder folder;
  const auto p = parse_problem(
                     "parameters: {batch: [16, 32, 1e-3], x: {type: real, low: 0, high: 1, when: {batch: "
                     "[16]}}}\nobjectives: {error: minimize}\n",
                     "p.yaml")
                     .value();
  OptimizeOptions options;
  options.study = folder.path() / "old.study";
  auto settings = study_settings(p, options);
  settings.job["problem"] =
      parse_json(R"({"parameters": {"batch": {"type": "categorical", "values": ["16", "32", "1e-3"]},
    "x": {"type": "real", "low": 0.0, "high": 1.0, "log": false, "when": {"batch": ["16"]}}},
    "objectives": {"error": "minimize"}, "constraints": []})",
                 "old")
          .value();
  std::filesystem::create_directories(options.study);
  {
    const auto storage = study::create_storage(options.study, settings).value();
    study::Trial trial{.choice = {{"batch", "1e-3"}}, .state = study::State::complete};
    trial.results.push_back(
        {.fidelity = study::Fidelity::training(1), .values = study::values_of(study::Source::told, {{"error", 0.5}})});
    ASSERT_TRUE(storage->add({trial}, 0));
  }
  const auto optimizer = Optimizer::make(p, options);
  ASSERT_TRUE(optimizer) << to_text(optimizer.error());
  EXPECT_EQ(answer(**optimizer, R"({"front": true})")["front"][0]["choice"], Json({{"batch", "1e-3"}}));
  EXPECT_EQ(answer(**optimizer, R"({"add": {"batch": 32}, "values": {"error": 1}})"), Json({{"id", 1}}));
  for (const auto& trial : answer(**optimizer, R"({"ask": 3})")["trials"])
    EXPECT_TRUE(trial["choice"]["batch"].is_string()) << dump(trial);
}

TEST(Optimize, AnswersInTimeWhateverALineHolds) {
  const auto optimizer = make();
  answer(*optimizer, R"({"ask": 2})");
  Json values{{"error", 1}, {"speed", 1}, {"latency_ms", 1}};
  for (int i = 0; i < 60'000; ++i) values.get_ref<Json::object_t&>().emplace_back("k" + std::to_string(i), 1);
  EXPECT_THAT(error_of(*optimizer, dump({{"tell", 0}, {"values", values}})),
              HasSubstr("\"values\" has 60003 values; a result has at most 1000"));
  EXPECT_THAT(error_of(*optimizer, dump({{"tell", 0}, {"values", {{std::string(2000, 'n'), 1}}}})),
              HasSubstr("the name of a value has 2000 bytes"));
  EXPECT_THAT(error_of(*optimizer, R"({"tell": 0, "values": {"error": 1, "error": 2, "speed": 1, "latency_ms": 1}})"),
              HasSubstr("the key \"error\" is given twice"));
  EXPECT_THAT(error_of(*optimizer, R"({"tell": 0, "tell": 1, "failed": "x"})"),
              HasSubstr("the key \"tell\" is given twice"));
  EXPECT_THAT(error_of(*optimizer, R"({"tell": 0, "values": {"error": 1e999}})"),
              HasSubstr("the number 1e999 is too large"));
  EXPECT_THAT(error_of(*optimizer, R"({"ask": 1000000000})"), HasSubstr("it must be a whole number from 1 to 1000"));
  EXPECT_THAT(error_of(*optimizer, R"({"ask": 18446744073709551615})"),
              HasSubstr("it must be a whole number from 1 to 1000"));
  EXPECT_THAT(error_of(*optimizer, R"({"tell": 1e300, "failed": "x"})"), HasSubstr("it must be the id of a trial"));
  EXPECT_EQ(answer(*optimizer, dump({{"tell", 0}, {"failed", std::string(500'000, 'x') + "the end"}})),
            Json({{"ok", true}}));
  // A whole traceback is kept by its end.
  const auto message = error_of(*optimizer, R"({"tell": 0, "failed": "x"})");
  EXPECT_THAT(message, HasSubstr("the end"));
  EXPECT_LT(message.size(), max_reason_bytes + 100);
}

TEST(Optimize, HugeResultsNeverBreakLaterAsks) {
  for (const auto& strategy : search::strategies().names()) {
    if (strategy == "grid") continue;
    SCOPED_TRACE(strategy);
    const auto optimizer = make({.strategy = strategy, .trials = 60});
    constexpr const char* values[] = {"1.7e308", "-1.7e308", "1e-320", "0", "-0.0", "5e-324"};
    for (int round = 0; round < 6; ++round) {
      const auto asked = answer(*optimizer, R"({"ask": 4})");
      ASSERT_FALSE(asked.contains("error")) << dump(asked);
      for (const auto& trial : asked["trials"]) {
        const auto id = trial["id"].get<std::size_t>();
        const auto told = answer(
            *optimizer, std::format(R"({{"tell": {}, "values": {{"error": {}, "speed": {}, "latency_ms": {}}}}})", id,
                                    values[id % 6], values[(id + 1) * 5 % 6], values[id * 7 % 6]));
        ASSERT_EQ(told, Json({{"ok", true}})) << dump(told);
      }
    }
    EXPECT_FALSE(answer(*optimizer, R"({"front": true})").contains("error"));
  }
}

TEST(Optimize, TakesKnownResultsWithoutCountingThem) {
  const auto optimizer = make({.trials = 2});
  EXPECT_EQ(
      answer(*optimizer, R"({"add": {"kind": "a", "x": 0.5}, "values": {"error": 1, "speed": 1, "latency_ms": 1}})"),
      Json({{"id", 0}}));
  EXPECT_THAT(
      error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.5}, "values": {"error": 1, "speed": 1, "latency_ms": 1}})"),
      HasSubstr("this choice is trial 0 already; it is complete"));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.5, "n": 3}, "values": {}})"),
              HasSubstr("parameter \"n\" is given, but it exists only when \"kind\" is \"b\""));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "c", "x": 0.5}, "values": {}})"),
              HasSubstr("parameter \"kind\" is \"c\"; it must be one of \"a\" or \"b\""));
  EXPECT_THAT(error_of(*optimizer, R"({"add": {"kind": "a", "x": 0.25}})"), HasSubstr("\"values\" is missing"));
  EXPECT_EQ(answer(*optimizer, R"({"ask": 9})")["trials"].size(), 2U);
  EXPECT_EQ(answer(*optimizer, R"({"ask": 9})")["finished"], true);
  EXPECT_EQ(answer(*optimizer, R"({"front": true})")["front"].size(), 1U);
}

TEST(Optimize, ManyKnownResultsAreNoReasonToGiveUp) {
  const auto optimizer = make({.trials = 1});
  for (int i = 0; i < 150; ++i)
    ASSERT_TRUE(answer(*optimizer, Json{{"add", {{"kind", "a"}, {"x", i / 1000.0}}},
                                        {"values", {{"error", 1}, {"speed", 1}, {"latency_ms", 1}}}}
                                       .dump())
                    .contains("id"));
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
      {R"({"tell": 1, "values": {"error": 1, "speed": 2}})",
       "the value of \"latency_ms\" is missing; every result has \"error\", \"speed\" or \"latency_ms\""},
      {R"({"tell": 1, "values": {"error": 1, "speed": null, "latency_ms": 1}})",
       "the value of \"speed\" is null; it must be a finite number"},
      {R"({"tell": 1, "values": [1, 2]})", "\"values\" is [1,2]; it must be an object of numbers"},
      {tell(0, 0.25), "trial 0 was told already: it is complete"},
  };
  for (const auto& [line, message] : wrong)
    EXPECT_THAT(optimizer->answer(line), HasSubstr(Json(message).dump().substr(1, Json(message).dump().size() - 2)))
        << line;
  EXPECT_THAT(answer(*optimizer, R"({"tell": 1, "values": {"error": NaN}})")["next"],
              HasSubstr("a value that is not finite is no result"));
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
std::vector<std::string> conversation(const std::filesystem::path& folder, const std::string& strategy,
                                      RandomStream* kill) {
  const OptimizeOptions options{.strategy = strategy, .seed = 5, .trials = 20, .study = folder};
  auto optimizer = make(options);
  std::vector<std::string> answers;
  std::int64_t told = 0;
  for (int step = 0; step < 30; ++step) {
    if (kill && kill->chance(0.5)) {
      optimizer.reset();
      optimizer = make(options);
    }
    answers.push_back(
        optimizer->answer(step % 3 == 0 ? R"({"ask": 2})" : tell(told, 0.1 * static_cast<double>(told % 7))));
    if (step % 3 != 0) ++told;
  }
  return answers;
}

TEST(Optimize, GoesOnExactlyWhereItWasKilled) {
  for (const auto& strategy : search::strategies().names()) {
    // Some refuse this space (a real parameter has no grid) or a single epoch.
    if (!Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.strategy = strategy, .trials = 20})) continue;
    SCOPED_TRACE(strategy);
    const TestFolder one;
    const auto expected = conversation(one.path() / "s", strategy, nullptr);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const TestFolder other;
      RandomStream kill(seed);
      EXPECT_EQ(conversation(other.path() / "s", strategy, &kill), expected);
    }
  }
}

TEST(Optimize, TellsAutoWhatEvaluationsCost) {
  const auto taken = [](const OptimizeOptions& options) {
    auto optimizer = Optimizer::make(parse_problem(problem_text, "p.yaml").value(), options);
    return optimizer ? optimizer.value()->answer(R"({"ask": 1})") : to_text(optimizer.error());
  };
  EXPECT_THAT(taken({.strategy = "auto", .trials = 200, .evaluation_s = 0.001}),
              HasSubstr("strategy auto takes sobol: an evaluation takes 1 ms"));
  EXPECT_THAT(taken({.strategy = "auto", .trials = 200}), HasSubstr("strategy auto takes mobo"));
  const TestFolder folder;
  ASSERT_THAT(taken({.strategy = "auto", .evaluation_s = 60, .study = folder.path()}), HasSubstr("trials"));
  EXPECT_THAT(taken({.strategy = "auto", .study = folder.path()}), HasSubstr("(evaluation_s: 60.0 there, 0.0 here)"));
}

TEST(Optimize, AStrategyIsToldItsOptionsAsInAJobFile) {
  const auto asked = [](const OptimizeOptions& options) {
    const auto optimizer = make(options);
    std::string answers;
    for (int id = 0; id < 12; ++id) {
      answers += optimizer->answer(R"({"ask": 1})") + "\n";
      optimizer->answer(tell(id, 0.1 * id));
    }
    return answers;
  };
  // Ten space-filling trials are tpe's own number; with two the model speaks from the third on.
  EXPECT_EQ(asked({.strategy = "tpe"}), asked({.strategy = "tpe", .set = {"initial=10"}}));
  EXPECT_NE(asked({.strategy = "tpe"}), asked({.strategy = "tpe", .set = {"initial=2"}}));
  EXPECT_EQ(asked({.strategy = "tpe", .set = {"initial=3", "initial=2"}}),
            asked({.strategy = "tpe", .set = {"initial=2"}}));
  const auto wrong =
      Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.strategy = "mobo", .set = {"surrogate=gb"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("surrogate \"gb\" is not one of"));
  const auto no_rank =
      Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.strategy = "staged", .set = {"rank=eror"}});
  ASSERT_FALSE(no_rank);
  EXPECT_EQ(no_rank.error().next, "did you mean \"error\"?");
}

TEST(Optimize, AStudyGoesOnUnderTheOptionsItWasMadeWith) {
  const TestFolder folder;
  const auto error = [&](const std::vector<std::string>& set) {
    const auto optimizer =
        Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.set = set, .study = folder.path() / "s"});
    return optimizer ? std::string() : optimizer.error().message;
  };
  EXPECT_EQ(error({"initial=4"}), "");
  EXPECT_EQ(error({"initial=4"}), "");
  EXPECT_THAT(error({"initial=5"}), HasSubstr("was made with other settings (set: "));
  EXPECT_THAT(error({}), HasSubstr("was made with other settings (set)"));
}

TEST(Optimize, RefusesAnotherProblemAndASecondProgram) {
  const TestFolder folder;
  auto first = make({.study = folder.path()});
  const auto second = Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.study = folder.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another program uses the study"));
  first.reset();
  const auto other_seed =
      Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.seed = 2, .study = folder.path()});
  ASSERT_FALSE(other_seed);
  EXPECT_THAT(other_seed.error().message, HasSubstr("was made with other settings (seed: 1 there, 2 here)"));
  auto changed = parse_problem(std::string(problem_text) + "# a remark\n", "p.yaml").value();
  EXPECT_TRUE(Optimizer::make(changed, {.study = folder.path()}));
  std::string text = problem_text;
  text.replace(text.find("high: 8"), 7, "high: 9");
  const auto other_space = Optimizer::make(parse_problem(text, "p.yaml").value(), {.study = folder.path()});
  ASSERT_FALSE(other_space);
  EXPECT_THAT(other_space.error().message, HasSubstr("(problem)"));
}

TEST(Optimize, TellsAStrategyThatDoesNotExist) {
  const auto optimizer = Optimizer::make(parse_problem(problem_text, "p.yaml").value(), {.strategy = "randm"});
  ASSERT_FALSE(optimizer);
  EXPECT_EQ(optimizer.error().next, "did you mean \"random\"?");
}

}  // namespace
}  // namespace edgewise::exchange
