// What every storage must do. A new one joins by a line in `storages`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <functional>
#include <limits>
#include <thread>

#include "example.hpp"
#include "study/changes_internal.hpp"

namespace edgewise::study {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Ids = std::vector<TrialId>;

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Storage>(const std::filesystem::path&, const Settings&)> make;
};
const std::vector<Kind> storages{
    {"memory", [](const auto&, const Settings& settings) { return memory_storage(settings); }},
    {"sqlite", [](const auto& folder, const Settings& settings) { return create_storage(folder, settings).value(); }}};

class StorageConformance : public testing::TestWithParam<Kind> {
 protected:
  StorageConformance() : storage_(GetParam().make(folder_.path(), example_settings())) {}
  Storage& storage() { return *storage_; }
  void add(int count) {
    std::vector<Trial> trials;
    for (int i = 0; i < count; ++i) trials.push_back(example_trial(i));
    ASSERT_TRUE(storage().add(trials, storage().load()->trials.size()));
  }
  TrialId claim(const std::string& worker = "a:1") { return storage().claim(worker).value().value().id; }
  void complete(TrialId id, const std::string& worker = "a:1", double iou = 0.5) {
    ASSERT_TRUE(storage().finish(id, worker, State::complete, example_result(storage().trial(id)->stage, iou), ""));
  }
  State state(int id) { return storage().trial({id})->state; }

  Folder folder_;
  std::unique_ptr<Storage> storage_;
};
INSTANTIATE_TEST_SUITE_P(Every, StorageConformance, testing::ValuesIn(storages),
                         [](const auto& info) { return info.param.name; });

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
    ASSERT_TRUE(storage().finish(id, "a:1", State::complete, result, ""));
  }
  ASSERT_TRUE(storage().promote({TrialId{0}, TrialId{1}, TrialId{2}}, 30));
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
  EXPECT_EQ(storage().claim("a:1").value()->threads, 4);
  EXPECT_ERROR(storage().assign_threads({{TrialId{1}, 3}, {TrialId{0}, 2}}), conflict,
               "trial 0 trains with 4 threads already");
  EXPECT_EQ(storage().trial({1})->threads, 1) << "all or none";
  complete({0});
  ASSERT_TRUE(storage().promote({TrialId{0}}, 30));
  EXPECT_ERROR(storage().assign_threads({{TrialId{0}, 2}}), conflict, "already");
  EXPECT_EQ(storage().trial({0})->threads, 4);
  EXPECT_ERROR(storage().assign_threads({{TrialId{1}, 0}}), invalid_input, "0 threads");
  EXPECT_ERROR(storage().assign_threads({{TrialId{7}, 1}}), not_found, "7");
}

TEST_P(StorageConformance, ATrialOfAnEarlierVersionThatHasBegunCanStillGetItsThreads) {
  add(1);
  claim();
  ASSERT_TRUE(storage().release({0}, "a:1"));
  claim();
  complete({0});
  ASSERT_TRUE(storage().promote({TrialId{0}}, 30));
  ASSERT_TRUE(storage().assign_threads({{TrialId{0}, 2}}));
  EXPECT_EQ(storage().claim("a:1").value()->threads, 2);
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
  answered.results[1].values["broken"] = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(storage().add({example_trial(0), answered}, 0));
  const Trial kept = storage().load()->trials.at(1);
  EXPECT_EQ(kept.state, State::complete);
  EXPECT_EQ(kept.stage, 1);
  EXPECT_EQ(kept.attempts, 0);
  EXPECT_EQ(kept.reason, "same network and settings as trial 0");
  ASSERT_EQ(kept.results.size(), 2U);
  EXPECT_EQ(kept.results[0].values.at("iou"), 0.5);
  EXPECT_EQ(kept.results[1].train_s, 1.5);
  EXPECT_FALSE(kept.results[1].values.contains("broken"));
  EXPECT_TRUE(kept.is_answered());
  EXPECT_FALSE(storage().trial({0})->is_answered());
  EXPECT_EQ(claim(), (TrialId{0}));
  EXPECT_EQ(storage().claim("a:1").value(), std::nullopt);  // nothing is left to do
  ASSERT_TRUE(storage().promote({{1}}, 50));                // it may go on like any other
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
  idle.epochs = 0;
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
    EXPECT_ERROR(storage().promote({id}, 5), not_found, "the study has no trial");
    EXPECT_ERROR(storage().heartbeat(id, "a:1"), not_found, "the study has no trial");
    EXPECT_ERROR(storage().record(id, "a:1", example_point(0, 1)), not_found, "the study has no trial");
  }
}

TEST_P(StorageConformance, HandsOutTheLowestStageThenTheLowestNumber) {
  add(3);
  EXPECT_EQ(claim(), TrialId{0});
  complete({0});
  ASSERT_TRUE(storage().promote({{0}}, 30));
  EXPECT_EQ(claim(), TrialId{1});
  EXPECT_EQ(claim("b:2"), TrialId{2});
  const Trial again = storage().claim("b:2").value().value();
  EXPECT_EQ(again.id, TrialId{0});
  EXPECT_EQ(again.stage, 1);
  EXPECT_EQ(again.epochs, 30);
  EXPECT_EQ(again.attempts, 1);
  EXPECT_EQ(again.worker, "b:2");
  EXPECT_EQ(again.state, State::running);
  ASSERT_EQ(again.results.size(), 1U);
  EXPECT_EQ(storage().claim("c:3").value(), std::nullopt);
  EXPECT_ERROR(storage().claim(""), invalid_input, "a worker without a name");
}

TEST_P(StorageConformance, KeepsResultsAndCurvesByStage) {
  add(1);
  claim();
  ASSERT_TRUE(storage().record({0}, "a:1", example_point(0, 1)));
  ASSERT_TRUE(storage().record({0}, "a:1", example_point(0, 2)));
  complete({0}, "a:1", 0.5);
  ASSERT_TRUE(storage().promote({{0}}, 30));
  claim("b:2");
  ASSERT_TRUE(storage().record({0}, "b:2", example_point(1, 3)));
  ASSERT_TRUE(storage().finish({0}, "b:2", State::pruned, example_result(1, 0.6), "the loss became NaN"));
  ASSERT_EQ(storage().trial({0})->state, State::pruned);
  Trial expected = example_trial(0);
  expected.state = State::pruned;
  expected.stage = 1;
  expected.epochs = 30;
  expected.attempts = 1;
  expected.reason = "the loss became NaN";
  expected.results = {example_result(0, 0.5), example_result(1, 0.6)};
  expected.curve = {example_point(0, 1), example_point(0, 2), example_point(1, 3)};
  expect_equal(storage().trial({0}).value(), expected);
  expect_equal(storage().load()->trials[0], expected);
}

TEST_P(StorageConformance, ReplacesWhatADeadAttemptRecorded) {
  add(1);
  claim();
  for (int epoch = 1; epoch <= 4; ++epoch) ASSERT_TRUE(storage().record({0}, "a:1", example_point(0, epoch)));
  ASSERT_TRUE(storage().release({0}, "a:1"));
  claim("b:2");
  CurvePoint other = example_point(0, 3);
  other.train_loss = 9;
  ASSERT_TRUE(storage().record({0}, "b:2", other));
  EXPECT_EQ(storage().trial({0})->curve, (std::vector<CurvePoint>{example_point(0, 1), example_point(0, 2), other}));
}

TEST_P(StorageConformance, LeavesOutNumbersThatAreNotFinite) {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  Trial trial = example_trial(0);
  trial.known = {{"parameters", 5}, {"macs", infinite}};
  ASSERT_TRUE(storage().add({trial}, 0));
  EXPECT_EQ(claim(), TrialId{0});
  CurvePoint point = example_point(0, 1);
  point.train_loss = infinite;
  point.validation_loss = nan;
  point.metrics = {{"iou", nan}, {"iou50", 0.5}};
  point.images_per_s = infinite;
  ASSERT_TRUE(storage().record({0}, "a:1", point));
  StageResult result = example_result(0, nan);
  result.measurement = {{"latency_ms", nan}};
  result.train_s = nan;
  result.details = nullptr;
  result.finished = "";
  ASSERT_TRUE(storage().finish({0}, "a:1", State::complete, result, ""));
  const Trial kept = storage().trial({0}).value();
  EXPECT_EQ(kept.known, (std::map<std::string, double>{{"parameters", 5}}));
  ASSERT_EQ(kept.curve.size(), 1U);
  EXPECT_TRUE(std::isnan(kept.curve[0].train_loss));
  EXPECT_TRUE(std::isnan(kept.curve[0].validation_loss));
  EXPECT_EQ(kept.curve[0].metrics, (std::map<std::string, double>{{"iou50", 0.5}}));
  EXPECT_EQ(kept.curve[0].images_per_s, 0);
  EXPECT_EQ(kept.results[0].values, (std::map<std::string, double>{{"latency_ms", 12.5}}));
  EXPECT_TRUE(kept.results[0].measurement["latency_ms"].is_null());
  EXPECT_EQ(kept.results[0].train_s, 0);
  EXPECT_EQ(kept.results[0].details, Json::object());
  EXPECT_EQ(kept.results[0].finished.size(), std::string("2026-11-20T22:09:00Z").size());
}

TEST_P(StorageConformance, LetsOnlyTheHolderChangeARunningTrial) {
  add(1);
  const auto refused = [&](const std::string& why) {
    EXPECT_ERROR(storage().record({0}, "b:2", example_point(0, 1)), conflict, why);
    EXPECT_ERROR(storage().finish({0}, "b:2", State::complete, example_result(0, 1), ""), conflict, why);
    EXPECT_ERROR(storage().fail_trial({0}, "b:2", "x"), conflict, why);
    EXPECT_ERROR(storage().release({0}, "b:2"), conflict, why);
    EXPECT_EQ(storage().heartbeat({0}, "b:2").value(), false);
  };
  refused("trial 0 is not run by \"b:2\": it is waiting");
  claim();
  EXPECT_EQ(storage().heartbeat({0}, "a:1").value(), true);
  refused("trial 0 is not run by \"b:2\": \"a:1\" runs it");
  complete({0});
  refused("it is complete");
  EXPECT_EQ(storage().heartbeat({0}, "a:1").value(), false);
  EXPECT_EQ(storage().load()->trials[0].curve.size(), 0U);
  EXPECT_EQ(storage().load()->trials[0].worker, "");
}

TEST_P(StorageConformance, RefusesWhatDoesNotBelongToTheStage) {
  add(1);
  claim();
  EXPECT_ERROR(storage().record({0}, "a:1", example_point(1, 1)), invalid_input,
               "the epoch is of stage 1, but trial 0 is in stage 0");
  EXPECT_ERROR(storage().record({0}, "a:1", {.stage = 0, .epoch = 0}), invalid_input, "epoch 0 cannot be recorded");
  EXPECT_ERROR(storage().finish({0}, "a:1", State::complete, example_result(1, 1), ""), invalid_input,
               "the result is of stage 1, but trial 0 is in stage 0");
  EXPECT_ERROR(storage().finish({0}, "a:1", State::failed, example_result(0, 1), ""), invalid_input,
               "not as \"failed\"");
  EXPECT_EQ(state(0), State::running);
  // A worker that measured the untrained network and found it out of bounds.
  EXPECT_TRUE(storage().finish({0}, "a:1", State::rejected, example_result(0, 1), "latency"));
  EXPECT_EQ(state(0), State::rejected);
}

TEST_P(StorageConformance, PromotesAllOrNone) {
  add(3);
  for (int i = 0; i < 3; ++i) claim();
  complete({0});
  complete({1});
  EXPECT_ERROR(storage().promote({{0}, {2}}, 30), conflict, "trial 2 is running, not complete");
  EXPECT_ERROR(storage().promote({{0}, {0}}, 30), conflict, "trial 0 is waiting, not complete");
  EXPECT_ERROR(storage().promote({{0}}, 0), invalid_input, "trial 0 cannot be promoted to 0 epochs");
  EXPECT_EQ(state(0), State::complete);
  EXPECT_EQ(storage().trial({0})->stage, 0);
  ASSERT_TRUE(storage().promote({{0}, {1}}, 30));
  EXPECT_EQ(state(0), State::waiting);
  EXPECT_EQ(storage().trial({1})->stage, 1);
  EXPECT_EQ(storage().trial({1})->attempts, 0);
  ASSERT_TRUE(storage().promote({}, 30));
}

TEST_P(StorageConformance, KeepsTheReasonOfAFailureAndTakesAReleasedTrialBack) {
  add(2);
  claim();
  ASSERT_TRUE(storage().fail_trial({0}, "a:1", "CUDA error: \"out of memory\"\n"));
  EXPECT_EQ(state(0), State::failed);
  EXPECT_EQ(storage().trial({0})->reason, "CUDA error: \"out of memory\"\n");
  claim();
  ASSERT_TRUE(storage().release({1}, "a:1"));
  EXPECT_EQ(state(1), State::waiting);
  EXPECT_EQ(storage().trial({1})->attempts, 0);
  EXPECT_EQ(claim(), TrialId{1});
}

TEST_P(StorageConformance, TakesBackATrialThatCouldNotGoOnUntilItTriedTooOften) {
  add(1);
  for (int attempt = 1; attempt < 3; ++attempt) {
    ASSERT_TRUE(storage().give_up(claim(), "a:1", "the disk is full", 3));
    EXPECT_EQ(state(0), State::waiting);
  }
  ASSERT_TRUE(storage().give_up(claim(), "a:1", "the disk is full", 3));
  EXPECT_EQ(state(0), State::failed);
  EXPECT_EQ(storage().trial({0})->reason, "the disk is full (3 attempts)");
}

TEST_P(StorageConformance, LetsAFailedTrialWaitAgain) {
  add(1);
  EXPECT_ERROR(storage().retry({0}), conflict, "waiting, not failed");
  ASSERT_TRUE(storage().fail_trial(claim(), "a:1", "no agent"));
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
    EXPECT_EQ(storage().recover(1000s, 3).value(), Ids{});
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(storage().recover(0s, 3).value(), (Ids{{0}}));
    EXPECT_EQ(storage().heartbeat({0}, "elsewhere:1").value(), false);
    EXPECT_EQ(state(0), attempt < 3 ? State::waiting : State::failed);
  }
  EXPECT_THAT(storage().trial({0})->reason,
              HasSubstr("its worker was lost 3 times; the last time \"elsewhere:1\" was silent for"));
  EXPECT_EQ(storage().recover(0s, 3).value(), Ids{});
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
  EXPECT_EQ(storage().recover(1000s, 3).value(), Ids{});  // both live
  ::kill(child, SIGKILL);
  siginfo_t ended;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(storage().recover(1000s, 3).value(), (Ids{{0}}));  // a zombie is dead
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(claim(worker), TrialId{0});
  EXPECT_EQ(storage().recover(1000s, 1).value(), (Ids{{0}}));  // and now it is gone
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
  ASSERT_TRUE(storage().heartbeat({0}, "a:1"));
  ASSERT_TRUE(storage().load());
  ASSERT_TRUE(storage().recover(1000s, 3));
  ASSERT_FALSE(storage().release({0}, "b:2"));
  EXPECT_FALSE(grew());
  ASSERT_TRUE(storage().record({0}, "a:1", example_point(0, 1)));
  EXPECT_TRUE(grew());
  complete({0});
  EXPECT_TRUE(grew());
  ASSERT_TRUE(storage().promote({{0}}, 20));
  EXPECT_TRUE(grew());
  claim();
  ASSERT_TRUE(storage().release({1}, "a:1"));
  EXPECT_TRUE(grew());
  claim();
  ASSERT_TRUE(storage().fail_trial({1}, "a:1", "x"));
  EXPECT_TRUE(grew());
  claim("elsewhere:1");
  grew();
  std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(storage().recover(0s, 3));
  EXPECT_TRUE(grew());
  EXPECT_EQ(storage().claim("a:1").value()->id, TrialId{0});
  grew();
  EXPECT_EQ(storage().claim("a:1").value(), std::nullopt);
  EXPECT_FALSE(grew());
}

TEST(WorkerName, TellsHostProcessAndStart) {
  EXPECT_EQ(worker_name(), worker_name());
  EXPECT_THAT(worker_name(), HasSubstr(":" + std::to_string(::getpid()) + ":"));
}

TEST(WorkerName, OfANumberThatWentToAnotherProcessCountsAsDead) {
  const std::string own = worker_name();
  EXPECT_EQ(why_lost(own, 0, 10), std::nullopt);
  EXPECT_NE(why_lost(own, 11, 10), std::nullopt);
  const auto pid = ":" + std::to_string(::getpid()) + ":";
  std::string earlier = own;
  const auto start = earlier.find(pid) + pid.size();
  earlier.replace(start, earlier.rfind(':') - start, "1");
  EXPECT_NE(why_lost(earlier, 0, 10), std::nullopt);
  EXPECT_EQ(why_lost("other" + earlier, 0, 10), std::nullopt);  // another host: only its heartbeat tells
  EXPECT_EQ(why_lost(earlier + "1", 0, 10), std::nullopt);      // another PID namespace
  EXPECT_EQ(why_lost(own.substr(0, own.find(pid)) + pid, 0, 10), std::nullopt);
  for (const char* odd : {"", ":", "::", ":::", "a", "a:b", "a:-1", "a:99999999999999999999", "a:1:2:3:4"})
    EXPECT_EQ(why_lost(odd, 0, 10), std::nullopt) << odd;
}

}  // namespace
}  // namespace edgewise::study
