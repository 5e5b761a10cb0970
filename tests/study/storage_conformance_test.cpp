// What every storage must do. Whatever is in the catalogue is tested: a new one joins by being linked into this
// program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "example.hpp"
#include "study/changes_internal.hpp"

namespace edgewise::study {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Ids = std::vector<TrialId>;

class StorageConformance : public testing::TestWithParam<std::string> {
 protected:
  StorageConformance() : storage_(create_storage(url(), example_settings()).value()) {}
  [[nodiscard]] std::string url() const { return GetParam() + ":" + folder_.path().string(); }
  Storage& storage() { return *storage_; }
  void add(int count) {
    std::vector<Trial> trials;
    for (int i = 0; i < count; ++i) trials.push_back(example_trial(i));
    ASSERT_TRUE(storage().add(trials, storage().load()->trials.size()));
  }
  TrialId claim(const std::string& worker = "a:1", std::chrono::milliseconds lease = usual_lease) {
    Claim claim = storage().claim(worker, lease).value().value();
    const TrialId id = claim.id;
    claims_.insert_or_assign({id, worker}, std::move(claim));
    return id;
  }
  /// The latest claim of the worker on the trial; where it has none, one that it made up.
  Claim held(TrialId id, const std::string& worker = "a:1") {
    const auto found = claims_.find({id, worker});
    if (found != claims_.end()) return found->second;
    Claim forged{.id = id, .token = "a guess", .epoch = 1};
    forged.trial.worker = worker;
    return forged;
  }
  /// Its lease ends now.
  void fall_silent(TrialId id, const std::string& worker) {
    Claim last = held(id, worker);
    last.lease = 1ms;
    ASSERT_TRUE(storage().heartbeat(last).value());
    std::this_thread::sleep_for(5ms);
  }
  void complete(TrialId id, const std::string& worker = "a:1", double iou = 0.5) {
    ASSERT_TRUE(
        storage().finish(held(id, worker), State::complete, example_result(storage().trial(id)->stage, iou), ""));
  }
  State state(int id) { return storage().trial({id})->state; }

  Folder folder_;
  std::unique_ptr<Storage> storage_;
  std::map<std::pair<TrialId, std::string>, Claim> claims_;
};
INSTANTIATE_TEST_SUITE_P(Every, StorageConformance, testing::ValuesIn(storages().names()),
                         [](const auto& info) { return info.param; });

#define EXPECT_ERROR(expression, expected_code, text)         \
  do {                                                        \
    const auto result = expression;                           \
    ASSERT_FALSE(result);                                     \
    EXPECT_EQ(result.error().code, ErrorCode::expected_code); \
    EXPECT_THAT(result.error().message, HasSubstr(text));     \
  } while (false)

TEST_P(StorageConformance, OfPromotedTrialsTheLongestIsTakenUpFirst) {
  add(4);
  for (const double seconds : {3.0, 9.0, 3.0}) {
    const TrialId id = claim();
    StageResult result = example_result(0, 0.5);
    result.train_s = seconds;
    ASSERT_TRUE(storage().finish(held(id), State::complete, result, ""));
  }
  ASSERT_TRUE(storage().promote({TrialId{0}, TrialId{1}, TrialId{2}}, Fidelity::training(30)));
  EXPECT_EQ(claim(), TrialId{3}) << "a lower stage comes first";
  EXPECT_EQ(claim(), TrialId{1});
  EXPECT_EQ(claim(), TrialId{0});
  EXPECT_EQ(claim(), TrialId{2});
}

TEST_P(StorageConformance, ThreadsAreFixedOnceATrialHasBegun) {
  add(2);
  EXPECT_EQ(storage().trial({0})->threads, std::nullopt);
  ASSERT_TRUE(storage().assign_threads({{TrialId{0}, 2}, {TrialId{1}, 1}}));
  ASSERT_TRUE(storage().assign_threads({{TrialId{0}, 4}})) << "nobody has taken it up";
  EXPECT_EQ(held(claim()).trial.threads, 4);
  EXPECT_ERROR(storage().assign_threads({{TrialId{1}, 3}, {TrialId{0}, 2}}), conflict,
               "trial 0 trains with 4 threads already");
  EXPECT_EQ(storage().trial({1})->threads, 1) << "all or none";
  complete({0});
  ASSERT_TRUE(storage().promote({TrialId{0}}, Fidelity::training(30)));
  EXPECT_ERROR(storage().assign_threads({{TrialId{0}, 2}}), conflict, "already");
  EXPECT_EQ(storage().trial({0})->threads, 4);
  EXPECT_ERROR(storage().assign_threads({{TrialId{1}, 0}}), invalid_input, "0 threads");
  EXPECT_ERROR(storage().assign_threads({{TrialId{7}, 1}}), not_found, "7");
}

TEST_P(StorageConformance, ATrialOfAnEarlierVersionThatHasBegunCanStillGetItsThreads) {
  add(1);
  claim();
  ASSERT_TRUE(storage().release(held({0})));
  claim();
  complete({0});
  ASSERT_TRUE(storage().promote({TrialId{0}}, Fidelity::training(30)));
  ASSERT_TRUE(storage().assign_threads({{TrialId{0}, 2}}));
  EXPECT_EQ(storage().claim("a:1").value()->trial.threads, 2);
}

TEST_P(StorageConformance, KeepsTheSettings) {
  const Settings expected = example_settings(), settings = storage().settings().value();
  EXPECT_EQ(settings.name, expected.name);
  EXPECT_EQ(settings.seed, expected.seed);
  EXPECT_EQ(settings.job, expected.job);
  EXPECT_EQ(settings.environment, expected.environment);
  EXPECT_EQ(settings.created, expected.created);
  ASSERT_EQ(settings.objectives.size(), 2U);
  EXPECT_EQ(settings.objectives[0].name, "iou");
  EXPECT_EQ(settings.objectives[0].direction, Direction::maximize);
  EXPECT_EQ(settings.objectives[1].direction, Direction::minimize);
  ASSERT_EQ(settings.constraints.size(), 2U);
  EXPECT_EQ(settings.constraints[1].text, "memory_mb < 100");
  EXPECT_EQ(settings.constraints[1].comparison.holds({{"memory_mb", 101}}), false);
}

TEST_P(StorageConformance, AddsATrialWhoseResultsAreKnown) {
  Trial answered = example_trial(1, State::complete);
  answered.stage = 1;
  answered.reason = "same network and settings as trial 0";
  answered.attempts = 2;
  answered.results = {example_result(0, 0.5), example_result(1, 0.75)};
  answered.results[1].details["answered"] = "trial 0";
  answered.results[1].values["broken"] = {.value = std::numeric_limits<double>::quiet_NaN(), .source = Source::told};
  ASSERT_TRUE(storage().add({example_trial(0), answered}, 0));
  const Trial kept = storage().load()->trials.at(1);
  EXPECT_EQ(kept.state, State::complete);
  EXPECT_EQ(kept.stage, 1);
  EXPECT_EQ(kept.attempts, 0);
  EXPECT_EQ(kept.reason, "same network and settings as trial 0");
  ASSERT_EQ(kept.results.size(), 2U);
  EXPECT_EQ(kept.results[0].values.at("iou").value, 0.5);
  EXPECT_EQ(kept.results[1].train_s, 1.5);
  EXPECT_FALSE(kept.results[1].values.contains("broken"));
  EXPECT_TRUE(kept.is_answered());
  EXPECT_FALSE(storage().trial({0})->is_answered());
  EXPECT_EQ(claim(), (TrialId{0}));
  EXPECT_FALSE(storage().claim("a:1").value());                   // nothing is left to do
  ASSERT_TRUE(storage().promote({{1}}, Fidelity::training(50)));  // it may go on like any other
  EXPECT_EQ(state(1), State::waiting);
  EXPECT_FALSE(storage().trial({1})->is_answered());
}

TEST_P(StorageConformance, RefusesKnownResultsThatDoNotFit) {
  Trial answered = example_trial(1, State::complete);
  EXPECT_ERROR(storage().add({example_trial(0), answered}, 0), invalid_input,
               "a new trial that is complete has no results");
  answered.results = {example_result(1, 0.5)};
  EXPECT_ERROR(storage().add({answered}, 0), invalid_input,
               "a new trial ended in stage 0, but its last result is of stage 1");
  answered.results = {example_result(0, 0.5), example_result(0, 0.5)};
  EXPECT_ERROR(storage().add({answered}, 0), invalid_input, "out of order: stage 0 follows 0");
  EXPECT_EQ(storage().load()->trials.size(), 0U);
}

TEST_P(StorageConformance, KeepsATrialAsItWasAdded) {
  const Trial rejected = example_trial(1, State::rejected);
  EXPECT_EQ(storage().add({example_trial(0), rejected}, 0).value(), (Ids{{0}, {1}}));
  EXPECT_EQ(storage().add({example_trial(2)}, 2).value(), (Ids{{2}}));
  const Study study = storage().load().value();
  ASSERT_EQ(study.trials.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    Trial expected = i == 1 ? rejected : example_trial(i);
    expected.id = {i};
    expect_equal(study.trials[static_cast<std::size_t>(i)], expected);
    expect_equal(storage().trial({i}).value(), expected);
  }
}

TEST_P(StorageConformance, AddsAllOrNone) {
  add(1);
  EXPECT_ERROR(storage().add({example_trial(1)}, 0), conflict, "the study has 1 trials where 0 were expected");
  Trial running = example_trial(2);
  running.state = State::running;
  EXPECT_ERROR(storage().add({example_trial(1), running}, 1), invalid_input,
               "a new trial is \"waiting\", \"rejected\" or \"complete\", not \"running\"");
  Trial idle = example_trial(2);
  idle.fidelity = Fidelity::training(0);
  EXPECT_ERROR(storage().add({example_trial(1), idle}, 1), invalid_input, "a trial of 0 epochs");
  Trial odd = example_trial(2);
  odd.choice["learning_rate"] = std::nan("");
  EXPECT_ERROR(storage().add({odd}, 1), invalid_input, "the value of \"learning_rate\" is not finite");
  EXPECT_EQ(storage().load()->trials.size(), 1U);
  EXPECT_EQ(storage().add({}, 1).value(), Ids{});
}

TEST_P(StorageConformance, KnowsOnlyTrialsThatAreThere) {
  add(1);
  for (const TrialId id : {TrialId{-1}, TrialId{1}, TrialId{std::numeric_limits<std::int64_t>::max()}}) {
    EXPECT_ERROR(storage().trial(id), not_found, "the study has no trial " + to_text(id));
    EXPECT_ERROR(storage().promote({id}, Fidelity::training(5)), not_found, "the study has no trial");
    EXPECT_ERROR(storage().heartbeat(held(id)), not_found, "the study has no trial");
    EXPECT_ERROR(storage().record(held(id), example_point(0, 1)), not_found, "the study has no trial");
  }
}

TEST_P(StorageConformance, HandsOutTheLowestStageThenTheLowestNumber) {
  add(3);
  EXPECT_EQ(claim(), TrialId{0});
  complete({0});
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(30)));
  EXPECT_EQ(claim(), TrialId{1});
  EXPECT_EQ(claim("b:2"), TrialId{2});
  const Trial again = storage().claim("b:2").value().value().trial;
  EXPECT_EQ(again.id, TrialId{0});
  EXPECT_EQ(again.stage, 1);
  EXPECT_EQ(again.fidelity, Fidelity::training(30));
  EXPECT_EQ(again.attempts, 1);
  EXPECT_EQ(again.worker, "b:2");
  EXPECT_EQ(again.state, State::running);
  ASSERT_EQ(again.results.size(), 1U);
  EXPECT_FALSE(storage().claim("c:3").value());
  EXPECT_ERROR(storage().claim(""), invalid_input, "a worker without a name");
}

TEST_P(StorageConformance, KeepsResultsAndCurvesByStage) {
  add(1);
  claim();
  ASSERT_TRUE(storage().record(held({0}), example_point(0, 1)));
  ASSERT_TRUE(storage().record(held({0}), example_point(0, 2)));
  complete({0}, "a:1", 0.5);
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(30)));
  claim("b:2");
  ASSERT_TRUE(storage().record(held({0}, "b:2"), example_point(1, 3)));
  ASSERT_TRUE(storage().finish(held({0}, "b:2"), State::pruned, example_result(1, 0.6), "the loss became NaN"));
  ASSERT_EQ(storage().trial({0})->state, State::pruned);
  Trial expected = example_trial(0);
  expected.state = State::pruned;
  expected.stage = 1;
  expected.fidelity = Fidelity::training(30);
  expected.attempts = 1;
  expected.reason = "the loss became NaN";
  expected.results = {example_result(0, 0.5), example_result(1, 0.6)};
  expected.curve = {example_point(0, 1), example_point(0, 2), example_point(1, 3)};
  expect_equal(storage().trial({0}).value(), expected);
  expect_equal(storage().load()->trials[0], expected);
  const Study short_one = storage().outline().value();
  expected.curve.clear();
  for (StageResult& result : expected.results) {
    result.measurement = nullptr;
    result.artifacts.clear();
  }
  ASSERT_EQ(short_one.trials.size(), 1U);
  expect_equal(short_one.trials[0], expected);
  EXPECT_EQ(short_one.settings.name, example_settings().name);
}

TEST_P(StorageConformance, ReplacesWhatADeadAttemptRecorded) {
  add(1);
  claim();
  for (int epoch = 1; epoch <= 4; ++epoch) ASSERT_TRUE(storage().record(held({0}), example_point(0, epoch)));
  ASSERT_TRUE(storage().release(held({0})));
  claim("b:2");
  CurvePoint other = example_point(0, 3);
  other.train_loss = 9;
  ASSERT_TRUE(storage().record(held({0}, "b:2"), other));
  EXPECT_EQ(storage().trial({0})->curve, (std::vector<CurvePoint>{example_point(0, 1), example_point(0, 2), other}));
}

TEST_P(StorageConformance, LeavesOutNumbersThatAreNotFinite) {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  Trial trial = example_trial(0);
  trial.known = values_of(Source::computed, {{"parameters", 5}, {"macs", infinite}});
  ASSERT_TRUE(storage().add({trial}, 0));
  EXPECT_EQ(claim(), TrialId{0});
  CurvePoint point = example_point(0, 1);
  point.train_loss = infinite;
  point.validation_loss = nan;
  point.metrics = {{"iou", nan}, {"iou50", 0.5}};
  point.images_per_s = infinite;
  ASSERT_TRUE(storage().record(held({0}), point));
  StageResult result = example_result(0, nan);
  result.measurement = {{"latency_ms", nan}};
  result.train_s = nan;
  result.details = nullptr;
  result.finished = "";
  ASSERT_TRUE(storage().finish(held({0}), State::complete, result, ""));
  const Trial kept = storage().trial({0}).value();
  EXPECT_EQ(kept.known, values_of(Source::computed, {{"parameters", 5}}));
  ASSERT_EQ(kept.curve.size(), 1U);
  EXPECT_TRUE(std::isnan(kept.curve[0].train_loss));
  EXPECT_TRUE(std::isnan(kept.curve[0].validation_loss));
  EXPECT_EQ(kept.curve[0].metrics, (std::map<std::string, double>{{"iou50", 0.5}}));
  EXPECT_EQ(kept.curve[0].images_per_s, 0);
  EXPECT_EQ(numbers(kept.results[0].values), (std::map<std::string, double>{{"latency_ms", 12.5}}));
  EXPECT_TRUE(kept.results[0].measurement["latency_ms"].is_null());
  EXPECT_EQ(kept.results[0].train_s, 0);
  EXPECT_EQ(kept.results[0].details, Json::object());
  EXPECT_EQ(kept.results[0].finished.size(), std::string("2026-11-20T22:09:00Z").size());
}

TEST_P(StorageConformance, LetsOnlyTheHolderChangeARunningTrial) {
  add(1);
  const auto refused = [&](const std::string& why) {
    EXPECT_ERROR(storage().record(held({0}, "b:2"), example_point(0, 1)), conflict, why);
    EXPECT_ERROR(storage().finish(held({0}, "b:2"), State::complete, example_result(0, 1), ""), conflict, why);
    EXPECT_ERROR(storage().fail_trial(held({0}, "b:2"), "x"), conflict, why);
    EXPECT_ERROR(storage().release(held({0}, "b:2")), conflict, why);
    EXPECT_EQ(storage().heartbeat(held({0}, "b:2")).value(), false);
  };
  refused("trial 0 is not run by \"b:2\": it is waiting");
  claim();
  EXPECT_EQ(storage().heartbeat(held({0})).value(), true);
  refused("trial 0 is not run by \"b:2\": \"a:1\" runs it");
  complete({0});
  refused("it is complete");
  EXPECT_EQ(storage().heartbeat(held({0})).value(), false);
  EXPECT_EQ(storage().load()->trials[0].curve.size(), 0U);
  EXPECT_EQ(storage().load()->trials[0].worker, "");
}

TEST_P(StorageConformance, RefusesWhatDoesNotBelongToTheStage) {
  add(1);
  claim();
  EXPECT_ERROR(storage().record(held({0}), example_point(1, 1)), invalid_input,
               "the epoch is of stage 1, but trial 0 is in stage 0");
  EXPECT_ERROR(storage().record(held({0}), {.stage = 0, .epoch = 0}), invalid_input, "epoch 0 cannot be recorded");
  EXPECT_ERROR(storage().finish(held({0}), State::complete, example_result(1, 1), ""), invalid_input,
               "the result is of stage 1, but trial 0 is in stage 0");
  EXPECT_ERROR(storage().finish(held({0}), State::failed, example_result(0, 1), ""), invalid_input,
               "not as \"failed\"");
  EXPECT_EQ(state(0), State::running);
  // A worker that measured the untrained network and found it out of bounds.
  EXPECT_TRUE(storage().finish(held({0}), State::rejected, example_result(0, 1), "latency"));
  EXPECT_EQ(state(0), State::rejected);
}

TEST_P(StorageConformance, PromotesAllOrNone) {
  add(3);
  for (int i = 0; i < 3; ++i) claim();
  complete({0});
  complete({1});
  EXPECT_ERROR(storage().promote({{0}, {2}}, Fidelity::training(30)), conflict, "trial 2 is running, not complete");
  EXPECT_ERROR(storage().promote({{0}, {0}}, Fidelity::training(30)), conflict, "trial 0 is waiting, not complete");
  EXPECT_ERROR(storage().promote({{0}}, Fidelity::training(0)), invalid_input,
               "trial 0 cannot be promoted to 0 epochs");
  EXPECT_EQ(state(0), State::complete);
  EXPECT_EQ(storage().trial({0})->stage, 0);
  ASSERT_TRUE(storage().promote({{0}, {1}}, Fidelity::training(30)));
  EXPECT_EQ(state(0), State::waiting);
  EXPECT_EQ(storage().trial({1})->stage, 1);
  EXPECT_EQ(storage().trial({1})->attempts, 0);
  ASSERT_TRUE(storage().promote({}, Fidelity::training(30)));
}

TEST_P(StorageConformance, KeepsTheReasonOfAFailureAndTakesAReleasedTrialBack) {
  add(2);
  claim();
  ASSERT_TRUE(storage().fail_trial(held({0}), "CUDA error: \"out of memory\"\n"));
  EXPECT_EQ(state(0), State::failed);
  EXPECT_EQ(storage().trial({0})->reason, "CUDA error: \"out of memory\"\n");
  claim();
  ASSERT_TRUE(storage().release(held({1})));
  EXPECT_EQ(state(1), State::waiting);
  EXPECT_EQ(storage().trial({1})->attempts, 0);
  EXPECT_EQ(claim(), TrialId{1});
}

TEST_P(StorageConformance, TakesBackATrialThatCouldNotGoOnUntilItTriedTooOften) {
  add(1);
  for (int attempt = 1; attempt < 3; ++attempt) {
    ASSERT_TRUE(storage().give_up(held(claim()), "the disk is full", 3));
    EXPECT_EQ(state(0), State::waiting);
  }
  ASSERT_TRUE(storage().give_up(held(claim()), "the disk is full", 3));
  EXPECT_EQ(state(0), State::failed);
  EXPECT_EQ(storage().trial({0})->reason, "the disk is full (3 attempts)");
}

TEST_P(StorageConformance, LetsAFailedTrialWaitAgain) {
  add(1);
  EXPECT_ERROR(storage().retry({0}), conflict, "waiting, not failed");
  ASSERT_TRUE(storage().fail_trial(held(claim()), "no agent"));
  ASSERT_TRUE(storage().retry({0}));
  const auto trial = storage().trial({0}).value();
  EXPECT_EQ(trial.state, State::waiting);
  EXPECT_EQ(trial.attempts, 0);
  EXPECT_EQ(trial.reason, "");
}

TEST_P(StorageConformance, RecoversTrialsOfSilentWorkersUntilTheyWereLostTooOften) {
  add(1);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(claim("elsewhere:1"), TrialId{0});
    EXPECT_EQ(storage().trial({0})->attempts, attempt);
    EXPECT_EQ(storage().recover(3).value(), Ids{});
    fall_silent({0}, "elsewhere:1");
    EXPECT_EQ(storage().recover(3).value(), (Ids{{0}}));
    EXPECT_EQ(storage().heartbeat(held({0}, "elsewhere:1")).value(), false);
    EXPECT_EQ(state(0), attempt < 3 ? State::waiting : State::failed);
  }
  EXPECT_THAT(storage().trial({0})->reason,
              HasSubstr("its worker was lost 3 times; the last time \"elsewhere:1\" was silent for"));
  EXPECT_EQ(storage().recover(3).value(), Ids{});
}

TEST_P(StorageConformance, ATrialThatLostAWorkerIsTakenUpFirst) {
  add(3);
  EXPECT_EQ(claim("elsewhere:1"), TrialId{0});
  EXPECT_EQ(claim("elsewhere:1"), TrialId{1});
  fall_silent({1}, "elsewhere:1");
  ASSERT_EQ(storage().recover(2).value(), (Ids{{1}}));
  complete({0}, "elsewhere:1");
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(20)));
  EXPECT_EQ(claim(), TrialId{1}) << "before trials that lost none";
  EXPECT_EQ(claim(), TrialId{2});
  EXPECT_EQ(claim(), TrialId{0});
}

TEST_P(StorageConformance, TakesBackWhateverRunsAndCountsNoAttempt) {
  add(3);
  claim("elsewhere:1");
  claim(worker_name());
  const Claim old = held({0}, "elsewhere:1");
  EXPECT_EQ(storage().take_back().value(), (Ids{{0}, {1}})) << "whether its worker lives or not";
  for (const int trial : {0, 1, 2}) {
    EXPECT_EQ(state(trial), State::waiting);
    EXPECT_EQ(storage().trial({trial})->attempts, 0);
  }
  EXPECT_ERROR(storage().record(old, example_point(0, 1)), conflict, "trial 0 is not run by \"elsewhere:1\"");
  claim("elsewhere:1");
  fall_silent({0}, "elsewhere:1");
  ASSERT_EQ(storage().recover(3).value(), (Ids{{0}}));
  claim("elsewhere:1");
  EXPECT_EQ(storage().trial({0})->attempts, 2);
  EXPECT_EQ(storage().take_back().value(), (Ids{{0}}));
  EXPECT_EQ(storage().trial({0})->attempts, 1) << "the earlier loss stays";
  ASSERT_TRUE(storage().forget_losses());
  EXPECT_EQ(storage().trial({0})->attempts, 0);
  const auto before = storage().version().value();
  ASSERT_TRUE(storage().forget_losses());
  EXPECT_EQ(storage().take_back().value(), Ids{});
  EXPECT_EQ(storage().version().value(), before);
}

TEST_P(StorageConformance, AClaimIsOneOfItsKindAndKnowsItsLease) {
  add(2);
  const auto before = std::chrono::system_clock::now();
  const Claim first = storage().claim("a:1", 90s).value().value();
  const Claim second = storage().claim("a:1", 90s).value().value();
  EXPECT_NE(first.token, second.token);
  EXPECT_EQ(first.epoch, 1);
  EXPECT_EQ(first.work, Work::evaluate);
  EXPECT_GE(first.lease_end + 1ms, before + 90s);
  EXPECT_EQ(first.trial.state, State::running);
  ASSERT_TRUE(storage().release(first));
  EXPECT_EQ(storage().claim("a:1").value()->epoch, 2);
}

TEST_P(StorageConformance, RefusesAClaimThatAnotherHasTakenOver) {
  add(1);
  claim("elsewhere:1");
  const Claim old = held({0}, "elsewhere:1");
  fall_silent({0}, "elsewhere:1");
  ASSERT_TRUE(storage().record(old, example_point(0, 1))) << "late, but nobody has taken over";
  fall_silent({0}, "elsewhere:1");
  ASSERT_EQ(storage().recover(3).value(), (Ids{{0}}));
  EXPECT_ERROR(storage().record(old, example_point(0, 2)), conflict,
               "trial 0 is not run by \"elsewhere:1\": it is waiting");
  claim("elsewhere:1");  // the same name does not make it the same claim
  const std::string why = "trial 0 is not run by \"elsewhere:1\": \"elsewhere:1\" runs it by a later claim";
  EXPECT_ERROR(storage().record(old, example_point(0, 2)), conflict, why);
  EXPECT_ERROR(storage().finish(old, State::complete, example_result(0, 1), ""), conflict, why);
  EXPECT_ERROR(storage().pass_on(old, example_result(0, 1)), conflict, why);
  EXPECT_ERROR(storage().fail_trial(old, "x"), conflict, why);
  EXPECT_ERROR(storage().release(old), conflict, why);
  EXPECT_ERROR(storage().give_up(old, "x", 3), conflict, why);
  EXPECT_EQ(storage().heartbeat(old).value(), false);
  EXPECT_TRUE(storage().record(held({0}, "elsewhere:1"), example_point(0, 2)));
}

TEST_P(StorageConformance, AProgramThatKeepsItsNameClaimsAgainWhatItHeld) {
  add(2);
  claim("optimize");
  const Claim old = held({0}, "optimize");
  const Claim again = storage().claim_again({0}, "optimize").value();
  EXPECT_EQ(again.epoch, 2);
  EXPECT_EQ(again.trial.attempts, 1) << "no new attempt";
  EXPECT_ERROR(storage().fail_trial(old, "x"), conflict, "by a later claim");
  ASSERT_TRUE(storage().finish(again, State::complete, example_result(0, 0.5), ""));
  EXPECT_ERROR(storage().claim_again({0}, "optimize"), conflict, "trial 0 is complete, not running");
  claim("a:1");
  EXPECT_ERROR(storage().claim_again({1}, "optimize"), conflict, "trial 1 is not run by \"optimize\": \"a:1\" runs it");
  EXPECT_ERROR(storage().claim_again({2}, "optimize"), not_found, "2");
}

TEST_P(StorageConformance, ATrialThatIsPassedOnWaitsForOneWhoMeasures) {
  add(2);
  claim();
  StageResult trained = example_result(0, 0.5);
  trained.values.erase("latency_ms");
  ASSERT_TRUE(storage().pass_on(held({0}), trained));
  Trial kept = storage().trial({0}).value();
  EXPECT_EQ(kept.state, State::waiting);
  EXPECT_EQ(kept.work, Work::measure);
  EXPECT_EQ(kept.attempts, 0);
  EXPECT_EQ(kept.value("iou"), 0.5);
  EXPECT_EQ(claim("b:2"), TrialId{1}) << "who only evaluates gets another one";
  EXPECT_FALSE(storage().claim("b:2").value());
  const Claim brief = storage().claim("board:1", usual_lease, {Work::measure}).value().value();
  EXPECT_EQ(brief.id, TrialId{0});
  EXPECT_EQ(brief.work, Work::measure);
  EXPECT_EQ(brief.trial.results.at(0).artifacts, trained.artifacts);
  EXPECT_ERROR(storage().pass_on(brief, trained), conflict, "trial 0 was taken up to be measured");
  ASSERT_TRUE(storage().release(brief));
  EXPECT_EQ(storage().trial({0})->work, Work::measure);
  const Claim measuring = storage().claim("board:1", usual_lease, {Work::evaluate, Work::measure}).value().value();
  ASSERT_TRUE(storage().fail_trial(measuring, "the board is gone"));
  ASSERT_TRUE(storage().retry({0}));
  const Claim again = storage().claim("board:1", usual_lease, {Work::measure}).value().value();
  ASSERT_TRUE(storage().finish(again, State::complete, example_result(0, 0.5), ""));
  kept = storage().trial({0}).value();
  EXPECT_EQ(kept.state, State::complete);
  EXPECT_EQ(kept.work, Work::evaluate);
  ASSERT_EQ(kept.results.size(), 1U);
  EXPECT_EQ(kept.value("latency_ms"), 12.5);
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(30)));
  EXPECT_EQ(claim(), TrialId{0}) << "its next stage is evaluated";
}

TEST_P(StorageConformance, TellsWhatChangedSinceACursor) {
  add(3);
  const Changes first = storage().changes({}).value();
  ASSERT_TRUE(first.settings);
  EXPECT_EQ(first.settings->name, example_settings().name);
  EXPECT_EQ(first.trials.size(), 3U);
  Study study;
  ASSERT_TRUE(apply(study, first));
  Cursor cursor = first.next;
  const auto changed = [&] {
    Changes news = storage().changes(cursor).value();
    EXPECT_FALSE(news.settings);
    cursor = news.next;
    Ids ids;
    for (const Trial& trial : news.trials) ids.push_back(trial.id);
    EXPECT_TRUE(apply(study, std::move(news)));
    return ids;
  };
  EXPECT_EQ(changed(), Ids{});
  claim();
  claim("b:2");
  EXPECT_EQ(changed(), (Ids{{0}, {1}}));
  ASSERT_TRUE(storage().heartbeat(held({0})));
  EXPECT_EQ(changed(), Ids{}) << "a sign of life is no news";
  ASSERT_TRUE(storage().record(held({1}, "b:2"), example_point(0, 1)));
  EXPECT_EQ(changed(), (Ids{{1}}));
  EXPECT_EQ(study.trials[1].curve.size(), 1U);
  complete({0});
  add(1);
  EXPECT_EQ(changed(), (Ids{{0}, {3}}));
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(30)));
  ASSERT_TRUE(storage().assign_threads({{TrialId{3}, 2}}));
  EXPECT_EQ(changed(), (Ids{{0}, {3}}));
  fall_silent({1}, "b:2");
  ASSERT_EQ(storage().recover(3).value(), (Ids{{1}}));
  EXPECT_EQ(changed(), (Ids{{1}}));
  const Study whole = storage().load().value();
  ASSERT_EQ(study.trials.size(), whole.trials.size());
  for (std::size_t i = 0; i < whole.trials.size(); ++i) expect_equal(study.trials[i], whole.trials[i]);
  EXPECT_ERROR(storage().changes(Cursor("yesterday")), invalid_input, "is no moment of this study");
  EXPECT_ERROR(storage().changes(Cursor("99999")), invalid_input, "is no moment of this study");
}

TEST_P(StorageConformance, KeepsAFidelityInTheTermsOfItsEstimator) {
  Trial trial = example_trial(0);
  trial.fidelity = {.estimator = "ridge", .amounts = {{"share", 0.25}, {"width", 2}}};
  ASSERT_TRUE(storage().add({trial}, 0));
  EXPECT_EQ(storage().trial({0})->fidelity, trial.fidelity);
  EXPECT_EQ(storage().trial({0})->fidelity.epochs(), 0);
  trial.fidelity.amounts["share"] = 0;
  EXPECT_ERROR(storage().add({trial}, 1), invalid_input, "a trial of 0 share cannot be added; it must be above 0");
}

TEST_P(StorageConformance, RefusesArtifactsThatAreNotTheStudys) {
  add(1);
  claim();
  StageResult offered = example_result(0, 0.5);
  for (const char* path : {"/etc/passwd", "../other/model.onnx", "trials/../../x", ""}) {
    offered.artifacts[0].path = path;
    EXPECT_ERROR(storage().finish(held({0}), State::complete, offered, ""), invalid_input,
                 "is not within the study's folder");
  }
  offered.artifacts = {{"onnx", "a.onnx", {}, {}}, {"onnx", "b.onnx", {}, {}}};
  EXPECT_ERROR(storage().finish(held({0}), State::complete, offered, ""), invalid_input, "two artifacts of the kind");
  EXPECT_EQ(state(0), State::running);
}

TEST_P(StorageConformance, RecoversTrialsOfDeadProcessesAtOnce) {
  add(3);
  int names[2];
  ASSERT_EQ(::pipe(names), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string name = worker_name();
    const bool is_written = ::write(names[1], name.data(), name.size()) == static_cast<ssize_t>(name.size());
    ::pause();
    ::_exit(is_written ? 0 : 1);
  }
  char buffer[200];
  const std::string worker(buffer, static_cast<std::size_t>(::read(names[0], buffer, sizeof buffer)));
  claim(worker);
  claim(worker_name());
  EXPECT_EQ(storage().recover(3).value(), Ids{});  // both live
  ::kill(child, SIGKILL);
  siginfo_t ended;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(storage().recover(3).value(), (Ids{{0}}));  // a zombie is dead
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(claim(worker), TrialId{0});
  EXPECT_EQ(storage().recover(1).value(), (Ids{{0}}));  // and now it is gone
  EXPECT_EQ(state(0), State::failed);
  EXPECT_THAT(storage().trial({0})->reason,
              HasSubstr("its worker was lost 2 times; the last time the process of \"" + worker));
  EXPECT_EQ(state(1), State::running);
  ::close(names[0]);
  ::close(names[1]);
}

TEST_P(StorageConformance, CountsEveryChangeAndNothingElse) {
  std::int64_t before = storage().version().value();
  const auto grew = [&] {
    const std::int64_t now = storage().version().value();
    const bool result = now > before;
    before = now;
    return result;
  };
  add(2);
  EXPECT_TRUE(grew());
  claim();
  EXPECT_TRUE(grew());
  ASSERT_TRUE(storage().heartbeat(held({0})));
  ASSERT_TRUE(storage().load());
  ASSERT_TRUE(storage().recover(3));
  ASSERT_FALSE(storage().release(held({0}, "b:2")));
  EXPECT_FALSE(grew());
  ASSERT_TRUE(storage().record(held({0}), example_point(0, 1)));
  EXPECT_TRUE(grew());
  complete({0});
  EXPECT_TRUE(grew());
  ASSERT_TRUE(storage().promote({{0}}, Fidelity::training(20)));
  EXPECT_TRUE(grew());
  claim();
  ASSERT_TRUE(storage().release(held({1})));
  EXPECT_TRUE(grew());
  claim();
  ASSERT_TRUE(storage().fail_trial(held({1}), "x"));
  EXPECT_TRUE(grew());
  claim("elsewhere:1");
  grew();
  fall_silent({0}, "elsewhere:1");
  ASSERT_TRUE(storage().recover(3));
  EXPECT_TRUE(grew());
  EXPECT_EQ(storage().claim("a:1").value()->id, TrialId{0});
  grew();
  EXPECT_FALSE(storage().claim("a:1").value());
  EXPECT_FALSE(grew());
}

TEST(WorkerName, TellsHostProcessAndStart) {
  EXPECT_EQ(worker_name(), worker_name());
  EXPECT_THAT(worker_name(), HasSubstr(":" + std::to_string(::getpid()) + ":"));
}

TEST(WorkerName, OfANumberThatWentToAnotherProcessCountsAsDead) {
  const Hold lively{.heartbeat_ms = now_milliseconds(), .lease_end_ms = now_milliseconds() + 3600'000},
      silent{.heartbeat_ms = now_milliseconds() - 11'000, .lease_end_ms = now_milliseconds() - 1'000};
  const std::string own = worker_name();
  EXPECT_EQ(why_lost(own, lively), std::nullopt);
  EXPECT_NE(why_lost(own, silent), std::nullopt);
  const auto pid = ":" + std::to_string(::getpid()) + ":";
  std::string earlier = own;
  const auto start = earlier.find(pid) + pid.size();
  earlier.replace(start, earlier.rfind(':') - start, "1");
  EXPECT_NE(why_lost(earlier, lively), std::nullopt);
  EXPECT_EQ(why_lost("other" + earlier, lively), std::nullopt);  // another host: only its heartbeat tells
  EXPECT_EQ(why_lost(earlier + "1", lively), std::nullopt);      // another PID namespace
  EXPECT_EQ(why_lost(own.substr(0, own.find(pid)) + pid, lively), std::nullopt);
  for (const char* odd : {"", ":", "::", ":::", "a", "a:b", "a:-1", "a:99999999999999999999", "a:1:2:3:4"})
    EXPECT_EQ(why_lost(odd, lively), std::nullopt) << odd;
}

}  // namespace
}  // namespace edgewise::study
