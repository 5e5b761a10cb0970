// Boxes that cannot be meant as their format says are questioned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>

#include "data/formats/format.hpp"
#include "data/plausible_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string here = "boxes.csv:2:7";

std::vector<WrittenBox> boxes_of(const std::vector<Box>& boxes, double width = 64, double height = 48,
                                 bool is_relative = false) {
  std::vector<WrittenBox> written;
  for (const Box& box : boxes) written.push_back({box, is_relative, width, height, &here});
  return written;
}

std::string other_reading(const std::string& format, const std::vector<WrittenBox>& boxes) {
  return formats().find(format)->other_reading(boxes);
}

std::string error_of(const std::vector<WrittenBox>& boxes) {
  const auto questioned = question_boxes(boxes);
  return questioned ? "no error" : to_text(questioned.error());
}

TEST(Plausible, SharesInAFormatOfPixelsAreAnError) {
  EXPECT_EQ(error_of(boxes_of({{0.1, 0.2, 0.5, 0.9}, {0, 0, 1, 1}, {0.3, 0.3, 1.004, 0.5}})),
            "error: all 3 boxes lie within 0 to 1: are they shares of the picture?\n  at boxes.csv:2:7\n  next: write "
            "pixels: multiply by the picture's width and height");
}

TEST(Plausible, SharesApartFromOneAreAnErrorToo) {
  EXPECT_THAT(error_of(boxes_of({{0.1, 0.2, 0.5, 0.9}, {0.1, 0.1, 0.5, 0.5}, {3, 4, 20, 30}})),
              HasSubstr("2 of 3 boxes lie within 0 to 1: are they shares"));
}

TEST(Plausible, AFewSharesAmongPixelsAreAWarning) {
  const auto warnings = question_boxes(boxes_of({{0.1, 0.2, 0.5, 0.9}, {9, 9, 60, 40}, {3, 4, 20, 30}}));
  ASSERT_TRUE(warnings.has_value());
  EXPECT_THAT(*warnings, ElementsAre("warning: 1 of 3 boxes lies within 0 to 1, the first at boxes.csv:2:7: are they "
                                     "shares of the picture?"));
}

TEST(Plausible, APictureOfAFewPixelsMayHaveBoxesOfOne) {
  const auto warnings = question_boxes(boxes_of({{0, 0, 1, 1}, {0, 0, 1, 1}}, 4, 4));
  ASSERT_TRUE(warnings.has_value());
  EXPECT_THAT(*warnings, IsEmpty());
}

TEST(Plausible, SharesThatWereDividedTwice) {
  EXPECT_THAT(error_of(boxes_of({{0.001, 0.001, 0.002, 0.003}, {0.002, 0.001, 0.006, 0.005}}, 64, 48, true)),
              HasSubstr("all 2 boxes are smaller than a pixel: were they divided by the picture's size twice?"));
  EXPECT_EQ(error_of(boxes_of({{0.1, 0.1, 0.2, 0.3}, {0, 0, 1, 1}}, 64, 48, true)), "no error");
}

TEST(Plausible, PercentInAFormatOfPixels) {
  std::vector<Box> boxes;
  for (int i = 0; i < 10; ++i) boxes.push_back({2.0 * i, 10, 50 + 5.0 * i, 90});
  const auto warnings = question_boxes(boxes_of(boxes, 640, 480));
  ASSERT_TRUE(warnings.has_value());
  EXPECT_THAT(*warnings, ElementsAre(AllOf(HasSubstr("warning: all 10 boxes lie in the top left quarter"),
                                           HasSubstr("are they percent of the picture?"))));
}

TEST(Plausible, ThousandthsAndSmallerCopies) {
  std::vector<Box> boxes;
  for (int i = 0; i < 10; ++i) boxes.push_back({20.0 * i, 100, 500 + 50.0 * i, 900});
  const auto large = question_boxes(boxes_of(boxes, 4000, 3000));
  EXPECT_THAT(*large, ElementsAre(HasSubstr("are they thousandths of the picture?")));
  boxes.clear();
  for (int i = 0; i < 10; ++i) boxes.push_back({20.0 * i, 10, 200 + 10.0 * i, 200});
  EXPECT_THAT(*question_boxes(boxes_of(boxes, 1280, 960)), ElementsAre(HasSubstr("drawn on smaller copies")));
  boxes.back() = {900, 10, 1000, 200};
  EXPECT_THAT(*question_boxes(boxes_of(boxes, 1280, 960)), IsEmpty());
}

TEST(Plausible, BoxesThatAreAllTheWholePicture) {
  EXPECT_THAT(*question_boxes(boxes_of(std::vector<Box>(8, {0, 0, 64, 48}))),
              ElementsAre("warning: all 8 boxes are the whole picture: is that meant?"));
  EXPECT_THAT(*question_boxes(boxes_of(std::vector<Box>(7, {0, 0, 64, 48}))), IsEmpty());
}

TEST(Plausible, AnotherReadingOfBoxesThatLieOutside) {
  // Written as x, y, width, height; the numbers were corners: 40 20 60 40 in a picture of 64 x 48.
  EXPECT_THAT(other_reading("coco", boxes_of({{40, 20, 100, 60}})), HasSubstr("right and bottom edge"));
  // A line of YOLO that says left, top, right, bottom: 0.5 0.5 0.9 0.8.
  EXPECT_THAT(other_reading("yolo", boxes_of({{0.05, 0.1, 0.95, 0.9}, {0.05, 0.1, 0.95, 0.9}}, 64, 48, true)),
              HasSubstr("left"));
  EXPECT_THAT(other_reading("csv", boxes_of({{2, 30, 20, 60}})), HasSubstr("x and y were exchanged"));
  EXPECT_THAT(other_reading("voc", boxes_of({{100, 200, 900, 950}})), HasSubstr("thousandths"));
  EXPECT_THAT(other_reading("voc", boxes_of({{10, 20, 90, 95}})), HasSubstr("percent"));
  EXPECT_EQ(other_reading("csv", boxes_of({{2, 30, 20, 6000}})), "");
}

std::string load_error(const Folder& folder) {
  const auto set = load({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  return set ? "no error" : to_text(set.error());
}

TEST(Plausible, EveryFormatOfPixelsIsAsked) {
  for (const std::string format : {"csv", "fddb", "voc", "coco"}) {
    const Folder folder;
    std::string text;
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::format("{}.png", i);
      folder.picture(format == "voc" ? "JPEGImages/" + name : name, 64, 48);
      if (format == "csv") text += (i == 0 ? "image,xmin,ymin,xmax,ymax\n" : "") + name + ",0.1,0.2,0.5,0.6\n";
      if (format == "fddb") text += "# " + name + "\n0.1 0.2 0.5 0.6\n";
      if (format == "voc")
        folder.write(std::format("Annotations/{}.xml", i),
                     "<annotation><object><name>cat</name><bndbox><xmin>0.1</xmin><ymin>0.2</ymin><xmax>0.5</xmax>"
                     "<ymax>0.6</ymax></bndbox></object></annotation>");
      if (format == "coco") text += std::format("{}{{\"id\":{},\"file_name\":\"{}\"}}", i == 0 ? "" : ",", i, name);
    }
    if (format == "csv") folder.write("boxes.csv", text);
    if (format == "fddb") folder.write("boxes.txt", text);
    if (format == "coco") {
      std::string boxes;
      for (int i = 0; i < 3; ++i)
        boxes += std::format("{}{{\"image_id\":{},\"bbox\":[0.1,0.2,0.5,0.6]}}", i == 0 ? "" : ",", i);
      folder.write("annotations/instances.json", "{\"images\":[" + text + "],\"annotations\":[" + boxes + "]}");
    }
    EXPECT_THAT(load_error(folder), HasSubstr("all 3 boxes lie within 0 to 1: are they shares of the picture?"))
        << format;
  }
}

TEST(Plausible, WidthAndHeightInThePlaceOfCornersAreSuggested) {
  const Folder folder;
  folder.picture("a.png", 64, 48);
  folder.write("boxes.csv", "image,x1,y1,x2,y2\na.png,30,20,10,12\n");
  EXPECT_THAT(load_error(folder), HasSubstr("if the last two numbers are width and height, add them to the first two"));
}

TEST(Plausible, ABoxOutsideIsToldWithWhatCouldBeMeant) {
  const Folder folder;
  for (const char* name : {"a.png", "b.png"}) folder.picture(name, 64, 48);
  folder.write("boxes.csv", "image,x1,y1,x2,y2\na.png,2,30,20,60\nb.png,1,2,20,30\n");
  EXPECT_THAT(load_error(folder), AllOf(HasSubstr("lies outside of \"a.png\""), HasSubstr("x and y were exchanged")));
}

}  // namespace
}  // namespace edgewise::data
