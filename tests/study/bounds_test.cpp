#include "study/bounds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace edgewise::study {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Constraint> constraints(const std::vector<std::string>& texts) {
  std::vector<Constraint> all;
  for (const auto& text : texts) all.push_back({text, Comparison::parse(text).value()});
  return all;
}

const Intervals known{{"iou", {0, 1}}, {"ms", {.low = 0, .low_is_open = true}}, {"n", {.low = 1}}};

/// "1 against 0", "2 alone", "2 beside the others".
std::vector<std::string> told(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const auto& one : impossible(constraints(texts), known))
    all.push_back(std::to_string(one.constraint) + (one.other      ? " against " + std::to_string(*one.other)
                                                    : one.is_alone ? " alone"
                                                                   : " beside the others"));
  return all;
}

TEST(Bounds, ARootReachesZeroThoughItsInsideIsOpenBelow) {
  EXPECT_THAT(told({"lat > -1", "sqrt(lat) <= 0"}), IsEmpty()) << "lat = 0 keeps both";
  EXPECT_THAT(told({"lat > 1", "sqrt(lat) <= 1"}), ElementsAre("1 beside the others"));
}

TEST(Bounds, AreReadFromWhatIsLinearInOneName) {
  const auto bound = [](const std::string& text) {
    const auto found = bound_of(Comparison::parse(text).value());
    return found ? std::format("{} {}{} {}", found->name, found->is_upper ? "<" : ">", found->is_strict ? "" : "=",
                               found->value)
                 : "none";
  };
  EXPECT_EQ(bound("ms < 33"), "ms < 33");
  EXPECT_EQ(bound("33 >= ms"), "ms <= 33");
  EXPECT_EQ(bound("-ms < -10"), "ms > 10");
  EXPECT_EQ(bound("2 * ms - 6 <= 60"), "ms <= 33");
  EXPECT_EQ(bound("ms / 2 > ms - 10"), "ms < 20");
  EXPECT_EQ(bound("a < b"), "none");
  EXPECT_EQ(bound("ms * ms < 4"), "none");
  EXPECT_EQ(bound("ms < ms + 1"), "none");
  EXPECT_EQ(bound("ms / 0 < 1"), "none");
}

TEST(Bounds, ThatContradictEachOtherAreFound) {
  EXPECT_THAT(told({"ms < 5", "ms > 10"}), ElementsAre("1 against 0"));
  EXPECT_THAT(told({"ms < 33", "iou > 0.5", "10 > ms", "20 < ms"}), ElementsAre("3 against 2"));
  EXPECT_THAT(told({"ms <= 5", "ms >= 5"}), IsEmpty());
  EXPECT_THAT(told({"ms <= 5", "ms > 5"}), ElementsAre("1 against 0"));
  EXPECT_THAT(told({"2 * ms < 10", "ms - 5 > 0"}), ElementsAre("1 against 0"));
  EXPECT_THAT(told({"other < 1", "other > 2", "other > 3"}), ElementsAre("1 against 0", "2 against 0"));
}

TEST(Bounds, ThatNoValueCanKeepAreFound) {
  EXPECT_THAT(told({"iou > 1.5", "ms < 0", "ms <= 0", "n < 1", "iou > 1", "iou < 0"}),
              ElementsAre("0 alone", "1 alone", "2 alone", "3 alone", "4 alone", "5 alone"));
  EXPECT_THAT(told({"iou >= 1", "n <= 1", "ms > 0"}), IsEmpty());
  EXPECT_THAT(told({"iou <= 0"}), IsEmpty());
  EXPECT_THAT(told({"2 * iou > 3", "iou * iou > 2", "sqrt(iou) > 1.5", "max(iou, 0.5) < 0.5", "iou / n > 1", "1 > 2",
                    "abs(-n) < 1", "exp(ms) < 1"}),
              ElementsAre("0 alone", "1 alone", "2 alone", "3 alone", "4 alone", "5 alone", "6 alone", "7 alone"));
  EXPECT_THAT(told({"iou < 0.5", "iou + iou * iou > 1"}), ElementsAre("1 beside the others"));
}

TEST(Bounds, ThatAlwaysHoldAreFound) {
  EXPECT_THAT(
      always_kept(constraints({"iou < 90", "iou >= 0", "ms > 0", "iou < 1", "ms < 33", "other < 1", "1 < 2"}), known),
      ElementsAre(0U, 1U, 2U, 6U));
}

TEST(Bounds, AreNeverCalledImpossibleWhenSomeValuesKeepThem) {
  RandomStream random(1);
  const std::vector<std::string> parts{
      "iou",          "ms",         "n",          "0",       "0.5",  "1",      "3",
      "(iou + n)",    "(iou - ms)", "(ms * iou)", "(1 / n)", "-iou", "log(n)", "abs(iou - 1)",
      "min(iou, ms)", "n ^ 2",      "iou / ms"};
  const auto part = [&] { return parts[random.below(parts.size())]; };
  const std::vector<std::string> signs{"<", "<=", ">", ">="};
  std::size_t refused = 0, always = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> texts;
    for (auto count = 1 + random.below(3); count > 0; --count)
      texts.push_back(part() + " " + signs[random.below(4)] + " " + part());
    const auto all = constraints(texts);
    const auto cannot = impossible(all, known);
    const auto kept = always_kept(all, known);
    refused += !cannot.empty();
    always += !kept.empty();
    for (int sample = 0; sample < 40; ++sample) {
      const double values[] = {0, 0.25, 0.5, 1};
      const std::map<std::string, double> at{{"iou", values[random.below(4)]},
                                             {"ms", 1e-3 + random.uniform(0, 4)},
                                             {"n", 1 + static_cast<double>(random.below(4))}};
      const bool is_kept = !violated(all, at).has_value();
      EXPECT_FALSE(is_kept && !cannot.empty()) << testing::PrintToString(texts) << testing::PrintToString(at);
      for (const auto place : kept)
        EXPECT_TRUE(all[place].comparison.holds(at).value_or(true)) << texts[place] << testing::PrintToString(at);
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(always, 100U);
}

}  // namespace
}  // namespace edgewise::study
