// A format and a task that no product file knows: tests/extension/format_json_lines.cpp and task_count.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/cache/loader.hpp"
#include "data/formats/format.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Extension : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b", "c", "d"}) folder_.picture(std::string(name) + ".png", 200, 100);
  }
  std::string error_of(const std::string& lines, const std::string& task = "box") {
    folder_.write("labels.jsonl", lines);
    const auto set = load({.path = folder_.text()}, task_of(task));
    return set ? "no error" : to_text(set.error());
  }
  static std::string line(const std::string& image, const std::string& boxes, const std::string& split) {
    return R"({"image": ")" + image + R"(", "boxes": [)" + boxes + R"(], "split": ")" + split + "\"}\n";
  }
  const std::string cat_ = R"({"class": "cat", "corners": [20, 10, 120, 60]})";
  const std::string dog_ = R"({"class": "dog", "corners": [0, 0, 200, 100]})";
  Folder folder_;
};

TEST_F(Extension, AFormatIsRecognisedAndItsBoxesAreRead) {
  folder_.write("labels.jsonl",
                line("a.png", cat_, "train") + line("b.png", dog_, "val") + line("c.png", cat_ + "," + dog_, "train"));
  const DataSet set = loaded({.path = folder_.text()}, task_of("box"));
  EXPECT_EQ(set.spec.format, "json_lines");
  ASSERT_EQ(set.items.size(), 2U);  // one has two boxes
  EXPECT_EQ(box_of(set.items[0]), (Box{20, 10, 120, 60}));
  EXPECT_EQ(set.items[1].split, Split::validation);
  EXPECT_EQ(set.account.labels.used, 1U);
  const DataSet classes = loaded({.path = folder_.text(), .boxes = "largest"}, task_of("classification"));
  EXPECT_THAT(classes.classes, ElementsAre("cat", "dog"));
}

TEST_F(Extension, ItsMistakesHaveAPlaceAndItsNameIsInTheMessages) {
  EXPECT_THAT(error_of(line("a.png", R"({"class": "cat", "corners": [120, 10, 20, 60]})", "train")),
              HasSubstr("the box 120 10 20 60 has no area"));
  EXPECT_THAT(error_of("\n{}\n"), HasSubstr("labels.jsonl:2"));
  const auto unknown = load({.path = folder_.text(), .format = "json_line"}, task_of("box"));
  EXPECT_THAT(to_text(unknown.error()), HasSubstr("did you mean \"json_lines\"?"));
}

TEST_F(Extension, ATaskThatWantsAllBoxesGetsThemWithPicturesThatHaveNone) {
  folder_.write("labels.jsonl", line("a.png", cat_ + "," + dog_, "train") + line("b.png", "", "train") +
                                    line("c.png", dog_, "val") + line("d.png", dog_ + "," + dog_ + "," + cat_, "val"));
  const DataSet set = loaded({.path = folder_.text()}, task_of("count"));
  EXPECT_THAT(set.classes, ElementsAre("cat", "dog"));
  ASSERT_EQ(set.items.size(), 4U);
  EXPECT_EQ(set.items[0].annotation.marks.size(), 2U);
  EXPECT_EQ(set.items[0].annotation.marks[1], (picture::Mark{.box = {0, 0, 200, 100}, .label = 1}));
  EXPECT_TRUE(set.items[1].annotation.marks.empty());
  EXPECT_DOUBLE_EQ(baseline(set)["number"], 1.0);
  const DataSet cats = loaded({.path = folder_.text(), .classes = {"cat"}}, task_of("count"));
  EXPECT_THAT(cats.classes, ElementsAre("cat"));
  EXPECT_TRUE(cats.items[2].annotation.marks.empty());
  // The contact sheet draws what the task makes of it.
  const auto cache = open_cache(set, 32, folder_.path() / "cache");
  ASSERT_TRUE(cache.has_value()) << to_text(cache.error());
  EXPECT_TRUE(write_contact_sheet(set, *cache, folder_.path() / "sheet.png").has_value());
  Loader loader(*cache, {0, 1, 2, 3}, {.batch = 4, .augment = Augment{.scale = 0.2}, .threads = 0});
  loader.start(0);
  const auto batch = loader.next();
  ASSERT_TRUE(batch.has_value());
  EXPECT_THAT(batch->targets.numbers(), ElementsAre(2, 0, 1, 3));
}

TEST_F(Extension, ADrawnSetServesEachTaskThatWantsWhatItShows) {
  const DataSet faces = loaded({.path = "builtin:faces", .count = 20}, task_of("count"));
  for (const Item& item : faces.items) EXPECT_EQ(item.annotation.marks.size(), 1U);
  const auto tiles = load({.path = "builtin:drainage", .count = 20}, task_of("count"));
  EXPECT_THAT(to_text(tiles.error()), HasSubstr("is a set for task \"classification\", not for \"count\""));
}

}  // namespace
}  // namespace edgewise::data
