#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>
#include <map>
#include <string>

#include "base/random.hpp"
#include "study/json_internal.hpp"

namespace edgewise::study {
namespace {

using Numbers = std::map<std::string, double>;

TEST(NumbersAsDumped, AreThoseThatWereDumped) {
  RandomStream random(1);
  for (int i = 0; i < 2000; ++i) {
    Numbers numbers;
    for (std::uint64_t n = random.below(5); n > 0; --n) {
      const double size = std::pow(10.0, random.uniform(-320, 308));
      numbers[std::format("metric {}", random.below(100))] =
          random.chance(0.2) ? std::floor(random.uniform(-1e6, 1e6)) : random.normal() * size;
    }
    std::erase_if(numbers, [](const auto& one) { return !std::isfinite(one.second); });
    const std::string text = dump(numbers_to_json(numbers));
    const auto read = numbers_as_dumped(text);
    // What is smaller than any normal number may be left to the general way.
    if (read) EXPECT_EQ(*read, numbers) << text;
    const bool has_tiny = std::ranges::any_of(
        numbers, [](const auto& one) { return std::fabs(one.second) < std::numeric_limits<double>::min(); });
    EXPECT_TRUE(read || has_tiny) << text;
  }
}

TEST(NumbersAsDumped, WhatTheyReadIsWhatTheGeneralWayReads) {
  RandomStream random(2);
  const std::string letters = R"({}":,.-+eE0123456789a\ )";
  int read = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = R"({"a":-10.5e+2,"bc":0,"a":7})";
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      const auto at = random.below(text.size());
      if (random.chance(0.3))
        text.erase(at, 1);
      else
        text[at] = letters[random.below(letters.size())];
    }
    const auto quick = numbers_as_dumped(text);
    if (!quick) continue;
    ++read;
    const auto general = parse_json(text, "text").and_then(numbers_from_json);
    ASSERT_TRUE(general) << text;
    EXPECT_EQ(*quick, *general) << text;
  }
  EXPECT_GT(read, 20'000);
}

TEST(NumbersAsDumped, LeaveAllElseToTheGeneralWay) {
  for (const char* text : {"",
                           "{",
                           "[]",
                           "{} ",
                           " {}",
                           R"({"a": 1})",
                           R"({"a":01})",
                           R"({"a":+1})",
                           R"({"a":1.})",
                           R"({"a":.5})",
                           R"({"a":1e})",
                           R"({"a":inf})",
                           R"({"a":NaN})",
                           R"({"a":1e999})",
                           R"({"a":"1"})",
                           R"({"a\\n":1})",
                           R"({"\xc3\xa4":1})",
                           R"({"a":1,})",
                           R"({"a":1}})",
                           R"({"a":null})",
                           R"({"a":0x1})"})
    EXPECT_FALSE(numbers_as_dumped(text)) << text;
}

}  // namespace
}  // namespace edgewise::study
