#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/formats/csv.hpp"
#include "data/formats/reading.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The item whose file has this name.
const Item& item_of(const DataSet& set, const std::string& name) {
  const auto it = std::ranges::find_if(set.items, [&](const Item& item) { return item.image.filename() == name; });
  EXPECT_NE(it, set.items.end()) << name;
  static const Item none;
  return it == set.items.end() ? none : *it;
}

TEST(Csv, ReadsOneRealBoxAnImageAndTheSplitColumn) {
  const Folder folder;
  for (const char* name : {"images/a.png", "images/b.png", "images/c.jpg"}) folder.picture(name);
  folder.write("boxes.csv",
               "image_name,width,height,x0,y0,x1,y1,split\r\n"
               "a.png,20,10,1.25,2.5,18.75,9.5,train\r\n"
               "\"b.png\",20,10,0,0,20,10,val\r\n"
               "c.jpg,20,10,3,3,4,4,train\r\n");
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  ASSERT_EQ(set.items.size(), 3U);
  EXPECT_EQ(set.spec.format, "csv");
  EXPECT_EQ(box_of(item_of(set, "a.png")), (Box{1.25, 2.5, 18.75, 9.5}));
  EXPECT_EQ(item_of(set, "a.png").split, Split::train);
  EXPECT_EQ(item_of(set, "b.png").split, Split::validation);
  EXPECT_EQ(item_of(set, "a.png").annotation.width, 20);
  EXPECT_EQ(item_of(set, "a.png").annotation.height, 10);
}

TEST(Csv, FindsItsColumnsUnderOtherNamesAndSeparators) {
  const auto records = parse_csv("filename;xmin;ymin;xmax;ymax;class\nx.jpg;1;2;3;4;cat\nx.jpg;2;2;9;9;dog\n", "t.csv",
                                 task::Wants::one_box, "");
  ASSERT_TRUE(records.has_value());
  ASSERT_EQ(records->records.size(), 1U);
  ASSERT_EQ(records->records[0].boxes.size(), 2U);
  EXPECT_EQ(records->records[0].boxes[1].box, (Box{2, 2, 9, 9}));
  EXPECT_EQ(records->records[0].boxes[1].name, "dog");
  EXPECT_EQ(records->records[0].boxes[1].where, "t.csv:3:7");
}

TEST(Csv, AQuotedNameMayHoldACommaAndQuotes) {
  const auto records = parse_csv("image,label\n\"a, \"\"b\"\".jpg\",cat\n", "t.csv", task::Wants::label, "");
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ(records->records[0].image, "a, \"b\".jpg");
  EXPECT_EQ(records->records[0].label, "cat");
}

TEST(Csv, ReadsClassesInNumericalOrder) {
  const Folder folder;
  std::string text = "image,label,split\n";
  for (int i = 0; i < 12; ++i) {
    folder.picture("p" + std::to_string(i) + ".png");
    text +=
        "p" + std::to_string(i) + ".png," + std::to_string(i % 3 == 0 ? 10 : i % 3) + (i < 6 ? ",train\n" : ",val\n");
  }
  folder.write("labels.csv", text);
  const DataSet set = loaded({.path = folder.text() + "/labels.csv"}, task_of("classification"));
  EXPECT_THAT(set.classes, ElementsAre("1", "2", "10"));
  EXPECT_EQ(label_of(item_of(set, "p3.png")), 2);
}

TEST(FddbText, ReadsIntegersAndRealNumbers) {
  const Folder folder;
  folder.picture("images/one.jpg");
  folder.picture("images/two.jpg");
  folder.picture("images/none.jpg");
  folder.write("faces.txt", "# one\n1 2 11 9\n# two.jpg\n0.5 0.25 19.5 9.75\n# none.jpg\n");
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_EQ(set.spec.format, "fddb");
  ASSERT_EQ(set.items.size(), 2U);
  EXPECT_EQ(box_of(item_of(set, "one.jpg")), (Box{1, 2, 11, 9}));
  EXPECT_EQ(box_of(item_of(set, "two.jpg")), (Box{0.5, 0.25, 19.5, 9.75}));
  EXPECT_THAT(set.remarks, testing::Contains(HasSubstr("left out: 1 picture, without a box: images/none.jpg")));
}

TEST(Yolo, TurnsSharesIntoPixelsAndReadsSplitsFromFolders) {
  const Folder folder;
  folder.picture("images/train/a.jpg", 40, 20);
  folder.picture("images/val/b.jpg", 40, 20);
  folder.write("labels/train/a.txt", "1 0.5 0.5 0.25 0.5\n");
  folder.write("labels/val/b.txt", "0 0.25 0.5 0.5 1\n\n");
  folder.write("classes.txt", "cat\ndog\n");
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  EXPECT_EQ(set.spec.format, "yolo");
  EXPECT_EQ(box_of(item_of(set, "a.jpg")), (Box{15, 5, 25, 15}));
  EXPECT_EQ(box_of(item_of(set, "b.jpg")), (Box{0, 0, 20, 20}));
  EXPECT_EQ(item_of(set, "b.jpg").split, Split::validation);
  const DataSet classes = loaded({.path = folder.text()}, task_of("classification"));
  EXPECT_THAT(classes.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(label_of(item_of(classes, "a.jpg")), 1);
}

std::string voc_object(const std::string& name, const std::string& corners) {
  return "<object><name>" + name + "</name><bndbox>" + corners + "</bndbox></object>";
}
const char* const small_box = "<xmin>1.5</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4.25</ymax>";
const char* const large_box = "<xmin>2</xmin><ymin>1</ymin><xmax>19.75</xmax><ymax>9</ymax>";

/// Images a (one cat), b (a cat and a larger dog), c (one dog), d (none).
void write_voc(const Folder& folder) {
  for (const char* stem : {"a", "b", "c", "d"}) folder.picture(std::string("JPEGImages/") + stem + ".jpg");
  const std::string size = "<size><width>20</width><height>10</height><depth>3</depth></size>";
  const auto file = [&](const std::string& stem, const std::string& objects) {
    folder.write("Annotations/" + stem + ".xml",
                 "<annotation><filename>stale.jpg</filename>" + size + objects + "</annotation>");
  };
  file("a", voc_object("cat", small_box));
  file("b", voc_object("cat", small_box) + voc_object("dog", large_box));
  file("c", voc_object("dog", large_box));
  file("d", "");
}

TEST(Voc, KeepsRealCoordinatesAndImagesWithOneBox) {
  const Folder folder;
  write_voc(folder);
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  EXPECT_EQ(set.items.size(), 2U);
  EXPECT_EQ(box_of(item_of(set, "a.jpg")), (Box{1.5, 1, 4, 4.25}));
  EXPECT_THAT(set.remarks, testing::Contains(HasSubstr("1 picture, with more than one box")));
  EXPECT_THAT(set.remarks, testing::Contains(HasSubstr("1 picture, without a box")));
}

TEST(Voc, TakesTheLargestBoxAndFiltersClassesBeforeCounting) {
  const Folder folder;
  write_voc(folder);
  const DataSet largest = loaded({.path = folder.text(), .boxes = "largest"}, task_of("box"));
  EXPECT_EQ(largest.items.size(), 3U);
  EXPECT_EQ(box_of(item_of(largest, "b.jpg")), (Box{2, 1, 19.75, 9}));
  const DataSet cats = loaded({.path = folder.text(), .classes = {"cat"}}, task_of("box"));
  EXPECT_EQ(cats.items.size(), 2U);  // b has exactly one cat
  EXPECT_EQ(box_of(item_of(cats, "b.jpg")), (Box{1.5, 1, 4, 4.25}));
}

TEST(Voc, GivesTheClassOfTheLargestBox) {
  const Folder folder;
  write_voc(folder);
  folder.write("train.txt", "a\nc\n");
  folder.write("val.txt", "b\n");
  const DataSet set = loaded({.path = folder.text(), .boxes = "largest"}, task_of("classification"));
  EXPECT_THAT(set.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(label_of(item_of(set, "b.jpg")), 1);
}

TEST(Coco, ReadsBoxesSkipsCrowdsAndSplitsByFile) {
  const Folder folder;
  folder.picture("train2017/1.jpg", 40, 20);
  folder.picture("val2017/1.jpg", 40, 20);
  const auto json = [](const std::string& boxes) {
    return R"({"info":{"bbox":[1]},"images":[{"id":7,"file_name":"1.jpg","width":40,"height":20}],"annotations":[)" +
           boxes + R"(],"categories":[{"id":18,"name":"dog"},{"id":1,"name":"person"}]})";
  };
  folder.write(
      "annotations/instances_train2017.json",
      json(R"({"id":1,"image_id":7,"category_id":18,"iscrowd":0,"bbox":[1.5,2.25,10,5],"segmentation":[[1,2,3,4,5,6]]},
                       {"id":2,"image_id":7,"category_id":1,"iscrowd":1,"bbox":[0,0,40,20],
                        "segmentation":{"counts":"x","size":[1,2]}})"));
  folder.write("annotations/instances_val2017.json", json(R"({"id":1,"image_id":7,"category_id":1,"bbox":[0,0,40,20]},
                       {"id":2,"image_id":7,"category_id":1,"bbox":[3,4,5,0]})"));
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  ASSERT_EQ(set.items.size(), 2U);
  EXPECT_EQ(box_of(set.items[0]), (Box{1.5, 2.25, 11.5, 7.25}));
  EXPECT_EQ(set.items[0].image, folder.path() / "train2017" / "1.jpg");
  EXPECT_EQ(set.items[1].split, Split::validation);
  EXPECT_THAT(set.remarks, testing::Contains(testing::HasSubstr("1 boxes without area")));
  const DataSet classes = loaded({.path = folder.text()}, task_of("classification"));
  EXPECT_THAT(classes.classes, ElementsAre("person", "dog"));  // in the order of their ids
}

TEST(ImageFolder, TakesClassesInTheOrderOfTheListAndElseOfTheAlphabet) {
  const Folder folder;
  for (const char* name : {"train/zebra/1.png", "train/ant/1.png", "val/zebra/1.png", "val/ant/1.png"})
    folder.picture(name);
  const DataSet by_name = loaded({.path = folder.text()}, task_of("classification"));
  EXPECT_THAT(by_name.classes, ElementsAre("ant", "zebra"));
  EXPECT_EQ(by_name.of(Split::train).size(), 2U);
  EXPECT_EQ(by_name.of(Split::validation).size(), 2U);
  folder.write("classes.txt", "zebra\nant\n");
  EXPECT_THAT(loaded({.path = folder.text()}, task_of("classification")).classes, ElementsAre("zebra", "ant"));
}

TEST(Formats, RefusesABoxWithoutAnArea) {
  EXPECT_TRUE(checked_box(0, 0, 1, 1, "").has_value());
  EXPECT_FALSE(checked_box(1, 0, 1, 1, "").has_value());
  EXPECT_FALSE(checked_box(0, 2, 1, 1, "").has_value());
}

TEST(Boxes, IntersectionOverUnionByHand) {
  EXPECT_DOUBLE_EQ(picture::intersection_over_union({0, 0, 2, 2}, {1, 1, 3, 3}), 1.0 / 7);  // 1 of 4 + 4 - 1
  EXPECT_DOUBLE_EQ(picture::intersection_over_union({0, 0, 2, 2}, {0, 0, 2, 2}), 1);
  EXPECT_DOUBLE_EQ(picture::intersection_over_union({0, 0, 2, 2}, {2, 0, 3, 2}), 0);
  EXPECT_DOUBLE_EQ(picture::intersection_over_union({0, 0, 0, 2}, {0, 0, 0, 2}), 0);
}

}  // namespace
}  // namespace edgewise::data
