#include "data/cache/loader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <set>
#include <thread>

#include "base/quiet.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

/// 40 pictures whose red tells their number, read through the real path.
class Loading : public testing::Test {
 protected:
  void SetUp() override {
    std::string text = "image,x0,y0,x1,y1\n";
    for (int i = 0; i < 40; ++i) {
      const std::string name = "p" + std::to_string(100 + i) + ".png";
      folder_.picture(name, 16, 16, cv::Scalar(10, 20, 5 * i));
      text += name + ",2,2,12,14\n";
    }
    folder_.write("boxes.csv", text);
    set_ = loaded({.path = folder_.text()}, task_of("box"));
    auto cache = open_cache(set_, 16, folder_.path() / "cache");
    ASSERT_TRUE(cache.has_value()) << to_text(cache.error());
    cache_ = std::make_unique<Cache>(std::move(*cache));
    for (std::size_t i = 0; i < set_.items.size(); ++i) items_.push_back(i);
  }
  /// All pixels and boxes of an epoch, batch by batch.
  std::vector<std::pair<std::vector<std::uint8_t>, std::vector<float>>> epoch(Loader& loader, int number) {
    std::vector<std::pair<std::vector<std::uint8_t>, std::vector<float>>> result;
    loader.start(number);
    while (auto batch = loader.next()) {
      EXPECT_EQ(batch->targets.size(), batch->count);
      EXPECT_EQ(batch->targets.numbers().size(), batch->count * 4);
      EXPECT_EQ(batch->pixels.size(), batch->count * 16 * 16 * 3);
      result.emplace_back(batch->pixels, batch->targets.numbers());
      loader.recycle(std::move(*batch));
    }
    return result;
  }

  Folder folder_;
  DataSet set_;
  std::unique_ptr<Cache> cache_;
  std::vector<std::size_t> items_;
};

TEST_F(Loading, BatchesDoNotDependOnTheThreads) {
  const Augment augment{.flip = true, .scale = 0.3, .shift = 0.1, .colour = 0.3, .blur = 0.3};
  std::vector<std::vector<std::pair<std::vector<std::uint8_t>, std::vector<float>>>> all;
  for (const int threads : {0, 1, 3}) {
    Loader loader(*cache_, items_,
                  {.batch = 7, .shuffle = true, .augment = augment, .seed = 9, .threads = threads, .prefetch = 2});
    EXPECT_EQ(loader.batches(), 6U);
    auto first = epoch(loader, 0);
    auto second = epoch(loader, 1);
    EXPECT_NE(first, second);
    EXPECT_EQ(epoch(loader, 0), first);  // an epoch can be had again
    all.push_back(std::move(first));
  }
  EXPECT_EQ(all[0], all[1]);
  EXPECT_EQ(all[0], all[2]);
}

TEST_F(Loading, EveryItemComesOnceAnEpoch) {
  for (const int threads : {0, 2}) {
    Loader loader(*cache_, items_, {.batch = 7, .shuffle = true, .threads = threads});
    std::multiset<int> seen;
    for (const auto& [pixels, boxes] : epoch(loader, 3))
      for (std::size_t i = 0; i < pixels.size(); i += 16 * 16 * 3) seen.insert(pixels[i] / 5);
    EXPECT_EQ(seen.size(), 40U);
    EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), 40U);
  }
}

TEST_F(Loading, AnAbandonedEpochLeavesNothingBehind) {
  Loader loader(*cache_, items_, {.batch = 4, .shuffle = true, .seed = 2, .threads = 3, .prefetch = 3});
  Loader calm(*cache_, items_, {.batch = 4, .shuffle = true, .seed = 2, .threads = 0});
  const auto expected = epoch(calm, 1);
  for (int round = 0; round < 50; ++round) {
    loader.start(0);
    for (int taken = 0; taken < round % 5; ++taken) ASSERT_TRUE(loader.next().has_value());
    ASSERT_EQ(epoch(loader, 1), expected) << round;
  }
}

TEST_F(Loading, AnIncompleteBatchIsDroppedUnlessItIsTheOnlyOne) {
  Loader dropping(*cache_, items_, {.batch = 16, .drop_last = true, .threads = 0});
  EXPECT_EQ(dropping.batches(), 2U);
  EXPECT_EQ(epoch(dropping, 0).size(), 2U);
  Loader keeping(*cache_, items_, {.batch = 16, .threads = 0});
  EXPECT_EQ(epoch(keeping, 0).size(), 3U);
  Loader only(*cache_, items_, {.batch = 64, .drop_last = true, .threads = 0});
  EXPECT_EQ(epoch(only, 0).size(), 1U);
}

TEST_F(Loading, WithoutShufflingAndAugmentationPicturesComeAsTheyAre) {
  Loader loader(*cache_, {5, 3}, {.batch = 2, .threads = 1});
  const auto batches = epoch(loader, 0);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].first[0], 25);
  EXPECT_EQ(batches[0].first[16 * 16 * 3], 15);
  EXPECT_FLOAT_EQ(batches[0].second[0], 2.0F / 16);
  EXPECT_FLOAT_EQ(batches[0].second[3], 14.0F / 16);
}

/// Latency is never measured while this machine trains, and loading is a part of training.
TEST_F(Loading, NoBatchIsMadeWhileThisMachineMeasures) {
  ::setenv("EDGEWISE_LOCKS", (folder_.path() / "locks").c_str(), 1);
  for (const int threads : {0, 1, 3}) {
    auto quiet = std::make_optional(QuietMachine::enter());
    ASSERT_TRUE(quiet->has_value());
    Loader loader(*cache_, items_, {.batch = 4, .threads = threads, .prefetch = 3});
    loader.start(0);
    std::atomic<bool> has_batch = false;
    std::optional<Batch> batch;
    std::jthread consumer([&] {
      batch = loader.next();
      has_batch = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // a batch takes well below a millisecond
    EXPECT_FALSE(has_batch) << threads << " threads";
    quiet.reset();
    consumer.join();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->count, 4U);
    EXPECT_GT(batch->waited_s, 0.05) << "so that its maker's wait is not taken for training";
    // And a measurement waits for no more than the batches under way, whatever is left to load.
    EXPECT_TRUE(QuietMachine::enter({.at_most = std::chrono::seconds(20)}).has_value());
    while (loader.next()) {
    }
  }
  ::unsetenv("EDGEWISE_LOCKS");
}

TEST_F(Loading, ALoaderCanBeDroppedInTheMiddle) {
  for (int round = 0; round < 20; ++round) {
    Loader loader(*cache_, items_, {.batch = 2, .threads = 3});
    if (round % 2 == 0) loader.start(0);
  }
}

}  // namespace
}  // namespace edgewise::data
