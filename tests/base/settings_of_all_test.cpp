#include "base/settings_of_all.hpp"

#include <gtest/gtest.h>

namespace edgewise {
namespace {

struct Tool {
  std::string name;
  Settings settings;
};
struct HammerOptions {
  std::int64_t grams = 500;
  std::string handle = "wood";
  void fields(config::Options& o) {
    o.integer("grams", grams, {1, 10000}, "of the head");
    o.word("handle", handle, {"wood", "steel"}, "what it is held by");
  }
};
struct SawOptions {
  std::string handle = "wood";
  void fields(config::Options& o) { o.word("handle", handle, {"wood", "steel"}, "what it is held by"); }
};

Catalogue<Tool>& tools() {
  static Catalogue<Tool> all("tool", {{"hammer", Settings(HammerOptions{})}, {"saw", Settings(SawOptions{})}});
  return all;
}
// Made before the entry below is registered, as another entry's settings may be.
SettingsOfAll<Tool> made_early{tools};
const Registration rope{tools(), Tool{"rope", {}}};
const Registration axe{tools(), Tool{"axe", Settings(HammerOptions{.grams = 900})}};

std::vector<Error> read(SettingsOfAll<Tool>& settings, const std::string& text) {
  return config::read(*config::parse_yaml(text, "t.yaml"), "t.yaml", [&](config::Options& o) { settings.fields(o); });
}

TEST(SettingsOfAll, OneSectionFillsTheOptionsOfEveryEntry) {
  SettingsOfAll<Tool> settings{tools};
  ASSERT_TRUE(read(settings, "{handle: steel, grams: 700}").empty());
  EXPECT_EQ(settings.of(*tools().find("hammer")).as<HammerOptions>().grams, 700);
  EXPECT_EQ(settings.of(*tools().find("hammer")).as<HammerOptions>().handle, "steel");
  EXPECT_EQ(settings.of(*tools().find("saw")).as<SawOptions>().handle, "steel");
  EXPECT_EQ(tools().find("saw")->settings.as<SawOptions>().handle, "wood") << "the catalogue keeps its defaults";
  EXPECT_EQ(read(settings, "{handle: stone}").size(), 1U) << "one option, one mistake";
}

TEST(SettingsOfAll, KeepsTheDefaultsOfWhatNobodySet) {
  SettingsOfAll<Tool> settings{tools};
  settings.set("saw", Settings(SawOptions{.handle = "steel"}));
  const auto copy = settings;
  settings.set("saw", Settings(SawOptions{}));
  EXPECT_EQ(copy.of(*tools().find("saw")).as<SawOptions>().handle, "steel");
  EXPECT_EQ(copy.of(*tools().find("axe")).as<HammerOptions>().grams, 900);
}

TEST(SettingsOfAll, KnowsEntriesThatWereRegisteredAfterIt) {
  ASSERT_TRUE(read(made_early, "{grams: 650}").empty());
  EXPECT_EQ(made_early.of(*tools().find("axe")).as<HammerOptions>().grams, 650);
}

}  // namespace
}  // namespace edgewise
