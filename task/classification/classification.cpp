#include "task/classification/classification.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <numeric>

namespace edgewise::task {

namespace {

using Confusion = std::vector<std::vector<std::int64_t>>;  // [true class][predicted class]

class ClassificationJudge final : public Judge {
 public:
  explicit ClassificationJudge(std::size_t classes) : confusion_(classes, std::vector<std::int64_t>(classes, 0)) {}

  void add(std::span<const float> outputs, const Targets& targets) override {
    const std::size_t classes = confusion_.size();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto label = static_cast<std::size_t>(targets.of(i).front());
      EDGEWISE_ASSERT(label < classes, "the label of a picture is one of the classes");
      ++confusion_[label][largest(outputs.subspan(i * classes, classes))];
    }
  }

  [[nodiscard]] Judgement finish() const override {
    std::int64_t right = 0, all = 0, classes_seen = 0;
    double recalls = 0;
    for (std::size_t label = 0; label < confusion_.size(); ++label) {
      const auto& row = confusion_[label];
      const auto count = std::accumulate(row.begin(), row.end(), std::int64_t{0});
      all += count;
      right += row[label];
      if (count > 0) {
        ++classes_seen;
        recalls += static_cast<double>(row[label]) / static_cast<double>(count);
      }
    }
    return {{{"accuracy", static_cast<double>(right) / static_cast<double>(all)},
             {"balanced_accuracy", recalls / static_cast<double>(classes_seen)}},
            {{"confusion", confusion_}}};
  }

 private:
  Confusion confusion_;
};

class ClassificationTask final : public Task {
 public:
  ClassificationTask()
      : Task({.name = "classification",
              .sentence = "a class per image",
              .wants = Wants::label,
              .row = 1,
              .metrics = {{.name = "accuracy",
                           .unit = {},
                           .better = Direction::maximize,
                           .known = Known::trained,
                           .range = intervals::share,
                           .sentence = "share of the pictures whose class has the largest score"},
                          {.name = "balanced_accuracy",
                           .unit = {},
                           .better = Direction::maximize,
                           .known = Known::trained,
                           .range = intervals::share,
                           .sentence = "the same share within each class, mean over the classes"}},
              .output = "a score for each class, in the order of \"classes\"; softmax makes probabilities of them",
              .first_space = "resnet",
              .has_caption = true,
              .can_mix = true,
              .loss = Settings(ClassificationLossOptions{})}) {}

  [[nodiscard]] std::int64_t outputs(std::size_t classes) const override { return static_cast<std::int64_t>(classes); }
  [[nodiscard]] std::string summary(const std::vector<std::string>& classes) const override {
    return std::format("{} classes", classes.size());
  }

  [[nodiscard]] Result<Target> target(const picture::Annotation& annotation, std::size_t classes) const override {
    if (annotation.labels.size() != 1)
      return invalid(std::format("a picture has {} classes", annotation.labels.size()), "use a data set with classes");
    const auto label = annotation.labels.front();
    if (label < 0 || label >= static_cast<std::int64_t>(classes))
      return invalid(
          std::format("the class {} of a picture is not in [0, {}]", label, static_cast<std::int64_t>(classes) - 1));
    return Target{static_cast<float>(label)};
  }

  graph::HeadOutputs put_head(graph::GraphBuilder& builder, const graph::Features& features,
                              std::int64_t outputs) const override {
    return {{"", graph::classify(builder, features, outputs)}};
  }

  [[nodiscard]] std::unique_ptr<Judge> judge(std::size_t classes, Sum) const override {
    return std::make_unique<ClassificationJudge>(classes);
  }

  /// The class that most training pictures have.
  [[nodiscard]] Json baseline(Annotations training, Annotations validation,
                              const std::vector<std::string>& classes) const override {
    const auto counts = [&](Annotations annotations) {
      std::vector<std::size_t> each(classes.size());
      for (const auto* annotation : annotations) ++each[static_cast<std::size_t>(annotation->labels.front())];
      return each;
    };
    const auto train = counts(training), judged = counts(validation);
    const auto major = static_cast<std::size_t>(std::ranges::max_element(train) - train.begin());
    std::size_t all = 0, present = 0;
    for (const std::size_t n : judged) all += n, present += n > 0 ? 1 : 0;
    const double recall = judged[major] > 0 ? 1.0 : 0.0;  // always right on its own class, never on another
    return {{"accuracy", static_cast<double>(judged[major]) / static_cast<double>(all)},
            {"balanced_accuracy", recall / static_cast<double>(present)},
            {"class", classes[major]}};
  }

  [[nodiscard]] Target predicted(std::span<const float> outputs) const override {
    return {static_cast<float>(largest(outputs))};
  }

  void draw(picture::Canvas& canvas, std::span<const float> target,
            const std::vector<std::string>& classes) const override {
    canvas.caption(classes[static_cast<std::size_t>(target.front())]);
  }
};

}  // namespace

const Task& classification() {
  static const ClassificationTask task;
  return task;
}

std::size_t largest(std::span<const float> scores) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size() && !std::isnan(scores[best]); ++i)
    if (scores[i] > scores[best] || std::isnan(scores[i])) best = i;
  return best;
}

}  // namespace edgewise::task
