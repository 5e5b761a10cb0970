#include "task/box/box.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "task/heads.hpp"

namespace edgewise::task {

namespace {

constexpr std::size_t corners = 4;
constexpr float tiny = 1e-7F;
constexpr double good_overlap = 0.5;

picture::Box as_box(std::span<const float> c) {
  return {c[0], c[1], c[2], c[3]};
}

class BoxJudge final : public Judge {
 public:
  explicit BoxJudge(Sum sum) : sum_(std::move(sum)) {}

  void add(std::span<const float> outputs, const Targets& targets) override {
    overlaps_.clear();
    for (std::size_t i = 0; i < targets.size(); ++i)
      overlaps_.push_back(overlap(outputs.subspan(i * corners, corners), targets.of(i)));
    total_ += sum_(overlaps_);
    for (const float one : overlaps_) good_ += static_cast<double>(one) >= good_overlap ? 1 : 0;
    count_ += targets.size();
  }

  [[nodiscard]] Judgement finish() const override {
    const auto count = static_cast<double>(count_);
    return {{{"iou", total_ / count}, {"iou50", static_cast<double>(good_) / count}}, Json::object()};
  }

 private:
  Sum sum_;
  std::vector<float> overlaps_;  // of the present batch
  double total_ = 0;
  std::size_t good_ = 0, count_ = 0;
};

class BoxTask final : public Task {
 public:
  BoxTask()
      : Task({.name = "box",
              .sentence = "one box per image",
              .wants = Wants::one_box,
              .row = corners,
              .metrics = {{.name = "iou",
                           .unit = {},
                           .better = Direction::maximize,
                           .known = Known::trained,
                           .range = intervals::share,
                           .sentence = "intersection over union of predicted and true box, mean over the pictures"},
                          {.name = "iou50",
                           .unit = {},
                           .better = Direction::maximize,
                           .known = Known::trained,
                           .range = intervals::share,
                           .sentence = "share of the pictures with an intersection over union of at least 0.5"}},
              .output = "one box: x0, y0, x1, y1 as shares of the input's width and height (0 to 1), from its upper "
                        "left corner",
              .first_space = "{family: backbones, backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1, "
                             "mnasnet0_5], learning_rate: [0.001]}",
              .has_caption = false,
              .is_placed = true,
              .loss = Settings(BoxLossOptions{})}) {}

  [[nodiscard]] std::int64_t outputs(std::size_t) const override { return corners; }
  [[nodiscard]] std::string summary(const std::vector<std::string>&) const override { return "one box per picture"; }

  [[nodiscard]] Result<Target> target(const picture::Annotation& annotation, std::size_t) const override {
    if (annotation.marks.size() != 1)
      return invalid(std::format("a picture has {} boxes", annotation.marks.size()),
                     "use a data set with one box per picture");
    const auto box = picture::shares(annotation.marks.front().box, annotation);
    return Target{static_cast<float>(box.x0), static_cast<float>(box.y0), static_cast<float>(box.x1),
                  static_cast<float>(box.y1)};
  }

  void warp(Target& target, const picture::Warp& warp) const override {
    const auto box = picture::clipped(picture::warped(as_box(target), warp));
    target = {static_cast<float>(box.x0), static_cast<float>(box.y0), static_cast<float>(box.x1),
              static_cast<float>(box.y1)};
  }

  [[nodiscard]] bool survives(std::span<const float> target, const picture::Warp& warp) const override {
    const auto box = picture::warped(as_box(target), warp);
    const double whole = (box.x1 - box.x0) * (box.y1 - box.y0);
    return picture::visible_area(box) >= whole / 3;  // less of a box is no box to learn from
  }

  graph::HeadOutputs put_head(graph::GraphBuilder& builder, const graph::Features& features,
                              std::int64_t outputs) const override {
    return {{"", regression_head(builder, features, outputs)}};
  }

  [[nodiscard]] std::unique_ptr<Judge> judge(std::size_t, Sum sum) const override {
    return std::make_unique<BoxJudge>(std::move(sum));
  }

  /// The mean box of the training pictures.
  [[nodiscard]] Json baseline(Annotations training, Annotations validation,
                              const std::vector<std::string>&) const override {
    const auto shares_of = [](const picture::Annotation& annotation) {
      return picture::shares(annotation.marks.front().box, annotation);
    };
    std::array<double, corners> mean{};
    for (const auto* annotation : training) {
      const auto box = shares_of(*annotation);
      const std::array one{box.x0, box.y0, box.x1, box.y1};
      for (std::size_t k = 0; k < corners; ++k) mean[k] += one[k] / static_cast<double>(training.size());
    }
    double sum = 0;
    std::size_t good = 0;
    for (const auto* annotation : validation) {
      // IoU does not change when an axis is scaled, so shares serve as well as pixels.
      const double iou = picture::intersection_over_union(shares_of(*annotation), {mean[0], mean[1], mean[2], mean[3]});
      sum += iou;
      good += iou >= good_overlap ? 1 : 0;
    }
    const auto count = static_cast<double>(validation.size());
    return {{"iou", sum / count}, {"iou50", static_cast<double>(good) / count}, {"box", mean}};
  }

  [[nodiscard]] Target predicted(std::span<const float> outputs) const override {
    return {outputs.begin(), outputs.end()};
  }

  void draw(picture::Canvas& canvas, std::span<const float> target, const std::vector<std::string>&) const override {
    constexpr picture::Colour edge{0, 0, 0}, line{60, 220, 60};
    canvas.outline(as_box(target), edge, 3);
    canvas.outline(as_box(target), line, 1);
  }
};

}  // namespace

const Task& box() {
  static const BoxTask task;
  return task;
}

float overlap(std::span<const float> p, std::span<const float> t) {
  const auto area = [](std::span<const float> c) { return std::max(c[2] - c[0], 0.0F) * std::max(c[3] - c[1], 0.0F); };
  const float width = std::max(std::min(p[2], t[2]) - std::max(p[0], t[0]), 0.0F);
  const float height = std::max(std::min(p[3], t[3]) - std::max(p[1], t[1]), 0.0F);
  const float intersection = width * height;
  const float united = area(p) + area(t) - intersection;
  return intersection / std::max(united, tiny);
}

}  // namespace edgewise::task
