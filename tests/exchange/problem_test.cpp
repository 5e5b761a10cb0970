#include "exchange/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace edgewise::exchange {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* example_text = R"(parameters:
  kind: [a, b]
  width: {type: integer, low: 1, high: 64}
  depth: {type: integer, low: 1, high: 64, when: {kind: [a]}}
objectives: {error: minimize, speed: maximize}
constraints: [width * depth < 100, latency_ms < 33, energy / width <= 2]
)";

std::vector<std::string> mistakes(const std::string& text) {
  const auto problem = parse_problem(text, "p.yaml");
  std::vector<std::string> told;
  if (problem) return told;
  for (const auto& error : problem.error()) told.push_back(error.where + " " + error.message);
  return told;
}

TEST(Problem, ReadsObjectivesAndSortsConstraintsByWhenTheyAreKnown) {
  const auto problem = parse_problem(example_text, "/x/p.yaml");
  ASSERT_TRUE(problem) << to_text(problem.error().front());
  EXPECT_EQ(problem->name, "p");
  ASSERT_EQ(problem->objectives.size(), 2U);
  EXPECT_EQ(problem->objectives[0].direction, study::Direction::minimize);
  EXPECT_EQ(problem->objectives[1].direction, study::Direction::maximize);
  ASSERT_EQ(problem->constraints.size(), 2U);
  EXPECT_EQ(problem->constraints[0].text, "latency_ms < 33");
  EXPECT_THAT(problem->told, ElementsAre("error", "speed", "latency_ms", "energy"));
  EXPECT_THAT(problem->known, ElementsAre("width"));
  auto random = RandomStream(3);
  for (int i = 0; i < 300; ++i) {
    const auto choice = problem->space.sample(random).value();
    if (!choice.contains("depth")) continue;  // the constraint has no value there, so it holds
    EXPECT_LT(std::get<std::int64_t>(choice.at("width")) * std::get<std::int64_t>(choice.at("depth")), 100);
  }
}

TEST(Problem, ReadsBackWhatAStudyKeepsOfIt) {
  const auto problem = parse_problem(example_text, "p.yaml");
  ASSERT_TRUE(problem);
  const auto again = problem_from_json(problem->document, "p");
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(again->document, problem->document);
  EXPECT_EQ(again->told, problem->told);
  EXPECT_EQ(again->constraints.size(), 2U);
}

TEST(Problem, TellsAllMistakesOfAllSections) {
  EXPECT_THAT(
      mistakes(R"(parameters:
  kind: [a, b]
  width: {type: integer, low: 9, high: 1}
  size: {type: integer, low: 1, high: 9}
objectives: {size: minimize, error: minimise}
constraints: [latency_ms <, kind < 3, latency_ms < 10, latency_ms >= 10, 5 < size, size < 6, 1 < 2]
budget: 3
)"),
      ElementsAre(
          "p.yaml:3:10 parameter \"width\" has its low end 9 above its high end 1",
          "p.yaml:5:14 \"size\" is a parameter already",
          HasSubstr("p.yaml:5:37 objectives.error \"minimise\" is not one of \"minimize\" or \"maximize\""),
          HasSubstr("p.yaml:6:15 constraint \"latency_ms <\""),
          HasSubstr("p.yaml:6:29 constraint \"kind < 3\" uses \"kind\", which is a category and no number"),
          HasSubstr("p.yaml:6:56 constraint \"latency_ms >= 10\" contradicts \"latency_ms < 10\": no value keeps both"),
          HasSubstr("p.yaml:6:94 constraint \"1 < 2\" names nothing"),
          HasSubstr("p.yaml:7:1 \"budget\" is not an option")));
  EXPECT_THAT(mistakes("parameters: {a: [x, y]}\n"),
              ElementsAre("p.yaml:1:1 objectives is missing: what is optimised?"));
  EXPECT_THAT(mistakes("parameters: {a: [x, y]}\nobjectives: {}\n"), ElementsAre("p.yaml:2:13 there is no objective"));
  EXPECT_THAT(mistakes("parameters: {a: [x, y]}\nobjectives: {a1: minimize, a2: minimize, a3: minimize, a4: minimize, "
                       "a5: minimize}\n"),
              ElementsAre(HasSubstr("5 objectives are too many; at most 4")));
}

TEST(Problem, AsksWhetherAnObjectiveIsMeantTheOtherWayRound) {
  const auto remarks = [](const std::string& objectives) {
    return parse_problem("parameters: {a: [1, 2]}\nobjectives: " + objectives + "\n", "p.yaml").value().remarks;
  };
  EXPECT_THAT(remarks("{accuracy: minimize, latency_ms: minimize}"),
              ElementsAre("objective \"accuracy\" is minimized, but a higher one is usually better: is that meant?"));
  EXPECT_THAT(remarks("{val_loss: maximize}"),
              ElementsAre("objective \"val_loss\" is maximized, but a lower one is usually better: is that meant?"));
  EXPECT_THAT(remarks("{mAP50: minimize, Top1.Accuracy: minimize, f1: minimize}"),
              testing::SizeIs(2));  // f1 is also the first function
  EXPECT_THAT(remarks("{accuracy: maximize, loss: minimize, size: maximize, accuracy_loss: minimize}"),
              testing::IsEmpty());
}

TEST(Problem, RefusesConstraintsThatNoChoiceKeeps) {
  EXPECT_THAT(mistakes("parameters:\n  a: {type: integer, low: 1, high: 9}\n  b: {type: integer, low: 1, high: "
                       "9}\nobjectives: {y: minimize}\nconstraints: [a + b > 18]\n"),
              ElementsAre("p.yaml no choice was found that keeps the constraints over parameters: \"a + b > 18\""));
}

}  // namespace
}  // namespace edgewise::exchange
