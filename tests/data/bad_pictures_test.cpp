#include "data/bad_pictures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/file.hpp"
#include "data/bad_pictures_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;

std::set<fs::path> all_below(const fs::path& folder) {
  std::set<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) found.insert(entry.path());
  return found;
}

class BadPictures : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i)
      folder_.picture(std::string(i % 2 == 0 ? "even" : "odd") + "/p" + std::to_string(100 + i) + ".png");
    set_ = loaded({.path = folder_.text()}, task_of("classification"));
  }
  Folder folder_;
  DataSet set_;
};

TEST_F(BadPictures, AreFoundWithoutWritingAnything) {
  std::size_t told = 0;
  const auto none = find_bad_pictures(set_, [&](std::size_t done, std::size_t) { told = done; });
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(told, 12U);
  folder_.write("odd/p105.png", "not a picture");
  folder_.write("even/p110.png", read_file(folder_.path() / "even/p100.png").value().substr(0, 40));
  fs::remove(folder_.path() / "even/p104.png");
  const auto before = all_below(folder_.path());
  const auto bad = find_bad_pictures(set_);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(all_below(folder_.path()), before);
  std::vector<std::pair<std::string, std::string>> seen;
  for (const BadPicture& each : *bad) seen.emplace_back(each.name, each.reason);
  EXPECT_THAT(seen, testing::UnorderedElementsAre(
                        testing::Pair("even/p104.png", "cannot open the image: No such file or directory"),
                        testing::Pair("even/p110.png", "it is cut off: the end of the PNG is missing"),
                        testing::Pair("odd/p105.png", "it is no image of a known kind")));
  const Error error = error_of(set_, *bad);
  EXPECT_EQ(error.message, "3 of 12 pictures cannot be decoded");
  EXPECT_EQ(error.where, fs::absolute(folder_.path()).lexically_normal().string());
  EXPECT_THAT(error.next, testing::HasSubstr("run the same command again"));
}

TEST_F(BadPictures, AreNoneInASetThatIsDrawn) {
  const DataSet set = loaded({.path = "builtin:faces", .count = 20}, task_of("box"));
  const auto bad = find_bad_pictures(set);
  ASSERT_TRUE(bad.has_value());
  EXPECT_TRUE(bad->empty());
}

TEST_F(BadPictures, AreNotWhatTheMachineIsAtFaultFor) {
  folder_.write("file", "a file, where a folder is wanted");
  ::setenv("EDGEWISE_LOCKS", (folder_.path() / "file" / "locks").c_str(), 1);
  const auto bad = find_bad_pictures(set_);
  ::unsetenv("EDGEWISE_LOCKS");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::unavailable);
}

TEST(BadPicture, ReasonsLeaveOutThePathAndWhatIsSaidAlready) {
  DataSet set;
  for (const char* name : {"/d/a.png", "/d/b.png", "/d/c/d.tif", "/d/e.png", "/d/f.png"}) {
    Item item;
    item.image = name;
    set.items.push_back(item);
  }
  const auto refused = [](std::size_t item, const std::string& message) {
    return Refused{item, {ErrorCode::invalid_input, message, {}, {}}};
  };
  const Error error = error_of(
      set,
      {refused(0, "\"/d/a.png\" cannot be decoded"), refused(1, "the header of \"/d/b.png\" is damaged or cut short"),
       refused(2, "the TIFF \"/d/c/d.tif\" is not read: its values are complex numbers"),
       refused(3, "\"/d/e.png\" cannot be decoded: no room")},
      not_to_be_decoded);
  EXPECT_EQ(error.message,
            "4 of 5 pictures cannot be decoded: \"a.png\", \"b.png\" (the header of it is damaged or cut short), "
            "\"c/d.tif\" (the TIFF is not read: its values are complex numbers), \"e.png\" (no room)");
  EXPECT_EQ(error.where, "/d");
}

}  // namespace
}  // namespace edgewise::data
