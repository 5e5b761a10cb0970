// Measuring and training exclude each other, and trainers cannot starve a measurement.
#include "base/quiet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <format>
#include <string>
#include <thread>
#include <vector>

#include "base/process.hpp"
#include "device/local_device.hpp"
#include "tests/device/models.hpp"

namespace edgewise::device {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Processes that do nothing but enter `BusyMachine`, stay a millisecond and enter again at once, as workers that
/// train.
class Trainers {
 public:
  struct Shared {
    std::atomic<int> inside = 0;
    std::atomic<long> batches = 0;
  };
  explicit Trainers(int count)
      : shared_(new(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                    Shared) {
    for (int i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) train();
      pids_.push_back(pid);
    }
    while (shared_->batches < count) std::this_thread::yield();
  }
  ~Trainers() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
    ::munmap(shared_, sizeof(Shared));
  }
  Trainers(const Trainers&) = delete;
  Trainers& operator=(const Trainers&) = delete;
  Shared& operator*() { return *shared_; }

 private:
  [[noreturn]] void train() {
    for (;;) {
      const auto busy = BusyMachine::enter();
      if (!busy) ::_exit(1);
      ++shared_->inside;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++shared_->batches;
      --shared_->inside;
    }
  }
  Shared* shared_;
  std::vector<pid_t> pids_;
};

class Quiet : public testing::Test {
 protected:
  void SetUp() override { ::setenv("EDGEWISE_LOCKS", (folder_ / "locks").c_str(), 1); }
  TestFolder folder_;
};

TEST_F(Quiet, MeansThatNoTrainerIsInsideABatch) {
  Trainers trainers(4);
  for (int i = 0; i < 20; ++i) {
    const long before = (*trainers).batches;
    {
      const auto quiet = QuietMachine::enter();
      ASSERT_TRUE(quiet) << to_text(quiet.error());
      EXPECT_EQ((*trainers).inside, 0);
      const long batches = (*trainers).batches;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      EXPECT_EQ((*trainers).batches, batches);
      EXPECT_EQ((*trainers).inside, 0);
    }
    while ((*trainers).batches == before) std::this_thread::yield();  // they go on afterwards
  }
}

TEST_F(Quiet, LetsTrainersComputeTogether) {
  const auto first = BusyMachine::enter();
  const auto second = BusyMachine::enter();
  EXPECT_TRUE(first && second);
}

/// A process that holds the machine busy, and is stopped or only slow.
class Trainer {
 public:
  explicit Trainer(bool is_stopped) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    process_ = ::fork();
    if (process_ == 0) {
      const auto busy = BusyMachine::enter();
      const bool is_told = ::write(ready[1], "x", 1) == 1;
      if (is_stopped) ::raise(SIGSTOP);
      for (;;) ::usleep(is_told ? 100'000 : 1);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    for (int i = 0; is_stopped && i < 500 && !edgewise::is_stopped(process_); ++i) ::usleep(10'000);
  }
  ~Trainer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  [[nodiscard]] pid_t process() const { return process_; }

 private:
  pid_t process_ = -1;
};

TEST_F(Quiet, NamesWhoIsInTheWay) {
  const Trainer trainer(true);
  const auto others = at_work();
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0].pid, trainer.process());
  EXPECT_TRUE(others[0].is_stopped);
  const std::string name = std::format("process {} (", trainer.process());
  EXPECT_THAT(to_text(others[0]), AllOf(HasSubstr(name), HasSubstr("which is stopped")));
  const auto quiet = QuietMachine::enter({.at_most = std::chrono::milliseconds(50)});
  ASSERT_FALSE(quiet);
  EXPECT_THAT(quiet.error().message, HasSubstr(name));
}

TEST_F(Quiet, SaysWhomItWaitsForAndCanBeStopped) {
  const Trainer trainer(false);
  std::atomic<bool> stop = false;
  std::vector<std::string> heard;
  const auto say = [&](const std::string& line) {
    heard.push_back(line);
    stop = true;
  };
  const auto quiet = QuietMachine::enter({.say = say, .stop = &stop, .at_most = {}});
  ASSERT_FALSE(quiet);
  EXPECT_EQ(quiet.error().code, ErrorCode::interrupted);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_THAT(heard[0],
              AllOf(HasSubstr("waiting to measure for"), HasSubstr(std::format("process {}", trainer.process()))));
}

TEST_F(Quiet, IsNotWaitedForBehindATrainerThatHangs) {
  const auto hanging = BusyMachine::enter();
  ASSERT_TRUE(hanging);
  const auto quiet = QuietMachine::enter({.at_most = std::chrono::milliseconds(50)});
  ASSERT_FALSE(quiet);
  EXPECT_EQ(quiet.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(BusyMachine::enter()) << "the gate is open again";
}

TEST_F(Quiet, LetsAMeasurementThroughWhileFourTrainersAskWithoutAPause) {
  Trainers trainers(4);
  const auto path = save(twice_plus_one(), folder_ / "model.onnx");
  const auto device = make_local_device({.min_runs = 5, .max_runs = 10, .max_seconds = 0.1});
  for (int i = 0; i < 3; ++i) {
    const auto m = device->measure(candidate_of_file(path));
    ASSERT_TRUE(m) << to_text(m.error());
  }
  const long batches = (*trainers).batches;
  while ((*trainers).batches == batches) std::this_thread::yield();
}

}  // namespace
}  // namespace edgewise::device
