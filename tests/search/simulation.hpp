/// Searches without training: a stand-in for coordinator and workers over a memory storage.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "search/strategies.hpp"
#include "study/storage.hpp"
#include "tests/search/told.hpp"

namespace edgewise::search {

inline space::Space finite_space(int blocks = 5) {
  return space::make_space({{.name = "backbone", .domain = space::Categorical{{"a", "b", "c"}}},
                            {.name = "blocks", .domain = space::Integer{.low = 1, .high = blocks}}})
      .value();
}

inline space::Space infinite_space() {
  return space::make_space(
             {{.name = "backbone", .domain = space::Categorical{{"a", "b", "c"}}},
              {.name = "learning_rate", .domain = space::Real{.low = 1e-5, .high = 1e-2, .log_scale = true}}})
      .value();
}

inline study::Settings two_objectives() {
  study::Settings settings;
  settings.objectives = {{"iou", study::Direction::maximize}, {"latency_ms", study::Direction::minimize}};
  return settings;
}

/// What training would have given: a function of choice and stage, with ties, infeasible and failing choices.
struct Outcome {
  study::State state = study::State::complete;
  std::map<std::string, double> values;
};
using Trainer = Outcome (*)(const study::Trial& trial);

inline Outcome usual_outcome(const study::Trial& trial) {
  const std::uint64_t hash = stable_hash(space::to_text(trial.choice)),
                      with_stage = stable_hash(space::to_text(trial.choice) + std::to_string(trial.stage));
  Outcome outcome;
  if (with_stage % 11 == 0) outcome.state = study::State::failed;
  if (with_stage % 11 == 1) outcome.state = study::State::pruned;
  outcome.values = {{"iou", static_cast<double>(with_stage / 16 % 10) / 10},
                    {"latency_ms", static_cast<double>(hash / 256 % 8)}};
  return outcome;
}

class Simulation {
 public:
  explicit Simulation(const study::Settings& settings) : storage_(study::memory_storage(settings)) {}

  [[nodiscard]] study::Study study() const { return storage_->load().value(); }
  study::Storage& storage() { return *storage_; }

  /// Asks and records; the advice as it was.
  Advice propose(const Strategy& strategy, std::size_t n, const std::set<std::string>& rejected = {}) {
    const auto study = storage_->load().value();
    Advice advice = strategy.ask(study, n).value();
    EXPECT_LE(advice.proposals.size(), n);
    std::vector<study::Trial> added;
    for (const Proposal& proposal : advice.proposals) {
      if (proposal.promote) {
        EXPECT_TRUE(storage_->promote({*proposal.promote}, proposal.fidelity));
        continue;
      }
      EXPECT_EQ(study.find(proposal.choice), nullptr) << space::to_text(proposal.choice);
      study::Trial trial{.choice = proposal.choice, .fidelity = proposal.fidelity};
      if (rejected.contains(space::to_text(proposal.choice))) trial.state = study::State::rejected;
      added.push_back(std::move(trial));
    }
    EXPECT_TRUE(storage_->add(added, study.trials.size()));
    return advice;
  }

  /// Takes up `count` trials and finishes them in an order that `random` draws.
  void work(RandomStream& random, std::size_t count, Trainer trainer = usual_outcome) {
    std::vector<study::Claim> taken;
    for (std::size_t i = 0; i < count; ++i)
      if (auto claim = storage_->claim("a:1").value()) taken.push_back(std::move(*claim));
    random.shuffle(std::span(taken));
    for (const auto& claim : taken) {
      const auto& trial = claim.trial;
      const Outcome outcome = trainer(trial);
      if (outcome.state == study::State::failed)
        EXPECT_TRUE(storage_->fail_trial(claim, "x"));
      else
        EXPECT_TRUE(storage_->finish(claim, outcome.state,
                                     {.stage = trial.stage,
                                      .fidelity = trial.fidelity,
                                      .values = study::values_of(study::Source::told, outcome.values)},
                                     ""));
    }
  }

  /// To the end: at most `n` proposals at a time, up to `workers` trials at once. Every ask is of a fresh strategy, as
  /// after a kill.
  void run(const Options& options, const space::Space& space, std::uint64_t order, std::size_t n, std::size_t workers,
           Trainer trainer = usual_outcome) {
    RandomStream random(order);
    for (int step = 0; step < 10'000; ++step) {
      const auto strategy = make_strategy(options, space).value();
      const auto advice = propose(*strategy, n);
      if (advice.is_finished) {
        EXPECT_TRUE(advice.proposals.empty());
        return;
      }
      if (random.chance(0.5)) work(random, 1 + random.below(workers), trainer);
    }
    ADD_FAILURE() << "the search does not end";
  }

 private:
  std::unique_ptr<study::Storage> storage_;
};

/// Choices with the stage they reached and the epochs of it, whatever their numbers.
inline std::set<std::tuple<std::string, int, int>> reached(const study::Study& study) {
  std::set<std::tuple<std::string, int, int>> result;
  for (const auto& trial : study.trials)
    result.insert({space::to_text(trial.choice), trial.stage, trial.fidelity.epochs()});
  return result;
}

}  // namespace edgewise::search
