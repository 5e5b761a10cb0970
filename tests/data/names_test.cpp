// A name in a label file means one picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <functional>

#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string error_of(const DataSpec& spec, const task::Task& task = task_of("box")) {
  const auto set = load(spec, task);
  return set ? "no error" : to_text(set.error());
}

void annotation(const Folder& folder, const std::string& stem, const std::string& filename) {
  folder.write("Annotations/" + stem + ".xml",
               "<annotation><filename>" + filename +
                   "</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
                   "</bndbox></object></annotation>");
}

std::vector<std::string> files_of(const DataSet& set) {
  std::vector<std::string> names;
  for (const Item& item : set.items) names.push_back(item.image.filename().string());
  return names;
}

TEST(Names, TheFilenameOfAVocFileComesBeforeItsStem) {
  const Folder folder;
  for (int i = 0; i < 4; ++i) {
    folder.picture(std::format("JPEGImages/im{}.jpg", i));
    folder.picture(std::format("JPEGImages/im{}.png", i));
    annotation(folder, std::format("im{}", i), std::format("im{}.{}", i, i < 3 ? "png" : "jpg"));
  }
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_THAT(files_of(set), testing::UnorderedElementsAre("im0.png", "im1.png", "im2.png", "im3.jpg"));
  EXPECT_EQ(set.account.pictures.left_out.at("beside a picture of the same name that is used").size(), 4U);
}

TEST(Names, AStemThatTwoFilesHaveNamesBoth) {
  const Folder folder;
  folder.picture("JPEGImages/a.jpg");
  folder.picture("JPEGImages/a.png");
  annotation(folder, "a", "stale.jpg");
  EXPECT_THAT(error_of({.path = folder.text()}),
              AllOf(HasSubstr("\"a\" could be any of 2 files: "), HasSubstr("a.jpg\""), HasSubstr("a.png\"")));
}

TEST(Names, AYoloLabelOfTwoFilesNamesBoth) {
  const Folder folder;
  folder.picture("images/a.jpg");
  folder.picture("images/a.JPG");
  folder.write("labels/a.txt", "0 0.5 0.5 0.2 0.2\n");
  EXPECT_THAT(error_of({.path = folder.text(), .format = "yolo"}),
              AllOf(HasSubstr("could be any of 2 files: "), HasSubstr("a.jpg\""), HasSubstr("a.JPG\"")));
}

TEST(Names, TheSameNameInTwoFoldersNamesBothUnlessTheUserNamesTheFolder) {
  const Folder folder;
  folder.picture("a.png", 20, 10);
  folder.picture("images/a.png", 20, 10);
  folder.picture("images/b.png", 20, 10);
  folder.write("boxes.csv", "image,x0,y0,x1,y1\na.png,1,1,9,9\nb.png,1,1,9,9\n");
  EXPECT_THAT(error_of({.path = folder.text()}), AllOf(HasSubstr("\"a.png\" could be any of 2 files: "),
                                                       HasSubstr("/images/a.png\""), HasSubstr("boxes.csv:2:1")));
  const DataSet set = loaded({.path = folder.text(), .images = "images", .validation_share = 0.5}, task_of("box"));
  EXPECT_EQ(set.items.front().image, folder.path() / "images" / "a.png");
}

TEST(Names, ALinkIsNoSecondFile) {
  const Folder folder;
  folder.picture("images/a.png");
  folder.picture("images/b.png");
  fs::create_symlink(folder.path() / "images" / "a.png", folder.path() / "a.png");
  folder.write("boxes.csv", "image,x0,y0,x1,y1\na.png,1,1,9,9\nb.png,1,1,9,9\n");
  EXPECT_EQ(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box")).items.size(), 2U);
}

TEST(Names, APictureOfAKindThatIsNotReadIsNamed) {
  const Folder folder;
  folder.picture("images/a.png");
  folder.write("images/g.gif", "GIF89a");
  for (const char* stem : {"a", "g"}) folder.write(std::string("labels/") + stem + ".txt", "0 0.5 0.5 0.2 0.2\n");
  folder.write("classes.txt", "cat\n");
  EXPECT_THAT(error_of({.path = folder.text(), .validation_share = 0.5}),
              AllOf(HasSubstr("is there as \"" + (folder.path() / "images" / "g.gif").string() +
                              "\" only, a kind of picture that is not read"),
                    HasSubstr("convert it")));
}

TEST(Names, TheExactNameComesBeforeTheStem) {
  const Folder folder;
  for (const char* name : {"a.png", "a.jpg", "a.png.jpg", "b.png"}) folder.picture(name);
  folder.write("boxes.csv", "image,x0,y0,x1,y1\na.png,1,1,9,9\nb.png,1,1,9,9\n");
  EXPECT_THAT(files_of(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"))),
              testing::UnorderedElementsAre("a.png", "b.png"));
}

TEST(Names, NamesThatDifferInCaseAreDifferentFiles) {
  const Folder folder;
  for (const char* name : {"A.png", "a.png"}) folder.picture(name);
  folder.write("boxes.csv", "image,x0,y0,x1,y1\nA,1,1,9,9\na,1,1,9,9\n");
  EXPECT_THAT(files_of(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"))),
              testing::UnorderedElementsAre("A.png", "a.png"));
}

TEST(Names, AMissingFileSuggestsTheOneThatIsThere) {
  const Folder folder;
  folder.picture("IMG_1.JPG");
  folder.write("boxes.csv", "image,x0,y0,x1,y1\nimg_1.jpg,1,1,9,9\n");
  EXPECT_THAT(error_of({.path = folder.text()}), HasSubstr("IMG_1.JPG\"?"));
}

TEST(Names, AnAnnotationThatWasCopiedGoesByItsOwnName) {
  const Folder folder;
  for (const char* stem : {"a", "a_flipped", "b"}) folder.picture(std::string("JPEGImages/") + stem + ".jpg");
  annotation(folder, "a", "a.jpg");
  annotation(folder, "a_flipped", "a.jpg");
  annotation(folder, "b", "b.jpg");
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_EQ(set.items.size(), 3U);
  EXPECT_THAT(set.remarks,
              Contains(HasSubstr("1 annotations name a picture in <filename> that has an annotation of its own")));
}

TEST(Names, AnAnnotationThatNamesAnotherPictureIsSaid) {
  const Folder folder;
  for (const char* stem : {"a", "other", "b"}) folder.picture(std::string("JPEGImages/") + stem + ".jpg");
  annotation(folder, "a", "other.jpg");
  annotation(folder, "b", "b.jpg");
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_THAT(files_of(set), testing::UnorderedElementsAre("other.jpg", "b.jpg"));
  EXPECT_THAT(set.remarks, Contains(HasSubstr("the one in <filename> was taken; the first is")));
}

TEST(Names, JfifIsJpeg) {
  const Folder folder;
  for (const char* stem : {"a", "b"}) {
    folder.picture(std::string("images/") + stem + ".jpg");
    fs::rename(folder.path() / "images" / (std::string(stem) + ".jpg"),
               folder.path() / "images" / (std::string(stem) + (*stem == 'a' ? ".jfif" : ".JPE")));
    folder.write(std::string("labels/") + stem + ".txt", "0 0.5 0.5 0.2 0.2\n");
  }
  EXPECT_EQ(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box")).items.size(), 2U);
}

}  // namespace
}  // namespace edgewise::data
