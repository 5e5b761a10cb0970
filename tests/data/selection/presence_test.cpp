// Whether a picture shows a class, told by boxes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <map>

#include "base/file.hpp"
#include "data/statistics.hpp"
#include "data/text_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Labels by file name: 1 where the class is shown.
std::map<std::string, std::int64_t> labels_of(const DataSet& set) {
  std::map<std::string, std::int64_t> labels;
  for (const Item& item : set.items) labels[item.image.filename().string()] = label_of(item);
  return labels;
}

/// Pictures of 100 x 100: half a percent is 50 square pixels.
void write_people(const Folder& folder) {
  for (const char* name : {"large", "small", "border", "dog", "none", "several"})
    folder.picture(std::string(name) + ".png", 100, 100);
  folder.write("boxes.csv",
               "image,x0,y0,x1,y1,class\n"
               "large.png,10,10,60,60,person\n"
               "small.png,10,10,17,17,person\n"   // 49
               "border.png,10,10,20,15,person\n"  // 50: not more than half a percent
               "dog.png,10,10,90,90,dog\n"
               "none.png,,,,,\n"
               "several.png,10,10,12,12,person\nseveral.png,10,10,20,16,person\nseveral.png,1,1,90,90,dog\n");
}

TEST(Presence, IsABoxOfTheClassThatCoversMoreThanHalfAPercent) {
  const Folder folder;
  write_people(folder);
  const DataSet set =
      loaded({.path = folder.text(), .validation_share = 0.5, .presence = "person"}, task_of("classification"));
  EXPECT_THAT(set.classes, ElementsAre("no person", "person"));
  EXPECT_THAT(labels_of(set),
              testing::UnorderedElementsAre(testing::Pair("large.png", 1), testing::Pair("several.png", 1),
                                            testing::Pair("small.png", 0), testing::Pair("border.png", 0),
                                            testing::Pair("dog.png", 0), testing::Pair("none.png", 0)));
  EXPECT_EQ(set.account.pictures.found, 6U);
  EXPECT_EQ(set.account.pictures.used, 6U);
  EXPECT_THAT(set.remarks,
              Contains("presence: 2 of 6 pictures show a \"person\" whose box covers more than 0.5 % of it"));
  EXPECT_EQ(statistics(set)["classes"], (Json{"no person", "person"}));
}

TEST(Presence, TheShareIsAnOption) {
  const Folder folder;
  write_people(folder);
  const DataSpec spec{.path = folder.text(), .validation_share = 0.5, .presence = "person", .presence_share = 0};
  EXPECT_EQ(labels_of(loaded(spec, task_of("classification")))["small.png"], 1);
}

TEST(Presence, SharesOfThePictureAndEmptyLabelFilesAreRead) {
  const Folder folder;
  for (const char* stem : {"a", "b", "c", "d"}) folder.picture(std::string("images/") + stem + ".png", 80, 40);
  folder.write("classes.txt", "person\ncat\n");
  folder.write("labels/a.txt", "0 0.5 0.5 0.1 0.06\n");
  folder.write("labels/b.txt", "0 0.5 0.5 0.1 0.04\n");
  folder.write("labels/c.txt", "1 0.5 0.5 0.9 0.9\n");
  folder.write("labels/d.txt", "");
  const DataSet set =
      loaded({.path = folder.text(), .validation_share = 0.5, .presence = "person"}, task_of("classification"));
  EXPECT_THAT(labels_of(set), testing::UnorderedElementsAre(testing::Pair("a.png", 1), testing::Pair("b.png", 0),
                                                            testing::Pair("c.png", 0), testing::Pair("d.png", 0)));
  EXPECT_EQ(set.account.labels.used, 5U);
}

std::string error_of(const DataSpec& spec, const task::Task& task = task_of("classification")) {
  const auto set = load(spec, task);
  return set ? "no error" : to_text(set.error());
}

TEST(Presence, MistakesAreNamed) {
  const Folder folder;
  write_people(folder);
  const std::string path = folder.text();
  EXPECT_THAT(error_of({.path = path, .presence = "persn"}), HasSubstr("did you mean \"person\"?"));
  EXPECT_THAT(error_of({.path = path, .presence = "person"}, task_of("box")),
              HasSubstr("presence is a class of the whole picture"));
  EXPECT_THAT(error_of({.path = path, .classes = {"dog"}, .presence = "person"}), HasSubstr("do not go together"));
  EXPECT_THAT(error_of({.path = path, .presence = "person", .presence_share = 1}), HasSubstr("is not within 0 and 1"));
  EXPECT_THAT(error_of({.path = path, .presence = "person", .presence_share = 0.9}),
              HasSubstr("none of 6 pictures shows a \"person\" that covers more than 90 % of it"));
  EXPECT_THAT(error_of({.path = "builtin:faces", .presence = "face"}), HasSubstr("it"));
  const Folder classes;
  for (const char* name : {"cat/1.png", "dog/1.png"}) classes.picture(name);
  EXPECT_THAT(error_of({.path = classes.text(), .format = "folder", .presence = "cat"}),
              HasSubstr("an image folder has no boxes"));
}

/// The set's own file of labels: image,split,label,max_box_area_fraction.
TEST(Presence, OfARealSetIsWhatItsOwnTableSays) {
  REQUIRE_REAL_SET("voc2012_animals");
  const auto folder = shared_data() / "voc2012_animals";
  for (const std::string animal : {"person", "dog", "cat"}) {
    const auto set = load({.path = folder.string(), .format = "voc", .presence = animal}, task_of("classification"));
    ASSERT_TRUE(set.has_value()) << to_text(set.error());
    auto labels = labels_of(*set);
    const auto text = read_file(folder / ("presence_" + animal + ".csv"));
    ASSERT_TRUE(text.has_value());
    Lines lines(*text, animal);
    std::size_t compared = 0, different = 0;
    for (auto line = lines.next(); line && *line; line = lines.next()) {
      const std::string row(**line);
      const std::size_t one = row.find(','), two = row.find(',', one + 1), three = row.find(',', two + 1);
      const auto found = labels.find(std::filesystem::path(row.substr(0, one)).filename().string());
      if (found == labels.end()) continue;
      const double share = number_of(row.substr(three + 1)).value();
      // Its boxes count from 1 and include the last pixel: one pixel more in each direction than ours.
      if (std::abs(share - 0.005) < 0.001) continue;
      ++compared;
      different += found->second != (row[two + 1] == '1' ? 1 : 0) ? 1 : 0;
    }
    EXPECT_GT(compared, 2000U);
    EXPECT_EQ(different, 0U) << animal;
  }
}

}  // namespace
}  // namespace edgewise::data
