#include "data/cache/cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

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

TEST_F(Caching, RefusesASizeOutOfBounds) {
  EXPECT_FALSE(open(7).has_value());
  EXPECT_FALSE(open(1025).has_value());
}

}  // namespace
}  // namespace edgewise::data
