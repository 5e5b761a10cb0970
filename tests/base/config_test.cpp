#include "base/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgewise::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Sample {
  std::string colour = "red";
  double rate = 0.5;
  std::int64_t count = 3;
  bool is_on = false;
  std::vector<std::string> words;
  std::vector<std::int64_t> sizes;
};

void fields(Options& o, Sample& s) {
  o.word("colour", s.colour, {"red", "green", "blue"}, "a colour");
  o.section(
      "inner", "rate",
      [&](Options& i) {
        i.number("rate", s.rate, {0, 1, true}, "a rate");
        i.integer("count", s.count, {1, 10}, "a count");
      },
      "numbers");
  o.boolean("is_on", s.is_on, "a switch");
  o.texts("words", s.words, "words");
  o.sections(
      "list", s.sizes.size(), [&](std::size_t n) { s.sizes.assign(n, 1); },
      [&](std::size_t i, Options& one) {
        if (s.sizes.size() <= i) s.sizes.resize(i + 1);
        one.integer("size", s.sizes[i], {1, 5}, "a size");
      },
      "sizes");
}

std::vector<std::string> mistakes(const std::string& text) {
  Sample sample;
  const auto root = parse_yaml(text, "f.yaml");
  if (!root) return {root.error().where + " " + root.error().message};
  std::vector<std::string> all;
  for (const auto& e : read(*root, "f.yaml", [&](Options& o) { fields(o, sample); }))
    all.push_back(e.where + " " + e.message + (e.next.empty() ? "" : " -> " + e.next));
  return all;
}

TEST(Config, ReadsWhatIsGivenAndKeepsDefaults) {
  Sample s;
  const auto root =
      parse_yaml("colour: blue\ninner: 0.25\nwords: [a, 'b c']\nlist: [{size: 2}, {size: 4}]\n", "f.yaml");
  ASSERT_TRUE(root);
  EXPECT_TRUE(read(*root, "f.yaml", [&](Options& o) { fields(o, s); }).empty());
  EXPECT_EQ(s.colour, "blue");
  EXPECT_EQ(s.rate, 0.25);
  EXPECT_EQ(s.count, 3);
  EXPECT_THAT(s.words, ElementsAre("a", "b c"));
  EXPECT_THAT(s.sizes, ElementsAre(2, 4));
}

TEST(Config, ReportsAllMistakesInFileOrderWithTheirPlaces) {
  EXPECT_THAT(
      mistakes("inner: {count: 99, rate: zero}\ncolor: red\ncolour: gren\nlist: [{size: 9}, 3]\n"),
      ElementsAre("f.yaml:1:16 inner.count must be at least 1 and at most 10, not \"99\"",
                  "f.yaml:1:26 inner.rate must be a number, above 0 and at most 1, not \"zero\"",
                  AllOf(HasSubstr("f.yaml:2:1 \"color\" is not an option"), HasSubstr("did you mean \"colour\"?")),
                  "f.yaml:3:9 colour \"gren\" is not one of \"red\", \"green\" or \"blue\" -> did you mean \"green\"?",
                  "f.yaml:4:15 list[0].size must be at least 1 and at most 5, not \"9\"",
                  "f.yaml:4:19 list[1] must be a section of \"name: value\" pairs, not \"3\""));
}

TEST(Config, RefusesWhatYamlCanDoAndAJobFileNeedsNot) {
  EXPECT_THAT(mistakes("a: &x 1\nb: *x\n"), ElementsAre(HasSubstr("f.yaml:2:4 aliases")));
  EXPECT_THAT(mistakes("a: 1\na: 2\n"), ElementsAre(HasSubstr("f.yaml:2:1 \"a\" is given twice (first in line 1)")));
  EXPECT_THAT(mistakes("a: !!binary x\n"), ElementsAre(HasSubstr("tags")));
  EXPECT_THAT(mistakes("a: 1\n---\nb: 2\n"), ElementsAre(HasSubstr("more than one YAML document")));
  EXPECT_THAT(mistakes(""), ElementsAre(HasSubstr("the file is empty")));
  EXPECT_THAT(mistakes("just words"), ElementsAre(HasSubstr("expected \"name: value\" lines")));
  EXPECT_THAT(mistakes(std::string(5000, '[')), ElementsAre(HasSubstr("nested deeper")));
  EXPECT_THAT(mistakes("a: [1, 2\nb: 3\n"), ElementsAre(HasSubstr("not valid YAML")));
}

TEST(Config, RefusesBytesThatAreNotUtf8AndSaysWhere) {
  // What is read is written again, as JSON and as YAML, and those are UTF-8.
  EXPECT_THAT(mistakes("inner: {rate: 1}\nwords: [caf\xe9]\n"),
              ElementsAre("f.yaml:2:12 this is not UTF-8 text (byte 0xe9)"));
  EXPECT_THAT(mistakes("# \xb5\n"),
              ElementsAre("f.yaml:1:3 this is not UTF-8 text (byte 0xb5)"));  // begins inside a character
  EXPECT_THAT(mistakes("# \xc0\xaf"),
              ElementsAre("f.yaml:1:3 this is not UTF-8 text (byte 0xc0)"));  // "/" in two bytes
  EXPECT_THAT(mistakes("# \xed\xa0\x80"), ElementsAre("f.yaml:1:3 this is not UTF-8 text (byte 0xed)"));  // a surrogate
  EXPECT_THAT(mistakes("# \xf4\x90\x80\x80"),
              ElementsAre("f.yaml:1:3 this is not UTF-8 text (byte 0xf4)"));                          // past U+10FFFF
  EXPECT_THAT(mistakes("# \xe2\x82"), ElementsAre("f.yaml:1:3 this is not UTF-8 text (byte 0xe2)"));  // cut off
  EXPECT_THAT(mistakes("inner: {rate: 1}\nwords: [caf\u00e9, \u20ac, \U0001f600, \U0010ffff]\n"), ElementsAre());
  // The column counts characters, as it does for other mistakes.
  EXPECT_THAT(mistakes("# \u00e9\xff"), ElementsAre("f.yaml:1:4 this is not UTF-8 text (byte 0xff)"));
}

TEST(Config, AQuotedNumberIsAText) {
  EXPECT_THAT(mistakes("inner: {count: \"5\"}\n"), ElementsAre(HasSubstr("inner.count must be a whole number")));
}

TEST(Config, WhatIsWrittenReadsBack) {
  Sample s{.colour = "green",
           .rate = 1e-5,
           .count = 7,
           .is_on = true,
           .words = {"true", "1", "a: b", "", "- x"},
           .sizes = {5}};
  const Json written = write([&](Options& o) { fields(o, s); });
  Sample again;
  const auto root = parse_yaml(to_yaml(written), "again.yaml");
  ASSERT_TRUE(root) << to_yaml(written);
  EXPECT_TRUE(read(*root, "again.yaml", [&](Options& o) { fields(o, again); }).empty());
  EXPECT_EQ(write([&](Options& o) { fields(o, again); }), written) << to_yaml(written);
  Sample from_json_again;
  EXPECT_TRUE(read(from_json(written), "json", [&](Options& o) { fields(o, from_json_again); }).empty());
  EXPECT_EQ(write([&](Options& o) { fields(o, from_json_again); }), written);
}

TEST(Config, ValuesKeepTheKindThatTheyAreWrittenAs) {
  const auto read_values = [](const std::string& list) {
    std::vector<Json> values;
    const auto root = parse_yaml("v: " + list + "\n", "f.yaml").value();
    const auto errors = read(root, "f.yaml", [&](Options& o) { o.values("v", values, "values"); });
    if (!errors.empty()) return errors.front().where + " " + errors.front().message;
    std::string all;
    for (const auto& value : values) all += dump(value) + " ";
    return all;
  };
  EXPECT_EQ(read_values("[16, \"16\", '16', +5, -3, 007]"), "16 \"16\" \"16\" 5 -3 7 ");
  EXPECT_EQ(read_values("[0.5, 1.0, 1e-3, .5, -2.5E2]"), "0.5 1.0 0.001 0.5 -250.0 ");
  EXPECT_EQ(read_values("[true, True, TRUE, false, False, 'true', yes, on]"),
            "true true true false false \"true\" \"yes\" \"on\" ");
  EXPECT_EQ(read_values("[null, ~, Null, None, 'null']"), "null null null \"None\" \"null\" ");
  EXPECT_EQ(read_values("[1.2.3, 1_000, 0x10, inf, .nan, 1e999]"),
            "\"1.2.3\" \"1_000\" \"0x10\" \"inf\" \".nan\" \"1e999\" ");
  EXPECT_EQ(read_values("7"), "7 ");
  EXPECT_EQ(read_values("[1, 9007199254740993]"),
            "f.yaml:1:8 v has the number 9007199254740993, which other programs cannot keep exactly; put it in quotes");
  EXPECT_EQ(read_values("[1, [2]]"), "f.yaml:1:8 v must be texts, numbers, true, false or null");
  EXPECT_EQ(read_values("{a: 1}"), "f.yaml:1:4 v must be a list of values, not a section");
}

TEST(Config, TellsTheFirstMistakesOfAMapAndHowManyMoreThereAre) {
  std::string keys;
  for (int i = 0; i < 45'000; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  const auto told = mistakes(keys);
  ASSERT_EQ(told.size(), most_mistakes + 1);
  EXPECT_THAT(told.front(), HasSubstr("f.yaml:1:1 \"k0\" is not an option"));
  EXPECT_THAT(told.back(), HasSubstr("f.yaml:21:1 there are 44980 more names that are no options"));
  std::string doubled = keys + "k7: 2\n";
  EXPECT_THAT(mistakes(doubled), ElementsAre(HasSubstr("f.yaml:45001:1 \"k7\" is given twice (first in line 8)")));
  std::string items = "list: [";
  for (int i = 0; i < 100; ++i) items += "{size: 9}, ";
  EXPECT_EQ(mistakes(items + "{size: 1}]").size(), most_mistakes + 2);
  EXPECT_THAT(mistakes(items + "{size: 1}]").back(), HasSubstr("list has 80 more items that were not looked at"));
  // One long name is no reason for a long message.
  EXPECT_LT(mistakes(std::string(100'000, 'k') + ": 1\n").front().size(), 600U);
}

TEST(Config, TheReferenceNamesEveryOption) {
  Sample s;
  const auto text = reference([&](Options& o) { fields(o, s); });
  for (const char* name : {"`colour`", "`inner.rate`", "`inner.count`", "`is_on`", "`words`", "`list[].size`"})
    EXPECT_THAT(text, HasSubstr(name));
}

}  // namespace
}  // namespace edgewise::config
