// Every text file of a set may be UTF-16 with a mark; what has no mark and is no UTF-8 is an error that says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

using testing::HasSubstr;

/// Characters up to U+FFFF, with or without a mark.
std::string utf16(const std::u16string& text, bool has_mark = true, bool is_big = false) {
  std::string bytes;
  for (const char16_t c : (has_mark ? u"\uFEFF" : u"") + text) {
    const char low = static_cast<char>(c & 0xFF), high = static_cast<char>(c >> 8);
    bytes += is_big ? high : low;
    bytes += is_big ? low : high;
  }
  return bytes;
}
std::u16string wide(const std::string& ascii) {
  return {ascii.begin(), ascii.end()};
}

class Encodings : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* stem : {"a", "b", "c", "d"}) folder_.picture(std::string(stem) + ".png");
  }
  std::string error_of(const DataSpec& spec, const task::Task& task = task_of("box")) const {
    const auto set = load(spec, task);
    if (set) return "no error";
    std::string text = to_text(set.error());
    for (std::size_t at; (at = text.find(folder_.text())) != std::string::npos;)
      text.replace(at, folder_.text().size(), "FOLDER");
    return text;
  }
  Folder folder_;
};

using Encode = std::function<std::string(const std::string&)>;
const Encode with_mark = [](const std::string& text) { return utf16(wide(text)); };
const Encode big_with_mark = [](const std::string& text) { return utf16(wide(text), true, true); };
const Encode without_mark = [](const std::string& text) { return utf16(wide(text), false); };

/// Writes a set of one format, all of its text files encoded, and says how to read it.
struct Layout {
  const char* format;
  const task::Task& task;
  std::function<void(const Folder&, const Encode&)> write;
};

std::vector<Layout> layouts() {
  const std::string csv =
      "image,x0,y0,x1,y1,split\na.png,1,1,9,9,train\nb.png,1,1,9,9,train\nc.png,1,1,9,9,val\nd.png,1,1,9,9,val\n";
  return {
      {"csv", task_of("box"), [csv](const Folder& f, const Encode& e) { f.write("boxes.csv", e(csv)); }},
      {"fddb", task_of("box"),
       [](const Folder& f, const Encode& e) {
         f.write("boxes.txt", e("# a.png\n1 1 9 9\n# b.png\n1 1 9 9\n# c.png\n1 1 9 9\n# d.png\n1 1 9 9\n"));
       }},
      {"coco", task_of("box"),
       [](const Folder& f, const Encode& e) {
         f.write("annotations/instances_all.json",
                 e(R"({"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}, 
           {"id": 3, "file_name": "c.png"}, {"id": 4, "file_name": "d.png"}],
           "categories": [{"id": 1, "name": "face"}], "annotations": [
           {"image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8]},
           {"image_id": 2, "category_id": 1, "bbox": [1, 1, 8, 8]},
           {"image_id": 3, "category_id": 1, "bbox": [1, 1, 8, 8]},
           {"image_id": 4, "category_id": 1, "bbox": [1, 1, 8, 8]}]})"));
       }},
      {"yolo", task_of("box"),
       [](const Folder& f, const Encode& e) {
         f.write("classes.txt", e("face\r\ndog\r\n"));
         for (const char* stem : {"a", "b", "c", "d"})
           f.write(std::string("labels/") + stem + ".txt", e("0 0.25 0.5 0.4 0.8\n"));
         f.picture("images/a.png"), f.picture("images/b.png"), f.picture("images/c.png"), f.picture("images/d.png");
       }},
      {"voc", task_of("box"),
       [](const Folder& f, const Encode& e) {
         for (const char* stem : {"a", "b", "c", "d"})
           f.write(std::string("Annotations/") + stem + ".xml",
                   e("<?xml version=\"1.0\" "
                     "encoding=\"UTF-16\"?><annotation><object><name>face</name><bndbox><xmin>1</xmin>"
                     "<ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"));
       }},
      {"csv", task_of("box"),
       [csv](const Folder& f, const Encode& e) {  // lists
         f.write("boxes.csv", "image,x0,y0,x1,y1\na.png,1,1,9,9\nb.png,1,1,9,9\nc.png,1,1,9,9\nd.png,1,1,9,9\n");
         f.write("train.txt", e("a.png\nb.png\n"));
         f.write("val.txt", e("c.png\nd.png\n"));
       }},
  };
}

TEST_F(Encodings, Utf16WithAMarkIsReadInEveryFormat) {
  for (const Layout& layout : layouts())
    for (const Encode& encode : {with_mark, big_with_mark}) {
      const Folder folder;
      for (const char* stem : {"a", "b", "c", "d"}) folder.picture(std::string(stem) + ".png");
      layout.write(folder, encode);
      const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, layout.task);
      EXPECT_EQ(set.spec.format, layout.format);
      ASSERT_EQ(set.items.size(), 4U) << layout.format;
      EXPECT_GT(intersection_over_union(box_of(set.items[0]), {1, 1, 9, 9}), 0.9999) << layout.format;
    }
}

TEST_F(Encodings, Utf16WithoutAMarkIsNamedInEveryFormat) {
  for (const Layout& layout : layouts()) {
    if (std::string(layout.format) == "voc") continue;  // the "<?" of XML tells it
    const Folder folder;
    for (const char* stem : {"a", "b", "c", "d"}) folder.picture(std::string(stem) + ".png");
    layout.write(folder, without_mark);
    const auto set = load({.path = folder.text(), .format = layout.format}, layout.task);
    ASSERT_FALSE(set.has_value()) << layout.format;
    EXPECT_EQ(set.error().message, "this looks like UTF-16LE text without a byte order mark") << layout.format;
    EXPECT_EQ(set.error().next, "save it as UTF-8");
  }
}

TEST_F(Encodings, AClassListOfPowerShellGivesItsNames) {
  for (int label : {0, 1})
    for (const char* stem : {"a", "b", "c", "d"}) {
      folder_.picture(std::string("images/") + stem + std::to_string(label) + ".png");
      folder_.write(std::string("labels/") + stem + std::to_string(label) + ".txt",
                    std::to_string(label) + " 0.5 0.5 0.5 0.5\n");
    }
  folder_.write("classes.txt", utf16(u"Kühe\r\n犬\r\n"));
  EXPECT_THAT(loaded({.path = folder_.text(), .validation_share = 0.5}, task_of("classification")).classes,
              testing::ElementsAre("K\u00fche", "\u72ac"));
  for (const char* name : {"obj.names", "classes.names", "names.txt", "any.names"}) {
    std::filesystem::remove(folder_.path() / "classes.txt");
    folder_.write(name, utf16(u"Kühe\r\n犬\r\n"));
    EXPECT_THAT(loaded({.path = folder_.text(), .validation_share = 0.5}, task_of("classification")).classes,
                testing::ElementsAre("K\u00fche", "\u72ac"))
        << name;
    std::filesystem::remove(folder_.path() / name);
  }
}

TEST_F(Encodings, AnotherEncodingIsAnErrorAtItsPlace) {
  folder_.write("labels.csv", "image,label\na.png,tea\nb.png,caf\xe9\n");
  EXPECT_EQ(error_of({.path = folder_.text()}, task_of("classification")),
            "error: the byte 0xE9 is not UTF-8\n  at FOLDER/labels.csv:3:10\n  next: the text has another encoding: "
            "save it as UTF-8");
}

TEST_F(Encodings, AnXmlDeclarationDecidesForItsFile) {
  const auto annotation = [&](const std::string& stem, const std::string& encoding, const std::string& name) {
    folder_.write(
        "Annotations/" + stem + ".xml",
        "<?xml version=\"1.0\" encoding=\"" + encoding + "\"?>\n<annotation><object><name>" + name +
            "</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>");
  };
  annotation("a", "ISO-8859-1", "K\xfche");
  annotation("b", "GBK", "\xc8\xae");
  annotation("c", "Shift_JIS", "\x8c\xa2");
  annotation("d", "UTF-8", "K\u00fche");
  const DataSet set = loaded({.path = folder_.text(), .validation_share = 0.5}, task_of("classification"));
  EXPECT_THAT(set.classes, testing::ElementsAre("K\u00fche", "\u72ac"));
  annotation("d", "latin-17", "K\xfche");
  EXPECT_THAT(
      error_of({.path = folder_.text()}),
      HasSubstr("the XML declares the encoding \"latin-17\", which is not known\n  at FOLDER/Annotations/d.xml:1:1"));
  annotation("d", "UTF-8", "K\xfche");
  EXPECT_THAT(error_of({.path = folder_.text()}),
              HasSubstr("the byte 0xFC is not UTF-8\n  at FOLDER/Annotations/d.xml:2:28"));
}

TEST_F(Encodings, AMistakeInAMarkedTextIsPlacedInItsCharacters) {
  folder_.write("boxes.csv", utf16(u"image,x0,y0,x1,y1\na.png,1,1,9,9\nb.png,1,x,9,9\n"));
  EXPECT_THAT(error_of({.path = folder_.text()}), HasSubstr("\"x\" is no number\n  at FOLDER/boxes.csv:3:9"));
}

}  // namespace
}  // namespace edgewise::data
