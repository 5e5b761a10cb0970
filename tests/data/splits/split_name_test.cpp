// Which split a name tells, by itself and in every format.
#include "data/splits/split_name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

struct Said {
  const char* name;
  std::optional<SplitName> split;
};

TEST(SplitNames, AreWholeWordsInAnyCase) {
  constexpr auto train = SplitName::train, validation = SplitName::validation, test = SplitName::test,
                 both = SplitName::train_and_validation;
  const std::optional<SplitName> none;
  const std::vector<Said> table{{"train", train},
                                {"Train", train},
                                {"TRAIN", train},
                                {"training", train},
                                {"train2017", train},
                                {"2012_train", train},
                                {"instances_Train", train},
                                {"images-train", train},
                                {"TrainSet", train},
                                {"trainset", train},
                                {"traindata", train},
                                {"trainimages", train},
                                {"train_dataset", train},
                                {"Training Data", train},
                                {"obj_train_data", train},
                                {"instances_valminusminival2014", train},
                                {"val", validation},
                                {"Val", validation},
                                {"valid", validation},
                                {"Validation", validation},
                                {"VALIDATION", validation},
                                {"dev", validation},
                                {"val2017", validation},
                                {"images-val", validation},
                                {"instances_Validation", validation},
                                {"instances_minival2014", validation},
                                {"valset", validation},
                                {"ValidationSet", validation},
                                {"dev_set", validation},
                                {"eval", validation},
                                {"Evaluation", validation},
                                {"x_eval", validation},
                                {"validdata", validation},
                                {"obj_valid_data", validation},
                                {"test", test},
                                {"Test", test},
                                {"testing", test},
                                {"testdata", test},
                                {"test_eval", test},
                                {"test2007", test},
                                {"test-dev2015", test},
                                {"image_info_test-dev2017", test},
                                {"TestImages", test},
                                {"test_set", test},
                                {"test1", test},
                                {"trainval", both},
                                {"trainval2007", both},
                                {"trainval35k", both},
                                {"TrainVal", both},
                                {"train_val", both},
                                {"train+val", both},
                                {"VOCtrainval_06-Nov-2007", both},
                                {"trainvalid", both},
                                // Parts of words are none, and neither are words that contradict each other.
                                {"festival", none},
                                {"latest", none},
                                {"contest", none},
                                {"evaluate", none},
                                {"medieval", none},
                                {"traintracks", none},
                                {"carnival2019", none},
                                {"valley", none},
                                {"restrain", none},
                                {"trainer", none},
                                {"testament", none},
                                {"device", none},
                                {"validity", none},
                                {"protest", none},
                                {"oval", none},
                                {"interval", none},
                                {"strainé", none},
                                {"étrain", none},
                                {"train_test", none},
                                {"val_test", none},
                                {"train_val_test", none},
                                {"extra", none},
                                {"", none},
                                {"2017", none},
                                {"default", none}};
  for (const auto& [name, split] : table) EXPECT_EQ(split_name_of(name), split) << name;
}

TEST(SplitNames, LeaveTheOtherWordsOfAName) {
  EXPECT_EQ(rest_of_name("instances_train2017"), "");
  EXPECT_EQ(rest_of_name("cat_trainval"), "cat");
  EXPECT_EQ(rest_of_name("plates-val"), rest_of_name("Plates_Train2"));
}

std::vector<std::optional<Split>> splits_of(const std::vector<std::string>& names, PartKind kind) {
  return splits_of_parts(names, kind).of;
}

TEST(SplitNames, OfFoldersAreOnlySplitsWhereTheNamesAgree) {
  constexpr std::optional<Split> none;
  using testing::ElementsAre;
  EXPECT_THAT(splits_of({"train", "val"}, PartKind::folder), ElementsAre(Split::train, Split::validation));
  EXPECT_THAT(splits_of({"plates_train", "plates_val"}, PartKind::folder),
              ElementsAre(Split::train, Split::validation));
  EXPECT_FALSE(splits_of_parts(std::vector<std::string>{"bus", "car", "train"}, PartKind::folder).are_splits);
  EXPECT_FALSE(splits_of_parts(std::vector<std::string>{"train_station", "test_tube"}, PartKind::folder).are_splits);
  EXPECT_THAT(splits_of({"extra", "train", "val"}, PartKind::folder),
              ElementsAre(none, Split::train, Split::validation));
  EXPECT_THAT(splits_of({"day", "night", "test"}, PartKind::folder),
              ElementsAre(Split::train, Split::train, Split::test));
}

TEST(SplitNames, OfAJoinedPartDependOnWhatIsBesideIt) {
  constexpr std::optional<Split> none;
  using testing::ElementsAre;
  EXPECT_THAT(splits_of({"trainval", "test"}, PartKind::file), ElementsAre(Split::train, Split::test));
  EXPECT_THAT(splits_of({"trainval", "train", "val"}, PartKind::file),
              ElementsAre(none, Split::train, Split::validation));
  EXPECT_THAT(splits_of({"trainval", "val"}, PartKind::file), ElementsAre(Split::train, Split::validation));
  EXPECT_THAT(splits_of({"trainval", "train"}, PartKind::file), ElementsAre(Split::validation, Split::train));
  EXPECT_THAT(splits_of({"all"}, PartKind::file), ElementsAre(none));
  EXPECT_FALSE(splits_of_parts(std::vector<std::string>{"train"}, PartKind::file).are_splits) << "it is the whole set";
}

/// Writes pictures 0 to 3 of classes a and b, those of one split called `part`, as one format has it.
using Writer = std::function<void(const Folder&, const std::string& part, int first)>;

void write_coco(const Folder& folder, const std::string& part, int first) {
  std::string images, boxes;
  for (int i = first; i < first + 4; ++i) {
    const std::string n = std::to_string(i);
    folder.picture("images/" + n + ".png");
    images += std::string(i > first ? "," : "") + R"({"id":)" + n + R"(,"file_name":")" + n + R"(.png"})";
    boxes += std::string(i > first ? "," : "") + R"({"id":)" + n + R"(,"image_id":)" + n + R"(,"category_id":)" +
             std::to_string(i % 2) + R"(,"bbox":[1,1,5,5]})";
  }
  folder.write("annotations/instances_" + part + ".json",
               R"({"images":[)" + images + R"(],"annotations":[)" + boxes +
                   R"(],"categories":[{"id":0,"name":"a"},{"id":1,"name":"b"}]})");
}
void write_yolo_folders(const Folder& folder, const std::string& part, int first) {
  for (int i = first; i < first + 4; ++i) {
    folder.picture("images/" + part + "/" + std::to_string(i) + ".png");
    folder.write("labels/" + part + "/" + std::to_string(i) + ".txt", std::to_string(i % 2) + " 0.5 0.5 0.5 0.5\n");
  }
}
void write_yolo_parts(const Folder& folder, const std::string& part, int first) {
  for (int i = first; i < first + 4; ++i) {
    folder.picture(part + "/images/" + std::to_string(i) + ".png");
    folder.write(part + "/labels/" + std::to_string(i) + ".txt", std::to_string(i % 2) + " 0.5 0.5 0.5 0.5\n");
  }
}
std::string voc_text(int i) {
  return "<annotation><filename>" + std::to_string(i) + ".png</filename><object><name>" + (i % 2 ? "b" : "a") +
         "</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>6</xmax><ymax>6</ymax></bndbox></object></annotation>";
}
void write_voc_lists(const Folder& folder, const std::string& part, int first) {
  std::string list;
  for (int i = first; i < first + 4; ++i) {
    folder.picture("JPEGImages/" + std::to_string(i) + ".png");
    folder.write("Annotations/" + std::to_string(i) + ".xml", voc_text(i));
    list += std::to_string(i) + "\n";
  }
  folder.write("ImageSets/Main/" + part + ".txt", list);
}
void write_voc_parts(const Folder& folder, const std::string& part, int first) {
  for (int i = first; i < first + 4; ++i) {
    folder.picture(part + "/" + std::to_string(i) + ".png");
    folder.write(part + "/" + std::to_string(i) + ".xml", voc_text(i));
  }
}
void write_csv_column(const Folder& folder, const std::string& part, int first) {
  std::string text;
  if (std::ifstream old(folder.path() / "boxes.csv"); old) text.assign(std::istreambuf_iterator<char>(old), {});
  if (text.empty()) text = "image,x0,y0,x1,y1,class,split\n";
  for (int i = first; i < first + 4; ++i) {
    folder.picture("images/" + std::to_string(i) + ".png");
    text += std::to_string(i) + ".png,1,1,6,6," + (i % 2 ? "b," : "a,") + part + "\n";
  }
  folder.write("boxes.csv", text);
}
void write_csv_files(const Folder& folder, const std::string& part, int first) {
  std::string text = "image,x0,y0,x1,y1,class\n";
  for (int i = first; i < first + 4; ++i) {
    folder.picture("images/" + std::to_string(i) + ".png");
    text += std::to_string(i) + ".png,1,1,6,6," + (i % 2 ? "b\n" : "a\n");
  }
  folder.write(part + ".csv", text);
}
void write_classes(const Folder& folder, const std::string& part, int first) {
  for (int i = first; i < first + 4; ++i) folder.picture(part + (i % 2 ? "/b/" : "/a/") + std::to_string(i) + ".png");
}
void write_roboflow_coco(const Folder& folder, const std::string& part, int first) {
  std::string images, boxes;
  for (int i = first; i < first + 4; ++i) {
    const std::string n = std::to_string(i);
    folder.picture(part + "/" + n + ".png");
    images += std::string(i > first ? "," : "") + R"({"id":)" + n + R"(,"file_name":")" + n + R"(.png"})";
    boxes += std::string(i > first ? "," : "") + R"({"id":)" + n + R"(,"image_id":)" + n + R"(,"category_id":)" +
             std::to_string(i % 2) + R"(,"bbox":[1,1,5,5]})";
  }
  folder.write(part + "/_annotations.coco.json", R"({"images":[)" + images + R"(],"annotations":[)" + boxes +
                                                     R"(],"categories":[{"id":0,"name":"a"},{"id":1,"name":"b"}]})");
}

struct FolderLayout {
  const char* name;
  Writer write;
};
const std::vector<FolderLayout>& folder_layouts() {
  static const std::vector<FolderLayout> all{
      {"COCO files", write_coco},       {"Roboflow COCO", write_roboflow_coco}, {"YOLO folders", write_yolo_folders},
      {"YOLO parts", write_yolo_parts}, {"VOC lists", write_voc_lists},         {"VOC parts", write_voc_parts},
      {"CSV column", write_csv_column}, {"CSV files", write_csv_files},         {"class folders", write_classes}};
  return all;
}

std::array<std::size_t, 3> counts(const DataSet& set) {
  return {set.of(Split::train).size(), set.of(Split::validation).size(), set.of(Split::test).size()};
}

TEST(SplitNames, MeanTheSameInEveryFormat) {
  const std::vector<std::array<const char*, 3>> words{
      {"train", "val", "test"},    {"Train", "Validation", "Test"},          {"TRAIN", "VALID", "TESTING"},
      {"training", "dev", "test"}, {"train2017", "val2017", "test-dev2017"}, {"TrainSet", "ValSet", "TestSet"}};
  for (const FolderLayout& layout : folder_layouts())
    for (const auto& [train, validation, test] : words) {
      SCOPED_TRACE(std::string(layout.name) + ", " + train + ", " + validation + ", " + test);
      const Folder folder;
      layout.write(folder, train, 0);
      layout.write(folder, validation, 4);
      layout.write(folder, test, 8);
      EXPECT_THAT(counts(loaded({.path = folder.text()}, task_of("classification"))), testing::ElementsAre(4U, 4U, 4U));
    }
}

TEST(SplitNames, TrainvalGivesUpItsValidationInEveryFormat) {
  for (const FolderLayout& layout : folder_layouts()) {
    SCOPED_TRACE(layout.name);
    const Folder folder;
    layout.write(folder, "trainval2007", 0);
    layout.write(folder, "test2007", 4);
    const DataSet set = loaded({.path = folder.text(), .validation_share = 0.4}, task_of("classification"));
    EXPECT_EQ(set.of(Split::test).size(), 4U);
    for (const std::size_t i : set.of(Split::test)) EXPECT_GE(std::stoi(set.items[i].image.stem().string()), 4);
    EXPECT_FALSE(set.of(Split::validation).empty());
    EXPECT_FALSE(set.of(Split::train).empty());
  }
}

TEST(SplitNames, APartThatNamesNoneIsSaidInEveryFormat) {
  for (const FolderLayout& layout : folder_layouts()) {
    if (std::string_view(layout.name) == "CSV column") continue;  // there it is a mistake with a place
    SCOPED_TRACE(layout.name);
    const Folder folder;
    layout.write(folder, "train", 0);
    layout.write(folder, "val", 4);
    layout.write(folder, "extra", 8);
    const DataSet set = loaded({.path = folder.text()}, task_of("classification"));
    EXPECT_THAT(counts(set), testing::ElementsAre(4U, 4U, 0U));
    // Lists say it by what is in none of them.
    EXPECT_THAT(set.remarks,
                testing::Contains(testing::AnyOf(testing::ContainsRegex("4 images of .*extra.* belong to no split"),
                                                 testing::HasSubstr("4 labelled images are in no list"))));
  }
}

TEST(SplitNames, PartsOfWordsAreNoSplitsInAnyFormat) {
  for (const FolderLayout& layout : folder_layouts()) {
    if (std::string_view(layout.name) == "CSV column" || std::string_view(layout.name) == "CSV files") continue;
    SCOPED_TRACE(layout.name);
    const Folder folder;
    layout.write(folder, "festival", 0);
    layout.write(folder, "traintracks", 4);
    layout.write(folder, "latest", 8);
    auto set = load({.path = folder.text()}, task_of("classification"));
    if (!set) continue;  // class folders of no class: the format is not recognised
    EXPECT_THAT(set->remarks, testing::Contains(testing::StartsWith("split by a hash")));
    EXPECT_TRUE(set->of(Split::test).empty());
  }
}

}  // namespace
}  // namespace edgewise::data
