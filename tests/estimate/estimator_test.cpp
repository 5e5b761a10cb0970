// Estimators by their interface alone: full training over a bench that only pretends to train, and one of a source file
// of its own (tests/extension/estimator_room.cpp).
#include "estimate/estimator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/costs.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::estimate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const task::Task& classification() {
  return *task::tasks().find("classification")->task;
}

/// Trains nothing, and says that all epochs but the last were for nothing.
class PretendingBench final : public Workbench {
 public:
  explicit PretendingBench(data::DataSet set = {}) : set_(std::move(set)) {}
  [[nodiscard]] const data::DataSet& set() const override { return set_; }
  Result<const data::Cache*> cache(Size size) override {
    if (!cache_) {
      TRY(auto opened, data::open_cache(set_, size, folder_ / "cache"));
      cache_.emplace(std::move(opened));
    }
    return &*cache_;
  }
  [[nodiscard]] const Listener& listener() const override { return listener_; }
  Result<Trained> train(const Subject& subject, int epochs) override {
    asked.push_back(epochs);
    if (epochs > 100) return fail(ErrorCode::interrupted, "asked to stop");
    Trained trained{.weights = {},
                    .metrics = {{"accuracy", 0.75}},
                    .validation_loss = 0.5,
                    .epochs = epochs,
                    .best_epoch = epochs - 1,
                    .stopped_early = {},
                    .details = {{"seed", subject.trial->seed}},
                    .seconds = 2.5};
    return trained;
  }
  [[nodiscard]] const TestFolder& folder() const { return folder_; }
  std::vector<int> asked;

 private:
  data::DataSet set_;
  TestFolder folder_;
  std::optional<data::Cache> cache_;
  Listener listener_;
};

space::Candidate small_network(std::int64_t channels) {
  graph::GraphBuilder builder({3, 16, 16});
  const auto filtered = builder.add(graph::Conv2d{.out_channels = channels}, {builder.input()});
  auto graph = std::move(builder).finish(filtered);
  EXPECT_TRUE(graph) << to_text(graph.error());
  return {.graph = *std::move(graph), .training = {}};
}

std::unique_ptr<Estimator> made(const std::string& name) {
  const Entry* entry = estimators().find(name);
  return entry->make(entry->settings);
}

/// The mistakes of an `estimator:` section, and what it selects.
std::vector<Error> read_into(Selection& selection, const std::string& yaml) {
  return config::read(*config::parse_yaml(yaml, "job.yaml"), "job.yaml",
                      [&](config::Options& o) { selection.fields(o); });
}

TEST(Training, GivesTheBestEpochWithItsWeightsAndWhatWasPaid) {
  PretendingBench bench;
  const study::Trial trial{.seed = 7};
  const auto candidate = small_network(4);
  const std::vector<Subject> subjects{{&trial, &candidate}, {&trial, &candidate}};
  const auto estimates = made("training")->estimate(subjects, study::Fidelity::training(10), bench, {});
  ASSERT_TRUE(estimates) << to_text(estimates.error());
  ASSERT_EQ(estimates->size(), 2U);
  EXPECT_THAT(bench.asked, ElementsAre(10, 10));
  const Estimate& one = estimates->front();
  EXPECT_EQ(one.values.at("accuracy"), (study::Value{.value = 0.75, .source = study::Source::trained}));
  EXPECT_EQ(one.values.at("validation_loss").value, 0.5);
  EXPECT_EQ(one.paid, study::Fidelity::training(10));
  EXPECT_EQ(one.best_epoch, 9);
  EXPECT_TRUE(one.weights);
  EXPECT_EQ(one.details["seed"], 7);
  EXPECT_EQ(one.seconds, 2.5);
}

TEST(Training, PassesOnThatItWasInterrupted) {
  PretendingBench bench;
  const study::Trial trial;
  const auto candidate = small_network(4);
  const Subject subject{&trial, &candidate};
  const auto estimates = made("training")->estimate({&subject, 1}, study::Fidelity::training(101), bench, {});
  ASSERT_FALSE(estimates);
  EXPECT_EQ(estimates.error().code, ErrorCode::interrupted);
}

TEST(Selection, IsFullTrainingForTheJobsEpochsUnlessAJobSaysOtherwise) {
  const Selection selection;
  EXPECT_EQ(selection.name(), "training");
  const auto effort = selection.effort(30);
  EXPECT_EQ(effort.full, study::Fidelity::training(30));
  EXPECT_EQ(effort.varied, "epochs");
  EXPECT_EQ(effort.units(), 30);
}

TEST(Selection, TakesTheOptionsAndAmountsOfTheEstimatorItNames) {
  Selection selection;
  EXPECT_TRUE(read_into(selection, "name: room\nshare: 0.5\nbits_per_parameter: 4").empty());
  const auto effort = selection.effort(30);
  EXPECT_EQ(effort.full, (study::Fidelity{.estimator = "room", .amounts = {{"share", 0.5}}}));
  EXPECT_EQ(effort.varied, "share");
  EXPECT_EQ(effort.units(), 10);

  Selection other;
  auto mistakes = read_into(other, "name: rom");
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_THAT(to_text(mistakes[0]), HasSubstr("did you mean \"room\"?"));
  mistakes = read_into(other, "share: 0.5");
  ASSERT_EQ(mistakes.size(), 1U) << "training is paid in epochs";
  mistakes = read_into(other, "name: room\nshare: 2");
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_THAT(mistakes[0].message, HasSubstr("share must be"));
}

TEST(Quantities, AreThoseOfAllEstimatorsEachOnce) {
  std::vector<std::string> names;
  for (const auto& quantity : quantities(classification())) names.push_back(quantity.name);
  EXPECT_EQ(names.front(), classification().metrics().front().name) << "the first picks the best epoch";
  EXPECT_EQ(std::ranges::count(names, "validation_loss"), 1);
  EXPECT_EQ(std::ranges::count(names, "room"), 1);
}

TEST(EstimatorOfOneFile, PreparesOnceAndPaysAShareOfThePictures) {
  auto set = data::load({.path = "builtin:faces", .count = 40}, *task::tasks().find("box")->task);
  ASSERT_TRUE(set) << to_text(set.error());
  PretendingBench bench(*std::move(set));
  const auto room = made("room");
  const auto& folder = bench.folder();
  EXPECT_FALSE(room->is_prepared(folder / ""));
  ASSERT_TRUE(room->prepare(bench, folder / ""));
  EXPECT_TRUE(room->is_prepared(folder / ""));

  const study::Trial trial;
  const auto small = small_network(4), large = small_network(400);
  const std::vector<Subject> subjects{{&trial, &small}, {&trial, &large}};
  const auto estimates_for = [&](double share) {
    return room->estimate(subjects, {.estimator = "room", .amounts = {{"share", share}}}, bench, folder / "").value();
  };
  const auto quarter = estimates_for(0.25), all = estimates_for(1);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_LT(all[0].values.at("room").value, all[1].values.at("room").value) << "more parameters, more room";
  EXPECT_GT(quarter[0].values.at("room").value, all[0].values.at("room").value) << "fewer pictures, more room";
  EXPECT_EQ(all[0].values.at("room").source, study::Source::estimated);
  EXPECT_EQ(quarter[0].paid.amounts.at("share"), 0.25);
  EXPECT_FALSE(all[0].weights) << "nothing was trained";
  EXPECT_EQ(estimates_for(0.25)[1].values, quarter[1].values);
}

}  // namespace
}  // namespace edgewise::estimate
