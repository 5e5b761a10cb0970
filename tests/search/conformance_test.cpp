// What every strategy promises, whatever it does: a new one joins by its entry in the catalogue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <limits>
#include <set>
#include <thread>

#include "tests/search/simulation.hpp"

namespace edgewise::search {
namespace {

/// Categories, integers and conditions: 4 * (2 + 4) = 24 choices.
space::Space conditional_space() {
  return space::make_space({{.name = "kind", .domain = space::Categorical{{"plain", "wide"}}},
                            {.name = "depth", .domain = space::Integer{.low = 2, .high = 8, .step = 2}},
                            {.name = "factor",
                             .domain = space::Integer{.low = 1, .high = 4, .log_scale = true},
                             .condition = space::Condition{"kind", {"wide"}}},
                            {.name = "gate",
                             .domain = space::Categorical{{"on", "off"}},
                             .condition = space::Condition{"kind", {"plain"}}}})
      .value();
}

space::Space mixed_space() {
  return space::make_space({{.name = "kind", .domain = space::Categorical{{"plain", "wide", "deep"}}},
                            {.name = "blocks", .domain = space::Integer{.low = 1, .high = 200}},
                            {.name = "rate", .domain = space::Real{.low = 1e-5, .high = 1e-1, .log_scale = true}},
                            {.name = "share",
                             .domain = space::Real{.low = 0, .high = 1},
                             .condition = space::Condition{"kind", {"wide"}}},
                            {.name = "fixed", .domain = space::Real{.low = 2, .high = 2}}})
      .value();
}

Options options_of(const std::string& strategy, std::int64_t trials, std::uint64_t seed = 1) {
  Options options{.strategy = strategy,
                  .common = {.trials = trials, .effort = {.full = study::Fidelity::training(3)}, .seed = seed}};
  for (const char* text :
       {"stages=[{epochs: 1, keep: 6}, {epochs: 3, keep: 2}, {epochs: 9}]", "initial=6", "population=8"})
    EXPECT_TRUE(set_option(options, text)) << text;
  return options;
}

Outcome failing(const study::Trial& /*trial*/) {
  return {.state = study::State::failed};
}
Outcome without_values(const study::Trial& /*trial*/) {
  return {.values = {{"iou", 0.5}}};
}  // storages leave out what is not finite

/// A search in memory, which checks every proposal.
class Play {
 public:
  explicit Play(const space::Space& space, study::Settings settings = two_objectives()) : space_(&space) {
    study_.settings = std::move(settings);
  }

  [[nodiscard]] study::Study& study() { return study_; }

  Advice propose(const Strategy& strategy, std::size_t n) {
    auto advice = strategy.ask(study_, n).value();
    EXPECT_LE(advice.proposals.size(), n);
    EXPECT_TRUE(!advice.is_finished || advice.proposals.empty());
    for (const auto& proposal : advice.proposals) {
      if (proposal.promote) {
        auto& trial = study_.trials.at(static_cast<std::size_t>(proposal.promote->value));
        EXPECT_EQ(trial.state, study::State::complete);
        trial.state = study::State::waiting;
        ++trial.stage;
        trial.fidelity = proposal.fidelity;
        has_promoted_ = true;
        continue;
      }
      EXPECT_TRUE(space_->check(proposal.choice)) << space::to_text(proposal.choice);
      EXPECT_EQ(study_.find(proposal.choice), nullptr) << space::to_text(proposal.choice) << " is known";
      study_.trials.push_back({.id = {static_cast<std::int64_t>(study_.trials.size())},
                               .choice = proposal.choice,
                               .fidelity = proposal.fidelity});
    }
    return advice;
  }

  /// Ends up to `count` waiting trials, the youngest first when `is_reversed`.
  void finish(std::size_t count, Trainer trainer, bool is_reversed = false) {
    for (std::size_t k = 0; k < study_.trials.size() && count > 0; ++k) {
      auto& trial = study_.trials[is_reversed ? study_.trials.size() - 1 - k : k];
      if (trial.state != study::State::waiting) continue;
      auto outcome = trainer(trial);
      trial.state = outcome.state;
      if (trial.state != study::State::failed && trial.state != study::State::rejected)
        trial.results.push_back({.stage = trial.stage,
                                 .fidelity = trial.fidelity,
                                 .values = study::values_of(study::Source::told, outcome.values)});
      --count;
    }
  }

  /// Asks for `n` at a time and ends them all, until the strategy is done.
  void run(const Strategy& strategy, std::size_t n, Trainer trainer) {
    for (int step = 0; step < 2000; ++step) {
      if (propose(strategy, n).is_finished) return;
      finish(n, trainer);
    }
    ADD_FAILURE() << "the search does not end";
  }

  [[nodiscard]] bool has_promoted() const { return has_promoted_; }
  [[nodiscard]] std::vector<std::string> choices() const {
    std::vector<std::string> texts;
    for (const auto& trial : study_.trials) texts.push_back(space::to_text(trial.choice));
    return texts;
  }

 private:
  const space::Space* space_;
  study::Study study_;
  bool has_promoted_ = false;
};

class Conformance : public testing::TestWithParam<std::string> {
 protected:
  /// The spaces that the strategy can search.
  static std::vector<space::Space> spaces() {
    std::vector<space::Space> spaces{finite_space(), conditional_space()};
    if (!needs_finite_space()) spaces.push_back(mixed_space());
    return spaces;
  }
  static bool needs_finite_space() { return strategies().find(GetParam())->needs_finite_space; }
  static std::unique_ptr<Strategy> make(const space::Space& space, std::int64_t trials, std::uint64_t seed = 1) {
    return make_strategy(options_of(GetParam(), trials, seed), space).value();
  }
};

TEST_P(Conformance, IsAFunctionOfTheStudyWithTrialsPending) {
  for (const auto& space : spaces())
    for (const std::size_t batch : {1U, 4U, 16U}) {
      SCOPED_TRACE(batch);
      Play play(space);
      const auto kept = make(space, 30);
      for (int step = 0; step < 12; ++step) {
        const auto again = make(space, 30)->ask(play.study(), batch).value();
        const auto advice = play.propose(*kept, batch);
        EXPECT_EQ(advice.proposals, again.proposals);
        EXPECT_EQ(advice.is_finished, again.is_finished);
        EXPECT_EQ(advice.note, again.note);
        play.finish(1 + batch / 2, usual_outcome, step % 2 == 1);
      }
    }
}

/// Finite, and as far apart as numbers go.
Outcome extreme(const study::Trial& trial) {
  constexpr double values[] = {1.7e308, -1.7e308, 1e-320, 0.0, -0.0, 5e-324, 1.0, -1e300};
  const auto pick = [&](std::int64_t step) {
    return values[static_cast<std::size_t>(trial.id.value * step + trial.stage) % std::size(values)];
  };
  return {.values = {{"iou", pick(1)}, {"latency_ms", pick(3)}}};
}
Outcome equal_and_large(const study::Trial& /*trial*/) {
  return {.values = {{"iou", 1e25}, {"latency_ms", 1e25}}};
}

TEST_P(Conformance, GoesOnAfterExtremeValues) {
  for (const auto trainer : {extreme, equal_and_large})
    for (const auto& space : spaces()) {
      Play play(space);
      const auto strategy = make(space, 40);
      for (int step = 0; step < 12; ++step) {
        const auto advice = strategy->ask(play.study(), 3);
        ASSERT_TRUE(advice) << to_text(advice.error());
        if (play.propose(*strategy, 3).is_finished) break;
        play.finish(3, trainer);
      }
    }
}

TEST_P(Conformance, SearchesRangesAsWideAsNumbersGo) {
  if (needs_finite_space()) return;
  const auto space =
      space::make_space(
          {{.name = "wide", .domain = space::Real{.low = 1e-300, .high = 1e300, .log_scale = true}},
           {.name = "tiny", .domain = space::Real{.low = 5e-324, .high = 1, .log_scale = true}},
           {.name = "plain", .domain = space::Real{.low = -8e307, .high = 8e307}},
           {.name = "whole", .domain = space::Integer{.low = -(std::int64_t{1} << 40), .high = std::int64_t{1} << 40}}})
          .value();
  Play play(space);
  const auto strategy = make(space, 40);
  for (int step = 0; step < 12; ++step) {
    if (play.propose(*strategy, 3).is_finished) break;
    play.finish(3, usual_outcome);
  }
  ASSERT_GE(play.study().trials.size(), 10U);
  std::set<bool> halves;
  for (const auto& trial : play.study().trials) halves.insert(std::get<double>(trial.choice.at("wide")) < 1);
  EXPECT_EQ(halves.size(), 2U) << "both halves of the logarithm are looked at";
}

TEST_P(Conformance, GivesTheSameTrialsWhenItIsKilledBeforeEachAsk) {
  for (const auto& space : spaces()) {
    Play kept_on(space), killed(space);
    const auto kept = make(space, 30);
    kept_on.run(*kept, 1, usual_outcome);
    for (int step = 0; step < 2000; ++step) {
      if (killed.propose(*make(space, 30), 1).is_finished) break;
      killed.finish(1, usual_outcome);
    }
    EXPECT_EQ(kept_on.choices(), killed.choices());
  }
}

TEST_P(Conformance, MakesAsManyTrialsAsItIsTold) {
  for (const auto& space : spaces()) {
    Play play(space);
    play.run(*make(space, 13), 4, usual_outcome);
    EXPECT_EQ(play.study().trials.size(), 13U);
  }
}

TEST_P(Conformance, ProposesEachChoiceOfASmallSpaceOnceAndEnds) {
  for (const std::size_t batch : {1U, 4U, 16U}) {
    const auto space = finite_space();
    Play play(space);
    play.run(*make(space, 1000), batch, usual_outcome);
    EXPECT_TRUE(play.has_promoted() || play.study().trials.size() == 15U);
    const auto choices = play.choices();
    EXPECT_EQ(std::set(choices.begin(), choices.end()).size(), choices.size());
  }
}

TEST_P(Conformance, ExhaustsASpaceWithConditions) {
  const auto space = conditional_space();
  ASSERT_EQ(space.size(), 24U);
  Play play(space);
  play.run(*make(space, 1000), 5, usual_outcome);
  EXPECT_TRUE(play.has_promoted() || play.study().trials.size() == 24U);
}

TEST_P(Conformance, GoesOnWhenAllTrialsFail) {
  for (const auto& space : spaces()) {
    Play play(space);
    play.run(*make(space, 14), 3, failing);
    EXPECT_EQ(play.study().trials.size(), 14U);
  }
}

TEST_P(Conformance, GoesOnWhenObjectivesAreMissing) {
  for (const auto& space : spaces()) {
    Play play(space);
    play.run(*make(space, 14), 3, without_values);
    EXPECT_EQ(play.study().trials.size(), 14U);
  }
}

TEST_P(Conformance, TakesValuesThatAreNotFiniteForMissing) {
  for (const auto& space : spaces()) {
    Play play(space);
    play.run(*make(space, 14), 3, [](const study::Trial& trial) {
      auto outcome = usual_outcome(trial);
      if (trial.id.value % 3 == 0) outcome.values["iou"] = std::numeric_limits<double>::quiet_NaN();
      if (trial.id.value % 3 == 1) outcome.values["latency_ms"] = std::numeric_limits<double>::infinity();
      return outcome;
    });
    EXPECT_EQ(play.study().trials.size(), 14U);
  }
}

TEST_P(Conformance, GoesOnWhenSomeOrAllTrialsBreakAConstraint) {
  for (const char* text : {"latency_ms < 3", "latency_ms < -1"}) {
    SCOPED_TRACE(text);
    auto settings = two_objectives();
    settings.constraints.push_back({text, study::Comparison::parse(text).value()});
    for (const auto& space : spaces()) {
      Play play(space, settings);
      play.run(*make(space, 14), 3, usual_outcome);
      EXPECT_EQ(play.study().trials.size(), 14U);
    }
  }
}

TEST_P(Conformance, DoesNotCountWhatIsRejected) {
  const auto space = conditional_space();
  Play play(space);
  play.run(*make(space, 8), 3, [](const study::Trial& trial) {
    return trial.id.value % 3 == 1 ? Outcome{.state = study::State::rejected} : usual_outcome(trial);
  });
  EXPECT_EQ(std::ranges::count(play.study().trials, study::State::rejected, &study::Trial::state), 4);
  EXPECT_EQ(play.study().trials.size(), 12U);
}

TEST_P(Conformance, FindsTheFewValidChoices) {
  const auto space = space::make_space({{.name = "a", .domain = space::Integer{.low = 0, .high = 5000}}},
                                       [](const space::Choice& choice) -> std::optional<std::string> {
                                         if (std::get<std::int64_t>(choice.at("a")) % 2500 == 1) return std::nullopt;
                                         return "no";
                                       })
                         .value();
  Play play(space);
  play.run(*make(space, 5), 2, usual_outcome);
  EXPECT_EQ(play.study().trials.size(), 2U);
}

TEST_P(Conformance, TakesOneObjective) {
  auto settings = two_objectives();
  settings.objectives.resize(1);
  for (const auto& space : spaces()) {
    Play play(space, settings);
    play.run(*make(space, 14), 3, usual_outcome);
    EXPECT_EQ(play.study().trials.size(), 14U);
  }
}

TEST_P(Conformance, PlansAtMostTheTrialsOfTheSpace) {
  const auto space = finite_space();
  const auto strategy = make(space, 1000);
  EXPECT_EQ(strategy->name(), GetParam());
  ASSERT_FALSE(strategy->plan().empty());
  EXPECT_LE(strategy->plan().front().trials, 15U);
}

TEST_P(Conformance, MayBeAskedByTwoThreadsAtOnce) {
  const auto space = conditional_space();
  Play play(space);
  const auto strategy = make(space, 30);
  for (int step = 0; step < 3; ++step) {
    play.propose(*strategy, 4);
    play.finish(4, usual_outcome);
  }
  const auto study = play.study();
  const auto expected = make(space, 30)->ask(study, 3).value();
  std::vector<std::vector<Proposal>> answers(6);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 3; ++i) answers[3 * t + i] = strategy->ask(study, 3).value().proposals;
      });
  }
  for (const auto& answer : answers) EXPECT_EQ(answer, expected.proposals);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Conformance, testing::ValuesIn(strategies().names()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace edgewise::search
