// What a turn makes of a strategy's proposals, whoever evaluates them.
#include "search/dialogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

using study::State;
using study::TrialId;

/// Says what it is told to say.
class Scripted final : public Strategy {
 public:
  explicit Scripted(std::vector<Proposal> proposals, std::size_t stages = 1)
      : proposals_(std::move(proposals)), stages_(stages) {}
  [[nodiscard]] std::string name() const override { return "scripted"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& /*study*/, std::size_t /*n*/) const override {
    return Advice{.proposals = proposals_, .note = "as written"};
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override { return std::vector<PlannedStage>(stages_); }

 private:
  std::vector<Proposal> proposals_;
  std::size_t stages_;
};

Proposal fresh(std::int64_t n, int epochs = 1) {
  return {.choice = {{"n", n}}, .fidelity = study::Fidelity::training(epochs)};
}
Proposal promotion(std::int64_t trial, int epochs) {
  return {.promote = TrialId{trial}, .choice = {{"n", trial}}, .fidelity = study::Fidelity::training(epochs)};
}

study::Study with_complete(std::int64_t count) {
  study::Study study{.settings = two_objectives()};
  for (std::int64_t i = 0; i < count; ++i) {
    study::Trial trial{.id = {i}, .choice = {{"n", i}}, .state = State::complete};
    trial.results.push_back({.fidelity = study::Fidelity::training(1),
                             .values = study::values_of(study::Source::trained, {{"iou", 0.5}, {"latency_ms", 5}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

/// n is known to be its own number of parameters, n = 9 cannot be built, and n and n + 10 are one network.
DialogueRules rules() {
  return {.look = [](const space::Choice& choice) -> Result<Candidate> {
            const auto n = std::get<std::int64_t>(choice.at("n"));
            if (n == 9) return invalid("nine has no network");
            return Candidate{
                .known = {{"parameters", static_cast<double>(n)}}, .threads = 2, .identity = std::to_string(n % 10)};
          },
          .forbidden = "known before training",
          .seeds = RandomStream::named(1, "trial seeds")};
}

TEST(Dialogue, MakesATrialOfAChoiceAndSaysWhatTheStrategySaid) {
  const Scripted strategy({fresh(3, 7)});
  Dialogue dialogue(strategy, rules());
  const auto step = dialogue.ask(with_complete(2), 1).value();
  EXPECT_EQ(step.advice.note, "as written");
  EXPECT_EQ(step.trials_before, 2U);
  EXPECT_TRUE(step.promotions.empty());
  ASSERT_EQ(step.added.size(), 1U);
  EXPECT_EQ(step.added[0].state, State::waiting);
  EXPECT_EQ(step.added[0].fidelity, study::Fidelity::training(7));
  EXPECT_EQ(step.added[0].value("parameters"), 3.0);
  EXPECT_EQ(step.added[0].threads, 2);
  EXPECT_EQ(step.added[0].seed, RandomStream::named(1, "trial seeds").child("trial", 2).next() >> 1);
}

TEST(Dialogue, RejectsWhatCannotBeBuiltAndWhatAConstraintForbids) {
  const Scripted strategy({fresh(9), fresh(6), fresh(5)});
  auto study = with_complete(0);
  study.settings.constraints.push_back({"parameters < 6", study::Comparison::parse("parameters < 6").value()});
  Dialogue dialogue(strategy, rules());
  const auto step = dialogue.ask(study, 3).value();
  ASSERT_EQ(step.added.size(), 3U);
  EXPECT_EQ(step.added[0].state, State::rejected);
  EXPECT_EQ(step.added[0].reason, "nine has no network");
  EXPECT_EQ(step.added[1].state, State::rejected);
  EXPECT_EQ(step.added[1].reason, "known before training: parameters < 6 does not hold (parameters is 6)");
  EXPECT_EQ(step.added[2].state, State::waiting);

  auto lenient = rules();
  lenient.forbidden.clear();
  Dialogue other(strategy, lenient);
  EXPECT_EQ(other.ask(study, 3).value().added[1].state, State::waiting);
}

TEST(Dialogue, TakesOverWhatATwinGaveOrRefusesItWhereThereAreStages) {
  const Scripted strategy({fresh(11), fresh(21), fresh(12), fresh(22)});
  const auto study = with_complete(2);  // 1 is complete; 2 is new, and 22 its twin within the turn
  Dialogue dialogue(strategy, rules());
  const auto step = dialogue.ask(study, 4).value();
  ASSERT_EQ(step.added.size(), 4U);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(step.added[i].state, State::complete);
    EXPECT_EQ(step.added[i].value("iou"), 0.5);
    EXPECT_EQ(step.added[i].reason, "same network and settings as trial 1");
  }
  EXPECT_EQ(step.added[2].state, State::waiting);
  EXPECT_EQ(step.added[3].state, State::rejected);
  EXPECT_EQ(step.added[3].reason, "same network and settings as trial 4");

  const Scripted staged({fresh(11)}, 2);
  Dialogue other(staged, rules());
  EXPECT_EQ(other.ask(study, 1).value().added[0].state, State::rejected);

  auto repeating = rules();
  repeating.look = [](const space::Choice&) -> Result<Candidate> { return Candidate{}; };
  Dialogue repeats(strategy, repeating);
  for (const auto& trial : repeats.ask(study, 4).value().added) EXPECT_EQ(trial.state, State::waiting);
}

TEST(Dialogue, LeavesOutWhatCannotBePaid) {
  const Scripted strategy({fresh(3), promotion(0, 5), fresh(4), fresh(5)});
  const auto study = with_complete(1);
  Dialogue dialogue(strategy, rules());
  int left = 2;
  const Pays pays = [&](const Proposal& proposal) { return proposal.promote.has_value() || left-- > 0; };
  const auto step = dialogue.ask(study, 4, pays).value();
  EXPECT_EQ(step.advice.proposals.size(), 4U);
  ASSERT_EQ(step.added.size(), 2U);
  EXPECT_EQ(step.added[1].choice, (space::Choice{{"n", std::int64_t{4}}}));
  ASSERT_EQ(step.promotions.size(), 1U);
  const auto none = dialogue.ask(study, 4, [](const Proposal&) { return false; }).value();
  EXPECT_TRUE(none.changes_nothing());
  EXPECT_FALSE(none.advice.proposals.empty());
}

TEST(Dialogue, RecordsPromotionsAndNewTrialsAlikeInAStorageAndInMemory) {
  auto study = with_complete(3);
  const auto storage = study::memory_storage(study.settings);
  ASSERT_TRUE(storage->add(study.trials, 0));
  const Scripted strategy({promotion(2, 9), fresh(5), promotion(0, 3), fresh(9), promotion(1, 9)});
  Dialogue dialogue(strategy, rules());
  const auto step = dialogue.ask(study, 5).value();
  EXPECT_EQ(record(step, *storage).value(), (std::vector<TrialId>{{3}, {4}}));
  EXPECT_EQ(record(step, study), (std::vector<TrialId>{{2}, {0}, {1}, {3}}))
      << "the one that is rejected does not wait";
  const auto stored = storage->load().value();
  ASSERT_EQ(stored.trials.size(), study.trials.size());
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    EXPECT_EQ(stored.trials[i].state, study.trials[i].state) << i;
    EXPECT_EQ(stored.trials[i].stage, study.trials[i].stage) << i;
    EXPECT_EQ(stored.trials[i].fidelity, study.trials[i].fidelity) << i;
    EXPECT_EQ(stored.trials[i].choice, study.trials[i].choice) << i;
  }
  EXPECT_EQ(study.trials[2].fidelity, study::Fidelity::training(9));
  const auto late = record(step, *storage);
  ASSERT_FALSE(late) << "somebody else has gone on meanwhile";
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
}

TEST(Dialogue, TakesChoicesThatSomebodyElseNamed) {
  const Scripted strategy({});
  Dialogue dialogue(strategy, {});
  const auto step = dialogue.take({fresh(3, 2)}, with_complete(1));
  ASSERT_EQ(step.added.size(), 1U);
  EXPECT_EQ(step.added[0].fidelity, study::Fidelity::training(2));
  EXPECT_EQ(step.added[0].seed, 0U);
  EXPECT_TRUE(step.added[0].known.empty());
}

}  // namespace
}  // namespace edgewise::search
