#include "search/bayes/coding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgewise::search {
namespace {

space::Space two_numbers() {
  return space::make_space({{.name = "a", .domain = space::Integer{.low = 0, .high = 9}},
                            {.name = "b", .domain = space::Categorical{{"x", "y", "z"}}}})
      .value();
}
space::Choice choice(std::int64_t a, const char* b) {
  return {{"a", a}, {"b", std::string(b)}};
}

/// a, a constant, a again in another unit; then in a group of its own its square, and nothing where a is 9.
std::shared_ptr<const Description> description(int* calls = nullptr) {
  const std::vector<DescribingColumn> columns{
      {"a", "first"}, {"constant", "first"}, {"scaled", "first"}, {"squared", "second"}, {"unknown", "second"}};
  return std::make_shared<const Description>(
      columns,
      [calls](const space::Choice& choice) -> std::vector<double> {
        if (calls) ++*calls;
        const auto a = static_cast<double>(std::get<std::int64_t>(choice.at("a")));
        if (a == 9) return {};
        return {a, 4, 100 - a, a * a, std::numeric_limits<double>::quiet_NaN()};
      },
      true);
}

TEST(Coding, AddsOfEachGroupWhatTellsChoicesApart) {
  const auto space = two_numbers();
  const std::vector<space::Choice> choices{choice(1, "x"), choice(2, "y"), choice(5, "x")};
  const Coding coding(space, description(), choices);
  ASSERT_EQ(coding.columns().size(), 4u);
  EXPECT_EQ(coding.columns()[1].block, -1);
  EXPECT_EQ(coding.columns()[2].block, 0);
  EXPECT_EQ(coding.columns()[3].block, 1);
  const auto codes = coding(choices);
  EXPECT_EQ(codes(2, 2), 5);
  EXPECT_EQ(codes(2, 3), 25);
  EXPECT_EQ(Coding(space, nullptr, choices)(choices), encode(space, choices));
}

TEST(Coding, OfAChoiceThatIsNotKnownIsNoNumber) {
  const auto space = two_numbers();
  const std::vector<space::Choice> choices{choice(1, "x"), choice(2, "y")}, unknown{choice(9, "x")};
  const auto codes = Coding(space, description(), choices)(unknown);
  EXPECT_TRUE(std::isnan(codes(0, 2)));
  EXPECT_FALSE(std::isnan(codes(0, 0)));
}

TEST(Description, IsAskedOnceForAChoice) {
  int calls = 0;
  const auto described = description(&calls);
  const std::vector<space::Choice> choices{choice(1, "x"), choice(2, "y"), choice(1, "x")};
  EXPECT_EQ(described->rows(choices)(2, 2), 99);
  EXPECT_EQ(described->rows(choices).cols(), 5);
  EXPECT_EQ(calls, 2);
}

TEST(Description, CanBeNarrowedToGroups) {
  const auto some = Description::of_groups(description(), {"second", "third"});
  ASSERT_EQ(some->columns().size(), 2u);
  EXPECT_EQ(some->columns()[0].name, "squared");
  EXPECT_TRUE(some->is_looked_up());
  const std::vector<space::Choice> choices{choice(3, "x")};
  EXPECT_EQ(some->rows(choices)(0, 0), 9);
  EXPECT_EQ(Description::of_groups(some, {"first"})->rows(choices).cols(), 0);
}

}  // namespace
}  // namespace edgewise::search
