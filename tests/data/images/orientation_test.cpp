// Which way round a picture is meant: its EXIF orientation, unless the labels state another size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "data/cache/cache.hpp"
#include "data/images/image_internal.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"
#include "tests/data/picture_files.hpp"

namespace edgewise::data {
namespace {

using testing::HasSubstr;

/// 64 x 48 with a grey of its own in each quarter: a b over c d.
cv::Mat quarters() {
  cv::Mat picture(48, 64, CV_8UC3);
  for (int k = 0; k < 4; ++k) picture(cv::Rect(k % 2 * 32, k / 2 * 24, 32, 24)).setTo(cv::Scalar::all(20 + 70 * k));
  return picture;
}

/// The quarters of a decoded picture, as letters in reading order.
std::string quarters_of(std::span<const std::uint8_t> pixels, Size size) {
  std::string letters;
  for (const auto& [x, y] : {std::pair{1, 1}, {3, 1}, {1, 3}, {3, 3}}) {
    const std::int64_t row = y * size.height / 4, column = x * size.width / 4;
    const int value = pixels[static_cast<std::size_t>(3 * (row * size.width + column))];
    for (int k = 0; k < 4; ++k)
      if (std::abs(value - (20 + 70 * k)) < 15) letters += static_cast<char>('a' + k);
  }
  return letters;
}

// As ImageOps.exif_transpose of Pillow turns them: nothing, mirrored, half a turn, upside down, transposed, a quarter
// turn to the right, transversed, a quarter turn to the left.
constexpr std::array<const char*, 9> turned{"abcd", "abcd", "badc", "dcba", "cdab", "acbd", "cadb", "dbca", "bdac"};

void write_oriented(const Folder& folder, const std::string& name, int orientation, bool is_big = false) {
  const std::string kind = std::filesystem::path(name).extension().string();
  if (kind == ".tif") {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    const cv::Mat picture = quarters();
    write_tiff(folder.path() / name,
               {.width = 64,
                .height = 48,
                .channels = 3,
                .bits = 8,
                .photometric = PHOTOMETRIC_RGB,
                .is_tiled = is_big,
                .orientation = orientation},
               [&](int c, int x, int y) { return picture.at<cv::Vec3b>(y, x)[2 - c]; });
  } else {
    folder.write(name, with_exif(kind, picture_bytes(kind, quarters()), exif_block(orientation, is_big), 64, 48));
  }
}

class Oriented : public testing::TestWithParam<const char*> {};

TEST_P(Oriented, PicturesAreTurnedAsTheirHeaderSays) {
  const Folder folder;
  const std::string name = std::string("p") + GetParam();
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool is_big : {false, true}) {
      write_oriented(folder, name, orientation, is_big);
      const auto header = read_image_header(folder.path() / name);
      ASSERT_TRUE(header.has_value()) << to_text(header.error());
      EXPECT_EQ(header->orientation, orientation);
      EXPECT_EQ(header->width, 64);
      EXPECT_EQ(header->height, 48);
      std::vector<std::uint8_t> pixels(32 * 32 * 3);
      ASSERT_TRUE(decode_image(folder.path() / name, 32, {.orientation = header->orientation}, pixels).has_value());
      EXPECT_EQ(quarters_of(pixels, 32), turned[static_cast<std::size_t>(orientation)]) << orientation;
      const Size wide(40, 24);  // of the turned picture
      std::vector<std::uint8_t> others(static_cast<std::size_t>(wide.area() * 3));
      ASSERT_TRUE(decode_image(folder.path() / name, wide, {.orientation = header->orientation}, others).has_value());
      EXPECT_EQ(quarters_of(others, wide), turned[static_cast<std::size_t>(orientation)]) << orientation;
      ASSERT_TRUE(decode_image(folder.path() / name, 32, {.orientation = 1}, pixels).has_value());
      EXPECT_EQ(quarters_of(pixels, 32), "abcd") << orientation;
    }
}
INSTANTIATE_TEST_SUITE_P(All, Oriented, testing::Values(".jpg", ".png", ".webp", ".tif"));

TEST(Orientation, ThatMakesNoSenseIsNone) {
  const Folder folder;
  const std::string jpeg = picture_bytes(".jpg", quarters());
  for (const std::string& exif : {exif_block(0), exif_block(9), exif_block(60000), exif_block(6).substr(0, 12),
                                  std::string("II*"), std::string(), std::string("nonsense, of some length")}) {
    folder.write("p.jpg", with_exif(".jpg", jpeg, exif));
    const auto header = read_image_header(folder.path() / "p.jpg");
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->orientation, 1);
  }
}

class Turned : public testing::Test {
 protected:
  /// A CSV of six pictures, of which those named have this orientation.
  DataSpec set(int orientation, const std::string& box, const std::string& size = ",",
               const std::string& way = "applied") const {
    std::string text = "image,x0,y0,x1,y1,split,width,height\n";
    for (int i = 0; i < 6; ++i) {
      const std::string name = "p" + std::to_string(i) + ".jpg";
      write_oriented(folder_, name, orientation);
      text += name + "," + box + (i < 4 ? ",train," : ",val,") + size + "\n";
    }
    folder_.write("boxes.csv", text);
    return {.path = folder_.text(), .orientation = way};
  }
  static std::string error_of(const DataSpec& spec) {
    const auto result = load(spec, task_of("box"));
    return result ? "no error" : to_text(result.error());
  }
  [[nodiscard]] std::string picture(const DataSet& set) const {
    const auto cache = open_cache(set, 32, folder_.path() / "cache");
    EXPECT_TRUE(cache.has_value());
    return quarters_of(cache->pixels(0), 32);
  }
  Folder folder_;
};

TEST_F(Turned, PicturesAreMeantUnlessTheJobSaysOtherwise) {
  const DataSet upright = loaded(set(6, "1,2,30,60"), task_of("box"));
  EXPECT_EQ(upright.items[0].annotation.width, 48);
  EXPECT_EQ(upright.items[0].annotation.height, 64);
  EXPECT_EQ(box_of(upright.items[0]), (Box{1, 2, 30, 60}));
  EXPECT_THAT(upright.remarks, testing::Contains(HasSubstr("6 pictures have an EXIF orientation; it is applied")));
  EXPECT_EQ(picture(upright), "cadb");
  const auto first = open_cache(upright, 32, folder_.path() / "cache");
  EXPECT_FLOAT_EQ(first->targets().of(0)[3], 60.0F / 64);

  const DataSet stored = loaded(set(6, "1,2,60,30", ",", "as_stored"), task_of("box"));
  EXPECT_EQ(stored.items[0].annotation.width, 64);
  EXPECT_THAT(stored.remarks,
              testing::Contains(HasSubstr("6 pictures have an EXIF orientation; they are taken as stored")));
  EXPECT_EQ(picture(stored), "abcd");  // the cache of the turned pictures does not serve
  EXPECT_EQ(picture(upright), "cadb");
}

TEST_F(Turned, SharesOfThePictureAreOfTheTurnedOne) {
  folder_.write("classes.txt", "face\n");
  for (int i = 0; i < 6; ++i) {
    write_oriented(folder_, "images/p" + std::to_string(i) + ".jpg", 8);
    folder_.write("labels/p" + std::to_string(i) + ".txt", "0 0.25 0.5 0.5 0.5\n");
  }
  const DataSet yolo = loaded({.path = folder_.text()}, task_of("box"));
  EXPECT_EQ(box_of(yolo.items[0]), (Box{0, 16, 24, 48}));
}

TEST_F(Turned, TheSizeThatTheLabelsStateDecides) {
  const DataSet upright = loaded(set(6, "1,2,30,60", "48,64"), task_of("box"));
  EXPECT_EQ(upright.items[0].orientation, 6);
  const DataSet stored = loaded(set(6, "1,2,60,30", "64,48"), task_of("box"));
  EXPECT_EQ(stored.items[0].orientation, 1);
  EXPECT_EQ(stored.items[0].annotation.width, 64);
  EXPECT_THAT(stored.remarks,
              testing::Contains(HasSubstr(
                  "6 pictures have an EXIF orientation that is not applied: their labels state the size as stored")));
  EXPECT_THAT(stored.remarks, testing::Not(testing::Contains(HasSubstr("it is applied"))));
  EXPECT_EQ(picture(stored), "abcd");
  EXPECT_EQ(loaded(set(3, "1,2,60,30", "64,48"), task_of("box")).items[0].orientation, 3);  // keeps the size: applied
  EXPECT_THAT(
      error_of(set(6, "1,2,30,30", "50,50")),
      HasSubstr("has 50 x 50 pixels, the file has 48 x 64 pixels after its EXIF orientation 6, 64 x 48 as stored"));
  EXPECT_THAT(error_of(set(6, "1,2,30,60", "48,64", "as_stored")), HasSubstr("remove data.orientation"));
}

TEST_F(Turned, TheSizeOfVocAndCocoDecidesToo) {
  std::string images, annotations;
  for (int i = 0; i < 6; ++i) {
    const std::string stem = "p" + std::to_string(i), comma = i > 0 ? "," : "", id = std::to_string(i);
    write_oriented(folder_, "voc/JPEGImages/" + stem + ".jpg", 6);
    folder_.write("voc/Annotations/" + stem + ".xml",
                  "<annotation><size><width>64</width><height>48</height></size><object><name>x</name><bndbox><xmin>1</"
                  "xmin><ymin>2</ymin>"
                  "<xmax>60</xmax><ymax>30</ymax></bndbox></object></annotation>");
    write_oriented(folder_, "coco/" + stem + ".jpg", 6);
    images += comma + "{\"id\": " + id + ", \"file_name\": \"" + stem + ".jpg\", \"width\": 64, \"height\": 48}";
    annotations += comma + "{\"image_id\": " + id + ", \"category_id\": 1, \"bbox\": [1, 2, 59, 28]}";
  }
  folder_.write("coco/annotations/instances_all.json", "{\"images\": [" + images + "], \"annotations\": [" +
                                                           annotations +
                                                           "], \"categories\": [{\"id\": 1, \"name\": \"x\"}]}");
  for (const char* format : {"voc", "coco"}) {
    const DataSet set = loaded({.path = (folder_.path() / format).string()}, task_of("box"));
    EXPECT_EQ(set.items[0].orientation, 1) << format;
    EXPECT_EQ(box_of(set.items[0]), (Box{1, 2, 60, 30})) << format;
  }
}

TEST_F(Turned, ABoxThatFitsTheOtherWayOnlySaysSo) {
  EXPECT_THAT(error_of(set(6, "1,2,60,30")),
              HasSubstr("if the boxes were drawn on the pixels as stored, write data.orientation: as_stored"));
  EXPECT_THAT(error_of(set(6, "1,2,30,60", ",", "as_stored")),
              HasSubstr("if the boxes were drawn on the turned pictures, remove data.orientation"));
  EXPECT_THAT(error_of(set(1, "1,2,30,60")), HasSubstr("all boxes would fit if x and y were exchanged"));
  EXPECT_THAT(error_of(set(6, "1,2,30,30", ",", "upright")), HasSubstr("orientation \"upright\" is not one of"));
}

TEST_F(Turned, PicturesOfClassesAreTurnedTooAndNothingIsSaidWhereThereIsNothing) {
  for (int i = 0; i < 8; ++i)
    write_oriented(folder_, std::string(i % 2 == 0 ? "x" : "y") + "/p" + std::to_string(i) + ".png", i < 3 ? 5 : 1);
  const DataSet set = loaded({.path = folder_.text()}, task_of("classification"));
  EXPECT_THAT(set.remarks, testing::Contains(HasSubstr("3 pictures have an EXIF orientation")));
  EXPECT_EQ(picture(set), "acbd");
  const Folder plain;
  for (int i = 0; i < 8; ++i)
    write_oriented(plain, std::string(i % 2 == 0 ? "x" : "y") + "/p" + std::to_string(i) + ".png", 1);
  EXPECT_THAT(loaded({.path = plain.text()}, task_of("classification")).remarks,
              testing::Not(testing::Contains(HasSubstr("EXIF"))));
}

}  // namespace
}  // namespace edgewise::data
