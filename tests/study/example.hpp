/// A small study for the tests of storage.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "study/storage.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::study {

inline Settings example_settings() {
  Settings settings;
  settings.name = "face";
  settings.seed = 0xFEDCBA9876543210ULL;  // more than a signed number holds
  settings.objectives = {{"iou", Direction::maximize}, {"latency_ms", Direction::minimize}};
  for (const char* text : {"latency_ms < 33", "memory_mb < 100"})
    settings.constraints.push_back({text, Comparison::parse(text).value()});
  settings.job = {{"task", "box"}, {"space", "backbones"}, {"numbers", {1, 2.5, nullptr}}};
  settings.environment = {{"processor", "a \"quoted\" name"}};
  settings.created = "2026-11-20T22:07:32Z";
  return settings;
}

inline Trial example_trial(int number, State state = State::waiting) {
  Trial trial;
  trial.choice = {
      {"backbone", std::string("resnet18")}, {"blocks", std::int64_t{number}}, {"learning_rate", 1e-5}, {"whole", 2.0}};
  trial.state = state;
  trial.fidelity = Fidelity::training(10);
  trial.seed = 0xFFFFFFFFFFFFFF00ULL + static_cast<std::uint64_t>(number);
  trial.known = values_of(Source::computed, {{"parameters", 11e6}, {"macs", 1.0 / 3.0}});
  if (state == State::rejected) trial.reason = "memory_mb < 100 does not hold";
  return trial;
}

inline StageResult example_result(int stage, double iou) {
  StageResult result;
  result.stage = stage;
  result.fidelity = Fidelity::training(10 * (stage + 1));
  result.best_epoch = 7;
  result.values = {{"iou", {.value = iou, .source = Source::trained, .interval = Interval{.low = 0, .high = 1}}},
                   {"latency_ms", {.value = 12.5, .source = Source::measured, .device = "local", .precision = "fp32"}}};
  result.measurement = {{"latency_ms", 12.5}, {"runs", 30}};
  result.details = {{"remark", "none"}};
  result.artifacts = {{"onnx", "trials/0/model.onnx", std::string(64, 'a'), 123}};
  result.train_s = 1.5;
  result.measure_s = 0.25;
  result.export_s = 0.125;
  result.overhead_s = 0.0625;
  result.finished = "2026-11-20T22:09:00Z";
  return result;
}

inline CurvePoint example_point(int stage, int epoch) {
  return {.stage = stage,
          .epoch = epoch,
          .train_loss = 1.0 / epoch,
          .validation_loss = 1.5 / epoch,
          .metrics = {{"iou", 0.1 * epoch}},
          .seconds = 2.5,
          .images_per_s = 170};
}

using Folder = TestFolder;

/// Every field of two trials alike.
inline void expect_equal(const Trial& a, const Trial& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.choice, b.choice);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.stage, b.stage);
  EXPECT_EQ(a.fidelity, b.fidelity);
  EXPECT_EQ(a.work, b.work);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.known, b.known);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.worker, b.worker);
  EXPECT_EQ(a.curve, b.curve);
  ASSERT_EQ(a.results.size(), b.results.size());
  for (std::size_t i = 0; i < a.results.size(); ++i) {
    const StageResult &x = a.results[i], &y = b.results[i];
    EXPECT_EQ(x.stage, y.stage);
    EXPECT_EQ(x.fidelity, y.fidelity);
    EXPECT_EQ(x.best_epoch, y.best_epoch);
    EXPECT_EQ(x.values, y.values);
    EXPECT_EQ(x.measurement, y.measurement);
    EXPECT_EQ(x.details, y.details);
    EXPECT_EQ(x.artifacts, y.artifacts);
    EXPECT_EQ(std::tie(x.train_s, x.measure_s, x.export_s, x.overhead_s, x.finished),
              std::tie(y.train_s, y.measure_s, y.export_s, y.overhead_s, y.finished));
  }
}

}  // namespace edgewise::study
