#include "replay/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "replay/measure.hpp"
#include "replay/synthetic.hpp"
#include "tests/search/told.hpp"

namespace edgewise::replay {
namespace {

/// 60 choices, two objectives, and every eleventh fails.
Problem small_problem() {
  std::string csv = "a,b,x,y,iso\n";
  for (int a = 0; a < 6; ++a)
    for (int b = 0; b < 10; ++b) {
      const int n = a * 10 + b;
      csv += std::to_string(a) + "," + std::to_string(b) + "," + (n % 11 == 0 ? "" : std::to_string(a * 7 + 10 - b)) +
             "," + std::to_string(b * 5 + 20 - 3 * a) + "," + std::to_string(n / 2) + "\n";
    }
  const auto table = make_table(
      "table: t\nparameters: [{column: a}, {column: b, kind: integer}]\nobjectives: [{name: x}, {name: y}]\nmissing: "
      "fail\ncanonical: iso\n",
      "t.yaml", csv, "t.csv");
  return table_problem(table.value()).value();
}

Problem staged_problem() {
  std::string csv = "k,early,late,ms\n";
  for (int k = 0; k < 12; ++k)
    csv += std::to_string(k) + "," + std::to_string(30 - k) + "," + std::to_string(20 - k) + "," + std::to_string(k) +
           "\n";
  const auto table = make_table(
      "table: t\nparameters: [{column: k}]\nobjectives: [{name: error, value: late}, {name: ms}]\nstages: [{epochs: "
      "10, values: {error: early}}, {epochs: 50}]\n",
      "t.yaml", csv, "t.csv");
  return table_problem(table.value()).value();
}

std::unique_ptr<search::Strategy> random_strategy(const Problem& problem, std::int64_t trials, std::uint64_t seed = 1) {
  return search::make_strategy({.strategy = "random",
                                .common = {.trials = trials,
                                           .effort = {.full = study::Fidelity::training(problem.stage_epochs.back())},
                                           .seed = seed}},
                               problem.space)
      .value();
}

std::vector<std::string> choices(const Replay& replay) {
  std::vector<std::string> texts;
  for (const auto& evaluation : replay.evaluations) texts.push_back(space::to_text(evaluation.choice));
  return texts;
}

TEST(Replay, IsTheSameTwiceAndStartsWithTheGivenDesign) {
  const auto problem = small_problem();
  const auto strategy = random_strategy(problem, 40);
  ReplayOptions options{.evaluations = 40};
  options.initial = initial_design(problem.space, 5, 7).value();
  const auto first = replay(*strategy, problem, options).value(), second = replay(*strategy, problem, options).value();
  EXPECT_EQ(choices(first), choices(second));
  ASSERT_EQ(first.evaluations.size(), 40u);
  EXPECT_EQ(first.ask_s.size(), 33u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(first.evaluations[i].choice, options.initial[i]);
  EXPECT_EQ(std::set(first.evaluations.begin(), first.evaluations.end(),
                     [](const auto& a, const auto& b) { return a.choice < b.choice; })
                .size(),
            40u);
}

TEST(Replay, RecordsFailuresWithTheirReason) {
  const auto problem = small_problem();
  const auto replayed = replay(*random_strategy(problem, 60), problem, {.evaluations = 100}).value();
  EXPECT_EQ(replayed.evaluations.size(), 60u);  // the whole space
  std::size_t failed = 0;
  for (const auto& trial : replayed.study.trials) {
    if (trial.state != study::State::failed) continue;
    ++failed;
    EXPECT_THAT(trial.reason, testing::HasSubstr("the table has no \"x\""));
    EXPECT_TRUE(trial.results.empty());
  }
  EXPECT_EQ(failed, 6u);
  EXPECT_EQ(std::ranges::count_if(replayed.evaluations, [](const auto& e) { return !e.point; }), 6);
  EXPECT_EQ(measure(problem, replayed.evaluations).value().share.back(), 1.0);
}

/// Looks at the study that it is asked about.
class Watcher final : public search::Strategy {
 public:
  explicit Watcher(std::unique_ptr<search::Strategy> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] std::string name() const override { return "watcher"; }
  [[nodiscard]] Result<search::Advice> ask(const study::Study& study, std::size_t n) const override {
    most_running =
        std::max(most_running, std::ranges::count(study.trials, study::State::running, &study::Trial::state));
    return inner_->ask(study, n);
  }
  [[nodiscard]] std::vector<search::PlannedStage> plan() const override { return {}; }
  mutable std::ptrdiff_t most_running = 0;

 private:
  std::unique_ptr<search::Strategy> inner_;
};

TEST(Replay, KeepsWorkersBusyAndEndsTrialsInTheOrderOfTime) {
  const auto problem = small_problem();
  const Watcher watcher(random_strategy(problem, 50));
  const auto replayed = replay(watcher, problem, {.evaluations = 50, .workers = 4, .seed = 3}).value();
  EXPECT_EQ(watcher.most_running, 3);  // the fourth is the one that is asked for
  ASSERT_EQ(replayed.evaluations.size(), 50u);
  std::set<std::int64_t> ended;
  bool is_out_of_order = false;
  for (std::size_t i = 0; i < 50; ++i) {
    ended.insert(replayed.evaluations[i].trial.value);
    EXPECT_EQ(replayed.evaluations[i].started_before, std::min<std::size_t>(50, i + 4));
    if (i == 0) continue;
    EXPECT_GE(replayed.evaluations[i].ended_at, replayed.evaluations[i - 1].ended_at);
    is_out_of_order = is_out_of_order || replayed.evaluations[i].trial < replayed.evaluations[i - 1].trial;
  }
  EXPECT_EQ(ended.size(), 50u);
  EXPECT_TRUE(is_out_of_order);
  EXPECT_EQ(std::ranges::count(replayed.study.trials, study::State::running, &study::Trial::state), 0);
  const double busy = replayed.evaluations.back().ended_at;
  EXPECT_NEAR(busy, 50.0 / 4, 4);  // durations are around 1
}

TEST(Replay, AsksForABatchWhenTheOneBeforeHasEnded) {
  /// Writes down what it is asked.
  class Noting final : public search::Strategy {
   public:
    explicit Noting(std::unique_ptr<search::Strategy> inner) : inner_(std::move(inner)) {}
    [[nodiscard]] std::string name() const override { return "noting"; }
    [[nodiscard]] Result<search::Advice> ask(const study::Study& study, std::size_t n) const override {
      asked.emplace_back(study.trials.size(), n);
      EXPECT_EQ(std::ranges::count(study.trials, study::State::running, &study::Trial::state), 0);
      return inner_->ask(study, n);
    }
    [[nodiscard]] std::vector<search::PlannedStage> plan() const override { return {}; }
    mutable std::vector<std::pair<std::size_t, std::size_t>> asked;  // trials recorded, proposals wanted

   private:
    std::unique_ptr<search::Strategy> inner_;
  };
  const auto problem = small_problem();
  const Noting strategy(random_strategy(problem, 30));
  ReplayOptions options{.evaluations = 30, .batch = 10};
  options.initial = initial_design(problem.space, 5, 7).value();
  const auto replayed = replay(strategy, problem, options).value();
  EXPECT_EQ(replayed.evaluations.size(), 30u);
  EXPECT_EQ(strategy.asked, (std::vector<std::pair<std::size_t, std::size_t>>{{7, 10}, {17, 10}, {27, 3}}));
  EXPECT_EQ(replayed.ask_s.size(), 3u);
}

TEST(Replay, StopsWithinABatchWhenTheBudgetOfEpochsIsSpent) {
  const auto problem = staged_problem();
  const auto replayed =
      replay(*random_strategy(problem, 12), problem, {.evaluations = 12, .budget_epochs = 120, .batch = 10}).value();
  EXPECT_EQ(replayed.evaluations.size(), 3u);  // the third passes 120 of 50 each
}

TEST(Replay, TakesDurationsAsGiven) {
  const auto problem = small_problem();
  ReplayOptions options{.evaluations = 3, .workers = 3};
  options.duration = [](const study::Trial& trial) { return 10.0 - static_cast<double>(trial.id.value); };
  const auto replayed = replay(*random_strategy(problem, 3), problem, options).value();
  ASSERT_EQ(replayed.evaluations.size(), 3u);
  EXPECT_EQ(replayed.evaluations[0].trial, study::TrialId{2});
  EXPECT_EQ(replayed.evaluations[2].trial, study::TrialId{0});
}

TEST(Replay, AnswersPromotionsFromTheStages) {
  const auto problem = staged_problem();
  const auto strategy =
      search::make_strategy({.strategy = "staged",
                             .settings = search::told("staged", search::StagedOptions{.stages = {{10, 4}, {50, 0}}})},
                            problem.space)
          .value();
  const auto replayed = replay(*strategy, problem, {.evaluations = 100}).value();
  ASSERT_EQ(replayed.evaluations.size(), 16u);
  EXPECT_TRUE(replayed.is_finished);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(replayed.evaluations[i].is_full, i >= 12) << i;
  EXPECT_EQ(replayed.evaluations.back().epochs, 12 * 10 + 4 * 40);
  const auto& promoted = replayed.study.trials[static_cast<std::size_t>(replayed.evaluations.back().trial.value)];
  ASSERT_EQ(promoted.results.size(), 2u);
  EXPECT_EQ(promoted.results[0].values.at("error").value - promoted.results[1].values.at("error").value, 10);
  EXPECT_EQ(promoted.results[1].fidelity.epochs(), 50);
  EXPECT_EQ(replay(*strategy, problem, {.evaluations = 100, .budget_epochs = 60}).value().evaluations.size(), 6u);
}

TEST(Replay, GivesStagesThatShrinkToTheEnd) {
  const std::vector<int> epochs{4, 12, 36};
  const auto keeps = [&](std::size_t trials) {
    std::vector<std::int64_t> list;
    for (const auto& stage : search::stages_of(epochs, trials)) list.push_back(stage.keep);
    return list;
  };
  EXPECT_EQ(keeps(81), (std::vector<std::int64_t>{27, 9, 3}));
  EXPECT_EQ(keeps(4), (std::vector<std::int64_t>{2, 1, 0}));
  EXPECT_EQ(search::stages_of(epochs, 9)[1].amount, 12);
}

TEST(Replay, LeavesTrialsOfEarlierStagesOutOfTheFront) {
  const auto problem = staged_problem();
  const auto strategy =
      search::make_strategy(
          {.strategy = "staged",
           .settings =
               search::told("staged", search::StagedOptions{.stages = search::stages_of(problem.stage_epochs, 12)})},
          problem.space)
          .value();
  const auto replayed = replay(*strategy, problem, {.evaluations = 100}).value();
  EXPECT_EQ(replayed.study.trials.size(), 12u);
  EXPECT_EQ(fully_evaluated(problem, replayed.study).trials.size(), 4u);
}

TEST(Replay, RefusesEpochsBelowTheFirstStageAndBadDesigns) {
  const auto problem = staged_problem();
  const auto short_one =
      search::make_strategy({.strategy = "random", .common = {.effort = {.full = study::Fidelity::training(5)}}},
                            problem.space)
          .value();
  EXPECT_THAT(replay(*short_one, problem, {.evaluations = 5}).error().message, testing::HasSubstr("asks for 5 epochs"));
  ReplayOptions options{.evaluations = 5};
  options.initial = {{{"k", "99"}}};
  EXPECT_THAT(replay(*short_one, problem, options).error().message,
              testing::HasSubstr("a choice of the initial design"));
  EXPECT_THAT(initial_design(problem.space, 1, 13).error().message, testing::HasSubstr("no 13 different choices"));
}

TEST(Replay, CountsANetworkOnceWhenRepeatsAreFree) {
  const auto problem = small_problem();  // two neighbours are one network
  const auto replayed =
      replay(*random_strategy(problem, 60), problem, {.evaluations = 30, .repeats_are_free = true}).value();
  EXPECT_GT(replayed.evaluations.size(), 50u);
  std::set<std::string> networks;
  for (const auto& evaluation : replayed.evaluations) networks.insert(problem.canonical(evaluation.choice));
  EXPECT_EQ(networks.size(), 30u);
}

TEST(Replay, RunsEveryStrategyOnTheCommittedTable) {
  const char* folder = std::getenv("EDGEWISE_TEST_DATA");
  ASSERT_NE(folder, nullptr);
  const auto table = read_table(std::filesystem::path(folder) / "tables" / "cells.yaml");
  ASSERT_TRUE(table) << to_text(table.error().front());
  const auto problem = table_problem(*table).value();
  for (const std::string& name : search::strategies().names()) {
    search::Options options{.strategy = name, .common = {.trials = 10}};
    ASSERT_TRUE(search::set_option(options, "reduction=2"));
    const auto strategy = strategy_for(problem, options);
    ASSERT_TRUE(strategy) << name << to_text(strategy.error());
    const auto replayed = replay(**strategy, problem, {.evaluations = 30, .workers = 2});
    ASSERT_TRUE(replayed) << name << to_text(replayed.error());
    EXPECT_GT(measure(problem, replayed->evaluations).value().share.back(), 0.0) << name;
  }
}

TEST(Replay, HalvingHasRungsThatTheTableHasValuesFor) {
  Problem problem = synthetic_problem("zdt1").value();
  problem.stage_epochs = {12, 200};
  for (const std::string name : {"halving", "hyperband", "asha"}) {
    SCOPED_TRACE(name);
    const auto strategy = strategy_for(problem, {.strategy = name, .common = {.trials = 40}});
    ASSERT_TRUE(strategy) << to_text(strategy.error());
    std::set<int> epochs;
    for (const auto& stage : (*strategy)->plan()) epochs.insert(stage.after.epochs());
    EXPECT_EQ(epochs, (std::set{13, 200}));  // a reduction of 15 is the smallest without a rung below 12
  }
  problem.stage_epochs = {200};  // values of one kind only: rungs as the strategy likes
  EXPECT_GT(strategy_for(problem, {.strategy = "asha", .common = {.trials = 40}}).value()->plan().size(), 2U);
}

}  // namespace
}  // namespace edgewise::replay
