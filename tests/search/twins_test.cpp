// The same network with the same settings is not paid for twice.
#include "search/twins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "space/family.hpp"
#include "study/storage.hpp"

namespace edgewise::search {
namespace {

using study::State;
using study::TrialId;

/// Choices (a, b); the network is a alone, and a = 9 cannot be built.
space::Choice choice(std::int64_t a, std::int64_t b) {
  return {{"a", a}, {"b", b}};
}
std::optional<std::string> network(const space::Choice& choice) {
  const auto a = std::get<std::int64_t>(choice.at("a"));
  return a == 9 ? std::nullopt : std::optional(std::to_string(a));
}

class TwinsOfAStudy : public testing::Test {
 protected:
  TwinsOfAStudy() {
    study::Settings settings;
    settings.objectives = {{"error", study::Direction::minimize}};
    storage_ = study::memory_storage(settings);
  }
  /// Proposes and records as the coordinator does.
  void propose(const std::vector<space::Choice>& choices, bool has_stages = false) {
    const auto study = storage_->load().value();
    std::vector<study::Trial> added;
    for (const auto& one : choices) {
      study::Trial trial{.choice = one, .fidelity = study::Fidelity::training(10)};
      twins_.answer(trial, network(one).value_or("none"), study, added, has_stages);
      added.push_back(std::move(trial));
    }
    const auto ids = storage_->add(added, study.trials.size());
    ASSERT_TRUE(ids) << to_text(ids.error());
  }
  void finish(State state, double error) {
    const auto claim = storage_->claim("w:1").value().value();
    if (state == State::failed) {
      ASSERT_TRUE(storage_->fail_trial(claim, "broken"));
      return;
    }
    ASSERT_TRUE(storage_->finish(claim, state,
                                 {.stage = 0,
                                  .fidelity = claim.trial.fidelity,
                                  .values = study::values_of(study::Source::told, {{"error", error}}),
                                  .artifacts = {{.kind = "onnx", .path = "m.onnx"}},
                                  .train_s = 7,
                                  .measure_s = 2},
                                 ""));
  }
  study::Trial trial(std::int64_t id) { return storage_->trial({id}).value(); }

  std::unique_ptr<study::Storage> storage_;
  Twins twins_{network};
};

TEST_F(TwinsOfAStudy, ACompleteTwinAnswersAtNoCost) {
  propose({choice(1, 1)});
  finish(State::complete, 0.25);
  propose({choice(1, 2), choice(2, 1)});
  const auto answered = trial(1);
  EXPECT_EQ(answered.state, State::complete);
  EXPECT_EQ(answered.reason, "same network and settings as trial 0");
  EXPECT_EQ(answered.value("error"), 0.25);
  EXPECT_EQ(answered.result()->artifact("onnx")->path, "m.onnx");
  EXPECT_EQ(answered.result()->details["answered"], "trial 0");
  EXPECT_EQ(answered.result()->train_s, 0);
  EXPECT_EQ(answered.result()->measure_s, 0);
  EXPECT_TRUE(answered.is_answered());
  EXPECT_FALSE(trial(0).is_answered());
  EXPECT_EQ(storage_->claim("w:1").value()->id, TrialId{2});  // nobody trains the copy
  EXPECT_EQ(storage_->claim("w:1").value(), std::nullopt);
}

TEST_F(TwinsOfAStudy, ATwinWithoutResultRejectsWithItsNumber) {
  propose({choice(1, 1), choice(2, 1)});
  propose({choice(1, 2)});  // its twin waits
  EXPECT_EQ(trial(2).state, State::rejected);
  EXPECT_EQ(trial(2).reason, "same network and settings as trial 0");
  finish(State::failed, 0);
  finish(State::pruned, 0.5);
  propose({choice(1, 3), choice(2, 3)});
  EXPECT_EQ(trial(3).state, State::rejected);
  EXPECT_EQ(trial(3).reason, "same network and settings as trial 0");
  EXPECT_EQ(trial(4).state, State::rejected);
  EXPECT_EQ(trial(4).reason, "same network and settings as trial 1");
}

TEST_F(TwinsOfAStudy, TwinsInOneBatchAreSeen) {
  propose({choice(1, 1), choice(1, 2), choice(3, 1), choice(1, 3)});
  EXPECT_EQ(trial(0).state, State::waiting);
  EXPECT_EQ(trial(1).reason, "same network and settings as trial 0");
  EXPECT_EQ(trial(2).state, State::waiting);
  EXPECT_EQ(trial(3).reason, "same network and settings as trial 0");
}

TEST_F(TwinsOfAStudy, AResumedStudyIsKnown) {
  propose({choice(9, 1), choice(1, 1), choice(2, 1)});
  finish(State::complete, 0.5);
  finish(State::complete, 0.25);
  twins_ = Twins(network);  // a new process
  propose({choice(1, 2)});
  EXPECT_EQ(trial(3).state, State::complete);
  EXPECT_EQ(trial(3).reason, "same network and settings as trial 1");
  EXPECT_EQ(trial(3).value("error"), 0.25);
}

TEST_F(TwinsOfAStudy, InASearchOfStagesACopyDoesNotCompete) {
  propose({choice(1, 1)}, true);
  finish(State::complete, 0.25);
  propose({choice(1, 2)}, true);
  EXPECT_EQ(trial(1).state, State::rejected);
  EXPECT_EQ(trial(1).reason, "same network and settings as trial 0");
}

TEST(Identity, IsTheNetworkAndItsSettings) {
  const space::Frame frame{};
  const auto family = space::make_family("backbones", Json{{"backbone", {"resnet18", "vgg11"}}}, frame).value();
  const auto identity = [&](const char* backbone, const char* rate) {
    return space::identity(family.build({{"backbone", backbone}, {"learning_rate", rate}}, frame).value());
  };
  EXPECT_EQ(identity("resnet18", "0.01"), identity("resnet18", "0.01"));
  EXPECT_NE(identity("resnet18", "0.01"), identity("vgg11", "0.01"));
  EXPECT_NE(identity("resnet18", "0.01"), identity("resnet18", "0.001"));
  auto larger = frame;
  larger.input_size = 96;
  EXPECT_NE(space::identity(family.build({{"backbone", "resnet18"}, {"learning_rate", "0.01"}}, larger).value()),
            identity("resnet18", "0.01"));
}

}  // namespace
}  // namespace edgewise::search
