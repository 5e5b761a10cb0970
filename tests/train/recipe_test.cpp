#include <algorithm>

#include "task/box/box.hpp"
#include "task/classification/classification.hpp"
#include "tests/train/loop_fixture.hpp"
#include "train/loop_internal.hpp"

namespace edgewise::train {
namespace {

/// The switches of training that are more than the plain loop.
class Recipe : public LoopFixture {
 protected:
  LoopRequest request(int epochs) { return LoopFixture::request(task::classification(), epochs); }
  static Outcome outcome(const LoopRequest& request) {
    auto result = run_loop(request);
    EXPECT_TRUE(result.has_value()) << (result ? "" : to_text(result.error()));
    return result.value_or(Outcome{});
  }
};

TEST_F(Recipe, AnAverageOverNoTimeIsTheWeightsThemselves) {
  const auto plain = outcome(request(3));
  auto averaged = request(3);
  averaged.settings.average = 1e-9;
  EXPECT_EQ(outcome(averaged).best_weights, plain.best_weights);
  averaged = request(3);
  averaged.settings.average = 0.5;
  EXPECT_NE(outcome(averaged).best_weights, plain.best_weights);
}

TEST_F(Recipe, TheAverageLearnsToo) {
  auto r = request(12);
  r.settings.average = 0.1;
  EXPECT_GE(outcome(r).best.metrics.at("accuracy"), 0.95);
}

TEST_F(Recipe, TheAverageIsWhatIsJudgedAndHandedBack) {
  auto r = request(4);
  r.settings.average = 0.3;
  const auto trained = outcome(r);
  nn::Network network(graph_);
  ASSERT_TRUE(nn::load_weights(network, trained.best_weights));
  const auto again = judge(network, r.goal, *validation_, nullptr);
  ASSERT_TRUE(again);
  EXPECT_NEAR(again->loss, trained.best.loss, 1e-6);
}

TEST_F(Recipe, EverySwitchEndsTheSameWhenItWasInterrupted) {
  const auto all = [&] {
    auto r = request(4);
    r.settings.average = 0.2;
    r.settings.mixup = 0.4;
    r.settings.cutmix = 1.0;
    r.settings.loss =
        edgewise::Settings(task::ClassificationLossOptions{.label_smoothing = 0.1, .class_weights = "balanced"});
    return r;
  };
  task::Targets known;
  for (int i = 0; i < 10; ++i) known.add(std::vector{i < 7 ? 0.F : 1.F});
  auto whole = all();
  whole.training_targets = &known;
  const auto expected = outcome(whole);

  auto r = all();
  r.training_targets = &known;
  r.checkpoint = folder_ / "trial.ckpt";
  std::atomic<bool> stop = false;
  r.stop = &stop;
  r.on_batch = [&](int epoch, std::size_t batch, std::size_t) { stop = epoch == 3 && batch == 2; };
  ASSERT_FALSE(run_loop(r).has_value());
  stop = false;
  r.on_batch = {};
  const auto resumed = outcome(r);
  EXPECT_EQ(resumed.best_weights, expected.best_weights);
  ASSERT_EQ(resumed.curve.size(), expected.curve.size());
  for (std::size_t i = 0; i < resumed.curve.size(); ++i)
    EXPECT_EQ(resumed.curve[i].train_loss, expected.curve[i].train_loss);
}

TEST_F(Recipe, ACheckpointWithoutAnAverageIsNotContinuedWithOne) {
  auto r = request(2);
  r.checkpoint = folder_ / "trial.ckpt";
  outcome(r);
  r.epochs = 3;
  r.settings.average = 0.2;
  EXPECT_EQ(outcome(r).started_over,
            "its checkpoint is not used: it was written with another `average` of the weights");
}

TEST_F(Recipe, ATeacherAloneIsBelievedAgainstTheLabels) {
  auto r = request(12);
  task::Targets taught;  // the other class of each picture
  for (std::size_t i = 0; i < pictures; ++i) taught.add(i % 2 == 0 ? std::vector{-3.F, 3.F} : std::vector{3.F, -3.F});
  r.taught = &taught;
  r.settings.teacher.weight = 1;
  r.settings.best_by = "balanced_accuracy";
  const auto misled = outcome(r);
  EXPECT_LT(misled.curve.back().metrics.at("accuracy"), 0.1);
  r.settings.teacher.weight = 0;
  EXPECT_GT(outcome(r).curve.back().metrics.at("accuracy"), 0.9);
}

TEST_F(Recipe, TheBestEpochIsThatOfTheMetricThatIsAskedFor) {
  const auto trained = [&](const std::string& best_by, std::uint64_t seed) {
    auto r = LoopFixture::request(task::box(), 12);
    r.settings.best_by = best_by;
    r.seed = seed;
    return outcome(r);
  };
  const auto best_in = [](const Outcome& outcome, const std::string& metric) {
    double best = 0;
    for (const auto& epoch : outcome.curve) best = std::max(best, epoch.metrics.at(metric));
    return best;
  };
  int different = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto by_iou = trained("iou", seed), by_iou50 = trained("iou50", seed);
    EXPECT_EQ(by_iou.best.metrics.at("iou"), best_in(by_iou, "iou"));
    EXPECT_EQ(by_iou50.best.metrics.at("iou50"), best_in(by_iou50, "iou50"));
    different += by_iou.best_epoch != by_iou50.best_epoch ? 1 : 0;
  }
  EXPECT_GT(different, 0) << "where both always pick the same epoch nothing is tested";
}

}  // namespace
}  // namespace edgewise::train
