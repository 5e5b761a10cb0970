#include "task/task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "task/heads.hpp"

// What holds for every task, those of tests/extension/ included.
namespace edgewise::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t classes = 3;
const std::vector<std::string> class_names{"ant", "bee", "cat"};

/// Picture `i`, with a box and a class that depend on it, so that any task finds what it wants.
picture::Annotation annotation(int i) {
  const double shift = 5.0 * i;
  return {
      .width = 100, .height = 80, .marks = {{{10 + shift, 20, 50 + shift, 60}, i % 3}}, .labels = {i % 3}, .mask = {}};
}

class Sheet final : public picture::Canvas {
 public:
  void outline(const picture::Box&, picture::Colour, int) override { ++outlines; }
  void caption(const std::string& text) override { captions.push_back(text); }
  int outlines = 0;
  std::vector<std::string> captions;
};

class EachTask : public testing::TestWithParam<std::string> {
 protected:
  const Task& task_ = **find_task(GetParam());
};

TEST_P(EachTask, DeclaresWhatItsJudgeAndItsBaselineGive) {
  const auto judge = task_.judge(classes);
  Targets targets;
  std::vector<picture::Annotation> all;
  for (int i = 0; i < 6; ++i) all.push_back(annotation(i));
  std::vector<const picture::Annotation*> borrowed;
  for (const auto& one : all) borrowed.push_back(&one);
  for (const auto& one : all) targets.add(task_.target(one, classes).value());
  judge->add(std::vector<float>(6 * static_cast<std::size_t>(task_.outputs(classes)), 0.5F), targets);
  const auto judgement = judge->finish();
  const Json baseline = task_.baseline(borrowed, borrowed, class_names);
  EXPECT_EQ(judgement.metrics.size(), task_.metrics().size());
  for (const Quantity& metric : task_.metrics()) {
    EXPECT_EQ(metric.known, Known::trained);
    ASSERT_TRUE(judgement.metrics.contains(metric.name)) << metric.name;
    ASSERT_TRUE(baseline.contains(metric.name)) << metric.name;
    for (const double value : {judgement.metrics.at(metric.name), baseline[metric.name].get<double>()}) {
      EXPECT_GE(value, metric.range.low);
      EXPECT_LE(value, metric.range.high);
    }
  }
}

TEST_P(EachTask, JudgesBatchesAsItJudgesAllAtOnce) {
  RandomStream random(3);
  const auto outputs = static_cast<std::size_t>(task_.outputs(classes));
  std::vector<float> numbers;
  for (std::size_t i = 0; i < 8 * outputs; ++i) numbers.push_back(static_cast<float>(random.uniform(0, 1)));
  const auto at_once = task_.judge(classes), by_batch = task_.judge(classes);
  Targets all, batch;
  for (int i = 0; i < 8; ++i) {
    all.add(task_.target(annotation(i), classes).value());
    batch.add(task_.target(annotation(i), classes).value());
    if (i % 3 != 2 && i != 7) continue;
    const std::size_t first = static_cast<std::size_t>(i + 1) - batch.size();
    by_batch->add(std::span(numbers).subspan(first * outputs, batch.size() * outputs), batch);
    batch.clear();
  }
  at_once->add(numbers, all);
  const auto whole = at_once->finish(), parts = by_batch->finish();
  for (const auto& [name, value] : whole.metrics) EXPECT_NEAR(parts.metrics.at(name), value, 1e-12) << name;
  EXPECT_EQ(parts.details, whole.details);
}

TEST_P(EachTask, PutsItsHeadOnFeatures) {
  graph::GraphBuilder builder({12, 5, 5});
  const graph::Features features{.maps = {{builder.input(), 1}}, .classifier = {}};
  const auto outputs = head_of(task_)(builder, features, task_.outputs(classes));
  const auto graph = std::move(builder).finish(outputs);
  ASSERT_TRUE(graph.has_value()) << to_text(graph.error());
  EXPECT_EQ(graph->output_shape(), graph::Shape{task_.outputs(classes)});
}

TEST_P(EachTask, LeavesATargetAloneWhereNothingMoves) {
  const auto target = task_.target(annotation(1), classes).value();
  auto moved = target;
  EXPECT_EQ(target.size() % task_.traits().row, 0U);
  EXPECT_TRUE(task_.survives(target, {}));
  task_.warp(moved, {});
  ASSERT_EQ(moved.size(), target.size());
  for (std::size_t i = 0; i < target.size(); ++i) EXPECT_FLOAT_EQ(moved[i], target[i]);
}

TEST_P(EachTask, DrawsItsTargetsAndItsPredictionsAlike) {
  Sheet truth, guess;
  const auto outputs = std::vector<float>(static_cast<std::size_t>(task_.outputs(classes)), 0.5F);
  task_.draw(truth, task_.target(annotation(0), classes).value(), class_names);
  task_.draw(guess, task_.predicted(outputs), class_names);
  EXPECT_EQ(truth.outlines, guess.outlines);
  EXPECT_EQ(truth.captions.size(), task_.traits().has_caption ? 1U : 0U);
  EXPECT_EQ(guess.captions.size(), truth.captions.size());
  EXPECT_GT(truth.outlines + static_cast<int>(truth.captions.size()), 0);
}

INSTANTIATE_TEST_SUITE_P(Tasks, EachTask, testing::ValuesIn(tasks().names()),
                         [](const auto& test) { return test.param; });

TEST(Tasks, AreFoundByNameAndOneCanBeAdded) {
  EXPECT_THAT(tasks().names(), ElementsAre("classification", "box", "count"));
  const auto error = find_task("clasification").error();
  EXPECT_THAT(error.message, HasSubstr("task \"clasification\" is not one of"));
  EXPECT_EQ(error.next, "did you mean \"classification\"?");
}

TEST(Tasks, TargetsMayDifferInLength) {
  Targets targets;
  targets.add(std::vector<float>{1, 2, 3, 4});
  targets.add({});
  targets.add(std::vector<float>{5, 6});
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_THAT(targets.of(0), ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE(targets.of(1).empty());
  EXPECT_THAT(targets.of(2), ElementsAre(5, 6));
  targets.clear();
  EXPECT_EQ(targets.size(), 0U);
}

TEST(Count, CountsAndJudgesByHand) {
  const Task& count = **find_task("count");
  auto two = annotation(0);
  two.marks.push_back(two.marks.front());
  picture::Annotation none = annotation(0);
  none.marks.clear();
  Targets targets;
  targets.add(count.target(two, 0).value());
  targets.add(count.target(none, 0).value());
  const auto judge = count.judge(0);
  judge->add(std::vector{2.25F, 1.0F}, targets);
  EXPECT_DOUBLE_EQ(judge->finish().metrics.at("count_error"), (0.25 + 1.0) / 2);
  EXPECT_DOUBLE_EQ(judge->finish().metrics.at("exact_share"), 0.5);
}

}  // namespace
}  // namespace edgewise::task
