#include "space/space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

namespace edgewise::space {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Categorical categories(std::vector<std::string> values) {
  return {std::move(values)};
}

/// Every kind of parameter that can be counted; conditions two levels deep, on categories and on numbers.
std::vector<Parameter> countable() {
  return {{"block", categories({"basic", "bottleneck", "inverted"})},
          {"expansion", Integer{2, 6, 2}, Condition{"block", {"inverted", "bottleneck"}}},
          {"gate", categories({"none", "se"}), Condition{"expansion", {"4", "6"}}},
          {"stages", Integer{1, 4}},
          {"width3", Integer{8, 64, 8, true}, Condition{"stages", {"3", "4"}}},
          {"width4", Integer{16, 32, 16}, Condition{"stages", {"4"}}},
          {"dilation", Integer{-3, 3, 3}}};
}

Space make(std::vector<Parameter> parameters, Space::Validity validity = {}) {
  auto space = make_space(std::move(parameters), std::move(validity));
  EDGEWISE_ASSERT(space.has_value(), space ? "" : space.error().message.c_str());
  return *std::move(space);
}

std::vector<Choice> all_choices(const Space& space) {
  std::vector<Choice> all;
  for (std::uint64_t i = 0; i < *space.size(); ++i) {
    if (auto choice = space.at(i)) all.push_back(*std::move(choice));
  }
  return all;
}

/// The obvious enumeration: parameter by parameter, every value, conditions looked up.
std::vector<Choice> enumerated(const std::vector<Parameter>& parameters, std::size_t index = 0,
                               const Choice& so_far = {}) {
  if (index == parameters.size()) return {so_far};
  const auto& parameter = parameters[index];
  if (parameter.condition) {
    const auto parent = so_far.find(parameter.condition->parent);
    if (parent == so_far.end() || !std::ranges::contains(parameter.condition->values, to_text(parent->second))) {
      return enumerated(parameters, index + 1, so_far);
    }
  }
  std::vector<Value> values;
  if (const auto* set = std::get_if<Categorical>(&parameter.domain)) {
    values.assign(set->values.begin(), set->values.end());
  } else {
    const auto& range = std::get<Integer>(parameter.domain);
    for (auto v = range.low; v <= range.high; v += range.step) values.emplace_back(v);
  }
  std::vector<Choice> all;
  for (const auto& value : values) {
    auto choice = so_far;
    choice[parameter.name] = value;
    std::ranges::copy(enumerated(parameters, index + 1, choice), std::back_inserter(all));
  }
  return all;
}

std::string refusal(std::vector<Parameter> parameters) {
  const auto space = make_space(std::move(parameters));
  return space ? "accepted" : space.error().message;
}

TEST(Space, CountsAndNumbersItsChoicesAsABruteForceEnumerationDoes) {
  const auto space = make(countable());
  const auto expected = enumerated(countable());
  // By hand: (1 + 2 * (1 + 2 + 2)) * (1 + 1 + 8 + 8 * 2) * 3.
  EXPECT_EQ(space.size(), 11U * 26U * 3U);
  EXPECT_EQ(expected.size(), space.size());
  EXPECT_EQ(all_choices(space), expected);
  EXPECT_EQ(space.at(*space.size()), std::nullopt);
}

TEST(Space, NumbersChoicesWhereManyParametersDependOnOneValue) {
  const std::vector<Parameter> parameters = {{"a", Integer{0, 9}},
                                             {"b", Integer{0, 2}, Condition{"a", {"3", "7"}}},
                                             {"x", categories({"p", "q"})},
                                             {"c", Integer{0, 4}, Condition{"a", {"3"}}},
                                             {"d", Integer{1, 2}, Condition{"c", {"0", "4"}}},
                                             {"e", Integer{1, 3}, Condition{"b", {"2"}}}};
  EXPECT_EQ(all_choices(make(parameters)), enumerated(parameters));
}

TEST(Space, SaysNoSizeWhenThereIsNone) {
  EXPECT_EQ(make({{"rate", Real{1e-4, 1e-2, true}}}).size(), std::nullopt);
  EXPECT_EQ(make({{"rate", Real{0.5, 0.5}}}).size(), 1U);
  const auto big = Integer{0, (std::int64_t{1} << 32) - 1};
  EXPECT_EQ(make({{"a", big}}).size(), std::uint64_t{1} << 32);
  EXPECT_EQ(make({{"a", big}, {"b", Integer{1, std::int64_t{1} << 31}}}).size(), std::uint64_t{1} << 63);
  EXPECT_EQ(make({{"a", big}, {"b", big}}).size(), std::nullopt);
  EXPECT_EQ(make({{"a", big}, {"b", big}, {"c", big}}).at(5), std::nullopt);
}

TEST(Space, FindsTheLastOfVeryManyChoicesAtOnce) {
  const auto big = Integer{0, (std::int64_t{1} << 31) - 1};
  const auto space = make({{"a", big}, {"b", big, Condition{"a", {"1000000", "2000000"}}}});
  const auto size = *space.size();
  EXPECT_EQ(size, (std::uint64_t{1} << 31) - 2 + 2 * (std::uint64_t{1} << 31));
  EXPECT_EQ(space.at(size - 1), (Choice{{"a", big.high}}));
  EXPECT_EQ(space.at(1'000'000), (Choice{{"a", std::int64_t{1'000'000}}, {"b", std::int64_t{0}}}));
  EXPECT_EQ(space.at(1'000'000 + (std::uint64_t{1} << 31)), (Choice{{"a", std::int64_t{1'000'001}}}));
}

TEST(Space, LeavesInvalidChoicesOutButCountsThem) {
  const auto space =
      make({{"a", Integer{1, 3}}, {"b", Integer{1, 3}}}, [](const Choice& c) -> std::optional<std::string> {
        if (c.at("a") == c.at("b")) return "a and b are equal";
        return {};
      });
  EXPECT_EQ(space.size(), 9U);
  EXPECT_EQ(all_choices(space).size(), 6U);
  EXPECT_EQ(space.at(0), std::nullopt);
  const auto refused = space.check({{"a", std::int64_t{2}}, {"b", std::int64_t{2}}});
  EXPECT_EQ(refused.error().message, "a and b are equal");
}

TEST(Space, DecodesWhatItEncoded) {
  const auto space = make(countable());
  for (const auto& choice : all_choices(space)) {
    const auto code = space.encode(choice);
    ASSERT_EQ(code.size(), space.encoded_size());
    EXPECT_TRUE(std::ranges::all_of(code, [](double x) { return x >= 0.0 && x <= 1.0; }));
    EXPECT_EQ(space.decode(code), choice) << to_text(choice);
  }
}

TEST(Space, DecodesLongLogarithmicIntegersAndRealsToTheirNearest) {
  const auto space = make({{"n", Integer{1, std::int64_t{1} << 40, 1, true}},
                           {"m", Integer{-1000, 1'000'000, 7}},
                           {"r", Real{1e-5, 10.0, true}},
                           {"s", Real{-2.0, 3.0}}});
  RandomStream random(11);
  for (int i = 0; i < 2000; ++i) {
    const auto choice = space.sample(random).value();
    const auto decoded = space.decode(space.encode(choice));
    EXPECT_EQ(decoded.at("n"), choice.at("n"));
    EXPECT_EQ(decoded.at("m"), choice.at("m"));
    const auto r = std::get<double>(choice.at("r")), s = std::get<double>(choice.at("s"));
    EXPECT_NEAR(std::get<double>(decoded.at("r")), r, 1e-12 * r);
    EXPECT_NEAR(std::get<double>(decoded.at("s")), s, 1e-12);
    EXPECT_TRUE(space.check(decoded).has_value());
  }
}

TEST(Space, DecodesAnyNumbersToAChoiceItAllows) {
  const auto space = make(countable());
  RandomStream random(3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<double> code(space.encoded_size());
    for (auto& x : code) x = random.chance(0.05) ? std::numeric_limits<double>::quiet_NaN() : random.uniform(-2.0, 3.0);
    const auto choice = space.decode(code);
    EXPECT_TRUE(space.check(choice).has_value()) << to_text(choice);
  }
}

TEST(Space, EncodesOneHotPlacesAndActivity) {
  const auto space = make({{"kind", categories({"x", "y", "z"})},
                           {"width", Integer{10, 1000, 1, true}, Condition{"kind", {"y"}}},
                           {"size", Integer{0, 10, 4}}});
  EXPECT_THAT(space.encode({{"kind", "z"}, {"size", std::int64_t{8}}}), ElementsAre(0, 0, 1, 0, 0, 1));
  EXPECT_THAT(space.encode({{"kind", "y"}, {"width", std::int64_t{100}}, {"size", std::int64_t{4}}}),
              ElementsAre(0, 1, 0, testing::DoubleEq(0.5), 1, 0.5));
}

TEST(Space, NeighboursDifferInOneParameterAndAreAllowed) {
  const auto space = make(countable());
  for (const auto& choice : all_choices(space)) {
    const auto neighbours = space.neighbours(choice);
    EXPECT_EQ(std::set<Choice>(neighbours.begin(), neighbours.end()).size(), neighbours.size());
    for (const auto& other : neighbours) {
      ASSERT_TRUE(space.check(other).has_value());
      std::vector<std::string> changed;  // in both, with another value
      for (const auto& [name, value] : choice) {
        if (other.contains(name) && other.at(name) != value) changed.push_back(name);
      }
      ASSERT_EQ(changed.size(), 1U) << to_text(choice) << " -> " << to_text(other);
      for (const auto& parameter : space.parameters()) {
        if (choice.contains(parameter.name) == other.contains(parameter.name)) continue;
        ASSERT_TRUE(parameter.condition.has_value());  // only what depends on something comes and goes
      }
    }
  }
}

TEST(Space, NeighboursAreEveryOtherCategoryAndOneStepOfANumber) {
  const auto space = make({{"kind", categories({"a", "b", "c"})},
                           {"n", Integer{2, 10, 4}},
                           {"r", Real{0.0, 1.0}},
                           {"l", Real{0.01, 1.0, true}}});
  std::vector<std::string> texts;
  for (const auto& other : space.neighbours({{"kind", "b"}, {"n", std::int64_t{6}}, {"r", 0.0}, {"l", 0.1}}))
    texts.push_back(to_text(other));
  ASSERT_EQ(texts.size(), 7U);
  EXPECT_EQ(texts[0], "kind=a l=0.1 n=6 r=0");
  EXPECT_EQ(texts[1], "kind=c l=0.1 n=6 r=0");
  EXPECT_EQ(texts[2], "kind=b l=0.1 n=2 r=0");
  EXPECT_EQ(texts[3], "kind=b l=0.1 n=10 r=0");
  EXPECT_EQ(texts[4], "kind=b l=0.1 n=6 r=0.1");  // at the low end there is no step down
  EXPECT_THAT(texts[5], HasSubstr("l=0.0630957"));
  EXPECT_THAT(texts[6], HasSubstr("l=0.158489"));
}

TEST(Space, NeighboursGiveNewParametersTheirFirstValueAndKeepToWhatIsValid) {
  const auto space = make(
      {{"kind", categories({"plain", "gated"})}, {"gate", categories({"se", "eca"}), Condition{"kind", {"gated"}}}});
  EXPECT_THAT(space.neighbours({{"kind", "plain"}}), ElementsAre(Choice{{"gate", "se"}, {"kind", "gated"}}));
  EXPECT_TRUE(space.neighbours({{"kind", "gated"}}).empty());  // not a choice of this space
  const auto none = make({{"kind", categories({"plain", "gated"})}}, [](const Choice& c) -> std::optional<std::string> {
    if (c.at("kind") == Value("gated")) return "no gates";
    return {};
  });
  EXPECT_TRUE(none.neighbours({{"kind", "plain"}}).empty());
}

/// Pearson's statistic of counts against expected shares.
double chi_square(const std::map<std::string, int>& counts, const std::map<std::string, double>& shares, int total) {
  double sum = 0.0;
  for (const auto& [key, share] : shares) {
    const auto found = counts.find(key);
    const auto observed = found == counts.end() ? 0.0 : found->second;
    sum += (observed - share * total) * (observed - share * total) / (share * total);
  }
  return sum;
}

TEST(Space, SamplesUniformlyOverTheValuesOfEachActiveParameter) {
  const auto space = make(countable());
  RandomStream random(2024);
  constexpr int total = 30'000;
  std::map<std::string, int> blocks, expansions, stages;
  int conditional = 0;
  for (int i = 0; i < total; ++i) {
    const auto choice = space.sample(random).value();
    ASSERT_TRUE(space.check(choice).has_value());
    ++blocks[to_text(choice.at("block"))];
    ++stages[to_text(choice.at("stages"))];
    if (choice.contains("expansion")) {
      ++expansions[to_text(choice.at("expansion"))];
      ++conditional;
    }
  }
  // 99.9 % quantiles of chi-square with 2 and 3 degrees of freedom: 13.8 and 16.3. Fixed seed: no repeats.
  EXPECT_LT(chi_square(blocks, {{"basic", 1 / 3.0}, {"bottleneck", 1 / 3.0}, {"inverted", 1 / 3.0}}, total), 13.8);
  EXPECT_LT(chi_square(expansions, {{"2", 1 / 3.0}, {"4", 1 / 3.0}, {"6", 1 / 3.0}}, conditional), 13.8);
  EXPECT_LT(chi_square(stages, {{"1", 0.25}, {"2", 0.25}, {"3", 0.25}, {"4", 0.25}}, total), 16.3);
}

TEST(Space, SamplesUniformlyOverTheLogarithm) {
  const auto space = make({{"rate", Real{1e-4, 1.0, true}}, {"n", Integer{1, 1024, 1, true}}});
  RandomStream random(5);
  constexpr int total = 20'000;
  std::map<std::string, int> decades, octaves;
  for (int i = 0; i < total; ++i) {
    const auto choice = space.sample(random).value();
    ++decades[std::to_string(static_cast<int>(std::floor(std::log10(std::get<double>(choice.at("rate"))))))];
    ++octaves[std::get<std::int64_t>(choice.at("n")) < 32 ? "low" : "high"];
  }
  EXPECT_LT(chi_square(decades, {{"-4", 0.25}, {"-3", 0.25}, {"-2", 0.25}, {"-1", 0.25}}, total), 16.3);
  // Value v has the part of the scale between v - 1/2 and v + 1/2; the ends reach out as far as in: from 1 / 1.5 to
  // 1024^2 / 1023.5.
  const auto low = std::log(31.5 * 1.5) / std::log(1024 * 1024 / 1023.5 * 1.5);
  EXPECT_LT(chi_square(octaves, {{"low", low}, {"high", 1 - low}}, total), 10.8);
}

TEST(Space, GivesTheSameSamplesForTheSameSeed) {
  const auto space = make(countable());
  RandomStream a(9), b(9), c(10);
  std::vector<Choice> first, second, third;
  for (int i = 0; i < 20; ++i) {
    first.push_back(space.sample(a).value());
    second.push_back(space.sample(b).value());
    third.push_back(space.sample(c).value());
  }
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
}

TEST(Space, SamplesOnlyValidChoicesAndGivesUpWithTheReason) {
  const auto odd = make({{"n", Integer{1, 100}}}, [](const Choice& c) -> std::optional<std::string> {
    if (std::get<std::int64_t>(c.at("n")) % 2 == 0) return "n is even";
    return {};
  });
  RandomStream random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::get<std::int64_t>(odd.sample(random)->at("n")) % 2, 1);
  const auto never =
      make({{"n", Integer{1, 100}}}, [](const Choice&) { return std::optional<std::string>("nothing pleases me"); });
  EXPECT_EQ(never.sample(random).error().message,
            "none of 10000 random choices is valid; the last one: nothing pleases me");
}

TEST(Space, ChecksAChoiceAndNamesTheParameter) {
  const auto space = make({{"kind", categories({"plain", "gated"})},
                           {"gate", categories({"se", "eca"}), Condition{"kind", {"gated"}}},
                           {"kernel", Integer{3, 7, 2}},
                           {"rate", Real{0.0, 1.0}}});
  const Choice right = {{"kind", "plain"}, {"kernel", std::int64_t{5}}, {"rate", 0.5}};
  EXPECT_TRUE(space.check(right).has_value());
  const auto changed = [&](const std::string& name, std::optional<Value> value) {
    auto choice = right;
    if (value) {
      choice[name] = *value;
    } else {
      choice.erase(name);
    }
    const auto status = space.check(choice);
    return status ? Error{} : status.error();
  };
  EXPECT_EQ(changed("kernel", {}).message,
            "parameter \"kernel\" is missing; it must be a whole number from 3 to 7 in steps of 2");
  EXPECT_EQ(changed("kernel", 4).message,
            "parameter \"kernel\" is 4; it must be a whole number from 3 to 7 in steps of 2");
  EXPECT_EQ(changed("kernel", std::int64_t{100}).next, "the nearest is 7");
  EXPECT_EQ(changed("kernel", "5").message,
            "parameter \"kernel\" is \"5\"; it must be a whole number from 3 to 7 in steps of 2");
  EXPECT_EQ(changed("kernel", "5").where, "kernel");
  EXPECT_EQ(changed("kind", "gatet").next, "did you mean \"gated\"?");
  EXPECT_EQ(changed("kind", "gated").message, "parameter \"gate\" is missing; it must be one of \"se\" or \"eca\"");
  EXPECT_EQ(changed("gate", "se").message,
            "parameter \"gate\" is given, but it exists only when \"kind\" is \"gated\"");
  EXPECT_EQ(changed("gates", "se").next, "did you mean \"gate\"?");
  EXPECT_EQ(changed("rate", 1.5).message, "parameter \"rate\" is 1.5; it must be a number from 0 to 1");
  EXPECT_EQ(changed("rate", std::numeric_limits<double>::quiet_NaN()).message,
            "parameter \"rate\" is nan; it must be a number from 0 to 1");
}

TEST(Space, RejectsAConditionOnAnUnknownParameter) {
  const auto with = [](Condition condition) {
    return refusal({{"kind", categories({"a", "b"})},
                    {"rate", Real{0, 1}},
                    {"n", Integer{1, 2}, std::move(condition)},
                    {"later", Integer{0, 1}}});
  };
  EXPECT_EQ(with({"kinds", {"a"}}),
            "parameter \"n\" depends on \"kinds\", which is not a parameter; did you mean \"kind\"?");
  EXPECT_EQ(with({"later", {"0"}}), "parameter \"n\" depends on \"later\", which comes after it or is itself");
  EXPECT_EQ(with({"n", {"1"}}), "parameter \"n\" depends on \"n\", which comes after it or is itself");
  EXPECT_EQ(with({"kind", {"c"}}),
            "parameter \"n\" depends on \"kind\" being \"c\", but that must be one of \"a\" or \"b\"");
  EXPECT_EQ(with({"kind", {}}), "parameter \"n\" depends on no value of \"kind\" and would never exist");
  EXPECT_EQ(with({"rate", {"0.5"}}), "parameter \"n\" depends on \"rate\", which is a real number");
  EXPECT_EQ(with({"kind", {"a"}}), "accepted");
}

TEST(Space, RejectsParametersThatCannotBe) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal({}), "a space needs at least one parameter");
  EXPECT_EQ(refusal({{"", Integer{0, 1}}}), "parameter 1 has no name");
  EXPECT_EQ(refusal({{"a", Integer{0, 1}}, {"a", Integer{0, 1}}}), "parameter \"a\" exists twice");
  EXPECT_EQ(refusal({{"a", categories({})}}), "parameter \"a\" has no values");
  EXPECT_EQ(refusal({{"a", categories({"x", "x"})}}), "parameter \"a\" has the value \"x\" twice");
  EXPECT_EQ(refusal({{"a", Integer{3, 2}}}), "parameter \"a\" has its low end 3 above its high end 2");
  EXPECT_EQ(refusal({{"a", Integer{1, 2, 0}}}), "parameter \"a\" has the step 0; it must be at least 1");
  EXPECT_EQ(refusal({{"a", Integer{0, 2, 1, true}}}), "parameter \"a\" has a log scale from 0; it must start above 0");
  EXPECT_THAT(
      refusal({{"a", Integer{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}}}),
      HasSubstr("at most"));
  EXPECT_EQ(refusal({{"a", Real{2.0, 1.0}}}), "parameter \"a\" has its low end 2 above its high end 1");
  EXPECT_EQ(refusal({{"a", Real{0.0, infinity}}}), "parameter \"a\" has an end that is not a finite number");
  EXPECT_EQ(refusal({{"a", Real{-1.0, 1.0, true}}}), "parameter \"a\" has a log scale from -1; it must start above 0");
}

TEST(Space, ReadsAChoiceFromJson) {
  const auto space = make({{"kind", categories({"a", "0.00001"})}, {"n", Integer{1, 5}}, {"r", Real{0, 2}}});
  const auto read = [&](const char* text) { return choice_from_json(space, parse_json(text, "test").value()); };
  const Choice expected = {{"kind", "0.00001"}, {"n", std::int64_t{3}}, {"r", 1.0}};
  EXPECT_EQ(read(R"({"kind": "0.00001", "n": 3, "r": 1})"), expected);
  EXPECT_EQ(read(R"({"kind": 1e-5, "n": 3.0, "r": 1.0})"), expected);
  EXPECT_EQ(choice_from_json(space, to_json(expected)), expected);
  EXPECT_EQ(read(R"({"kind": "a", "n": 3.5, "r": 1})").error().message,
            "parameter \"n\" is 3.5; it must be a whole number from 1 to 5");
  EXPECT_EQ(read(R"({"kind": "a", "n": 1e300, "r": 1})").error().next, "the nearest is 5");
  EXPECT_EQ(read(R"({"kind": "a", "n": true, "r": 1})").error().message,
            "parameter \"n\" must be a whole number from 1 to 5, not true or false");
  EXPECT_EQ(read(R"({"kind": "a", "n": [1], "r": 1})").error().message,
            "parameter \"n\" must be a whole number from 1 to 5, not a list");
  EXPECT_EQ(read(R"({"kind": "a", "n": 1})").error().message,
            "parameter \"r\" is missing; it must be a number from 0 to 2");
  EXPECT_EQ(read(R"({"kinds": "a"})").error().next, "did you mean \"kind\"?");
  EXPECT_EQ(read("[1]").error().message, "a choice must be a map from parameters to values");
}

TEST(Space, WritesChoicesInNameOrder) {
  const Choice choice = {{"learning_rate", "0.001"}, {"backbone", "resnet18"}, {"n", std::int64_t{3}}, {"r", 0.25}};
  EXPECT_EQ(to_text(choice), "backbone=resnet18 learning_rate=0.001 n=3 r=0.25");
  EXPECT_EQ(to_json(choice).dump(), R"({"backbone":"resnet18","learning_rate":"0.001","n":3,"r":0.25})");
}

}  // namespace
}  // namespace edgewise::space
