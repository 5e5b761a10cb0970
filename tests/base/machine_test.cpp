#include "base/machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string>
#include <thread>

#include "base/process.hpp"

namespace edgewise {
namespace {

using namespace std::chrono_literals;

void keep_busy(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(Machine, HasProcessorsAndMemory) {
  EXPECT_GE(usable_processors(), 1);
  EXPECT_LE(usable_processors(), static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  const auto memory = available_memory_bytes();
  ASSERT_TRUE(memory.has_value());
  EXPECT_GT(*memory, 1 << 20);
  const auto peak = peak_memory_bytes(::getpid());
  ASSERT_TRUE(peak.has_value());
  EXPECT_GT(*peak, 1 << 20);
  EXPECT_FALSE(peak_memory_bytes(1 << 30).has_value()) << "no such process";
}

TEST(OthersLoad, DoesNotCountWhatThisProcessAndItsChildrenDo) {
  auto child = ChildProcess::start({"sh", "-c", "while :; do :; done"}, {});
  ASSERT_TRUE(child.has_value());
  OthersLoad others;
  EXPECT_FALSE(others.read().has_value()) << "too soon to tell";
  const auto begun = std::clock();
  keep_busy(1s);
  const double own = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  const auto load = others.read();
  ASSERT_TRUE(load.has_value());
  // What this process did is not among the others: together they are no more than all processors can do.
  EXPECT_LE(*load + own, std::thread::hardware_concurrency() + 0.3);
  EXPECT_GE(*load, 0);
}

TEST(OthersLoad, CountsProgramsThatAreNoDescendants) {
  // The shell ends at once, so its busy child is nobody's descendant here.
  auto shell = ChildProcess::start({"sh", "-c", "(exec >&-; while :; do :; done) & echo $!"}, {});
  ASSERT_TRUE(shell.has_value());
  const auto line = shell->read_line(5s);
  ASSERT_TRUE(line.has_value()) << line.error().message;
  const pid_t busy = std::stoi(*line);
  shell->wait(5s);
  OthersLoad others;
  std::this_thread::sleep_for(1s);
  const auto load = others.read();
  ::kill(busy, SIGKILL);
  ASSERT_TRUE(load.has_value());
  EXPECT_GT(*load, 0.1);
}

TEST(KeptWaiting, GrowsWhenThreadsShareAProcessor) {
  const auto before = seconds_kept_waiting();
  if (!before) GTEST_SKIP() << "this kernel does not count how long a thread waits";
  std::atomic<bool> stop = false;
  std::vector<std::jthread> others;
  for (int i = 0; i < 4 * usable_processors(); ++i)
    others.emplace_back([&] {
      while (!stop) {
      }
    });
  keep_busy(1s);
  stop = true;
  EXPECT_GT(*seconds_kept_waiting() - *before, 0.1) << "four busy threads for each processor";
}

}  // namespace
}  // namespace edgewise
