#include "data/contents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/file.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ContentsOfASet : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) folder_.picture("photos/" + name(i), 20, 10, cv::Scalar(10, 20, 10 * i));
  }
  static std::string name(int i) {
    return std::string(i % 2 == 0 ? "even" : "odd") + "/p" + std::to_string(100 + i) + ".bmp";
  }
  [[nodiscard]] fs::path picture(int i) const { return folder_.path() / place_ / name(i); }
  [[nodiscard]] DataSet set() const { return loaded({.path = (folder_.path() / place_).string()}, classification_); }
  /// The contents; `read_` tells how many pictures were read for them.
  Contents look(const Contents& known = {}) {
    read_ = 0;
    auto contents = contents_of(set(), known, [&](std::size_t, std::size_t all) { read_ = all; });
    EXPECT_TRUE(contents.has_value()) << to_text(contents.error());
    return contents.value_or(Contents{});
  }
  [[nodiscard]] fs::path record() const { return folder_.path() / "record"; }

  Folder folder_;
  std::string place_ = "photos";
  std::size_t read_ = 0;
  const task::Task& classification_ = task_of("classification");
};

TEST_F(ContentsOfASet, AreReadOnce) {
  const Contents first = look();
  EXPECT_EQ(read_, 12U);
  EXPECT_EQ(first.digest.size(), 64U);
  ASSERT_EQ(first.pictures.size(), 12U);
  EXPECT_EQ(first.pictures.front().name, "even/p100.bmp");
  EXPECT_EQ(first.pictures.front().bytes, fs::file_size(picture(0)));
  EXPECT_EQ(look(first), first);
  EXPECT_EQ(read_, 0U);
}

TEST_F(ContentsOfASet, OfAMovedFolderAreTheSame) {
  const Contents before = look();
  fs::create_directories(folder_.path() / "else" / "where");
  fs::rename(folder_.path() / "photos", folder_.path() / "else" / "where" / "pictures");
  place_ = "else/where/pictures";
  EXPECT_EQ(look(before), before);
  EXPECT_EQ(read_, 0U);
  EXPECT_EQ(look().digest, before.digest);
}

TEST_F(ContentsOfASet, ATimeOfChangeAloneMeansNothingButReading) {
  const Contents before = look();
  fs::last_write_time(picture(3), fs::file_time_type::clock::now() + std::chrono::seconds(2));
  const Contents after = look(before);
  EXPECT_EQ(read_, 1U);
  EXPECT_EQ(after.digest, before.digest);
  EXPECT_NE(after, before);  // the new time is kept
  EXPECT_TRUE(changed(before, after).empty());
  EXPECT_EQ(look(after), after);
  EXPECT_EQ(read_, 0U);
}

TEST_F(ContentsOfASet, AreNotTheSameOnceAPictureIsExchanged) {
  const Contents before = look();
  const auto time = fs::last_write_time(picture(3));
  const auto size = fs::file_size(picture(3));
  folder_.picture("photos/" + name(3), 20, 10, cv::Scalar(1, 2, 3));
  ASSERT_EQ(fs::file_size(picture(3)), size);
  fs::last_write_time(picture(3), time + std::chrono::seconds(2));
  const Contents after = look(before);
  EXPECT_EQ(read_, 1U);
  EXPECT_NE(after.digest, before.digest);
  EXPECT_THAT(changed(before, after), ElementsAre("odd/p103.bmp"));
  // The price of not reading all files each time.
  fs::last_write_time(picture(3), time);
  EXPECT_EQ(look(before).digest, before.digest);
  EXPECT_EQ(read_, 0U);
  EXPECT_EQ(look().digest, after.digest);
}

TEST_F(ContentsOfASet, DifferByNamesAndByPicturesThatCameOrWent) {
  const Contents before = look();
  folder_.picture("photos/even/new.bmp");
  const Contents more = look(before);
  EXPECT_EQ(read_, 1U);
  EXPECT_NE(more.digest, before.digest);
  EXPECT_THAT(changed(before, more), ElementsAre("even/new.bmp"));
  EXPECT_THAT(changed(more, before), ElementsAre("even/new.bmp"));
  fs::rename(picture(0), folder_.path() / "photos/even/other.bmp");
  fs::remove(folder_.path() / "photos/even/new.bmp");
  const Contents renamed = look(before);
  EXPECT_NE(renamed.digest, before.digest);
  EXPECT_THAT(changed(before, renamed), ElementsAre("even/other.bmp", "even/p100.bmp"));
}

TEST_F(ContentsOfASet, PicturesThatAreGoneOrCannotBeReadAreNamed) {
  const DataSet before = set();
  fs::remove(picture(3));
  const auto one = contents_of(before, {});
  ASSERT_FALSE(one.has_value());
  EXPECT_EQ(one.error().code, ErrorCode::not_found);
  EXPECT_THAT(one.error().message, testing::HasSubstr(picture(3).string()));
  fs::create_directory(picture(3));
  const auto folder = contents_of(before, {});
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.error().message, testing::HasSubstr(picture(3).string() + "\" is a folder"));
  fs::remove(picture(4));
  fs::create_directory(picture(4));
  const auto two = contents_of(before, {});
  ASSERT_FALSE(two.has_value());
  EXPECT_THAT(two.error().message, testing::StartsWith("2 of 12 pictures cannot be read: "));
  EXPECT_THAT(two.error().message, testing::HasSubstr("\"odd/p103.bmp\" (it is a folder, not a file)"));
}

TEST_F(ContentsOfASet, ReadingStopsWhenAsked) {
  const std::atomic<bool> stop = true;
  const auto stopped = contents_of(set(), {}, {}, &stop);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
}

TEST_F(ContentsOfASet, ARecordGivesThemBack) {
  fs::rename(picture(1), folder_.path() / "photos/odd/a b% #\xff.bmp");
  const Contents contents = look();
  ASSERT_TRUE(write_contents(record(), contents).has_value());
  EXPECT_EQ(read_contents(record()), contents);
  EXPECT_EQ(look(read_contents(record())), contents);
  EXPECT_EQ(read_, 0U);
  const Contents drawn =
      contents_of(loaded({.path = "builtin:faces", .count = 20}, task_of("box")), {}).value_or(Contents{});
  ASSERT_TRUE(write_contents(record(), drawn).has_value());
  EXPECT_EQ(read_contents(record()), drawn);
}

TEST_F(ContentsOfASet, ADamagedRecordIsNone) {
  EXPECT_EQ(read_contents(record()), Contents{});
  EXPECT_EQ(read_contents(folder_.path()), Contents{});
  const Contents contents = look();
  ASSERT_TRUE(write_contents(record(), contents).has_value());
  const std::string good = read_file(record()).value();
  for (std::size_t length = 0; length < good.size(); ++length) {
    ASSERT_TRUE(write_file(record(), good.substr(0, length)).has_value());
    EXPECT_EQ(read_contents(record()), Contents{}) << length;
  }
  // A size or a time may be damaged so that it still is one: then the picture is read again, and nothing worse.
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const char mask : {'\x01', '\x10', '\x40', '\x80'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ mask);
      ASSERT_TRUE(write_file(record(), bad).has_value());
      const Contents read = read_contents(record());
      if (read != Contents{}) {
        EXPECT_EQ(read.digest, contents.digest) << at;
        EXPECT_TRUE(changed(read, contents).empty()) << at;
      }
    }
  for (const char* text : {"", "\n", "edgewise contents 1", "edgewise contents 1\n", "edgewise contents 2 x 0\n",
                           "edgewise contents 1 x 1\n1 2 3\n", "{\"digest\": 1}"}) {
    ASSERT_TRUE(write_file(record(), text).has_value());
    EXPECT_EQ(read_contents(record()), Contents{}) << text;
  }
}

TEST(ContentsOfABuiltinSet, AreItsNameSeedAndCount) {
  const auto digest = [](std::int64_t count, std::uint64_t seed) {
    const auto contents =
        contents_of(loaded({.path = "builtin:faces", .count = count, .seed = seed}, task_of("box")), {});
    EXPECT_TRUE(contents.has_value() && contents->pictures.empty());
    return contents.value_or(Contents{}).digest;
  };
  EXPECT_EQ(digest(20, 1), digest(20, 1));
  EXPECT_NE(digest(20, 1), digest(21, 1));
  EXPECT_NE(digest(20, 1), digest(20, 2));
}

}  // namespace
}  // namespace edgewise::data
