#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <format>
#include <string>
#include <thread>
#include <vector>

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
  EXPECT_THAT(write_file(folder / "no/such/folder", "x").error().next,
              testing::HasSubstr("check that the folder exists"));
}

TEST_F(Files, ThatAreNoFilesAreRefusedAndNotWaitedFor) {
  const fs::path pipe = folder / "pipe", socket = folder / "socket";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);  // without a writer: to open it would wait for ever
  ASSERT_EQ(::mknod(socket.c_str(), S_IFSOCK | 0600, 0), 0);
  fs::create_symlink(pipe, folder / "link");
  EXPECT_THAT(read_file(pipe).error().message, testing::HasSubstr("is a pipe, not a file"));
  EXPECT_THAT(read_file(folder / "link").error().message, testing::HasSubstr("is a pipe, not a file"));
  EXPECT_THAT(read_file(socket).error().message, testing::HasSubstr("is a socket, not a file"));
  EXPECT_THAT(read_file("/dev/zero").error().message, testing::HasSubstr("is a device, not a file"));
  EXPECT_THAT(read_file(folder).error().message, testing::HasSubstr("is a folder, not a file"));
  EXPECT_THAT(write_file(pipe, "x").error().message, testing::HasSubstr("is a pipe, not a file"));
  EXPECT_THAT(write_file(folder, "x").error().message, testing::HasSubstr("is a folder, not a file"));
  EXPECT_TRUE(read_file("/proc/self/status")) << "a file of the system has no size, and can be read";
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST_F(Files, WhatAKilledWriterLeftGoesWithTheNextOneOfTheSameTarget) {
  const fs::path target = folder / "x";
  const pid_t writer = ::fork();
  if (writer == 0) {
    auto part = PartFile::create(target);
    if (!part || !part->write("half")) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(writer, &status, 0), writer);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(names_in(folder).size(), 1U) << "the writer was to leave its part behind";
  ASSERT_TRUE(write_file(folder / "y", "other"));
  EXPECT_EQ(names_in(folder).size(), 2U) << "a part of another target is none of its business";

  auto at_work = PartFile::create(target);
  ASSERT_TRUE(at_work);
  ASSERT_TRUE(at_work->write("new"));
  ASSERT_TRUE(write_file(target, "quicker"));
  EXPECT_TRUE(fs::exists(at_work->path())) << "its writer lives";
  ASSERT_TRUE(at_work->commit());
  EXPECT_EQ(read_file(target).value(), "new");
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{"x", "y"}));
}

TEST_F(Files, WritersOfOneTargetDoNotTakeEachOthersPartsForAbandoned) {
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i)
      writers.emplace_back([&, i] {
        for (int k = 0; k < 200; ++k)
          if (!write_file(folder / "x", std::string(100, static_cast<char>('a' + i)))) ++failed;
      });
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"x"});
  EXPECT_EQ(read_file(folder / "x")->size(), 100U);
}

TEST_F(Files, ALockKeepsASecondOneOut) {
  auto first = FileLock::try_acquire(folder / "lock", FileLock::Mode::exclusive);
  ASSERT_TRUE(first);
  EXPECT_EQ(FileLock::try_acquire(folder / "lock", FileLock::Mode::shared).error().code, ErrorCode::unavailable);
  {
    const FileLock gone = std::move(*first);
  }
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
