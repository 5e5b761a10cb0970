#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/splits/split_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::HasSubstr;

/// 60 images in 12 groups of 5, as CSV.
void write_grouped(const Folder& folder, int count) {
  std::string text = "image,x0,y0,x1,y1,person\n";
  for (int i = 0; i < count; ++i) {
    const std::string name = "p" + std::to_string(i) + ".png";
    folder.picture(name);
    text += name + ",1,1,9,9,g" + std::to_string(i / 5) + "\n";
  }
  folder.write("boxes.csv", text);
}

std::map<std::string, Split> splits_of(const DataSet& set) {
  std::map<std::string, Split> result;
  for (const Item& item : set.items) result[item.image.filename().string()] = item.split;
  return result;
}

TEST(Splits, KeepGroupsTogether) {
  const Folder folder;
  write_grouped(folder, 60);
  const DataSet set =
      loaded({.path = folder.text(), .validation_share = 0.4, .group_column = "person"}, task_of("box"));
  std::map<std::string, std::set<Split>> of_group;
  for (const Item& item : set.items) of_group[item.group].insert(item.split);
  EXPECT_EQ(of_group.size(), 12U);
  for (const auto& [group, splits] : of_group) EXPECT_EQ(splits.size(), 1U) << group;
  EXPECT_FALSE(set.of(Split::validation).empty());
}

TEST(Splits, StayWhenFilesAreAddedAndChangeWithTheSeed) {
  const Folder folder;
  write_grouped(folder, 60);
  const auto before = splits_of(loaded({.path = folder.text()}, task_of("box")));
  const auto other = splits_of(loaded({.path = folder.text(), .seed = 2}, task_of("box")));
  EXPECT_NE(before, other);
  write_grouped(folder, 90);
  const auto after = splits_of(loaded({.path = folder.text()}, task_of("box")));
  for (const auto& [name, split] : before) EXPECT_EQ(after.at(name), split) << name;
}

TEST(Splits, SharesAreAboutWhatWasAsked) {
  std::map<Split, int> counts;
  for (int i = 0; i < 10000; ++i) ++counts[hashed_split(1, "image/" + std::to_string(i), 0.2, 0.1)];
  // Binomial: standard deviations are 40 and 30; five of them.
  EXPECT_NEAR(counts[Split::validation], 2000, 200);
  EXPECT_NEAR(counts[Split::test], 1000, 150);
}

TEST(Splits, AHandfulOfImagesStillHasBothSplits) {
  const Folder folder;
  for (int seed = 1; seed < 8; ++seed) {
    write_grouped(folder, 2);
    const DataSet set = loaded({.path = folder.text(), .seed = static_cast<std::uint64_t>(seed)}, task_of("box"));
    EXPECT_EQ(set.of(Split::train).size(), 1U) << seed;
    EXPECT_EQ(set.of(Split::validation).size(), 1U) << seed;
  }
}

TEST(Splits, UsualListsAreTakenAndSaidSo) {
  const Folder folder;
  write_grouped(folder, 4);
  folder.write("train.txt", "p0.png\np1\n");
  folder.write("val.txt", "p2.png\r\n\n");
  const DataSet set = loaded({.path = folder.text()}, task_of("box"));
  EXPECT_EQ(set.of(Split::train).size(), 2U);
  EXPECT_EQ(set.of(Split::validation).size(), 1U);
  EXPECT_THAT(set.remarks, testing::Contains(HasSubstr("train.txt, val.txt")));
  EXPECT_THAT(set.remarks, testing::Contains("1 labelled images are in no list"));
}

TEST(Splits, ATrainingListAloneGivesUpSomeImagesForValidation) {
  const Folder folder;
  write_grouped(folder, 60);
  std::string names;
  for (int i = 0; i < 50; ++i) names += "p" + std::to_string(i) + "\n";
  folder.write("mine.txt", names);
  const DataSet set = loaded({.path = folder.text(), .splits = {{"train", "mine.txt"}}}, task_of("box"));
  EXPECT_EQ(set.items.size(), 50U);
  EXPECT_FALSE(set.of(Split::validation).empty());
}

TEST(Splits, LabelsOfListsAreClasses) {
  const Folder folder;
  for (const char* name : {"images/a b.png", "images/c.png", "images/d.png", "images/e.png"}) folder.picture(name);
  folder.write("labels/a b.txt", "0 0.5 0.5 0.5 0.5\n");
  for (const char* stem : {"c", "d", "e"}) folder.write(std::string("labels/") + stem + ".txt", "");
  folder.write("t.txt", "a b 1\nc 0\n");
  folder.write("v.txt", "d 1\ne 0\n");
  const DataSet set = loaded({.path = folder.text(), .splits = {{"train", "t.txt"}, {"validation", "v.txt"}}},
                             task_of("classification"));
  EXPECT_THAT(set.classes, testing::ElementsAre("0", "1"));
  EXPECT_EQ(set.items.size(), 4U);
}

}  // namespace
}  // namespace edgewise::data
