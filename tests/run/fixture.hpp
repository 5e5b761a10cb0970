/// A job on built-in pictures, and a view that remembers what was said.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <format>
#include <functional>
#include <string>
#include <vector>

#include "run/coordinator.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::run {

class Said : public View {
 public:
  void say(const std::string& line) override { lines.push_back(line); }
  void show(const Moment& moment) override {
    if (on_show) on_show(moment);
  }
  void ended(const Moment&, const study::Trial&) override {}
  void close() override {}
  [[nodiscard]] bool has(const std::string& part) const {
    return std::ranges::any_of(lines, [&](const auto& line) { return line.find(part) != std::string::npos; });
  }
  std::vector<std::string> lines;
  std::function<void(const Moment&)> on_show;
};

class Searching : public testing::Test {
 protected:
  void SetUp() override { ::setenv("EDGEWISE_LOCKS", (folder_ / "locks").c_str(), 1); }
  void TearDown() override {
    ::unsetenv("EDGEWISE_STUB");
    ::unsetenv("EDGEWISE_LOCKS");
  }
  /// What the stub does wrong.
  static void tell_worker(const std::string& words) { ::setenv("EDGEWISE_STUB", words.c_str(), 1); }

  /// A job over six small backbones unless `space_` says otherwise; `more` are further lines of it.
  [[nodiscard]] job::Job job(const std::string& more = {}) const {
    const auto parsed =
        job::parse_job("task: box\ndata: {path: builtin:faces, count: 40, input: 32}\nspace: " + space_ + "\n" + more,
                       folder_ / "job.yaml");
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : to_text(parsed.error().front()));
    return *parsed;
  }
  [[nodiscard]] std::filesystem::path place() const { return folder_ / place_; }

  /// Starts or resumes the job's search.
  Result<Summary> search(const std::string& more, const SearchOptions& options = {}) {
    TRY(auto session, start_study(job(more), place()));
    TRY(const auto strategy, make_strategy(session));
    auto summary = run_search(session, strategy.get(), options, said_);
    TRY(study_, session.storage->load());
    return summary;
  }

  std::string place_ = "job.study";
  std::string space_ =
      "{family: backbones, backbone: [squeezenet1_0, squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5, "
      "mobilenet_v3_small, resnet18], learning_rate: [0.001]}";
  TestFolder folder_;
  Said said_;
  study::Study study_;
};

}  // namespace edgewise::run
