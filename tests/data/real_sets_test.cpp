// Readers on the real sets: counts and trivial baselines are those of each set's README.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.hpp"
#include "data/formats/coco.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

void expect_counts(const DataSet& set, std::size_t train, std::size_t validation) {
  EXPECT_EQ(set.of(Split::train).size(), train);
  EXPECT_EQ(set.of(Split::validation).size(), validation);
}

DataSpec with_lists(const std::string& set, const std::string& train, const std::string& validation) {
  const std::string lists = "ImageSets/Main/";
  return {.path = (shared_data() / set).string(),
          .splits = {{"train", lists + train + ".txt"}, {"validation", lists + validation + ".txt"}}};
}

TEST(RealSets, FaceLandmarksAsCsv) {
  REQUIRE_REAL_SET("face_landmarks_ytf");
  const DataSet set = loaded({.path = (shared_data() / "face_landmarks_ytf").string()}, task_of("box"));
  expect_counts(set, 1953, 360);
  EXPECT_DOUBLE_EQ(rounded(baseline(set)["iou"]), 0.637);
}

TEST(RealSets, SingleFacesWithMasksAsVoc) {
  REQUIRE_REAL_SET("face_mask_voc");
  const DataSet set = loaded(with_lists("face_mask_voc", "single_train", "single_val"), task_of("box"));
  expect_counts(set, 853, 151);
  EXPECT_DOUBLE_EQ(rounded(baseline(set)["iou"]), 0.601);
}

TEST(RealSets, WildFacesAsVoc) {
  REQUIRE_REAL_SET("face_mask_voc");
  expect_counts(loaded(with_lists("face_mask_voc", "single_wild_train", "single_wild_val"), task_of("box")), 252, 21);
  // The README's 0.186 is the mean box of all `single` training images on the wild validation images.
  const DataSet across = loaded(with_lists("face_mask_voc", "single_train", "single_wild_val"), task_of("box"));
  EXPECT_DOUBLE_EQ(rounded(baseline(across)["iou"]), 0.186);
}

TEST(RealSets, AllFacesWithMasksTakeTheLargest) {
  REQUIRE_REAL_SET("face_mask_voc");
  expect_counts(loaded({.path = (shared_data() / "face_mask_voc").string(), .boxes = "largest"}, task_of("box")), 1105,
                230);
}

TEST(RealSets, AnimalsWithOneObjectAsVoc) {
  REQUIRE_REAL_SET("voc2012_animals");
  const DataSet set = loaded(with_lists("voc2012_animals", "single_object_train", "single_object_val"), task_of("box"));
  expect_counts(set, 1066, 263);
  EXPECT_DOUBLE_EQ(rounded(baseline(set)["iou"]), 0.505);
}

TEST(RealSets, PresenceOfADogAsCsv) {
  REQUIRE_REAL_SET("voc2012_animals");
  const DataSet set =
      loaded({.path = (shared_data() / "voc2012_animals" / "presence_dog.csv").string()}, task_of("classification"));
  expect_counts(set, 1873, 507);
  EXPECT_THAT(set.classes, testing::ElementsAre("0", "1"));
  std::size_t dogs = 0;
  for (const Item& item : set.items) dogs += static_cast<std::size_t>(label_of(item));
  EXPECT_EQ(dogs, 679U + 188U);
}

TEST(RealSets, PresenceOfAPersonIsMostlyNo) {
  REQUIRE_REAL_SET("voc2012_animals");
  const DataSet set =
      loaded({.path = (shared_data() / "voc2012_animals" / "presence_person.csv").string()}, task_of("classification"));
  EXPECT_DOUBLE_EQ(rounded(baseline(set)["accuracy"]), 0.817);
  EXPECT_DOUBLE_EQ(baseline(set)["balanced_accuracy"], 0.5);
}

TEST(RealSets, BalancedPersonListsCarryTheLabels) {
  REQUIRE_REAL_SET("voc2012_animals");
  const DataSet set =
      loaded(with_lists("voc2012_animals", "person_balanced_train", "person_balanced_val"), task_of("classification"));
  expect_counts(set, 682, 186);
  EXPECT_DOUBLE_EQ(baseline(set)["accuracy"], 0.5);
}

TEST(RealSets, RemoteSensingAsImageFolder) {
  REQUIRE_REAL_SET("rsscn7");
  const DataSet set = loaded({.path = (shared_data() / "rsscn7").string()}, task_of("classification"));
  expect_counts(set, 1567, 392);
  EXPECT_EQ(set.classes.size(), 7U);
  EXPECT_DOUBLE_EQ(rounded(baseline(set)["accuracy"]), 0.143);
}

TEST(RealSets, ListsOfPathsAndLabelsAgreeWithTheFolders) {
  REQUIRE_REAL_SET("rsscn7");
  const DataSpec spec{.path = (shared_data() / "rsscn7").string(),
                      .splits = {{"train", "train.txt"}, {"val", "val.txt"}}};
  expect_counts(loaded(spec, task_of("classification")), 1567, 392);
}

TEST(RealSets, Cifar10AsImageFolder) {
  REQUIRE_REAL_SET("cifar10_subset");
  const DataSet set = loaded({.path = (shared_data() / "cifar10_subset").string()}, task_of("classification"));
  expect_counts(set, 5000, 1000);
  EXPECT_EQ(set.classes.front(), "airplane");
  EXPECT_DOUBLE_EQ(baseline(set)["accuracy"], 0.1);
}

TEST(RealSets, CocoTiny) {
  REQUIRE_REAL_SET("coco_tiny");
  const auto folder = shared_data() / "coco_tiny";
  const DataSet set = loaded({.path = folder.string(), .boxes = "largest"}, task_of("box"));
  EXPECT_EQ(set.items.size(), 49U);  // one of the 50 has no box
  EXPECT_THAT(set.remarks, testing::Contains(testing::HasSubstr("left out: 1 picture, without a box: ")));
  const auto file = folder / "annotations" / "instances_train2017.json";
  const auto records = parse_coco(read_file(file).value(), file.string());
  ASSERT_TRUE(records.has_value()) << to_text(records.error());
  EXPECT_EQ(records->records.size(), 50U);
  std::size_t boxes = 0, persons = 0, crowds = 0;
  for (const Record& record : records->records)
    for (const LabelledBox& box : record.boxes) ++boxes, persons += box.name == "person" ? 1 : 0;
  const Json json = read_json(file).value();
  for (const Json& annotation : json["annotations"]) crowds += annotation["iscrowd"] == 1 ? 1 : 0;
  EXPECT_EQ(boxes + crowds, 470U);
  EXPECT_LE(persons, 99U);
  EXPECT_GE(persons + crowds, 99U);
}

TEST(RealSets, RaccoonsAsVocInSmallLetters) {
  REQUIRE_REAL_SET("raccoon_voc");
  expect_counts(loaded({.path = (shared_data() / "raccoon_voc").string(), .boxes = "largest"}, task_of("box")), 131,
                29);
}

}  // namespace
}  // namespace edgewise::data
