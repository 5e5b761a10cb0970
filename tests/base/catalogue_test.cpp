#include "base/catalogue.hpp"

#include <gtest/gtest.h>

#include "base/quantity.hpp"
#include "base/settings.hpp"

namespace edgewise {
namespace {

struct Fruit {
  std::string name;
  int grams = 0;
  Settings settings;
};

struct AppleOptions {
  std::int64_t seeds = 5;
  std::string colour = "red";
  void fields(config::Options& o) {
    o.integer("seeds", seeds, {0, 20}, "inside");
    o.word("colour", colour, {"red", "green"}, "outside");
  }
};
struct PearOptions {
  std::int64_t seeds = 5;
  void fields(config::Options& o) { o.integer("seeds", seeds, {0, 20}, "inside"); }
};

Catalogue<Fruit>& fruits() {
  static Catalogue<Fruit> all("fruit",
                              {{"apple", 180, Settings(AppleOptions{})}, {"pear", 200, Settings(PearOptions{})}});
  return all;
}
const Registration quince{fruits(), Fruit{"quince", 250, {}}};

TEST(Catalogue, KeepsTheOrderAndWhatWasRegisteredBeforeMain) {
  EXPECT_EQ(fruits().names(), (std::vector<std::string>{"apple", "pear", "quince"}));
  EXPECT_EQ(fruits().find("quince")->grams, 250);
  EXPECT_EQ(fruits().find("plum"), nullptr);
}

TEST(Catalogue, NamesTheKindAllEntriesAndTheNearestOne) {
  const auto found = fruits().at("aple");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "fruit \"aple\" is not one of \"apple\", \"pear\" or \"quince\"");
  EXPECT_EQ(found.error().next, "did you mean \"apple\"?");
}

TEST(Settings, CopiesAreIndependent) {
  Settings first(AppleOptions{.seeds = 3});
  Settings second = first;
  const auto mistakes = config::read(*config::parse_yaml("seeds: 7", "job.yaml"), "job.yaml",
                                     [&](config::Options& o) { second.fields(o); });
  ASSERT_TRUE(mistakes.empty());
  EXPECT_EQ(first.as<AppleOptions>().seeds, 3);
  EXPECT_EQ(second.as<AppleOptions>().seeds, 7);
  EXPECT_EQ(config::write([&](config::Options& o) { second.fields(o); }), Json({{"seeds", 7}, {"colour", "red"}}));
}

/// Both entries in one section: `seeds` is one option.
void both(Settings& apple, Settings& pear, config::Options& o) {
  apple.fields(o);
  pear.fields(o);
}

TEST(Settings, AnOptionOfTwoEntriesIsOneOption) {
  Settings apple(AppleOptions{}), pear(PearOptions{});
  const auto fields = [&](config::Options& o) { both(apple, pear, o); };
  ASSERT_TRUE(config::read(*config::parse_yaml("seeds: 9", "job.yaml"), "job.yaml", fields).empty());
  EXPECT_EQ(apple.as<AppleOptions>().seeds, 9);
  EXPECT_EQ(pear.as<PearOptions>().seeds, 9);

  const auto mistakes = config::read(*config::parse_yaml("seeds: 21\nseed: 1", "job.yaml"), "job.yaml", fields);
  ASSERT_EQ(mistakes.size(), 2U);
  EXPECT_EQ(mistakes[0].message, "seeds must be at least 0 and at most 20, not \"21\"");
  EXPECT_EQ(mistakes[1].message, "\"seed\" is not an option; the options are \"seeds\" or \"colour\"");

  const std::string page = config::reference(fields);
  EXPECT_EQ(page.find("`seeds`"), page.rfind("`seeds`"));
}

TEST(Interval, SaysWhatAValueCanBe) {
  EXPECT_EQ(to_text(intervals::share), "at least 0 and at most 1");
  EXPECT_EQ(to_text(intervals::above_zero), "above 0");
  EXPECT_EQ(to_text(Interval{}), "any number");
}

}  // namespace
}  // namespace edgewise
