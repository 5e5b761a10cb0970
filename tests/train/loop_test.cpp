#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <format>
#include <fstream>
#include <functional>

#include "base/file.hpp"
#include "nn/processor.hpp"
#include "space/backbones.hpp"
#include "task/box/box.hpp"
#include "task/classification/classification.hpp"
#include "tests/train/loop_fixture.hpp"
#include "train/loop_internal.hpp"

namespace edgewise::train {
namespace {

using ::testing::HasSubstr;

class Loop : public LoopFixture {};

task::Targets targets(const std::vector<task::Target>& all) {
  task::Targets targets;
  for (const auto& one : all) targets.add(one);
  return targets;
}

void expect_same(const Outcome& a, const Outcome& b) {
  ASSERT_EQ(a.curve.size(), b.curve.size());
  for (std::size_t i = 0; i < a.curve.size(); ++i) {
    EXPECT_EQ(a.curve[i].train_loss, b.curve[i].train_loss) << "epoch " << i + 1;
    EXPECT_EQ(a.curve[i].validation_loss, b.curve[i].validation_loss) << "epoch " << i + 1;
    EXPECT_EQ(a.curve[i].learning_rate, b.curve[i].learning_rate) << "epoch " << i + 1;
  }
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.best.metrics, b.best.metrics);
  EXPECT_EQ(a.best_weights, b.best_weights);
}

TEST_F(Loop, LearnsClassesAndReportsThem) {
  auto r = request(task::classification(), 8);
  int reported = 0;
  r.on_epoch = [&](const Epoch& epoch) { EXPECT_EQ(epoch.epoch, ++reported); };
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_EQ(reported, 8);
  EXPECT_GE(outcome->best.metrics.at("accuracy"), 0.95);
  EXPECT_GE(outcome->best.metrics.at("balanced_accuracy"), 0.95);
  const Json& confusion = outcome->best.details.at("confusion");
  ASSERT_EQ(confusion.size(), 2U);
  EXPECT_EQ(confusion[0][0].get<int>() + confusion[0][1].get<int>(), 20);
  EXPECT_FALSE(outcome->stopped_early.has_value());
}

TEST_F(Loop, LearnsBoxes) {
  auto r = request(task::box(), 60);
  const auto known = targets({{0.3F, 0.3F, 0.7F, 0.7F}});
  r.training_targets = &known;
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_GT(outcome->best.metrics.at("iou"), 0.5);
  EXPECT_GT(outcome->best.metrics.at("iou"), outcome->curve.front().metrics.at("iou") + 0.1);
  EXPECT_LT(outcome->curve.back().train_loss, 0.5 * outcome->curve.front().train_loss);
}

TEST_F(Loop, TheBestEpochIsTheOneWithTheBestMetric) {
  const auto outcome = run_loop(request(task::box(), 10));
  ASSERT_TRUE(outcome.has_value());
  for (const auto& epoch : outcome->curve) EXPECT_LE(epoch.metrics.at("iou"), outcome->best.metrics.at("iou"));
  EXPECT_EQ(outcome->curve[static_cast<std::size_t>(outcome->best_epoch - 1)].metrics, outcome->best.metrics);
  // The weights handed back are those of that epoch.
  nn::Network network(graph_);
  ASSERT_TRUE(nn::load_weights(network, outcome->best_weights).has_value());
  const auto again = judge(network, {&task::box(), 2}, *validation_, nullptr);
  ASSERT_TRUE(again.has_value());
  EXPECT_NEAR(again->metrics.at("iou"), outcome->best.metrics.at("iou"), 1e-6);
}

TEST_F(Loop, StartsBoxesAtTheMeanBox) {
  auto r = request(task::box(), 1);
  r.settings.learning_rate = 1e-9;
  const auto known = targets({{0.0F, 0.25F, 0.6F, 0.75F}, {0.4F, 0.35F, 0.6F, 0.85F}});
  r.training_targets = &known;
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_THAT(outcome->best_weights.at("head.bias").floats(),
              ::testing::Pointwise(::testing::FloatNear(1e-5F), std::vector<float>{0.2F, 0.3F, 0.6F, 0.8F}));
}

// A task of the tests: what the loop knows of a task is in its catalogue and in that of losses.
TEST_F(Loop, LearnsATaskThatWasAdded) {
  const auto outcome = run_loop(request(**task::find_task("count"), 40));
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  for (const auto& epoch : outcome->curve)  // fewer is better
    EXPECT_GE(epoch.metrics.at("count_error"), outcome->best.metrics.at("count_error"));
  EXPECT_LT(outcome->best.metrics.at("count_error"), 0.3);  // always to guess 1.5 errs by 0.5
  EXPECT_GT(outcome->best.metrics.at("exact_share"), 0.8);
}

TEST_F(Loop, TrainsByTheOptionsOfItsLossAndJudgesByTheirDefaults) {
  auto r = request(task::classification(), 1);
  r.settings.learning_rate = 1e-9;
  const auto plain = run_loop(r);
  r.settings.loss = edgewise::Settings(task::ClassificationLossOptions{.label_smoothing = 0.5});
  const auto smoothed = run_loop(r);
  ASSERT_TRUE(plain && smoothed);
  EXPECT_NE(plain->curve.front().train_loss, smoothed->curve.front().train_loss);
  EXPECT_NEAR(plain->curve.front().validation_loss, smoothed->curve.front().validation_loss, 1e-6);
}

TEST_F(Loop, TrainsTheSameTwice) {
  const auto first = run_loop(request(task::classification(), 3));
  const auto second = run_loop(request(task::classification(), 3));
  ASSERT_TRUE(first && second);
  expect_same(*first, *second);
  auto other = request(task::classification(), 3);
  other.seed = 2;
  EXPECT_NE(run_loop(other)->best_weights, first->best_weights);
}

TEST_F(Loop, AnInterruptedTrainingEndsAsOneThatWasNot) {
  for (const std::string optimizer : {"adamw", "sgd"}) {
    SCOPED_TRACE(optimizer);
    auto whole = request(task::box(), 4);
    whole.settings.optimizer = optimizer;
    const auto expected = run_loop(whole);
    ASSERT_TRUE(expected.has_value());

    auto r = request(task::box(), 4);
    r.settings.optimizer = optimizer;
    r.checkpoint = folder_ / (optimizer + ".ckpt");
    std::atomic<bool> stop = false;
    r.stop = &stop;
    r.on_batch = [&](int epoch, std::size_t batch, std::size_t) { stop = epoch == 3 && batch == 2; };
    const auto interrupted = run_loop(r);
    ASSERT_FALSE(interrupted.has_value());
    EXPECT_EQ(interrupted.error().code, ErrorCode::interrupted);
    EXPECT_THAT(interrupted.error().message, HasSubstr("epoch 3"));

    stop = false;
    r.on_batch = {};
    std::vector<int> epochs;
    r.on_epoch = [&](const Epoch& epoch) { epochs.push_back(epoch.epoch); };
    const auto resumed = run_loop(r);
    ASSERT_TRUE(resumed.has_value()) << to_text(resumed.error());
    EXPECT_EQ(epochs, (std::vector<int>{3, 4}));
    expect_same(*resumed, *expected);
  }
}

TEST_F(Loop, WhatCannotBeContinuedIsTrainedFromTheStartAndSaidSo) {
  auto r = request(task::classification(), 2);
  r.checkpoint = folder_ / "trial.ckpt";
  const auto first = run_loop(r);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->started_over.has_value());
  r.epochs = 3;
  r.told = 2;
  std::vector<std::string> remarks;
  r.on_remark = [&](const std::string& remark) { remarks.push_back(remark); };
  const auto whole = *read_file(r.checkpoint);
  const auto over = [&](const std::string& why) {
    std::vector<int> epochs;
    r.on_epoch = [&](const Epoch& epoch) { epochs.push_back(epoch.epoch); };
    const auto outcome = run_loop(r);
    ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
    EXPECT_EQ(epochs, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(outcome->started_over, why);
    ASSERT_FALSE(remarks.empty());
    EXPECT_EQ(remarks.back(), why + "; it is trained from the start");
  };
  auto damaged = whole;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  ASSERT_TRUE(write_file(r.checkpoint, damaged));
  over("its checkpoint is not used: its checksum is wrong");
  ASSERT_TRUE(write_file(r.checkpoint, ""));
  over("its checkpoint is not used: it is no checkpoint of this version");
  std::filesystem::remove(r.checkpoint);
  over("its checkpoint is gone");
  ASSERT_TRUE(write_file(r.checkpoint, whole));
  r.owner = {.study = "another", .trial = 0, .stage = 0};
  over("its checkpoint is not used: it belongs to another study or other data");
}

TEST_F(Loop, ACheckpointThatCannotBeReadIsNotTrainedOver) {
  auto r = request(task::classification(), 2);
  r.checkpoint = folder_ / "trial.ckpt";
  std::filesystem::create_directories(r.checkpoint);  // as root, no permission keeps a file from being read
  const auto outcome = run_loop(r);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable) << "the machine's fault, and the checkpoint may be whole";
}

TEST_F(Loop, ATrainingThatEndedInItsFirstEpochHasNoCheckpointAndSaysNothing) {
  auto r = request(task::classification(), 2);
  r.checkpoint = folder_ / "trial.ckpt";
  r.told = 1;  // told, and ended before it was saved
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_FALSE(outcome->started_over.has_value());
  std::filesystem::remove(r.checkpoint);
  r.owner.stage = 1;  // what the stage before trained is gone
  EXPECT_EQ(run_loop(r)->started_over, "its checkpoint is gone");
}

TEST_F(Loop, EpochsOfTheCheckpointThatNobodyHeardOfAreToldAgain) {
  auto r = request(task::classification(), 3);
  r.checkpoint = folder_ / "trial.ckpt";
  const auto first = run_loop(r);
  ASSERT_TRUE(first.has_value());
  r.told = 1;  // by a study that was restored from an older copy
  std::vector<Epoch> told;
  r.on_epoch = [&](const Epoch& epoch) { told.push_back(epoch); };
  ASSERT_TRUE(run_loop(r).has_value());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].epoch, 2);
  EXPECT_EQ(told[1].epoch, 3);
  EXPECT_EQ(told[1].train_loss, first->curve[2].train_loss);
}

TEST_F(Loop, APromotedTrialContinuesItsWeights) {
  auto r = request(task::classification(), 2);
  r.checkpoint = folder_ / "trial.ckpt";
  const auto first = run_loop(r);
  ASSERT_TRUE(first.has_value());
  r.epochs = 5;
  std::vector<int> epochs;
  r.on_epoch = [&](const Epoch& epoch) { epochs.push_back(epoch.epoch); };
  const auto second = run_loop(r);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(epochs, (std::vector<int>{3, 4, 5}));
  ASSERT_EQ(second->curve.size(), 5U);
  EXPECT_EQ(second->curve[1].train_loss, first->curve[1].train_loss);
  EXPECT_LT(second->curve[2].train_loss, first->curve[0].train_loss);
  // Asked again for what is done, nothing is trained.
  training_->starts = 0;
  const auto third = run_loop(r);
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(training_->starts, 0);
  expect_same(*third, *second);
}

TEST_F(Loop, APromotedTrialInterruptedInItsSecondStageEndsAsOneThatWasNot) {
  for (const std::string optimizer : {"adamw", "sgd"}) {
    SCOPED_TRACE(optimizer);
    const auto two_stages = [&](const std::string& name,
                                const std::function<Result<Outcome>(LoopRequest&)>& second) -> Result<Outcome> {
      auto r = request(task::box(), 2);
      r.settings.optimizer = optimizer;
      r.checkpoint = folder_ / (optimizer + name);
      if (auto first = run_loop(r); !first) return first;
      r.epochs = 6;
      return second(r);
    };
    const auto expected = two_stages("whole", [](LoopRequest& r) { return run_loop(r); });
    ASSERT_TRUE(expected.has_value()) << to_text(expected.error());

    std::atomic<bool> stop = false;
    const auto resumed = two_stages("resumed", [&](LoopRequest& r) {
      r.stop = &stop;
      // Twice: in the stage's first epoch, where only the first stage's checkpoint is there, and in a later one.
      for (const int blow : {3, 5}) {
        stop = false;
        r.on_batch = [&](int epoch, std::size_t batch, std::size_t) { stop = epoch == blow && batch == 2; };
        const auto interrupted = run_loop(r);
        EXPECT_FALSE(interrupted.has_value());
        if (!interrupted) {
          EXPECT_EQ(interrupted.error().code, ErrorCode::interrupted) << to_text(interrupted.error());
        }
      }
      stop = false;
      r.on_batch = {};
      return run_loop(r);
    });
    ASSERT_TRUE(resumed.has_value()) << to_text(resumed.error());
    EXPECT_EQ(resumed->curve.size(), 6U);
    expect_same(*resumed, *expected);
  }
}

TEST_F(Loop, APromotedTrialStartsAnewWhereTheSettingsSaySo) {
  auto r = request(task::classification(), 2);
  r.checkpoint = folder_ / "trial.ckpt";
  r.settings.restart = true;
  ASSERT_TRUE(run_loop(r).has_value());
  r.epochs = 3;
  const auto restarted = run_loop(r);
  r.checkpoint.clear();
  const auto fresh = run_loop(r);
  ASSERT_TRUE(restarted && fresh);
  expect_same(*restarted, *fresh);
}

TEST_F(Loop, ADamagedCheckpointStartsTheTrainingOver) {
  auto r = request(task::classification(), 2);
  const auto expected = run_loop(r);
  r.checkpoint = folder_ / "trial.ckpt";
  std::ofstream(r.checkpoint) << "this is no checkpoint";
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  expect_same(*outcome, *expected);
}

TEST_F(Loop, ACheckpointOfAnotherNetworkIsNotUsed) {
  auto r = request(task::classification(), 1);
  r.checkpoint = folder_ / "trial.ckpt";
  ASSERT_TRUE(run_loop(r).has_value());
  auto other = request(task::box(), 1);
  other.checkpoint = r.checkpoint;
  const auto outcome = run_loop(other);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_EQ(outcome->curve.size(), 1U);
}

TEST_F(Loop, SaysWhenTheNumbersBrokeAndKeepsTheBestEpochBefore) {
  auto r = request(task::classification(), 5);
  r.settings = {.optimizer = "sgd",
                .learning_rate = 1e25,
                .schedule = "constant",
                .warmup_epochs = 0,
                .clip_norm = 0,
                .threads = 1};
  const auto broken = run_loop(r);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(broken.error().message, HasSubstr("no epoch ended with finite numbers"));
  EXPECT_THAT(broken.error().message, HasSubstr("epoch 1"));

  r.settings.learning_rate = 0.01;
  r.checkpoint = folder_ / "trial.ckpt";
  r.epochs = 1;
  ASSERT_TRUE(run_loop(r).has_value());
  r.settings.learning_rate = 1e25;
  r.epochs = 3;
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_EQ(outcome->best_epoch, 1);
  ASSERT_TRUE(outcome->stopped_early.has_value());
  EXPECT_THAT(*outcome->stopped_early, HasSubstr("became"));
  EXPECT_THAT(*outcome->stopped_early, HasSubstr("epoch"));
}

TEST_F(Loop, RefusesANetworkWhoseOutputDoesNotFitTheTask) {
  auto r = request(task::classification(), 1);
  r.goal.classes = 7;
  const auto outcome = run_loop(r);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().message, "the network's output is 2, the task needs 7");
}

TEST_F(Loop, LearnsInBf16Too) {
  auto r = request(task::classification(), 8);
  r.settings.precision = "bf16";
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_GE(outcome->best.metrics.at("accuracy"), 0.95);
  r.settings.precision = "fp32";
  const auto exact = run_loop(r);
  ASSERT_TRUE(exact.has_value());
  EXPECT_NE(exact->curve.front().train_loss, outcome->curve.front().train_loss) << "bf16 rounds";
}

TEST(Precision, IsWhatItWasAskedToBe) {
  const auto graph = space::build_backbone("resnet18", {.channels = 3, .input_size = 32, .outputs = 2});
  ASSERT_TRUE(graph.has_value());
  EXPECT_EQ(choose_precision("bf16", *graph, torch::kCPU), nn::Precision::bf16);
  EXPECT_EQ(choose_precision("fp32", *graph, torch::kCPU), nn::Precision::fp32);
}

TEST(Precision, AutoTakesBf16WhereTimingsShowedItFaster) {
  const auto auto_of = [](const char* name, bool has_bf16, bool has_undescribed_tiles) {
    const auto graph = space::build_backbone(name, {.channels = 3, .input_size = 64, .outputs = 2});
    EXPECT_TRUE(graph.has_value());
    return faster_precision(*graph, has_bf16, has_undescribed_tiles);
  };
  using enum nn::Precision;
  EXPECT_EQ(auto_of("resnet18", true, false), bf16);
  EXPECT_EQ(auto_of("mobilenet_v2", true, false), fp32) << "depthwise convolutions";
  EXPECT_EQ(auto_of("convnext_tiny", true, false), bf16) << "mostly linear, in spite of its depthwise convolutions";
  EXPECT_EQ(auto_of("resnet18", true, true), fp32) << "without tiles convolutions gain nothing";
  EXPECT_EQ(auto_of("convnext_tiny", true, true), bf16);
  for (const char* name : {"resnet18", "mobilenet_v2", "convnext_tiny"})
    EXPECT_EQ(auto_of(name, false, false), fp32) << name;
  // On this machine the rule is asked with this processor's properties.
  const auto graph = space::build_backbone("resnet18", {.channels = 3, .input_size = 64, .outputs = 2});
  EXPECT_EQ(choose_precision("auto", *graph, torch::kCPU),
            faster_precision(*graph, nn::has_bf16(), nn::has_undescribed_tiles()));
}

// mnasnet's batch norms keep 99.97 % of their past with each batch: with its own momentum, validation would see the
// statistics of random weights (a published search of this kind reports validation losses of 1e8 from it).
TEST_F(Loop, ValidatesMnasnetAfterAFewBatches) {
  auto r = request(task::classification(), 12);
  const auto graph = space::build_backbone("mnasnet0_5", {.channels = 3, .input_size = 48, .outputs = 2});
  ASSERT_TRUE(graph.has_value());
  SyntheticBatches training(task::classification(), 128, 16, 48, 1), validation(task::classification(), 128, 16, 48, 2);
  r.graph = &*graph;
  r.training = &training;
  r.validation = &validation;
  r.settings.learning_rate = 0.001;
  const auto outcome = run_loop(r);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  std::string curve;
  for (const auto& epoch : outcome->curve) curve += std::format(" {:.3f}", epoch.metrics.at("accuracy"));
  // Statistics of random weights leave it at chance, 0.5; how far above depends on the processor's rounding.
  EXPECT_GE(outcome->best.metrics.at("accuracy"), 0.7) << curve;
  // 96 batches with the network's own momentum would leave 97.2 % of the first values, 1.
  const auto& variance = outcome->best_weights.at("layers.1.running_var").floats();
  EXPECT_GT(std::ranges::count_if(variance, [](float v) { return std::abs(v - 1) > 0.05F; }), std::ssize(variance) / 2);
}

TEST(InputTensor, NormalisesAndTurnsPixelsIntoChannels) {
  data::Batch batch{.pixels = {0, 255, 51, 102, 153, 204}, .targets = targets({task::Target{0.0F}}), .count = 1};
  const auto x = input_tensor(batch, {3, 1, 2}, torch::kCPU);
  ASSERT_TRUE(x.has_value());
  EXPECT_EQ(x->sizes().vec(), (std::vector<std::int64_t>{1, 3, 1, 2}));
  EXPECT_NEAR((*x)[0][0][0][0].item<float>(), (0.0 - 0.485) / 0.229, 1e-5);
  EXPECT_NEAR((*x)[0][1][0][0].item<float>(), (1.0 - 0.456) / 0.224, 1e-5);
  EXPECT_NEAR((*x)[0][2][0][1].item<float>(), (0.8 - 0.406) / 0.225, 1e-5);
  EXPECT_TRUE(x->is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_FALSE(input_tensor(batch, {3, 2, 2}, torch::kCPU).has_value());
}

}  // namespace
}  // namespace edgewise::train
