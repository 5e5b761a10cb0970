#include "study/expression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace edgewise::study {
namespace {

using testing::HasSubstr;
const std::map<std::string, double> values{{"iou", 0.8}, {"latency_ms", 33.0}, {"zero", 0.0}, {"_x2", 3.0}};

std::optional<double> value(const std::string& text) {
  const auto expression = Expression::parse(text);
  EXPECT_TRUE(expression) << text << ": " << to_text(expression.error());
  return expression ? expression->evaluate(values) : std::nullopt;
}

Error mistake(const std::string& text) {
  const auto expression = Expression::parse(text);
  EXPECT_FALSE(expression) << text;
  return expression ? Error{} : expression.error();
}

TEST(Expression, FollowsTheUsualPrecedence) {
  EXPECT_EQ(value("1 + 2 * 3"), 7.0);
  EXPECT_EQ(value("(1 + 2) * 3"), 9.0);
  EXPECT_EQ(value("10 - 3 - 2"), 5.0);
  EXPECT_EQ(value("12 / 3 / 2"), 2.0);
  EXPECT_EQ(value("2 * 3 ^ 2"), 18.0);
  EXPECT_EQ(value("2 ^ 3 ^ 2"), 512.0);
  EXPECT_EQ(value("-2 ^ 2"), -4.0);
  EXPECT_EQ(value("2 ^ -2"), 0.25);
  EXPECT_EQ(value("2 ^ -2 ^ 2"), 1.0 / 16);
  EXPECT_EQ(value("--3"), 3.0);
  EXPECT_EQ(value("2 * -3"), -6.0);
  EXPECT_EQ(value("6 / 2 * 3"), 9.0);
}

TEST(Expression, ReadsNumbersNamesAndFunctions) {
  EXPECT_EQ(value("1e6"), 1e6);
  EXPECT_EQ(value("1.5E-3"), 1.5e-3);
  EXPECT_EQ(value(".5"), 0.5);
  EXPECT_EQ(value("_x2 + iou"), 3.8);
  EXPECT_DOUBLE_EQ(*value("iou - 0.5 * latency_ms / 33"), 0.3);
  EXPECT_DOUBLE_EQ(*value("log(exp(2))"), 2.0);
  EXPECT_EQ(value("sqrt(16) + abs(-2)"), 6.0);
  EXPECT_EQ(value("min(3, 1 + 1)"), 2.0);
  EXPECT_EQ(value("max(min(1, 2), -max(3, 4))"), 1.0);
  EXPECT_EQ(value(" \t1\n+\r 2 "), 3.0);
}

TEST(Expression, ReadsNamesOfValuesOnADevice) {
  const auto expression = Expression::parse("latency_ms@pi_5.lab - latency_ms*2").value();
  EXPECT_EQ(expression.names(), (std::set<std::string>{"latency_ms", "latency_ms@pi_5.lab"}));
  EXPECT_EQ(expression.evaluate({{"latency_ms", 3}, {"latency_ms@pi_5.lab", 10}}), 4.0);
  const auto comparison = Comparison::parse("latency_ms@board<33").value();
  EXPECT_EQ(comparison.holds({{"latency_ms@board", 34}}), false);
  EXPECT_EQ(comparison.holds({{"latency_ms", 34}}), std::nullopt) << "it is another value";
  EXPECT_EQ(mistake("2 * latency_ms@ < 3").where, "column 15");
  EXPECT_EQ(mistake("latency_ms@ + 1").message, "a device's name is missing after \"@\"");
  EXPECT_EQ(mistake("1 + @board").where, "column 5");
}

TEST(Expression, KnowsItsNamesAndItsText) {
  const auto expression = Expression::parse("b + a * max(c, a)").value();
  EXPECT_EQ(expression.names(), (std::set<std::string>{"a", "b", "c"}));
  EXPECT_EQ(expression.text(), "b + a * max(c, a)");
}

TEST(Expression, HasNoValueWithoutItsNamesOrWhenItIsNotFinite) {
  EXPECT_EQ(value("memory_mb"), std::nullopt);
  EXPECT_EQ(value("1 / zero"), std::nullopt);
  EXPECT_EQ(value("zero / zero"), std::nullopt);
  EXPECT_EQ(value("log(zero)"), std::nullopt);
  EXPECT_EQ(value("sqrt(-1)"), std::nullopt);
  EXPECT_EQ(value("max(1, sqrt(-1))"), std::nullopt);
  EXPECT_EQ(value("min(1, 0 / zero)"), std::nullopt);
  EXPECT_EQ(value("10 ^ 400"), std::nullopt);
  EXPECT_EQ(Expression().evaluate(values), std::nullopt);
}

TEST(Expression, NamesTheColumnOfAMistake) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"", "column 1", "an expression is missing here"},
      {"   ", "column 4", "an expression is missing here"},
      {"iou +", "column 6", "the expression ends where a value is expected"},
      {"iou * * 2", "column 7", "expected a number, a name or \"(\" but found \"*\""},
      {"iou 2", "column 5", "expected an operator (+ - * / ^) but found \"2\""},
      {"(iou + 2", "column 1", "this \"(\" is never closed"},
      {"2 * (iou 3)", "column 10", "expected an operator or \")\" but found \"3\""},
      {"iou + 2)", "column 8", "this \")\" closes nothing"},
      {"1 + lgo(2)", "column 5",
       "\"lgo\" is no function; there are \"log\", \"exp\", \"sqrt\", \"abs\", \"min\" or \"max\""},
      {"min(1)", "column 6", "\"min\" takes two arguments and has one"},
      {"min(1, 2, 3)", "column 9", "\"min\" takes two arguments and has more"},
      {"log(1, 2)", "column 6", "\"log\" takes one argument and has more"},
      {"1 + sqrt", "column 5", "the function \"sqrt\" has no argument"},
      {"1e999", "column 1", "the number \"1e999\" is beyond what a double can hold"},
      {".", "column 1", "expected a number but found \".\""},
      {"a ≤ 3", "column 3", "expected an operator (+ - * / ^) but found \"≤\""},
      {"é", "column 1", "but found \"é\""},
      {"ab\xff", "column 3", "the byte 0xff"},
      {std::string("1 + \0", 5), "column 5", "the byte 0x00"},
      {"2 % 3", "column 3", "but found \"%\""},
  };
  for (const auto& [text, column, message] : cases) {
    const Error error = mistake(text);
    EXPECT_EQ(error.code, ErrorCode::invalid_input) << text;
    EXPECT_EQ(error.where, column) << text;
    EXPECT_THAT(error.message, HasSubstr(message)) << text;
  }
  EXPECT_EQ(mistake("1 + logg(2)").next, "did you mean \"log\"?");
  EXPECT_EQ(mistake("iou(2)").next, "write * to multiply");
}

TEST(Expression, IsBoundedInLengthAndDepth) {
  EXPECT_THAT(mistake(std::string(1001, '1')).message, HasSubstr("has 1001 characters; at most 1000 are allowed"));
  EXPECT_THAT(mistake(std::string(200, '(') + "1" + std::string(200, ')')).message,
              HasSubstr("nested deeper than 100 levels"));
  EXPECT_THAT(mistake(std::string(200, '-') + "1").message, HasSubstr("nested deeper than 100 levels"));
  std::string powers = "1";
  for (int i = 0; i < 200; ++i) powers += "^1";
  EXPECT_THAT(mistake(powers).message, HasSubstr("nested deeper than 100 levels"));
  std::string sum = "1";
  for (int i = 1; i < 500; ++i) sum += "+1";
  EXPECT_EQ(value(sum), 500.0);
  EXPECT_EQ(value(std::string(100, '(') + "7" + std::string(100, ')')), 7.0);
}

// The obvious slow way: a random tree is evaluated while its fully parenthesised text is written.
double random_tree(RandomStream& random, int depth, std::string& text) {
  if (depth == 0 || random.chance(0.3)) {
    const auto number = static_cast<double>(random.below(9) + 1);
    text += std::to_string(static_cast<int>(number));
    return number;
  }
  const auto kind = random.below(6);
  text += kind == 5 ? "(-(" : "(";
  const double a = random_tree(random, depth - 1, text);
  if (kind == 5) return text += "))", -a;
  text += std::string(1, "+-*/^"[kind]);
  const double b = random_tree(random, depth - 1, text);
  text += ')';
  return kind == 0 ? a + b : kind == 1 ? a - b : kind == 2 ? a * b : kind == 3 ? a / b : std::pow(a, b);
}

TEST(Expression, ComputesWhatItsParenthesesSay) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    std::string text;
    const double expected = random_tree(random, 5, text);
    if (text.size() > 1000) continue;
    EXPECT_EQ(value(text), std::isfinite(expected) ? std::optional(expected) : std::nullopt) << text;
  }
}

TEST(Comparison, HoldsOrDoesNot) {
  const auto holds = [](const std::string& text) { return Comparison::parse(text).value().holds(values); };
  EXPECT_EQ(holds("latency_ms < 33"), false);
  EXPECT_EQ(holds("latency_ms <= 33"), true);
  EXPECT_EQ(holds("latency_ms > 33"), false);
  EXPECT_EQ(holds("latency_ms >= 33"), true);
  EXPECT_EQ(holds("2 * iou > log(latency_ms) - 2"), true);
  EXPECT_EQ(holds("memory_mb < 100"), std::nullopt);
  EXPECT_EQ(holds("1 / zero < 100"), false) << "known, but not a number";
  EXPECT_EQ(Comparison::parse("a + b < c").value().names(), (std::set<std::string>{"a", "b", "c"}));
}

TEST(Comparison, NamesTheColumnOfAMistakeInTheWholeText) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"latency_ms", "column 11", "there is no comparison"},
      {"a = 3", "column 3", "\"=\" compares nothing here"},
      {"a == 3", "column 3", "\"=\" compares nothing here"},
      {"1 < a < 3", "column 7", "only one comparison is allowed"},
      {"a =< 3", "column 3", "\"=\" compares nothing here"},
      {"a <> 3", "column 4", "only one comparison is allowed"},
      {"a < ", "column 5", "an expression is missing here"},
      {"é < a < 3", "column 7", "only one comparison is allowed"},  // characters count, not bytes
      {"< 3", "column 1", "an expression is missing here"},
      {"a < 3 *", "column 8", "the expression ends where a value is expected"},
      {"a < 3 b", "column 7", "expected an operator"},
      {std::string(2000, 'a'), "column 1001", "at most 1000 are allowed"},
  };
  for (const auto& [text, column, message] : cases) {
    const auto comparison = Comparison::parse(text);
    ASSERT_FALSE(comparison) << text;
    EXPECT_EQ(comparison.error().where, column) << text;
    EXPECT_THAT(comparison.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace edgewise::study
