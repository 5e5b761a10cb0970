#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <format>

#include "base/json.hpp"
#include "base/strict_json.hpp"

namespace edgewise {
namespace {

TEST(Error, IsShownWithWhereAndNext) {
  EXPECT_EQ(to_text(Error{ErrorCode::invalid_input, "batch is 0", "a.yaml:3:8", "give at least 2"}),
            "error: batch is 0\n  at a.yaml:3:8\n  next: give at least 2");
  EXPECT_EQ(to_text(Error{ErrorCode::not_found, "no study", "", ""}), "error: no study");
}

TEST(Error, NearestWordForgivesASlipAndNothingMore) {
  const std::vector<std::string> allowed{"classification", "box", "detection"};
  EXPECT_EQ(nearest_word("clasification", allowed), "classification");
  EXPECT_EQ(nearest_word("Box", allowed), "box");
  EXPECT_EQ(nearest_word("boxx", allowed), "box");
  EXPECT_EQ(nearest_word("segmentation", allowed), "");
  EXPECT_EQ(nearest_word("", allowed), "");
}

TEST(Error, QuotedListReadsAsASentence) {
  EXPECT_EQ(quoted_list({}), "");
  EXPECT_EQ(quoted_list({"a"}), "\"a\"");
  EXPECT_EQ(quoted_list({"a", "b", "c"}), "\"a\", \"b\" or \"c\"");
}

Result<int> half(int number) {
  if (number % 2 != 0) return invalid("odd");
  return number / 2;
}
Result<int> quarter(int number) {
  TRY(const int once, half(number));
  TRY(const int twice, half(once));
  return twice;
}

TEST(Error, TryUnwrapsOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(Json, MistakesTellLineAndColumn) {
  const auto parsed = parse_json("{\n  \"a\": 1,\n  \"b\": oops\n}", "x.json");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().where, "x.json:3:8");
}

TEST(Json, ReadsWhatTheLibraryReads) {
  for (const char* text : {"null", "true", "-7", "18446744073709551615", "0.25", "\"a\\u20ac\"", "[]", "{}",
                           "[[], {\"a\": [1, {\"b\": null}]}, \"x\"]", "{\"a\": {\"b\": {}}, \"c\": []}"})
    EXPECT_EQ(parse_json(text, "x").value(), Json::parse(text)) << text;
  std::string large = "{";
  for (int i = 0; i < 60'000; ++i) large += std::format("\"k{}\": {}, ", i, i);
  const auto many = parse_json(large + "\"k5\": -1}", "x");
  ASSERT_TRUE(many);
  EXPECT_EQ(many->size(), 60'000U);
  EXPECT_EQ((*many)["k5"], -1) << "the last of two counts";
  EXPECT_EQ((*many)["k59999"], 59999);
}

TEST(Json, RefusesADoubledKeyWhereItIsToldTo) {
  EXPECT_EQ(parse_json(R"({"a": 1, "b": [], "a": 2})", "x").value(), Json::parse(R"({"a": 2, "b": []})"));
  EXPECT_EQ(parse_strict_json(R"({"a": 1, "b": {"c": 1, "c": 2}})", "x").error().message,
            "the key \"c\" is given twice");
  EXPECT_TRUE(parse_strict_json(R"({"a": {"c": 1}, "b": {"c": 1}})", "x"));
}

TEST(Json, TellsANumberThatIsTooLarge) {
  EXPECT_EQ(parse_json("{\"a\": 1e999}", "x").error().message, "the number 1e999 is too large");
  EXPECT_EQ(parse_json("{\"a\": 1e999}", "x").error().where, "x:1:11");
}

TEST(Json, DeepNestingIsRefusedNotFollowed) {
  const auto parsed = parse_json(std::string(100000, '['), "deep.json");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, testing::HasSubstr("200 levels"));
}

TEST(Json, AnyTextCanBeDumped) {
  EXPECT_EQ(dump({{"class", "caf\xe9"}, {"share", std::nan("")}}), "{\"class\":\"caf\xef\xbf\xbd\",\"share\":null}");
  EXPECT_EQ(dump({{"a", 1}}, 1), "{\n \"a\": 1\n}");
}

}  // namespace
}  // namespace edgewise
