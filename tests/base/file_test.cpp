#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <format>
#include <thread>

#include "base/quiet.hpp"

namespace edgewise {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / std::format("edgewise-file-test-{}", ::getpid());
    fs::create_directories(folder);
    ::setenv("EDGEWISE_LOCKS", folder.c_str(), 1);
  }
  void TearDown() override { fs::remove_all(folder); }
  fs::path folder;
};

TEST_F(Files, AreReadAsTheyWereWritten) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(write_file(folder / "x", bytes));
  EXPECT_EQ(read_file(folder / "x").value(), bytes);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "a temporary file was left behind";
}

TEST_F(Files, ThatAreMissingLargeOrNotWritableSayWhy) {
  EXPECT_EQ(read_file(folder / "none").error().code, ErrorCode::not_found);
  ASSERT_TRUE(write_file(folder / "x", std::string(1000, 'x')));
  EXPECT_THAT(read_file(folder / "x", 999).error().message, testing::HasSubstr("larger than 999 bytes"));
  EXPECT_THAT(write_file(folder / "no/such/folder", "x").error().next, testing::HasSubstr("check that the folder exists"));
}

TEST_F(Files, ALockKeepsASecondOneOut) {
  auto first = FileLock::try_acquire(folder / "lock", FileLock::Mode::exclusive);
  ASSERT_TRUE(first);
  EXPECT_EQ(FileLock::try_acquire(folder / "lock", FileLock::Mode::shared).error().code, ErrorCode::unavailable);
  { const FileLock gone = std::move(*first); }
  EXPECT_TRUE(FileLock::try_acquire(folder / "lock", FileLock::Mode::shared));
}

TEST_F(Files, AMeasurementIsNotStarvedByTrainersAndNeverOverlapsOne) {
  std::atomic<int> busy = 0;
  std::atomic<bool> stop = false, overlapped = false;
  std::vector<std::jthread> trainers;
  for (int i = 0; i < 4; ++i)
    trainers.emplace_back([&] {
      while (!stop) {
        const auto turn = BusyMachine::enter();
        ++busy;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        --busy;
      }
    });
  for (int i = 0; i < 20; ++i) {
    const auto quiet = QuietMachine::enter();  // would never return if trainers could keep it out
    if (busy != 0) overlapped = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (busy != 0) overlapped = true;
  }
  stop = true;
  trainers.clear();
  EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace edgewise
