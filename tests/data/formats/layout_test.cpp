// The layouts that annotation tools and trainers write, and what is said of files that are none of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "data/formats/format.hpp"
#include "data/formats/yolo_description_internal.hpp"
#include "data/splits/split_internal.hpp"
#include "data/tree_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const char* const box_line = "0 0.5 0.5 0.5 0.5\n";

class Layouts : public testing::Test {
 protected:
  std::string error(DataSpec spec = {}, const task::Task& task = task_of("box")) {
    spec.path = folder_.text();
    const auto set = load(spec, task);
    return set ? "no error" : to_text(set.error());
  }
  DataSet set(DataSpec spec = {}, const task::Task& task = task_of("box")) {
    spec.path = folder_.text();
    return loaded(spec, task);
  }
  /// What a reader gives, before any filter.
  Records records(const std::string& format, const task::Task& task = task_of("box")) {
    auto opened = open_place({.path = folder_.text()}, task.wants());
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : to_text(opened.error()));
    if (!opened) return {};
    EXPECT_EQ(opened->format->name, format);
    auto result = opened->format->read(opened->place);
    EXPECT_TRUE(result.has_value()) << (result ? "" : to_text(result.error()));
    return result ? std::move(*result) : Records{};
  }
  std::vector<std::string> left_out(const Records& records) const {
    std::vector<std::string> texts;
    for (const LeftOut& left : records.left_out)
      texts.push_back(name_below(folder_.path(), left.file) + ": " + left.reason);
    return texts;
  }
  std::vector<std::string> label_files(const Records& records) const {
    std::vector<std::string> names;
    for (const auto& file : records.label_files) names.push_back(name_below(folder_.path(), file));
    std::ranges::sort(names);
    return names;
  }
  static std::array<std::size_t, 3> counts(const DataSet& set) {
    return {set.of(Split::train).size(), set.of(Split::validation).size(), set.of(Split::test).size()};
  }
  std::vector<std::string> images(const DataSet& set, Split split) const {
    std::vector<std::string> names;
    for (const std::size_t i : set.of(split)) names.push_back(name_below(folder_.path(), set.items[i].image));
    std::ranges::sort(names);
    return names;
  }
  /// A picture and its YOLO label.
  void yolo(const std::string& image, const std::string& label, const std::string& text = box_line) {
    folder_.picture(image);
    folder_.write(label, text);
  }
  std::string coco(int first, int count, const std::string& folder = "") {
    std::string pictures, boxes;
    for (int i = first; i < first + count; ++i) {
      const std::string comma = i > first ? "," : "", n = std::to_string(i);
      pictures +=
          comma + R"({"id":)" + n + R"(,"file_name":")" + folder + "im" + n + R"(.png","width":20,"height":10})";
      boxes += comma + R"({"id":)" + n + R"(,"image_id":)" + n + R"(,"category_id":1,"bbox":[1,1,5,5]})";
    }
    return R"({"images":[)" + pictures + R"(],"annotations":[)" + boxes +
           R"(],"categories":[{"id":1,"name":"thing"}]})";
  }
  void coco_pictures(int count) {
    for (int i = 0; i < count; ++i) folder_.picture("images/im" + std::to_string(i) + ".png");
  }
  Folder folder_;
};

// --- COCO

TEST_F(Layouts, CocoSubsetsInCapitalsAreSplits) {
  coco_pictures(8);
  folder_.write("annotations/instances_Train.json", coco(0, 5));
  folder_.write("annotations/instances_Validation.json", coco(5, 3));
  EXPECT_THAT(counts(set()), ElementsAre(5U, 3U, 0U));
}

TEST_F(Layouts, CocoOfATrainingFileAloneIsSplitByHash) {
  coco_pictures(8);
  folder_.write("annotations/instances_train2017.json", coco(0, 8));
  EXPECT_THAT(set().remarks, Contains(HasSubstr("split by a hash of the image's name")));
}

TEST_F(Layouts, CocoSaysWhichFileNamesNoSplit) {
  coco_pictures(8);
  folder_.write("annotations/instances_train.json", coco(0, 4));
  folder_.write("annotations/instances_val.json", coco(4, 2));
  folder_.write("annotations/instances_extra.json", coco(6, 2));
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(found.remarks, Contains(HasSubstr("2 images of instances_extra.json belong to no split")));
  EXPECT_THAT(left_out(records("coco")),
              Contains("annotations/instances_extra.json: its name tells no split, others do"));
}

TEST_F(Layouts, CocoTrainvalIsTrainingWithValidationInIt) {
  coco_pictures(8);
  folder_.write("annotations/instances_trainval2007.json", coco(0, 6));
  folder_.write("annotations/instances_test2007.json", coco(6, 2));
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::test), ElementsAre("images/im6.png", "images/im7.png"));
  EXPECT_EQ(found.of(Split::train).size() + found.of(Split::validation).size(), 6U);
  EXPECT_FALSE(found.of(Split::validation).empty());
}

TEST_F(Layouts, CocoTrainvalBesideItsPartsIsNotReadTwice) {
  coco_pictures(8);
  folder_.write("annotations/instances_train.json", coco(0, 5));
  folder_.write("annotations/instances_val.json", coco(5, 3));
  folder_.write("annotations/instances_trainval.json", coco(0, 8));
  EXPECT_THAT(counts(set()), ElementsAre(5U, 3U, 0U));
  EXPECT_THAT(set().remarks, Contains(HasSubstr("instances_trainval.json is not used")));
}

TEST_F(Layouts, CocoTrainvalBesideValIsTrainingWithoutIt) {
  coco_pictures(8);
  folder_.write("annotations/instances_val.json", coco(5, 3));
  folder_.write("annotations/instances_trainval.json", coco(0, 8));
  EXPECT_THAT(counts(set()), ElementsAre(5U, 3U, 0U));
}

TEST_F(Layouts, CocoValidationBesideAFileThatNamesNoneLeavesThatForTraining) {
  coco_pictures(8);
  folder_.write("annotations/instances_val.json", coco(5, 3));
  folder_.write("annotations/instances_rest.json", coco(0, 5));
  EXPECT_THAT(counts(set()), ElementsAre(5U, 3U, 0U));
  EXPECT_THAT(set().remarks, Contains(HasSubstr("no name tells the training split: it is instances_rest.json")));
}

TEST_F(Layouts, CocoOfRoboflowLiesBesideThePicturesOfEachSplit) {
  for (const char* name : {"train/im0.png", "train/im1.png", "valid/im0.png", "test/im0.png"}) folder_.picture(name);
  folder_.write("train/_annotations.coco.json", coco(0, 2));
  folder_.write("valid/_annotations.coco.json", coco(0, 1));
  folder_.write("test/_annotations.coco.json", coco(0, 1));
  folder_.write("README.dataset.txt", "# things > 2026-11-27\nhttps://example.org\n");
  folder_.write("README.roboflow.txt", "\nthings - v1\n==============\n");
  const DataSet found = set();
  EXPECT_EQ(found.spec.format, "coco");
  EXPECT_THAT(images(found, Split::train), ElementsAre("train/im0.png", "train/im1.png"));
  EXPECT_THAT(images(found, Split::validation), ElementsAre("valid/im0.png"));
  EXPECT_THAT(images(found, Split::test), ElementsAre("test/im0.png"));
}

TEST_F(Layouts, CocoInsideOfAWrapperFolderIsRecognised) {
  for (const char* name : {"train/im0", "train/im1", "train/im2", "valid/im3", "test/im4"})
    folder_.picture("My-1/" + std::string(name) + ".png");
  folder_.write("My-1/train/_annotations.coco.json", coco(0, 3));
  folder_.write("My-1/valid/_annotations.coco.json", coco(3, 1));
  folder_.write("My-1/test/_annotations.coco.json", coco(4, 1));
  const DataSet found = set();
  EXPECT_EQ(found.spec.format, "coco");
  EXPECT_THAT(counts(found), ElementsAre(3U, 1U, 1U));
}

TEST_F(Layouts, CocoInsideOfTwoWrapperFoldersFindsThePicturesOfEachSubset) {
  for (const char* name : {"train2017/im0", "train2017/im1", "val2017/im0"})
    folder_.picture("a/b/" + std::string(name) + ".png");
  folder_.write("a/b/annotations/instances_train2017.json", coco(0, 2));
  folder_.write("a/b/annotations/instances_val2017.json", coco(0, 1));
  EXPECT_THAT(counts(set()), ElementsAre(2U, 1U, 0U));
}

TEST_F(Layouts, CocoOfLabelStudioIsRecognisedByItsText) {
  coco_pictures(6);
  folder_.write("result.json", coco(0, 6, "images/"));
  EXPECT_EQ(set().items.size(), 6U);
  EXPECT_EQ(set().spec.format, "coco");
}

TEST_F(Layouts, CocoOfCvatWithPicturesInFoldersOfTheirSplits) {
  for (const char* name : {"images/Train/im0.png", "images/Train/im1.png", "images/Validation/im0.png"})
    folder_.picture(name);
  folder_.write("annotations/instances_Train.json", coco(0, 2));
  folder_.write("annotations/instances_Validation.json", coco(0, 1));
  EXPECT_THAT(images(set(), Split::train), ElementsAre("images/Train/im0.png", "images/Train/im1.png"));
  EXPECT_THAT(images(set(), Split::validation), ElementsAre("images/Validation/im0.png"));
}

TEST_F(Layouts, CocoPathsOfAnotherMachineMeanTheirLongestEndHere) {
  coco_pictures(4);
  folder_.write("annotations/instances_default.json", coco(0, 4, "/home/someone/set/images/"));
  EXPECT_EQ(set().items.size(), 4U);
}

TEST_F(Layouts, CocoCaptionsAndKeypointsBesideInstancesAreSaid) {
  coco_pictures(4);
  folder_.write("annotations/instances_default.json", coco(0, 4));
  folder_.write("annotations/captions_default.json", R"({"images":[],"annotations":[{"image_id":1,"caption":"x"}]})");
  EXPECT_EQ(set().items.size(), 4U);
  EXPECT_THAT(left_out(records("coco")),
              ElementsAre("annotations/captions_default.json: instances_*.json are read instead"));
}

// --- YOLO

TEST_F(Layouts, YoloOfCvatIsRecognisedByObjData) {
  std::string list;
  for (int i = 0; i < 6; ++i) {
    const std::string stem = "obj_train_data/frame_" + std::to_string(i);
    yolo(stem + ".png", stem + ".txt");
    list += "data/" + stem + ".png\n";
  }
  folder_.write("train.txt", list);
  folder_.write("obj.names", "car\n");
  folder_.write("obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n");
  const DataSet found = set();
  EXPECT_EQ(found.spec.format, "yolo");
  EXPECT_EQ(found.items.size(), 6U);
  const Records read = records("yolo");
  EXPECT_THAT(read.classes, ElementsAre("car"));
  EXPECT_THAT(label_files(read), testing::IsSupersetOf({"obj.data", "obj.names", "obj_train_data/frame_0.txt"}));
}

TEST_F(Layouts, YoloOfCvatWithTwoSubsets) {
  for (int i = 0; i < 6; ++i) {
    const std::string stem = std::string(i < 4 ? "obj_train_data/" : "obj_valid_data/") + std::to_string(i);
    yolo(stem + ".png", stem + ".txt");
  }
  folder_.write("train.txt",
                "data/obj_train_data/0.png\ndata/obj_train_data/1.png\ndata/obj_train_data/2.png\n"
                "data/obj_train_data/3.png\n");
  folder_.write("valid.txt", "data/obj_valid_data/4.png\ndata/obj_valid_data/5.png\n");
  folder_.write("obj.names", "car\n");
  folder_.write("obj.data", "train = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

TEST_F(Layouts, YoloOfUltralyticsWithYearsAndDataYaml) {
  for (int i = 0; i < 6; ++i) {
    const std::string part = i < 4 ? "train2017/" : "val2017/", n = std::to_string(i);
    yolo("images/" + part + n + ".png", "labels/" + part + n + ".txt");
  }
  folder_.write("data.yaml", "path: .\ntrain: images/train2017\nval: images/val2017\nnames:\n  0: thing\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(records("yolo").classes, ElementsAre("thing"));
}

TEST_F(Layouts, YoloSaysWhenTrainingAndValidationAreTheSameFolder) {
  for (int i = 0; i < 8; ++i)
    yolo("images/train2017/" + std::to_string(i) + ".png", "labels/train2017/" + std::to_string(i) + ".txt");
  folder_.write("coco128.yaml",
                "path: ../datasets/coco128\ntrain: images/train2017\nval: images/train2017\ntest:\n"
                "names: [thing, other]\ndownload: https://example.org/coco128.zip\n");
  const DataSet found = set({.validation_share = 0.3});
  EXPECT_EQ(found.items.size(), 8U);
  EXPECT_FALSE(found.of(Split::validation).empty());
  EXPECT_THAT(found.remarks, Contains(HasSubstr("for the train split and for the validation split")));
}

TEST_F(Layouts, YoloOfRoboflowWithPathsThatLeadUp) {
  yolo("train/images/a.jpg", "train/labels/a.txt");
  yolo("train/images/b.jpg", "train/labels/b.txt");
  yolo("valid/images/a.jpg", "valid/labels/a.txt");
  yolo("test/images/a.jpg", "test/labels/a.txt");
  folder_.write("data.yaml",
                "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 1\n"
                "names: ['thing']\n\nroboflow:\n  workspace: x\n");
  folder_.write("README.dataset.txt", "# things\n");
  EXPECT_THAT(counts(set()), ElementsAre(2U, 1U, 1U));
  EXPECT_THAT(records("yolo").classes, ElementsAre("thing"));
}

TEST_F(Layouts, YoloFoldersThatDataYamlNamesAreSplitsWhateverTheyAreCalled) {
  for (const char* name : {"day/0", "day/1", "night/2", "dusk/3"})
    yolo("images/" + std::string(name) + ".png", "labels/" + std::string(name) + ".txt");
  folder_.write("data.yaml", "train: images/day\nval: [images/night]\nnames: [a]\n");
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(2U, 1U, 0U));
  EXPECT_THAT(found.remarks,
              Contains(HasSubstr("1 images of images/dusk/ belong to no split: data.yaml does not name it")));
}

TEST_F(Layouts, YoloListsThatDataYamlNamesAreUsed) {
  for (int i = 0; i < 5; ++i) yolo("images/" + std::to_string(i) + ".png", "labels/" + std::to_string(i) + ".txt");
  folder_.write("lists/mine.txt", "./images/0.png\n/content/set/images/1.png\nimages/2.png\n");
  folder_.write("lists/other.txt", "./images/3.png\n./images/4.png\n");
  folder_.write("data.yaml", "train: lists/mine.txt\nval: lists/other.txt\nnames: [a]\n");
  EXPECT_THAT(counts(set()), ElementsAre(3U, 2U, 0U));
}

TEST_F(Layouts, YoloMayBeGivenAsItsDataYaml) {
  yolo("train/images/a.jpg", "train/labels/a.txt");
  yolo("valid/images/a.jpg", "valid/labels/a.txt");
  folder_.write("things.yaml", "# made by a tool\ntrain: train/images\nval: valid/images\nnames: [thing]\n");
  EXPECT_THAT(counts(loaded({.path = folder_.text() + "/things.yaml"}, task_of("box"))), ElementsAre(1U, 1U, 0U));
}

TEST_F(Layouts, YoloDescriptionsFurtherDownThatNameDifferentClassesAreAMistake) {
  for (const char* part : {"A/", "B/"}) yolo(part + std::string("images/0.png"), part + std::string("labels/0.txt"));
  folder_.write("A/data.yaml", "names: [cat, dog]\n");
  folder_.write("B/data.yaml", "names: [dog, cat]\n");
  EXPECT_THAT(error(), testing::AllOf(HasSubstr("A/data.yaml\""), HasSubstr("B/data.yaml\" name different classes")));
  folder_.write("data.yaml", "names: [cat, dog]\n");
  EXPECT_THAT(error(), HasSubstr("B/data.yaml\" name different classes"));
}

TEST_F(Layouts, YoloDescriptionsFurtherDownThatAgreeAreUsedTogether) {
  for (const char* name : {"A/day", "A/night", "B/day", "B/night"})
    yolo(name + std::string("/images/0.png"), name + std::string("/labels/0.txt"));
  for (const char* part : {"A", "B"})
    folder_.write(part + std::string("/data.yaml"), "train: ../day/images\nval: ../night/images\nnames: [cat]\n");
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::train), ElementsAre("A/day/images/0.png", "B/day/images/0.png"));
  EXPECT_THAT(images(found, Split::validation), ElementsAre("A/night/images/0.png", "B/night/images/0.png"));
  EXPECT_THAT(records("yolo").classes, ElementsAre("cat"));
}

TEST_F(Layouts, YoloOfRoboflowInsideOfAWrapperFolder) {
  yolo("My-Set-1/train/images/a.jpg", "My-Set-1/train/labels/a.txt");
  yolo("My-Set-1/valid/images/b.jpg", "My-Set-1/valid/labels/b.txt");
  folder_.write("My-Set-1/data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['thing']\n");
  EXPECT_THAT(counts(set()), ElementsAre(1U, 1U, 0U));
  EXPECT_THAT(records("yolo").classes, ElementsAre("thing"));
  EXPECT_THAT(set().remarks, Not(Contains(HasSubstr("called by their number"))));
}

TEST_F(Layouts, YoloOfCvatTasksBesideEachOther) {
  for (const char* task : {"task_1/", "task_2/"}) {
    const std::string top = task;
    for (const char* n : {"0", "1", "2"})
      yolo(top + "obj_train_data/" + n + ".png", top + "obj_train_data/" + n + ".txt");
    folder_.write(top + "train.txt", "data/obj_train_data/0.png\ndata/obj_train_data/1.png\n");
    folder_.write(top + "valid.txt", "data/obj_train_data/2.png\n");
    folder_.write(top + "obj.names", "car\n");
    folder_.write(top + "obj.data", "train = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\n");
  }
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(images(found, Split::validation),
              ElementsAre("task_1/obj_train_data/2.png", "task_2/obj_train_data/2.png"));
}

TEST_F(Layouts, YoloOfDarknetInItsDataFolder) {
  std::string train, valid;
  for (int i = 0; i < 6; ++i) {
    const std::string stem = "data/obj/" + std::to_string(i);
    yolo(stem + ".jpg", stem + ".txt");
    (i < 4 ? train : valid) += stem + ".jpg\n";
  }
  folder_.write("data/train.txt", train);
  folder_.write("data/test.txt", valid);
  folder_.write("data/obj.names", "car\n");
  folder_.write("data/obj.data",
                "classes = 1\ntrain = data/train.txt\nvalid = data/test.txt\nnames = data/obj.names\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(records("yolo").classes, ElementsAre("car"));
}

TEST_F(Layouts, YoloSaysWhichFileNamesNoClasses) {
  yolo("images/train/0.png", "labels/train/0.txt");
  yolo("images/val/1.png", "labels/val/1.txt");
  EXPECT_THAT(set().remarks, Contains("no classes.txt, .names file or data.yaml: classes are called by their number"));
  folder_.write("data.yaml", "train: images/train\nval: images/val\n");
  EXPECT_THAT(set().remarks, Contains("data.yaml names no classes: classes are called by their number"));
}

TEST_F(Layouts, YoloJobFilesAreNoDescriptions) {
  for (int i = 0; i < 4; ++i) yolo("images/" + std::to_string(i) + ".png", "labels/" + std::to_string(i) + ".txt");
  folder_.write("job.yaml", "task: box\ndata: {path: .}\ntrain: {epochs: 2}\n");
  EXPECT_EQ(set().items.size(), 4U);
}

TEST_F(Layouts, YoloSubfoldersOfPicturesAndLabelsAreRead) {
  for (int i = 0; i < 6; ++i)
    for (const char* sub : {"", "cats/"})
      yolo("images/" + (sub + std::to_string(i)) + ".png", "labels/" + (sub + std::to_string(i)) + ".txt");
  EXPECT_EQ(set().items.size(), 12U);
}

TEST_F(Layouts, YoloSubfoldersOfSplitsAreRead) {
  yolo("images/train/a/0.png", "labels/train/a/0.txt");
  yolo("images/train/b/0.png", "labels/train/b/0.txt");
  yolo("images/val/a/1.png", "labels/val/a/1.txt");
  EXPECT_THAT(counts(set()), ElementsAre(2U, 1U, 0U));
}

TEST_F(Layouts, YoloSubfoldersWhoseNamesHoldAPartOfASplitAreNone) {
  for (const char* part : {"festival/", "contest/"})
    for (int i = 0; i < 5; ++i)
      yolo("images/" + (part + std::to_string(i)) + ".png", "labels/" + (part + std::to_string(i)) + ".txt");
  EXPECT_EQ(set().items.size(), 10U);
  EXPECT_THAT(set().remarks, Contains(HasSubstr("split by a hash")));
}

TEST_F(Layouts, YoloLabelsBesideThePictures) {
  for (const char* stem : {"a", "b", "sub/c"}) yolo(std::string(stem) + ".jpg", std::string(stem) + ".txt");
  folder_.write("classes.txt", "thing\n");
  EXPECT_EQ(set().spec.format, "yolo");
  EXPECT_EQ(set().items.size(), 3U);
}

TEST_F(Layouts, YoloOfLabelStudioWithNotes) {
  for (int i = 0; i < 4; ++i) yolo("images/" + std::to_string(i) + ".jpg", "labels/" + std::to_string(i) + ".txt");
  folder_.write("classes.txt", "thing\nother\n");
  folder_.write("notes.json", R"({"categories": [{"id": 0, "name": "thing"}], "info": {}})");
  EXPECT_EQ(set().spec.format, "yolo");
  EXPECT_THAT(records("yolo").classes, ElementsAre("thing", "other"));
}

TEST_F(Layouts, YoloOfRoboflowForDarknetLiesBesideThePictures) {
  for (const char* stem : {"train/a", "train/b", "valid/c", "test/d"})
    yolo(std::string(stem) + ".jpg", std::string(stem) + ".txt",
         stem[6] == 'c' || stem[5] == 'd' ? "1 0.5 0.5 1 1\n" : box_line);
  for (const char* part : {"train", "valid", "test"})
    folder_.write(std::string(part) + "/_darknet.labels", "cat\ndog\n");
  const DataSet found = set({}, task_of("classification"));
  EXPECT_EQ(found.spec.format, "yolo");
  EXPECT_THAT(found.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(counts(found), ElementsAre(2U, 1U, 1U));
}

TEST_F(Layouts, CaptionsBesidePicturesAreNoLabels) {
  for (const char* stem : {"a/1", "a/2", "b/3", "b/4"}) {
    folder_.picture(std::string(stem) + ".jpg");
    folder_.write(std::string(stem) + ".txt", "a small grey thing on a table\n");
  }
  EXPECT_EQ(set({}, task_of("classification")).spec.format, "folder");
}

TEST_F(Layouts, YoloSaysWhichPicturesAndTextsAreNotUsed) {
  for (int i = 0; i < 3; ++i) yolo("images/" + std::to_string(i) + ".jpg", "labels/" + std::to_string(i) + ".txt");
  folder_.picture("images/unlabelled.jpg");
  folder_.write("labels/about.txt", "drawn by hand\n");
  folder_.write("labels/empty.txt", "");
  folder_.write("labels/README.txt", "0 0.5 0.5 0.5 0.5\n");
  EXPECT_THAT(left_out(records("yolo")),
              testing::UnorderedElementsAre("images/unlabelled.jpg: without a label",
                                            "labels/about.txt: its lines are not \"class cx cy width height\"",
                                            "labels/empty.txt: without a picture"));
}

TEST_F(Layouts, YoloClassListsThatDifferAreAMistakeThatNamesBoth) {
  yolo("images/train/a.jpg", "labels/train/a.txt");
  yolo("images/val/a.jpg", "labels/val/a.txt");
  folder_.write("labels/train/classes.txt", "cat\ndog\n");
  folder_.write("labels/val/classes.txt", "dog\ncat\n");
  EXPECT_THAT(error(), testing::AllOf(HasSubstr("labels/train/classes.txt"), HasSubstr("labels/val/classes.txt"),
                                      HasSubstr("list different classes")));
}

TEST_F(Layouts, YoloMistakesInADescriptionHaveAPlace) {
  yolo("images/a.jpg", "labels/a.txt");
  folder_.write("data.yaml", "train: images\nnames: {x: cat}\n");
  EXPECT_THAT(error(), HasSubstr("\"x\" is no number of a class"));
  EXPECT_THAT(error(), HasSubstr("data.yaml:2:9"));
}

TEST(YoloDescriptions, TakeNamesAsListOrMap) {
  const auto list = parse_data_yaml("names: ['a', b, 3]\nnc: 3\n", "d");
  ASSERT_TRUE(list.has_value());
  EXPECT_THAT(list->names, ElementsAre("a", "b", "3"));
  const auto map = parse_data_yaml("names:\n  2: c\n  0: a\n", "d");
  ASSERT_TRUE(map.has_value());
  EXPECT_THAT(map->names, ElementsAre("a", "1", "c"));
  EXPECT_FALSE(parse_data_yaml("names: [a, a]\n", "d").has_value());
  EXPECT_FALSE(parse_data_yaml("names: {99999999: a}\n", "d").has_value());
  EXPECT_FALSE(parse_data_yaml("train: {epochs: 1}\n", "d").has_value());
  EXPECT_FALSE(parse_data_yaml("- a\n", "d").has_value());
}

TEST(YoloDescriptions, TakeDarknetsKeys) {
  const auto data = parse_obj_data(
      "classes= 2\n# made by a tool\ntrain  = data/train.txt\nvalid=data/test.txt\n"
      "names = data/obj.names\nbackup = backup/\n",
      "d");
  ASSERT_TRUE(data.has_value());
  ASSERT_EQ(data->parts.size(), 2U);
  EXPECT_EQ(data->parts[1].split, Split::validation) << "darknet's key, not the list's name";
  EXPECT_EQ(data->names_file, "data/obj.names");
  EXPECT_FALSE(parse_obj_data("no sign here\n", "d").has_value());
}

// --- lists

TEST_F(Layouts, ListsOfTrainingAndTestAreUsed) {
  for (int i = 0; i < 6; ++i) yolo("images/im" + std::to_string(i) + ".png", "labels/im" + std::to_string(i) + ".txt");
  folder_.write("train.txt", "images/im0.png\nimages/im1.png\nimages/im2.png\nimages/im3.png\n");
  folder_.write("test.txt", "images/im4.png\nimages/im5.png\n");
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::test), ElementsAre("images/im4.png", "images/im5.png"));
  EXPECT_EQ(found.of(Split::train).size() + found.of(Split::validation).size(), 4U);
  EXPECT_FALSE(found.of(Split::validation).empty());
}

class Listed : public Layouts {
 protected:
  void SetUp() override {
    for (int i = 0; i < 6; ++i) yolo("images/" + std::to_string(i) + ".png", "labels/" + std::to_string(i) + ".txt");
  }
};

TEST_F(Listed, TrainvalAndTest) {
  folder_.write("ImageSets/Main/trainval.txt", "0\n1\n2\n3\n");
  folder_.write("ImageSets/Main/test.txt", "4\n5\n");
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::test), ElementsAre("images/4.png", "images/5.png"));
  EXPECT_FALSE(found.of(Split::validation).empty());
}

TEST_F(Listed, TrainvalBesideTrainAndValIsNoMistake) {
  folder_.write("Train.txt", "0\n1\n2\n3\n");
  folder_.write("Val.txt", "4\n5\n");
  folder_.write("trainval.txt", "0\n1\n2\n3\n4\n5\n");
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(found.remarks, Contains("lists found and not used: trainval.txt (another list is used)"));
}

TEST_F(Listed, TrainvalBesideValIsTrainingWithoutIt) {
  folder_.write("val.txt", "4\n5\n");
  folder_.write("trainval.txt", "0\n1\n2\n3\n4\n5\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

TEST_F(Listed, TrainvalBesideTrainIsValidationWithoutIt) {
  folder_.write("train.txt", "0\n1\n2\n3\n");
  folder_.write("trainval.txt", "0\n1\n2\n3\n4\n5\n");
  EXPECT_THAT(images(set(), Split::validation), ElementsAre("images/4.png", "images/5.png"));
}

TEST_F(Listed, InAnotherFolderOfImageSets) {
  folder_.write("ImageSets/Layout/train.txt", "0\n1\n2\n3\n");
  folder_.write("ImageSets/Layout/val.txt", "4\n5\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

TEST_F(Listed, ListsOfSingleClassesAreNotTheSplits) {
  folder_.write("ImageSets/Main/train.txt", "0\n1\n2\n3\n");
  folder_.write("ImageSets/Main/val.txt", "4\n5\n");
  folder_.write("ImageSets/Main/cat_train.txt", "0  1\n1 -1\n");
  folder_.write("ImageSets/Main/cat_val.txt", "4  1\n5 -1\n");
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(4U, 2U, 0U));
  EXPECT_THAT(found.remarks, Contains(HasSubstr("lists found and not used: ImageSets/Main/cat_train.txt")));
}

TEST_F(Listed, TextsThatNameNoneOfTheImagesAreNoLists) {
  folder_.write("test.txt", "run the tests before you commit\n");
  const DataSet found = set();
  EXPECT_EQ(found.items.size(), 6U);
  EXPECT_THAT(found.remarks, Contains("lists found and not used: test.txt (it names none of the images)"));
}

TEST_F(Listed, ListsThatAreNotUsedAreSaidWhereverTheyLie) {
  folder_.write("about/deep/train.txt", "images/0.png\nimages/1.png\n");
  folder_.write("about/cat_val.txt", "2\n");
  folder_.write("about/test_report.txt", "all is well\n");
  EXPECT_THAT(set().remarks, Contains("lists found and not used: about/cat_val.txt, about/deep/train.txt (it is at no "
                                      "usual place: name it in data.splits)"));
  folder_.write("train.txt", "0\n1\n2\n");
  folder_.write("val.txt", "3\n4\n5\n");
  EXPECT_THAT(set().remarks,
              Contains("lists found and not used: about/cat_val.txt, about/deep/train.txt (another list is used)"));
}

TEST_F(Listed, ListsBesideSplitFoldersAreSaid) {
  yolo("images/train/a.png", "labels/train/a.txt");
  yolo("images/val/b.png", "labels/val/b.txt");
  folder_.write("train.txt", "a\n");
  EXPECT_THAT(set().remarks, Contains("lists found and not used: train.txt (the labels say the splits)"));
}

TEST_F(Listed, ALineWithoutALabelIsSaidWhereThePictureIsThere) {
  folder_.picture("images/background.png");
  folder_.write("train.txt", "images/0.png\nimages/1.png\nimages/2.png\nimages/background.png\n");
  folder_.write("val.txt", "images/3.png\nimages/4.png\nimages/5.png\n");
  const DataSet found = set();
  EXPECT_THAT(counts(found), ElementsAre(3U, 3U, 0U));
  EXPECT_THAT(found.remarks, Contains("1 lines of the lists name images without labels"));
}

TEST_F(Listed, PathsOfOtherMachinesMatchByTheirLongestEnd) {
  folder_.write("train.txt",
                "/content/drive/set/images/0.png\n./images/1.png\nC:\\data\\images\\2.png\ndata/images/3.png\n");
  folder_.write("val.txt", "4.png\n5\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

/// Pictures of the same names in two folders, of which those in `dogs` have boxes.
class TwoFolders : public Layouts {
 protected:
  void SetUp() override {
    std::string text = "image,xmin,ymin,xmax,ymax\n";
    for (int i = 0; i < 6; ++i) {
      folder_.picture("cats/" + std::to_string(i) + ".png");
      folder_.picture("dogs/" + std::to_string(i) + ".png");
      text += "dogs/" + std::to_string(i) + ".png,1,1,9,9\n";
    }
    folder_.write("boxes.csv", text);
    folder_.write("train.txt", "dogs/0.png\ndogs/1.png\ndogs/2.png\ndogs/3.png\n");
  }
};

TEST_F(TwoFolders, ALineThatNamesAFolderMeansThatFolder) {
  folder_.write("val.txt", "cats/4.png\ncats/5.png\n");
  EXPECT_THAT(error(), HasSubstr("\"cats/4.png\" is not among the 6 labelled images"));
  EXPECT_THAT(error(), HasSubstr("val.txt:1:1"));
}

TEST_F(TwoFolders, ALineOfAFolderThatIsNotThereIsNoOtherFolder) {
  folder_.write("val.txt", "birds/4.png\ndogs/5.png\n");
  EXPECT_THAT(error(), HasSubstr("\"birds/4.png\" is not among the 6 labelled images"));
}

TEST_F(TwoFolders, ALineWithoutAFolderMatchesWhereItIsUnique) {
  folder_.write("val.txt", "4.png\n5\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

TEST_F(TwoFolders, ANameThatCouldBeTwoImagesIsAMistakeThatNamesBoth) {
  folder_.write("boxes.csv", "image,xmin,ymin,xmax,ymax\ndogs/0.png,1,1,9,9\ndogs/4.png,1,1,9,9\ncats/4.png,1,1,9,9\n");
  folder_.write("train.txt", "dogs/0.png\n");
  folder_.write("val.txt", "4.png\n");
  EXPECT_THAT(error(), AnyOf(HasSubstr("\"4.png\" could be \"dogs/4.png\" or \"cats/4.png\"")));
}

TEST_F(TwoFolders, ANameInTheTableIsThePictureThatItFinds) {
  folder_.write("boxes.csv", "image,xmin,ymin,xmax,ymax\n0.png,1,1,9,9\n4.png,1,1,9,9\n");
  folder_.write("train.txt", "dogs/0.png\n");
  folder_.write("val.txt", "cats/4.png\n");
  EXPECT_THAT(error({.images = "dogs"}), HasSubstr("\"cats/4.png\" is not among the 2 labelled images"));
}

// --- VOC

class VocLayouts : public Layouts {
 protected:
  void voc(const std::string& image, const std::string& label, const std::string& filename = "") {
    folder_.picture(image);
    folder_.write(label, "<annotation><filename>" + filename +
                             "</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>6</xmax>"
                             "<ymax>6</ymax></bndbox></object></annotation>");
  }
};

TEST_F(VocLayouts, SubfoldersOfAnnotationsAndPicturesAreRead) {
  voc("JPEGImages/0.jpg", "Annotations/0.xml");
  voc("JPEGImages/cats/0.jpg", "Annotations/cats/0.xml", "0.jpg");
  voc("JPEGImages/1.jpg", "Annotations/dogs/1.xml", "1.jpg");
  std::vector<std::string> found;
  const DataSet read = set();
  for (const Item& item : read.items) found.push_back(name_below(folder_.path(), item.image));
  EXPECT_THAT(found, testing::UnorderedElementsAre("JPEGImages/0.jpg", "JPEGImages/cats/0.jpg", "JPEGImages/1.jpg"));
}

TEST_F(VocLayouts, ADevkitWithTwoYearsIsOneSet) {
  const std::string kit = "VOCdevkit/";
  for (const char* stem : {"1", "2", "3"}) {
    voc(kit + "VOC2007/JPEGImages/" + stem + ".jpg", kit + "VOC2007/Annotations/" + stem + ".xml",
        std::string(stem) + ".jpg");
    voc(kit + "VOC2012/JPEGImages/y" + stem + ".jpg", kit + "VOC2012/Annotations/y" + stem + ".xml");
  }
  folder_.write(kit + "VOC2007/ImageSets/Main/train.txt", "1\n2\n");
  folder_.write(kit + "VOC2007/ImageSets/Main/val.txt", "3\n");
  folder_.write(kit + "VOC2012/ImageSets/Main/train.txt", "y1\ny2\n");
  folder_.write(kit + "VOC2012/ImageSets/Main/val.txt", "y3\n");
  EXPECT_THAT(counts(set()), ElementsAre(4U, 2U, 0U));
}

TEST_F(VocLayouts, TheListsOfAYearAreOfThatYear) {
  // The same names in both years: a line means the picture of its own year.
  for (const char* year : {"VOC2007/", "VOC2012/"})
    for (const char* stem : {"1", "2", "3", "4"})
      voc(year + std::string("JPEGImages/") + stem + ".jpg", year + std::string("Annotations/") + stem + ".xml",
          std::string(stem) + ".jpg");
  folder_.write("VOC2007/ImageSets/Main/trainval.txt", "1\n2\n3\n");
  folder_.write("VOC2007/ImageSets/Main/test.txt", "4\n");
  folder_.write("VOC2012/ImageSets/Main/train.txt", "1\n2\n");
  folder_.write("VOC2012/ImageSets/Main/val.txt", "3\n4\n");
  folder_.write("VOC2012/ImageSets/Main/trainval.txt", "1\n2\n3\n4\n");
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::train),
              ElementsAre("VOC2007/JPEGImages/1.jpg", "VOC2007/JPEGImages/2.jpg", "VOC2007/JPEGImages/3.jpg",
                          "VOC2012/JPEGImages/1.jpg", "VOC2012/JPEGImages/2.jpg"));
  EXPECT_THAT(images(found, Split::validation), ElementsAre("VOC2012/JPEGImages/3.jpg", "VOC2012/JPEGImages/4.jpg"));
  EXPECT_THAT(images(found, Split::test), ElementsAre("VOC2007/JPEGImages/4.jpg"));
  EXPECT_THAT(found.remarks,
              Contains("lists found and not used: VOC2012/ImageSets/Main/trainval.txt (another list is used)"));
}

TEST_F(VocLayouts, AYearWithoutATrainingListTrainsOnTheRestOfItself) {
  for (const char* year : {"VOC2007/", "VOC2012/"})
    for (const char* stem : {"1", "2", "3"})
      voc(year + std::string("JPEGImages/") + stem + ".jpg", year + std::string("Annotations/") + stem + ".xml");
  folder_.write("VOC2007/ImageSets/Main/test.txt", "3\n");
  folder_.write("VOC2012/ImageSets/Main/train.txt", "1\n");
  folder_.write("VOC2012/ImageSets/Main/val.txt", "2\n");
  const DataSet found = set();
  EXPECT_THAT(images(found, Split::train),
              ElementsAre("VOC2007/JPEGImages/1.jpg", "VOC2007/JPEGImages/2.jpg", "VOC2012/JPEGImages/1.jpg"));
  EXPECT_THAT(images(found, Split::test), ElementsAre("VOC2007/JPEGImages/3.jpg"));
}

TEST_F(VocLayouts, AnnotationsBesideThePictures) {
  for (const char* stem : {"a", "b", "c"}) voc(std::string(stem) + ".jpg", std::string(stem) + ".xml");
  EXPECT_EQ(set().items.size(), 3U);
  EXPECT_EQ(set().spec.format, "voc");
}

TEST_F(VocLayouts, PicturesWithoutAnnotationsAreSaid) {
  voc("JPEGImages/0.jpg", "Annotations/0.xml");
  voc("JPEGImages/1.jpg", "Annotations/1.xml");
  folder_.picture("JPEGImages/2.jpg");
  EXPECT_THAT(left_out(records("voc")), ElementsAre("JPEGImages/2.jpg: without a label"));
  EXPECT_THAT(label_files(records("voc")), ElementsAre("Annotations/0.xml", "Annotations/1.xml"));
}

TEST_F(VocLayouts, OtherXmlIsNotAnnotations) {
  folder_.write("a.xml", "<settings/>");
  folder_.picture("a.png");
  EXPECT_THAT(error(), HasSubstr("no label format was recognised"));
}

// --- image folders

TEST_F(Layouts, AReadmeIsNoLabelFile) {
  for (const char* name : {"a/0.png", "a/2.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"}) folder_.picture(name);
  folder_.write("README.txt", "# cats and dogs\nmade by hand\n");
  EXPECT_EQ(set({}, task_of("classification")).spec.format, "folder");
  folder_.write("about.txt", "# cats and dogs\n2026 11 27\n");
  EXPECT_EQ(set({}, task_of("classification")).spec.format, "folder");
  folder_.write("README.csv", "file,what\na,b\n");
  EXPECT_EQ(set({}, task_of("classification")).spec.format, "folder");
  folder_.write("results.csv", "epoch,loss\n1,2\n");
  EXPECT_EQ(set({}, task_of("classification")).spec.format, "folder");
}

TEST_F(Layouts, NestedFoldersBelongToTheirClass) {
  for (const char* name : {"cat/0.png", "cat/x/1.png", "cat/x/y/2.png", "dog/z/3.png"}) folder_.picture(name);
  const DataSet found = set({.validation_share = 0.4}, task_of("classification"));
  EXPECT_THAT(found.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(found.items.size(), 4U);
}

TEST_F(Layouts, AClassMayBeCalledTrain) {
  for (const char* name : {"bus/0.png", "bus/1.png", "train/2.png", "train/side/3.png"}) folder_.picture(name);
  const DataSet found = set({.validation_share = 0.4}, task_of("classification"));
  EXPECT_THAT(found.classes, ElementsAre("bus", "train"));
  EXPECT_EQ(found.items.size(), 4U);
}

TEST_F(Layouts, PicturesInNoClassFolderAreSaid) {
  for (const char* name :
       {"train/cat/0.png", "train/dog/1.png", "val/cat/2.png", "val/dog/3.png", "test/4.png", "5.png"})
    folder_.picture(name);
  EXPECT_THAT(left_out(records("folder", task_of("classification"))),
              testing::UnorderedElementsAre("5.png: in no class folder", "test/4.png: in no class folder"));
}

TEST_F(Layouts, ASplitFolderMayHoldAnotherOfItsName) {
  for (const char* name : {"seg_train/seg_train/sea/0.png", "seg_train/seg_train/wood/1.png",
                           "seg_test/seg_test/sea/2.png", "seg_pred/seg_pred/3.png"})
    folder_.picture(name);
  const DataSet found = set({.validation_share = 0.5}, task_of("classification"));
  EXPECT_THAT(found.classes, ElementsAre("sea", "wood"));
  EXPECT_EQ(found.of(Split::test).size(), 1U);
}

TEST_F(Layouts, SplitsMayLieBelowTheClasses) {
  for (const char* name : {"cat/train/0.png", "dog/train/1.png", "cat/val/2.png", "dog/val/3.png"})
    folder_.picture(name);
  const DataSet found = set({}, task_of("classification"));
  EXPECT_THAT(found.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(counts(found), ElementsAre(2U, 2U, 0U));
}

TEST_F(Layouts, FoldersOfTheSameNamesInAllClassesAreQuestioned) {
  for (const char* name : {"fold1/cat/0.png", "fold1/dog/1.png", "fold2/cat/2.png", "fold2/dog/3.png"})
    folder_.picture(name);
  const std::string question =
      "warning: all class folders (fold1, fold2) hold folders of the same names (cat, dog): are these splits?";
  EXPECT_THAT(set({.validation_share = 0.4}, task_of("classification")).remarks,
              Contains(testing::StartsWith(question)));
  folder_.picture("fold2/bird/4.png");
  EXPECT_THAT(set({.validation_share = 0.4}, task_of("classification")).remarks,
              Not(Contains(HasSubstr("same names"))));
}

TEST_F(Layouts, SplitFoldersMayBeCalledDataOrEvaluation) {
  for (const char* name : {"traindata/cat/0.png", "traindata/dog/1.png", "evaluation/cat/2.png", "evaluation/dog/3.png",
                           "testdata/cat/4.png", "testdata/dog/5.png"})
    folder_.picture(name);
  const DataSet found = set({}, task_of("classification"));
  EXPECT_THAT(found.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(counts(found), ElementsAre(2U, 2U, 2U));
}

TEST_F(Layouts, AFolderAroundTheClassesIsNoClass) {
  for (const char* name : {"PetImages/Cat/0.png", "PetImages/Cat/1.png", "PetImages/Dog/2.png", "PetImages/Dog/3.png"})
    folder_.picture(name);
  EXPECT_THAT(set({.validation_share = 0.4}, task_of("classification")).classes, ElementsAre("Cat", "Dog"));
}

// --- links

TEST_F(Layouts, LinksNeitherLeadAroundTheDataNorTakeItsNames) {
  for (int i = 0; i < 4; ++i) yolo("images/" + std::to_string(i) + ".png", "labels/" + std::to_string(i) + ".txt");
  const auto link = [&](const char* target, const char* name) {
    std::filesystem::create_directory_symlink(target, folder_.path() / name);
  };
  link("/", "everything");
  link("..", "images/up");
  link("images", "a link before them");
  const DataSet found = set();
  EXPECT_EQ(found.items.size(), 4U);
  EXPECT_EQ(found.items[0].image, folder_.path() / "images" / "0.png");
}

TEST_F(Layouts, ALinkedSplitFolderIsRead) {
  const Folder elsewhere;
  elsewhere.picture("cat/0.png");
  elsewhere.picture("dog/1.png");
  for (const char* name : {"val/cat/2.png", "val/dog/3.png"}) folder_.picture(name);
  std::filesystem::create_directory_symlink(elsewhere.path(), folder_.path() / "train");
  EXPECT_THAT(counts(set({}, task_of("classification"))), ElementsAre(2U, 2U, 0U));
}

// --- nothing at all

TEST_F(Layouts, AnUnknownLayoutSaysWhatLiesThere) {
  for (const char* name : {"a.tif", "b.tif", "sub/c.TIF", "d.json"}) folder_.write(name, "x");
  EXPECT_THAT(error(), HasSubstr("it holds 3 .tif and 1 .json files"));
}

TEST_F(Layouts, AnEmptyFolderIsSaidToBeEmpty) {
  EXPECT_THAT(error(), HasSubstr("which holds no file"));
}

}  // namespace
}  // namespace edgewise::data
