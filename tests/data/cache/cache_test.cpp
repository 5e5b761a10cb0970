#include "data/cache/cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <set>

#include "base/file.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;

class Caching : public testing::Test {
 protected:
  void SetUp() override {
    std::string text = "image,label,split\n";
    for (int i = 0; i < 12; ++i) {
      const std::string name = "p" + std::to_string(100 + i) + ".png";
      folder_.picture(name, 30, 20, cv::Scalar(10, 20, 10 * i));
      text += name + "," + (i % 2 == 0 ? "even" : "odd") + (i < 8 ? ",train\n" : ",val\n");
    }
    folder_.write("labels.csv", text);
    set_ = loaded({.path = folder_.text()}, task_of("classification"));
  }
  Result<Cache> open(std::int64_t size = 16) {
    made_ = false;
    return open_cache(set_, size, caches(), [&](std::size_t, std::size_t) { made_ = true; });
  }
  [[nodiscard]] fs::path caches() const { return folder_.path() / "cache"; }
  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(caches()))
      if (entry.path().extension() != ".lock") found.push_back(entry.path());
    return found;
  }

  Folder folder_;
  DataSet set_;
  bool made_ = false;
};

TEST_F(Caching, HoldsAllPicturesAtTheSizeWithTheirLabels) {
  const auto cache = open();
  ASSERT_TRUE(cache.has_value()) << to_text(cache.error());
  EXPECT_TRUE(made_);
  EXPECT_EQ(cache->count(), 12U);
  EXPECT_EQ(cache->size(), 16);
  EXPECT_EQ(cache->channels(), 3);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(cache->pixels(i).size(), 16U * 16 * 3);
    EXPECT_EQ(cache->pixels(i)[0], 10 * i);  // red comes first
    EXPECT_EQ(cache->pixels(i)[2], 10);
    EXPECT_THAT(cache->targets().of(i), testing::ElementsAre(static_cast<float>(i % 2)));
  }
  ASSERT_TRUE(open().has_value());
  EXPECT_FALSE(made_);  // found, not made again
}

TEST_F(Caching, AChangedPictureMakesItNewAndTheOldOneGoes) {
  ASSERT_TRUE(open().has_value());
  ASSERT_TRUE(open(24).has_value());
  EXPECT_EQ(files().size(), 2U);
  folder_.picture("p103.png", 30, 20, cv::Scalar(1, 2, 3));
  fs::last_write_time(folder_.path() / "p103.png", fs::file_time_type::clock::now() + std::chrono::seconds(2));
  const auto cache = open();
  ASSERT_TRUE(cache.has_value());
  EXPECT_TRUE(made_);
  EXPECT_EQ(cache->pixels(3)[0], 3);
  EXPECT_EQ(files().size(), 2U);  // the other size stays
}

TEST_F(Caching, ADamagedFileIsMadeAgain) {
  ASSERT_TRUE(open().has_value());
  const fs::path file = files().front();
  const std::string good = read_file(file).value();
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{20}, std::size_t{5000}, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    ASSERT_TRUE(write_file(file, bad).has_value());
    ASSERT_TRUE(open().has_value());
    EXPECT_TRUE(made_) << at;
    EXPECT_EQ(read_file(file).value(), good) << at;
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{100}, std::size_t{4096}, good.size() - 1}) {
    ASSERT_TRUE(write_file(file, good.substr(0, length)).has_value());
    ASSERT_TRUE(open().has_value());
    EXPECT_TRUE(made_) << length;
    EXPECT_EQ(read_file(file).value(), good) << length;
  }
}

TEST_F(Caching, WhatAKilledProcessLeftIsRemoved) {
  ASSERT_TRUE(open().has_value());
  const fs::path file = files().front();
  ASSERT_TRUE(write_file(file.string() + ".part", "half").has_value());
  fs::remove(file);
  ASSERT_TRUE(open().has_value());
  EXPECT_THAT(files(), testing::ElementsAre(file));
}

TEST_F(Caching, ProcessesThatStartAtOnceMakeItOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool made = false;
      const auto cache = open_cache(set_, 32, caches(), [&](std::size_t, std::size_t) { made = true; });
      ::_exit(!cache ? 2 : made ? 1 : 0);
    }
    children.push_back(child);
  }
  int makers = 0;
  for (const pid_t child : children) {
    int state = 0;
    ASSERT_EQ(::waitpid(child, &state, 0), child);
    ASSERT_TRUE(WIFEXITED(state));
    ASSERT_LT(WEXITSTATUS(state), 2);
    makers += WEXITSTATUS(state);
  }
  EXPECT_EQ(makers, 1);
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(Caching, PixelsStayWhenTheirMemoryIsLetGo) {
  const auto cache = open();
  ASSERT_TRUE(cache.has_value());
  const auto pixels = cache->pixels(5);
  const std::vector<std::uint8_t> before(pixels.begin(), pixels.end());
  cache->let_go();
  EXPECT_TRUE(std::ranges::equal(pixels, before));
}

TEST_F(Caching, APictureThatCannotBeDecodedIsNamed) {
  const std::string bytes = read_file(folder_.path() / "p104.png").value();
  folder_.write("p104.png", bytes.substr(0, 40));
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_THAT(to_text(cache.error()), testing::HasSubstr("p104.png"));
  EXPECT_TRUE(files().empty());
}

TEST_F(Caching, APictureThatIsGoneIsNamed) {
  fs::remove(folder_.path() / "p107.png");
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_THAT(cache.error().message, testing::HasSubstr("p107.png"));
}

TEST_F(Caching, AllPicturesThatAreGoneAreNamed) {
  fs::remove(folder_.path() / "p107.png");
  fs::remove(folder_.path() / "p102.png");
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code, ErrorCode::not_found);
  EXPECT_EQ(cache.error().message, "2 of 12 pictures cannot be found: \"p102.png\", \"p107.png\"");
  EXPECT_EQ(cache.error().where, fs::absolute(folder_.path()).lexically_normal().string());
  EXPECT_FALSE(is_cached(set_, 16, caches()).has_value());
}

TEST_F(Caching, AllPicturesThatCannotBeDecodedAreNamed) {
  const std::string bytes = read_file(folder_.path() / "p104.png").value();
  for (const char* name : {"p101.png", "p109.png"}) folder_.write(name, bytes.substr(0, 40));
  folder_.write("p104.png", "not a picture");
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error(),
            (Error{ErrorCode::invalid_input,
                   "3 of 12 pictures cannot be decoded: \"p101.png\" (it is cut off: the end of the PNG is missing), "
                   "\"p104.png\" (it is no image of a known kind), "
                   "\"p109.png\" (it is cut off: the end of the PNG is missing)",
                   fs::absolute(folder_.path()).lexically_normal().string(),
                   "mend or remove these files (or leave them out of the lists), then run the same command again"}));
  EXPECT_TRUE(files().empty());
  for (const char* name : {"p101.png", "p104.png", "p109.png"}) folder_.picture(name, 30, 20);
  EXPECT_TRUE(open().has_value());
}

TEST_F(Caching, ASingleBadPictureKeepsItsOwnError) {
  folder_.write("p104.png", "not a picture");
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().message, "\"" + folder_.text() + "/p104.png\" is no image of a known kind");
  EXPECT_THAT(cache.error().next, testing::StartsWith("convert it to JPEG, PNG, BMP, WebP or TIFF"));
  EXPECT_THAT(cache.error().next, testing::EndsWith(", then run the same command again"));
}

TEST_F(Caching, OfManyBadPicturesTwentyAreNamed) {
  const Folder folder;
  for (int i = 0; i < 30; ++i)
    folder.picture(std::string(i % 2 == 0 ? "even" : "odd") + "/p" + std::to_string(100 + i) + ".png");
  const DataSet set = loaded({.path = folder.text()}, task_of("classification"));
  ASSERT_EQ(set.items.size(), 30U);
  std::set<std::string> bad;
  for (std::size_t i = 3; i < 26; ++i) {
    folder.write(set.items[i].image.lexically_relative(folder.path()).string(), "not a picture");
    if (bad.size() < 20) bad.insert(set.items[i].image.lexically_relative(folder.path()).string());
  }
  const auto cache = open_cache(set, 16, folder.path() / "cache");
  ASSERT_FALSE(cache.has_value());
  EXPECT_THAT(cache.error().message, testing::StartsWith("23 of 30 pictures cannot be decoded: \""));
  EXPECT_THAT(cache.error().message, testing::EndsWith(" and 3 more"));
  const std::string& message = cache.error().message;
  std::set<std::string> named;
  for (std::size_t at = 0; (at = message.find('"', at)) != std::string::npos;) {
    const std::size_t end = message.find('"', at + 1);
    named.insert(message.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  EXPECT_EQ(named, bad);
}

TEST_F(Caching, AFolderThatCannotBeMadeIsTheMachinesFault) {
  folder_.write("file", "a file, where a folder is wanted");
  const auto cache = open_cache(set_, 16, folder_.path() / "file" / "cache");
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code, ErrorCode::unavailable);
  EXPECT_THAT(cache.error().message, testing::HasSubstr("cannot make the cache folder"));
  EXPECT_THAT(cache.error().next, testing::HasSubstr("EDGEWISE_CACHE"));
  EXPECT_FALSE(is_cached(set_, 16, folder_.path() / "file" / "cache").value());
}

TEST_F(Caching, AFolderThatCannotBeLockedIsTheMachinesFault) {
  ASSERT_TRUE(open().has_value());
  fs::remove(files().front());
  std::vector<fs::path> locks;
  for (const auto& entry : fs::directory_iterator(caches())) locks.push_back(entry.path());
  ASSERT_EQ(locks.size(), 1U);
  fs::remove(locks.front());
  fs::create_directory(locks.front());
  const auto cache = open();
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code, ErrorCode::unavailable);
  EXPECT_THAT(cache.error().next, testing::HasSubstr("EDGEWISE_CACHE"));
}

/// A limit on the size of files stands for a disk that gets full. In a process of its own, since it stays.
TEST_F(Caching, AFullDiskIsTheMachinesFaultAndLeavesNothing) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 8000, .rlim_max = 8000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(1);
    const auto cache = open();
    if (cache) ::_exit(2);
    if (cache.error().code != ErrorCode::unavailable) ::_exit(3);
    if (!cache.error().next.contains("EDGEWISE_CACHE")) ::_exit(4);
    ::_exit(0);
  }
  int state = 0;
  ASSERT_EQ(::waitpid(child, &state, 0), child);
  ASSERT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 0);
  EXPECT_TRUE(files().empty());
  EXPECT_TRUE(open().has_value());
}

TEST_F(Caching, LocksThatCannotBeHadAreNoPicturesFault) {
  folder_.write("file", "a file, where a folder is wanted");
  ::setenv("EDGEWISE_LOCKS", (folder_.path() / "file" / "locks").c_str(), 1);
  const auto cache = open();
  ::unsetenv("EDGEWISE_LOCKS");
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().code, ErrorCode::unavailable);
  EXPECT_THAT(cache.error().next, testing::HasSubstr("EDGEWISE_LOCKS"));
  EXPECT_TRUE(files().empty());
}

TEST_F(Caching, IsKnownToBeReadyOrNot) {
  EXPECT_EQ(is_cached(set_, 16, caches()), Result<bool>(false));
  ASSERT_TRUE(open().has_value());
  EXPECT_EQ(is_cached(set_, 16, caches()), Result<bool>(true));
  EXPECT_EQ(is_cached(set_, 24, caches()), Result<bool>(false));
  EXPECT_FALSE(is_cached(set_, 7, caches()).has_value());
  ASSERT_TRUE(write_file(files().front(), "damaged").has_value());
  EXPECT_EQ(is_cached(set_, 16, caches()), Result<bool>(false));
  ASSERT_TRUE(open().has_value());
  fs::last_write_time(folder_.path() / "p103.png", fs::file_time_type::clock::now() + std::chrono::seconds(2));
  EXPECT_EQ(is_cached(set_, 16, caches()), Result<bool>(false));
}

TEST_F(Caching, TheSizeOfItsFileIsKnownBeforehand) {
  ASSERT_TRUE(open(200).has_value());
  EXPECT_EQ(bytes_of_cache(set_, 200), fs::file_size(files().front()));
}

TEST_F(Caching, AFolderIsCheckedBeforehand) {
  const fs::path fresh = folder_.path() / "some" / "where";
  EXPECT_TRUE(check_cache_folder(fresh, 1000).has_value());
  EXPECT_TRUE(fs::is_empty(fresh));
  const auto no_room = check_cache_folder(fresh, std::uint64_t{1} << 62);
  ASSERT_FALSE(no_room.has_value());
  EXPECT_EQ(no_room.error().code, ErrorCode::unavailable);
  EXPECT_THAT(no_room.error().message, testing::MatchesRegex(".* has [0-9]+ MB of room, .* need 4611686018428 MB"));
  EXPECT_THAT(no_room.error().next, testing::HasSubstr("EDGEWISE_CACHE"));
  folder_.write("file", "a file, where a folder is wanted");
  for (const fs::path& wrong : {folder_.path() / "file", folder_.path() / "file" / "cache"}) {
    const auto status = check_cache_folder(wrong, 0);
    ASSERT_FALSE(status.has_value()) << wrong;
    EXPECT_EQ(status.error().code, ErrorCode::unavailable) << wrong;
    EXPECT_THAT(status.error().next, testing::HasSubstr("EDGEWISE_CACHE")) << wrong;
  }
}

TEST_F(Caching, RefusesASizeOutOfBounds) {
  EXPECT_FALSE(open(7).has_value());
  EXPECT_FALSE(open(1025).has_value());
}

}  // namespace
}  // namespace edgewise::data
