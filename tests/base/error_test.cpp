#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.hpp"

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
