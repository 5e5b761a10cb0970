// What each mistake in a data set is answered with. FOLDER stands for the set's folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/coco.hpp"
#include "data/formats/csv.hpp"
#include "data/formats/fddb.hpp"
#include "data/formats/voc.hpp"
#include "data/formats/yolo.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::HasSubstr;

class Mistakes : public testing::Test {
 protected:
  /// The whole text of the error.
  std::string text(DataSpec spec, const task::Task& task = task_of("box")) {
    if (spec.path.empty()) spec.path = folder_.text();
    const auto set = load(spec, task);
    if (set) return "no error";
    std::string result = to_text(set.error());
    for (std::size_t at; (at = result.find(folder_.text())) != std::string::npos;)
      result.replace(at, folder_.text().size(), "FOLDER");
    return result;
  }
  /// A CSV of two good images and then `line`.
  void csv(const std::string& line, const std::string& header = "image,x0,y0,x1,y1") {
    folder_.picture("a.png");
    folder_.picture("b.png");
    folder_.write("boxes.csv", header + "\na.png,1,1,9,9\nb.png,1,1,9,9\n" + line + "\n");
  }
  Folder folder_;
};

TEST_F(Mistakes, AFolderThatIsNotThere) {
  EXPECT_EQ(text({.path = "/no/such/folder"}), "error: \"/no/such/folder\" does not exist\n  next: check data.path");
}

TEST_F(Mistakes, AnUnknownFormat) {
  EXPECT_EQ(text({.format = "vok"}),
            "error: format \"vok\" is not one of \"folder\", \"csv\", \"fddb\", \"yolo\", \"voc\" or \"coco\"\n  next: "
            "did you mean \"voc\"?");
}

TEST_F(Mistakes, AFolderWithoutLabels) {
  EXPECT_THAT(text({}), HasSubstr("no label format was recognised in \"FOLDER\""));
}

TEST_F(Mistakes, AnUnknownBoxRule) {
  EXPECT_EQ(text({.boxes = "larges"}),
            "error: boxes \"larges\" is not one of \"only\" or \"largest\"\n  next: did you mean \"largest\"?");
}

TEST_F(Mistakes, AShareOutOfBounds) {
  EXPECT_THAT(text({.validation_share = 0}), HasSubstr("validation_share 0 is not within 0 (excluded) and 0.9"));
  EXPECT_THAT(text({.validation_share = 0.5, .test_share = 0.6}), HasSubstr("test_share 0.6 is not within 0 and 0.45"));
}

TEST_F(Mistakes, ANumberThatIsNone) {
  csv("c.png,1,nan,3,4");
  EXPECT_EQ(text({}),
            "error: \"nan\" is no number\n  at FOLDER/boxes.csv:4:9\n  next: write the box edge in pixels, e.g. 12.5");
}

TEST_F(Mistakes, ABoxWithoutArea) {
  csv("c.png,5,1,5,4");
  EXPECT_EQ(text({}),
            "error: the box 5 1 5 4 has no area: x0 < x1 and y0 < y1 are needed\n  at FOLDER/boxes.csv:4:7\n"
            "  next: write the left, top, right and bottom edge in this order, or remove the box");
}

TEST_F(Mistakes, ABoxOutsideItsImage) {
  folder_.picture("c.png", 20, 10);
  csv("c.png,1,1,22,9");
  EXPECT_EQ(text({}),
            "error: the box 1 1 22 9 lies outside of \"c.png\", which has 20 x 10 pixels\n  at FOLDER/boxes.csv:4:7\n"
            "  next: correct the box; at most 1 pixel outside is clipped");
}

TEST_F(Mistakes, AnExcessOfOnePixelIsClipped) {
  folder_.picture("c.png", 20, 10);
  csv("c.png,-1,1,21,9");
  const DataSet set = loaded({.path = folder_.text()}, task_of("box"));
  ASSERT_EQ(set.items.size(), 3U);
  EXPECT_EQ(box_of(set.items[2]), (Box{0, 1, 20, 9}));
}

TEST_F(Mistakes, AMissingField) {
  csv("c.png,1,2,3");
  EXPECT_EQ(text({}),
            "error: 4 fields, the header has 5\n  at FOLDER/boxes.csv:4:1\n  next: correct the line; put names with a "
            "comma into quotes");
}

TEST_F(Mistakes, AMissingImage) {
  csv("c.png,1,1,9,9\nd.png,1,1,9,9");
  EXPECT_EQ(text({}),
            "error: the image \"c.png\" is not there (and 1 more mistakes)\n  at FOLDER/boxes.csv:4:1\n"
            "  next: put it into \"FOLDER\", or name the image folder in data.images");
}

TEST_F(Mistakes, AnImageThatIsNone) {
  folder_.write("c.png", "this is text");
  csv("c.png,1,1,9,9");
  EXPECT_EQ(text({}),
            "error: \"FOLDER/c.png\" is no image of a known kind\n  at FOLDER/boxes.csv:4:1\n"
            "  next: convert it to JPEG, PNG, BMP, WebP or TIFF, or remove it from the labels");
}

TEST_F(Mistakes, APathThatLeadsOutOfTheFolder) {
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "images/../../../x.png"}) {
    csv(std::string(path) + ",1,1,9,9");
    EXPECT_THAT(text({}), HasSubstr(std::string("the image path \"") + path + "\" leads out of the data folder"))
        << path;
  }
}

TEST_F(Mistakes, AHeaderWithoutBoxes) {
  csv("c.png,cat", "image,label");
  EXPECT_THAT(text({}), HasSubstr("the header names no box: columns x0,y0,x1,y1"));
  folder_.write("more.csv", "image,label\n");
  EXPECT_THAT(text({.format = "csv"}), HasSubstr("no .csv file that fits the task lies in \"FOLDER\""));
}

TEST_F(Mistakes, AnUnknownGroupColumn) {
  csv("", "image,x0,y0,x1,y1");
  EXPECT_THAT(text({.group_column = "y2"}), HasSubstr("the group column \"y2\" is not in the header"));
}

TEST_F(Mistakes, AGroupInTwoSplits) {
  folder_.picture("a.png");
  folder_.picture("b.png");
  folder_.write("boxes.csv", "image,x0,y0,x1,y1,split,group\na.png,1,1,9,9,train,p\nb.png,1,1,9,9,val,p\n");
  EXPECT_THAT(text({}), HasSubstr("group \"p\" is in two splits: \"a.png\" in train, \"b.png\" in validation"));
}

TEST_F(Mistakes, AnImageInTwoLists) {
  csv("");
  folder_.write("t.txt", "a\nb\n");
  folder_.write("v.txt", "b\n");
  EXPECT_EQ(text({.splits = {{"train", "t.txt"}, {"validation", "v.txt"}}}),
            "error: \"b\" is listed a second time, first at FOLDER/t.txt:2:1\n  at FOLDER/v.txt:1:1\n  next: leave "
            "each image in one list, once");
}

TEST_F(Mistakes, AListThatNamesAnUnknownImage) {
  csv("");
  folder_.write("t.txt", "a\nzebra\n");
  folder_.write("v.txt", "b\n");
  EXPECT_EQ(text({.splits = {{"train", "t.txt"}, {"validation", "v.txt"}}}),
            "error: \"zebra\" is not among the 2 labelled images\n  at FOLDER/t.txt:2:1\n  next: correct the name or "
            "remove the line");
}

TEST_F(Mistakes, AListThatIsMissingAndASplitThatIsNone) {
  csv("");
  EXPECT_THAT(text({.splits = {{"train", "none.txt"}}}), HasSubstr("the train list \"none.txt\" does not exist"));
  EXPECT_THAT(text({.splits = {{"validaton", "none.txt"}}}), HasSubstr("did you mean \"validation\"?"));
}

TEST_F(Mistakes, AnUnknownClass) {
  folder_.picture("a.png");
  folder_.write("boxes.csv", "image,x0,y0,x1,y1,class\na.png,1,1,9,9,racoon\n");
  EXPECT_EQ(text({.classes = {"raccoon"}}),
            "error: class \"raccoon\" is not in the data\n  next: did you mean \"racoon\"?");
}

TEST_F(Mistakes, OneClassOnly) {
  folder_.picture("train/cat/a.png");
  folder_.picture("val/cat/a.png");
  EXPECT_THAT(text({}, task_of("classification")),
              HasSubstr("there is one class only, \"cat\"; a classifier needs two or more"));
}

TEST_F(Mistakes, AClassInOneSplitOnlyIsAWarning) {
  for (const char* name : {"train/cat/a.png", "train/dog/a.png", "val/cat/a.png"}) folder_.picture(name);
  EXPECT_THAT(loaded({.path = folder_.text()}, task_of("classification")).remarks,
              testing::Contains("warning: class \"dog\" has no image in the validation split"));
}

TEST_F(Mistakes, BoxesAskedOfAnImageFolder) {
  folder_.picture("cat/a.png");
  folder_.picture("dog/a.png");
  EXPECT_THAT(text({}), HasSubstr("it has no boxes"));
}

TEST_F(Mistakes, ASizeThatIsNotTheImages) {
  folder_.picture("a.png", 20, 10);
  folder_.write("boxes.csv", "image,width,height,x0,y0,x1,y1\na.png,40,20,1,1,9,9\n");
  EXPECT_THAT(text({}), HasSubstr("the labels say that \"a.png\" has 40 x 20 pixels, the file has 20 x 10"));
}

TEST_F(Mistakes, OneImageIsNotEnough) {
  folder_.picture("a.png");
  folder_.write("boxes.csv", "image,x0,y0,x1,y1\na.png,1,1,9,9\n");
  EXPECT_THAT(text({}), HasSubstr("split is empty"));
}

/// The error of a pure parser as text.
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "no error" : to_text(result.error());
}

TEST(ParserMistakes, Fddb) {
  EXPECT_THAT(error_of(parse_fddb("1 2 3 4\n", "f.txt")),
              HasSubstr("numbers come before the first \"# path\" line\n  at f.txt:1:1"));
  EXPECT_THAT(error_of(parse_fddb("# a\n1 2 3\n", "f.txt")), HasSubstr("3 words; a box is four numbers"));
  EXPECT_THAT(error_of(parse_fddb("# a\n 1 x 3 4\n", "f.txt")), HasSubstr("\"x\" is no number\n  at f.txt:2:4"));
  EXPECT_THAT(error_of(parse_fddb("# a\n# b\n# a\n", "f.txt")),
              HasSubstr("\"a\" comes twice, first in line 1\n  at f.txt:3:1"));
}

TEST(ParserMistakes, Yolo) {
  const std::vector<std::string> names{"cat"};
  EXPECT_THAT(error_of(parse_yolo("1 0.5 0.5 0.1 0.1", "y.txt", names)),
              HasSubstr("class 1 is not in the class list, which ends with 0\n  at y.txt:1:1"));
  EXPECT_THAT(error_of(parse_yolo("\n0 50 0.5 0.1 0.1", "y.txt", names)),
              HasSubstr("50 is not a share of the picture's edge, 0 to 1\n  at y.txt:2:3"));
  EXPECT_THAT(error_of(parse_yolo("0 0.1 0.1 0.2 0.1 0.2 0.2", "y.txt", names)),
              HasSubstr("outlines (polygons) are not read"));
  EXPECT_THAT(error_of(parse_yolo("0 0.5 0.5 0 0.1", "y.txt", names)), HasSubstr("has no area"));
  EXPECT_THAT(error_of(parse_yolo("cat 0.5 0.5 0.1 0.1", "y.txt", names)),
              HasSubstr("class \"cat\" is no whole number from 0"));
}

TEST(ParserMistakes, Voc) {
  EXPECT_THAT(error_of(parse_voc("<annotation>\n<object>", "v.xml")), HasSubstr("this is not valid XML"));
  EXPECT_THAT(error_of(parse_voc("<svg/>", "v.xml")), HasSubstr("the root element is not <annotation>"));
  EXPECT_THAT(error_of(parse_voc("<annotation>\n  <object><name>cat</name></object></annotation>", "v.xml")),
              HasSubstr("an <object> without <bndbox>\n  at v.xml:2:4"));
  EXPECT_THAT(
      error_of(parse_voc(
          "<annotation><object><name>cat</name><bndbox>\n<xmin>1</xmin><ymin>one</ymin></bndbox></object></annotation>",
          "v.xml")),
      HasSubstr("\"one\" in <ymin> is no number\n  at v.xml:2:16"));
}

TEST(ParserMistakes, Coco) {
  EXPECT_THAT(error_of(parse_coco("{\"images\": [}", "c.json")), HasSubstr("this is not valid JSON\n  at c.json:1:13"));
  EXPECT_THAT(error_of(parse_coco("{}", "c.json")), HasSubstr("the JSON has no \"images\" and \"annotations\" lists"));
  EXPECT_THAT(error_of(parse_coco("{\"images\": [],\n \"annotations\": [{\"image_id\": 3, \"bbox\": [1, 2, 3, 4]}]}",
                                  "c.json")),
              HasSubstr("the annotation's image_id 3 is not in \"images\"\n  at c.json:2:18"));
  EXPECT_THAT(
      error_of(parse_coco("{\"images\": [], \"annotations\": [{\"image_id\": 3, \"bbox\": [1, 2, 3]}]}", "c.json")),
      HasSubstr("\"bbox\" is not four numbers"));
  EXPECT_THAT(error_of(parse_coco("{\"images\": [], \"annotations\": [{\"image_id\": \"3\"}]}", "c.json")),
              HasSubstr("\"image_id\" must be a whole number"));
}

}  // namespace
}  // namespace edgewise::data
