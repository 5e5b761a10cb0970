#include "agent/timing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>

namespace edgewise::agent {
namespace {

using testing::HasSubstr;

TEST(Spread, IsAsByHand) {
  const std::vector<double> sample{9, 1, 2, 4, 3, 5, 8, 6, 7, 100};
  const Spread spread = spread_of(sample);
  EXPECT_DOUBLE_EQ(spread.median, 5.5);  // (5 + 6) / 2
  EXPECT_DOUBLE_EQ(spread.p90, 9);       // the 9th of 10
  EXPECT_DOUBLE_EQ(spread.p99, 100);
  EXPECT_DOUBLE_EQ(spread.min, 1);
  EXPECT_DOUBLE_EQ(spread.mad, 2.5);  // of 4.5 3.5 2.5 1.5 .5 .5 1.5 2.5 3.5 94.5
}

TEST(Spread, OfOneValueIsThatValue) {
  const Spread spread = spread_of(std::vector<double>{3.0});
  EXPECT_EQ(spread.median, 3.0);
  EXPECT_EQ(spread.p99, 3.0);
  EXPECT_EQ(spread.mad, 0.0);
}

TEST(Spread, OfHundredValuesTakesTheNearestRank) {
  std::vector<double> sample(100);
  std::iota(sample.begin(), sample.end(), 1.0);
  EXPECT_DOUBLE_EQ(spread_of(sample).p90, 90);
  EXPECT_DOUBLE_EQ(spread_of(sample).p99, 99);
}

/// One second of 100 even runs by a thread that had its processor for itself.
Timing calm() {
  Timing timing{.runs_ms = std::vector<double>(100, 10.0), .warmup_runs = 10, .before = {}, .after = {}};
  timing.after = {.wall_s = 1.0,
                  .thread_cpu_s = 0.99,
                  .own_cpu_s = 0.99,
                  .machine_cpu_s = 1.1,
                  .stolen_s = 0.01,
                  .involuntary_switches = 5};
  timing.fastest_ghz = 2.4;
  timing.slowest_ghz = 2.3;
  timing.throttled = 0;
  return timing;
}

TEST(Disturbance, IsEmptyOnACalmMachine) {
  EXPECT_EQ(disturbance(calm()), "");
}

TEST(Disturbance, IsEmptyWhereTheSystemTellsNeitherClockNorHeat) {
  auto timing = calm();
  timing.fastest_ghz = timing.slowest_ghz = {};
  timing.throttled = {};
  EXPECT_EQ(disturbance(timing), "");
}

TEST(Disturbance, NamesEachReason) {
  auto timing = calm();
  std::fill_n(timing.runs_ms.begin(), 20, 18.0);
  EXPECT_EQ(disturbance(timing), "p90 is 1.8 times the median");
  timing = calm();
  timing.after.thread_cpu_s = 0.8;
  EXPECT_EQ(disturbance(timing), "the measuring thread had to wait for 20 % of the time");
  timing = calm();
  timing.after.involuntary_switches = 120;
  EXPECT_EQ(disturbance(timing), "120 involuntary context switches in 100 runs");
  timing = calm();
  timing.after.machine_cpu_s = 1.99;
  EXPECT_EQ(disturbance(timing), "other processes used 1.0 processors");
  timing = calm();
  timing.after.stolen_s = 0.2;
  EXPECT_EQ(disturbance(timing), "the hypervisor took 20 % of a processor");
  timing = calm();
  timing.slowest_ghz = 1.2;
  EXPECT_EQ(disturbance(timing), "the clock went between 2.4 and 1.2 GHz");
  timing = calm();
  timing.throttled = 2;
  EXPECT_EQ(disturbance(timing), "a processor was slowed down for heat");
}

TEST(Disturbance, IsNotAThreadThatSleepsUntilOthersHaveDoneTheirPart) {
  auto timing = calm();
  timing.after.thread_cpu_s = 0.5;
  timing.is_thread_always_busy = false;
  EXPECT_EQ(disturbance(timing), "");
}

TEST(Disturbance, NamesAllReasonsTogether) {
  auto timing = calm();
  timing.throttled = 1;
  timing.after.stolen_s = 0.5;
  EXPECT_EQ(disturbance(timing), "the hypervisor took 50 % of a processor; a processor was slowed down for heat");
}

TEST(TimeRuns, StopsAtTheMostRuns) {
  int calls = 0;
  const auto timing = time_runs(
      [&]() -> Status {
        ++calls;
        return {};
      },
      {.min_runs = 3, .max_runs = 40, .max_seconds = 1000}, {});
  ASSERT_TRUE(timing);
  EXPECT_EQ(timing->runs_ms.size(), 40U);
  EXPECT_EQ(calls, 40 + timing->warmup_runs);
  EXPECT_GT(timing->warmup_runs, 0);
}

TEST(TimeRuns, GivesASlowModelFiveRuns) {
  const auto slow = []() -> Status {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return {};
  };
  const auto timing = time_runs(slow, {.min_runs = 100, .max_runs = 300, .max_seconds = 0.05}, {});
  ASSERT_TRUE(timing);
  EXPECT_EQ(timing->runs_ms.size(), 5U);
  for (const double ms : timing->runs_ms) EXPECT_GE(ms, 20.0);
}

TEST(TimeRuns, GoesOnToTheLeastRunsWhenTheyAreNear) {
  const auto slow = []() -> Status {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return {};
  };
  // 0.04 s are up after 8 runs at most; 10 runs take twice that at most only if the machine is not too slow, else 5
  // must do.
  const auto timing = time_runs(slow, {.min_runs = 10, .max_runs = 300, .max_seconds = 0.04}, {});
  ASSERT_TRUE(timing);
  double total = 0;
  for (const double ms : timing->runs_ms) total += ms;
  if (total / static_cast<double>(timing->runs_ms.size()) < 7.0)
    EXPECT_EQ(timing->runs_ms.size(), 10U);
  else
    EXPECT_GE(timing->runs_ms.size(), 5U);
}

TEST(TimeRuns, PassesOnTheErrorOfARun) {
  int calls = 0;
  const auto timing =
      time_runs([&]() -> Status { return ++calls == 7 ? Status(invalid("no more")) : Status(); }, {}, {});
  ASSERT_FALSE(timing);
  EXPECT_EQ(timing.error().message, "no more");
}

TEST(Machine, ListsProcessorsThatAThreadCanBePinnedTo) {
  const auto processors = usable_processors();
  ASSERT_FALSE(processors.empty());
  std::thread([&] {
    EXPECT_TRUE(pin_to({processors[0]}));
    EXPECT_EQ(usable_processors(), std::vector<int>{processors[0]});
  }).join();
  EXPECT_EQ(usable_processors(), processors);
}

TEST(Machine, CountsTheTimeOfThisThread) {
  const Activity before = activity_now();
  while (activity_now().thread_cpu_s - before.thread_cpu_s < 0.05) {
  }
  const Activity after = activity_now();
  EXPECT_GE(after.wall_s - before.wall_s, 0.05);
  EXPECT_GE(after.own_cpu_s - before.own_cpu_s, 0.04);
  EXPECT_GT(after.machine_cpu_s, 0);
}

}  // namespace
}  // namespace edgewise::agent
