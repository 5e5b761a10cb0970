// How a task is added: this file, and tests/extension/loss_count.cpp for what needs LibTorch. Linked into a program it
// is there, by name, wherever tasks are: in the job file, in `edgewise data`, in training, in the report.
//
// The task: how many boxes a picture has.
#include <cmath>
#include <format>

#include "task/heads.hpp"
#include "task/task.hpp"

namespace edgewise::task {
namespace {

// A judge goes through the batches of a split and keeps sums only: no split need fit into memory.
class CountJudge final : public Judge {
 public:
  void add(std::span<const float> outputs, const Targets& targets) override {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const double wanted = static_cast<double>(targets.of(i).front()), given = static_cast<double>(outputs[i]);
      error_ += std::abs(given - wanted);
      exact_ += std::round(given) == wanted ? 1 : 0;
    }
    count_ += targets.size();
  }
  [[nodiscard]] Judgement finish() const override {
    const auto count = static_cast<double>(count_);
    return {{{"count_error", error_ / count}, {"exact_share", static_cast<double>(exact_) / count}}, Json::object()};
  }

 private:
  double error_ = 0;
  std::size_t exact_ = 0, count_ = 0;
};

class CountTask final : public Task {
 public:
  CountTask()
      : Task({.name = "count",
              .sentence = "how many boxes an image has",
              .wants = Wants::boxes,
              .row = 1,
              // What is recorded of a trained network; the first one picks the best epoch.
              .metrics = {{.name = "count_error",
                           .unit = {},
                           .better = Direction::minimize,
                           .known = Known::trained,
                           .range = intervals::not_negative,
                           .sentence = "mean distance between the predicted and the true number of boxes"},
                          {.name = "exact_share",
                           .unit = {},
                           .better = Direction::maximize,
                           .known = Known::trained,
                           .range = intervals::share,
                           .sentence = "share of the pictures whose number, rounded, is right"}},
              .output = "the number of boxes, to be rounded",
              .first_space = "resnet",
              .has_caption = true,
              .loss = {}}) {}

  [[nodiscard]] std::int64_t outputs(std::size_t) const override { return 1; }
  [[nodiscard]] std::string summary(const std::vector<std::string>&) const override {
    return "a number of boxes per picture";
  }

  // Boxes that leave the picture when it is moved still count, so `warp` and `survives` stay as they are.
  [[nodiscard]] Result<Target> target(const picture::Annotation& annotation, std::size_t) const override {
    return Target{static_cast<float>(annotation.marks.size())};
  }

  graph::HeadOutputs put_head(graph::GraphBuilder& builder, const graph::Features& features,
                              std::int64_t outputs) const override {
    return {{"", regression_head(builder, features, outputs)}};
  }

  [[nodiscard]] std::unique_ptr<Judge> judge(std::size_t, Sum) const override { return std::make_unique<CountJudge>(); }

  [[nodiscard]] Json baseline(Annotations training, Annotations validation,
                              const std::vector<std::string>& classes) const override {
    double mean = 0;
    for (const auto* annotation : training)
      mean += static_cast<double>(annotation->marks.size()) / static_cast<double>(training.size());
    CountJudge judge;
    for (const auto* annotation : validation) {
      Targets targets;
      targets.add(*target(*annotation, classes.size()));
      judge.add(std::vector{static_cast<float>(mean)}, targets);
    }
    Json json = judge.finish().metrics;
    json["number"] = mean;
    return json;
  }

  [[nodiscard]] Target predicted(std::span<const float> outputs) const override {
    return {std::round(outputs.front())};
  }

  void draw(picture::Canvas& canvas, std::span<const float> target, const std::vector<std::string>&) const override {
    canvas.caption(std::format("{} boxes", target.front()));
  }
};

const CountTask count;
const Registration added{tasks(), Entry(count)};

}  // namespace
}  // namespace edgewise::task
