// Workers and threads: chosen from timings, within the machine, by what brings the whole search furthest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "run/cost_model.hpp"

namespace edgewise::run {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double small = 1e6, large = 1e9;
constexpr std::int64_t gigabyte = 1'000'000'000;
const std::vector<double> both{small, large};
const std::vector<std::size_t> many{100};

/// Two threads slow the small network down; the large one gains by `gain`.
CostModel timed(double gain, std::int64_t peak_memory_bytes = gigabyte) {
  return CostModel({{small, {{1, 0.001}, {2, 0.002}}}, {large, {{1, 0.1}, {2, 0.1 / gain}}}}, peak_memory_bytes);
}
Room room(int processors = 2, std::int64_t gigabytes = 16) {
  return {.processors = processors, .memory_bytes = gigabytes * gigabyte};
}

TEST(Staffing, SmallOperatorsAreTrainedByManyWorkersOfOneThread) {
  const auto model = timed(1.6);
  const auto staffing = choose_staffing(model, both, many, {}, room());
  EXPECT_EQ(staffing.workers, 2);
  EXPECT_EQ(staffing.threads_for(small), 1);
  EXPECT_EQ(staffing.threads_for(large), 1);
  EXPECT_THAT(staffing.why,
              StartsWith("2 workers of 1 thread: expected to train 1.3 times as fast as 1 worker of 1 to 2 threads"));
}

TEST(Staffing, WhereTwoThreadsAreMoreThanTwiceAsFastOneWorkerTakesThem) {
  const auto model = timed(2.5);  // two networks at once drive each other out of the cache
  const auto staffing = choose_staffing(model, {large}, many, {}, room());
  EXPECT_EQ(staffing.workers, 1);
  EXPECT_EQ(staffing.threads_for(large), 2);
}

TEST(Staffing, OneTrialAloneGetsTheThreadsThatSuitItsNetwork) {
  const auto model = timed(1.6);
  const auto staffing = choose_staffing(model, both, {1}, {}, room());
  EXPECT_EQ(staffing.workers, 1) << "never more workers than trials";
  EXPECT_EQ(staffing.threads_for(small), 1);
  EXPECT_EQ(staffing.threads_for(large), 2);
}

TEST(Staffing, TheLastHalfEmptyRoundOfAStageCounts) {
  const auto model = timed(1.6);
  // Three trials take two rounds of two workers (0.2 s an image each way), or three of one (0.1875 s).
  EXPECT_EQ(choose_staffing(model, {large}, {3}, {}, room()).workers, 1);
  EXPECT_EQ(choose_staffing(model, {large}, {4}, {}, room()).workers, 2);
}

TEST(Staffing, StaysWithinTheMemoryThatIsFree) {
  const auto model = timed(1.6, 3 * gigabyte);
  EXPECT_EQ(choose_staffing(model, both, many, {}, room(2, 8)).workers, 2);
  const auto tight = choose_staffing(model, both, many, {}, room(2, 5));
  EXPECT_EQ(tight.workers, 1);
  EXPECT_THAT(tight.why, HasSubstr("more do not fit in the 5.0 GB of free memory"));
  EXPECT_EQ(choose_staffing(model, both, many, {}, room(2, 1)).workers, 1) << "one is always tried";
  EXPECT_EQ(choose_staffing(model, both, many, {}, {.processors = 2, .memory_bytes = {}}).workers, 2) << "not known";
}

TEST(Staffing, WhatIsAskedForRules) {
  const auto model = timed(1.6, 100 * gigabyte);
  const auto workers = choose_staffing(model, both, many, {.workers = 5, .threads = {}}, room());
  EXPECT_EQ(workers.workers, 5);
  EXPECT_EQ(workers.threads_for(large), 1);
  const auto one = choose_staffing(model, both, many, {.workers = 1, .threads = {}}, room());
  EXPECT_EQ(one.threads_for(small), 1);
  EXPECT_EQ(one.threads_for(large), 2);
  const auto threads = choose_staffing(timed(1.6), both, many, {.workers = {}, .threads = 2}, room(4));
  EXPECT_EQ(threads.workers, 2);
  EXPECT_EQ(threads.threads_for(small), 2);
  const auto all = choose_staffing(model, both, many, {.workers = 3, .threads = 7}, room());
  EXPECT_EQ(all.workers, 3);
  EXPECT_EQ(all.threads_for(small), 7);
}

TEST(Staffing, WhereNothingWasTimedThereIsOneWorkerOfOneThread) {
  const CostModel nothing;
  const auto staffing = choose_staffing(nothing, {}, many, {}, room());
  EXPECT_EQ(staffing.workers, 1);
  EXPECT_EQ(staffing.threads_for(large), 1);
}

TEST(Staffing, ThreadsGiveWayToOtherPrograms) {
  const auto model = timed(1.6);
  const auto beside = [&](double load) {
    auto busy = room();
    busy.others_load = load;
    return choose_staffing(model, {large}, {1}, {}, busy).threads_for(large);
  };
  EXPECT_EQ(beside(0.3), 2);
  EXPECT_EQ(beside(0.9), 1);
  EXPECT_EQ(beside(9), 1);
}

TEST(Staffing, TimesTheCrewsThatMayWin) {
  EXPECT_EQ(crews_to_time({}, room(2), 20), (std::vector<Crew>{{2, 1}, {1, 2}}));
  EXPECT_EQ(crews_to_time({}, room(1), 20), (std::vector<Crew>{{1, 1}}));
  EXPECT_EQ(crews_to_time({}, room(16), 1000), (std::vector<Crew>{{16, 1}, {8, 2}}));
  EXPECT_EQ(crews_to_time({}, room(16), 3), (std::vector<Crew>{{16, 1}, {8, 2}, {4, 4}, {2, 8}, {1, 16}}));
  EXPECT_EQ(crews_to_time({}, room(6), 1), (std::vector<Crew>{{6, 1}, {3, 2}, {1, 4}, {1, 6}}));
  EXPECT_EQ(crews_to_time({.workers = 1, .threads = {}}, room(2), 20), (std::vector<Crew>{{1, 1}, {1, 2}}));
  EXPECT_EQ(crews_to_time({.workers = 4, .threads = {}}, room(2), 20), (std::vector<Crew>{{4, 1}}));
  EXPECT_EQ(crews_to_time({.workers = {}, .threads = 2}, room(4), 20), (std::vector<Crew>{{2, 2}}));
  EXPECT_EQ(crews_to_time({.workers = 3, .threads = 5}, room(4), 20), (std::vector<Crew>{{3, 5}}));
}

TEST(Staffing, WorkersSpinBrieflyUnlessTheUserDecided) {
  EXPECT_THAT(worker_environment(2), Contains("GOMP_SPINCOUNT=2000"));
  EXPECT_THAT(worker_environment(2), Contains("OMP_NUM_THREADS=2"));
  ::setenv("GOMP_SPINCOUNT", "7", 1);
  EXPECT_THAT(worker_environment(2), Not(Contains(HasSubstr("SPINCOUNT"))));
  ::unsetenv("GOMP_SPINCOUNT");
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  EXPECT_THAT(worker_environment(2), Not(Contains(HasSubstr("SPINCOUNT"))));
  ::unsetenv("OMP_WAIT_POLICY");
}

TEST(CostModelOf, LinearBetweenTimedNetworksForEachNumberOfThreads) {
  const CostModel model({{3e6, {{1, 0.3}, {2, 0.2}}}, {1e6, {{1, 0.1}, {2, 0.1}}}});
  EXPECT_DOUBLE_EQ(model.seconds_per_image(2e6, 1), 0.2);
  EXPECT_DOUBLE_EQ(model.seconds_per_image(2e6, 2), 0.15);
  EXPECT_DOUBLE_EQ(model.seconds_per_image(1, 1), 0.1);
  EXPECT_DOUBLE_EQ(model.seconds_per_image(6e6, 2), 0.4);
  EXPECT_DOUBLE_EQ(model.seconds_per_image(2e6, 3), 0) << "not timed";
  EXPECT_EQ(model.threads(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(CostModel({{1, {{1, 0.1}}}, {2, {{2, 0.1}}}}).threads().empty());
}

}  // namespace
}  // namespace edgewise::run
