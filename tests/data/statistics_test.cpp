#include "data/statistics.hpp"

#include <gtest/gtest.h>

#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

Item boxed(Split split, Box box) {
  Item item;
  item.annotation.width = item.annotation.height = 100;
  item.annotation.marks = {{.box = box, .label = 0}};
  item.split = split;
  return item;
}

TEST(Baseline, OfBoxesIsTheTrainingMeanByHand) {
  DataSet set;
  set.task = &task_of("box");
  set.items = {boxed(Split::train, {0, 0, 40, 40}), boxed(Split::train, {20, 20, 60, 60}),
               boxed(Split::validation, {10, 10, 50, 50}), boxed(Split::validation, {50, 50, 90, 90})};
  const Json json = baseline(set);
  EXPECT_EQ(json["box"], (Json{0.1, 0.1, 0.5, 0.5}));
  EXPECT_DOUBLE_EQ(json["iou"], 0.5);  // 1 and 0
  EXPECT_DOUBLE_EQ(json["iou50"], 0.5);
}

TEST(Baseline, OfClassesIsTheTrainingMajorityOnValidation) {
  DataSet set;
  set.task = &task_of("classification");
  set.classes = {"a", "b"};
  for (const auto& [label, split] : {std::pair{0, Split::train},
                                     {1, Split::train},
                                     {1, Split::train},
                                     {0, Split::validation},
                                     {0, Split::validation},
                                     {0, Split::validation},
                                     {1, Split::validation}}) {
    Item item;
    item.annotation.width = item.annotation.height = 10;
    item.annotation.labels = {label};
    item.split = split;
    set.items.push_back(item);
  }
  const Json json = baseline(set);
  EXPECT_EQ(json["class"], "b");
  EXPECT_DOUBLE_EQ(json["accuracy"], 0.25);
  EXPECT_DOUBLE_EQ(json["balanced_accuracy"], 0.5);
  const Json all = statistics(set);
  EXPECT_EQ(all["splits"]["train"]["classes"]["b"], 2);
  EXPECT_EQ(all["splits"]["validation"]["images"], 4);
  EXPECT_FALSE(all["splits"].contains("test"));
}

TEST(ContactSheet, ShowsEachSplitAndTheBoxes) {
  const Folder folder;
  std::string text = "image,x0,y0,x1,y1,split\n";
  for (int i = 0; i < 10; ++i) {
    folder.picture("p" + std::to_string(i) + ".png", 20, 20, cv::Scalar(0, 0, 0));
    text += "p" + std::to_string(i) + ".png,5,5,15,15," + (i < 7 ? "train\n" : "val\n");
  }
  folder.write("boxes.csv", text);
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  const auto cache = open_cache(set, 32, folder.path() / "cache");
  ASSERT_TRUE(cache.has_value());
  const auto png = folder.path() / "sheet.png";
  ASSERT_TRUE(write_contact_sheet(set, *cache, png, 6).has_value());
  const cv::Mat sheet = cv::imread(png.string());
  ASSERT_FALSE(sheet.empty());
  // Six black pictures for training, three for validation; each with a green outline.
  int green = 0, black = 0;
  for (int y = 0; y < sheet.rows; ++y)
    for (int x = 0; x < sheet.cols; ++x) {
      const auto& pixel = sheet.at<cv::Vec3b>(y, x);
      green += pixel == cv::Vec3b(60, 220, 60) ? 1 : 0;
      black += pixel == cv::Vec3b(0, 0, 0) ? 1 : 0;
    }
  const int edge = 128;
  EXPECT_NEAR(green, 9 * 2 * edge, 9 * 20);
  EXPECT_NEAR(black, 9 * edge * edge - green, 9 * 20);
  EXPECT_FALSE(write_contact_sheet(set, *cache, folder.path() / "no" / "sheet.png", 6).has_value());
}

}  // namespace
}  // namespace edgewise::data
