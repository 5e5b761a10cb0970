#include <gtest/gtest.h>
#include <torch/utils.h>

#include "base/file.hpp"
#include "tests/train/synthetic.hpp"
#include "train/checkpoint_internal.hpp"

namespace edgewise::train {
namespace {

class CheckpointFile : public ::testing::Test {
 protected:
  CheckpointFile() : path_(std::filesystem::temp_directory_path() / ("edgewise-ckpt-" + std::to_string(::getpid()))) {}
  ~CheckpointFile() override { std::filesystem::remove(path_); }

  static Checkpoint example() {
    torch::manual_seed(1);
    Checkpoint c{.network = 7, .epoch = 2, .stretch = {0, 5}, .best_epoch = 1, .optimizer = "adamw", .steps = 12};
    c.curve = {{1, 0.5, 0.25, {{"iou", 0.1}}, 0.01, 1.5, 99.5}, {2, 0.4, 1.0 / 3.0, {{"iou", 0.05}}, 0.02, 1.5, 99.5}};
    c.best = {0.25, {{"iou", 0.1}}, {{"confusion", {{1, 2}, {3, 4}}}}};
    c.model = {torch::randn({3, 2}), torch::tensor(5, torch::kInt64)};
    c.moments = {torch::randn({4})};
    c.averages = {torch::randn({3, 2})};
    c.best_model = {torch::randn({3, 2}), torch::tensor(4, torch::kInt64)};
    return c;
  }
  static Checkpoint empty() {
    return {.network = 7,
            .optimizer = "adamw",
            .model = {torch::zeros({3, 2}), torch::tensor(0, torch::kInt64)},
            .moments = {torch::zeros({4})},
            .averages = {torch::zeros({3, 2})}};
  }
  std::filesystem::path path_;
};

TEST_F(CheckpointFile, ReadsWhatWasWritten) {
  const auto written = example();
  ASSERT_TRUE(write_checkpoint(path_, written).has_value());
  auto read = empty();
  ASSERT_TRUE(read_checkpoint(path_, read).has_value());
  EXPECT_EQ(read.epoch, 2);
  EXPECT_EQ(read.stretch.end, 5);
  EXPECT_EQ(read.steps, 12);
  EXPECT_EQ(read.curve[1].validation_loss, 1.0 / 3.0);
  EXPECT_EQ(read.curve[0].metrics, written.curve[0].metrics);
  EXPECT_EQ(read.best.details, written.best.details);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(torch::equal(read.model[i], written.model[i]));
    EXPECT_TRUE(torch::equal(read.best_model[i], written.best_model[i]));
  }
  EXPECT_TRUE(torch::equal(read.moments[0], written.moments[0]));
  EXPECT_TRUE(torch::equal(read.averages[0], written.averages[0]));
}

TEST_F(CheckpointFile, RefusesEveryTruncationAndEveryChangedByte) {
  ASSERT_TRUE(write_checkpoint(path_, example()).has_value());
  const auto bytes = *read_file(path_);
  for (std::size_t length = 0; length < bytes.size(); length += 7) {
    ASSERT_TRUE(write_file(path_, bytes.substr(0, length)).has_value());
    auto read = empty();
    EXPECT_FALSE(read_checkpoint(path_, read).has_value()) << "cut at " << length;
  }
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x15);
    ASSERT_TRUE(write_file(path_, changed).has_value());
    auto read = empty();
    EXPECT_FALSE(read_checkpoint(path_, read).has_value()) << "changed at " << i;
  }
  ASSERT_TRUE(write_file(path_, bytes + "x").has_value());
  auto read = empty();
  EXPECT_FALSE(read_checkpoint(path_, read).has_value());
}

TEST_F(CheckpointFile, RefusesAnotherNetworkOrOptimizer) {
  ASSERT_TRUE(write_checkpoint(path_, example()).has_value());
  auto read = empty();
  read.network = 8;
  EXPECT_EQ(read_checkpoint(path_, read).error().message, "it belongs to another network");
  read = empty();
  read.optimizer = "sgd";
  EXPECT_EQ(read_checkpoint(path_, read).error().message, "it was written with another optimizer");
}

TEST_F(CheckpointFile, BelongsToItsStudyTrialSeedAndStage) {
  auto written = example();
  written.owner = {.study = "a 240 pictures", .trial = 3, .stage = 1};
  written.seed = 18'446'744'073'709'551'615U;
  ASSERT_TRUE(write_checkpoint(path_, written).has_value());
  const auto message = [&](Owner owner, std::uint64_t seed) {
    auto read = empty();
    read.owner = std::move(owner);
    read.seed = seed;
    const auto status = read_checkpoint(path_, read);
    return status ? std::string("taken") : status.error().message;
  };
  EXPECT_EQ(message(written.owner, written.seed), "taken");
  EXPECT_EQ(message({.study = written.owner.study, .trial = 3, .stage = 2}, written.seed), "taken") << "a later stage";
  EXPECT_EQ(message({}, 1), "taken") << "who names no study does not mind";
  EXPECT_EQ(message({.study = "b", .trial = 3, .stage = 1}, written.seed), "it belongs to another study or other data");
  EXPECT_EQ(message({.study = written.owner.study, .trial = 4, .stage = 1}, written.seed),
            "it belongs to another trial");
  EXPECT_EQ(message(written.owner, 7), "it was trained with another seed");
  EXPECT_EQ(message({.study = written.owner.study, .trial = 3, .stage = 0}, written.seed), "it is of a later stage");
  ASSERT_TRUE(write_checkpoint(path_, example()).has_value());
  EXPECT_EQ(message(written.owner, written.seed), "it belongs to another study or other data") << "of no study";
}

TEST_F(CheckpointFile, SaysWhereItCannotBeWritten) {
  const auto status = write_checkpoint("/proc/none/x.ckpt", example());
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  const auto gone = path_.string() + ".gone";
  EXPECT_FALSE(write_checkpoint(gone + "/checkpoint", example()).has_value());
  EXPECT_FALSE(std::filesystem::exists(gone)) << "the folder of a study that was removed does not come back";
}

TEST(NetworkKey, TellsNetworksApart) {
  EXPECT_EQ(network_key(small_network(16, 2)), network_key(small_network(16, 2)));
  EXPECT_NE(network_key(small_network(16, 2)), network_key(small_network(16, 4)));
}

}  // namespace
}  // namespace edgewise::train
