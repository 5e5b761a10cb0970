/// What the tests of the training loop share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/train/synthetic.hpp"

namespace edgewise::train {

/// Trains the small network on synthetic pictures, with a folder for checkpoints.
class LoopFixture : public ::testing::Test {
 protected:
  static constexpr std::int64_t size = 16;  // of the pictures
  static constexpr std::size_t pictures = 60;

  LoopFixture() : folder_(std::filesystem::temp_directory_path() / ("edgewise-loop-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~LoopFixture() override { std::filesystem::remove_all(folder_); }

  LoopRequest request(const task::Task& task, int epochs) {
    graph_ = small_network(size, task.outputs(2));
    training_ = std::make_unique<SyntheticBatches>(task, pictures, 16, size, 1);
    validation_ = std::make_unique<SyntheticBatches>(task, 40, 16, size, 2);
    LoopRequest r{.graph = &graph_,
                  .goal = {&task, 2},
                  .training = training_.get(),
                  .validation = validation_.get(),
                  .epochs = epochs};
    r.settings.learning_rate = 0.01;
    r.settings.threads = 1;
    return r;
  }

  std::filesystem::path folder_;
  graph::Graph graph_;
  std::unique_ptr<SyntheticBatches> training_, validation_;
};

}  // namespace edgewise::train
