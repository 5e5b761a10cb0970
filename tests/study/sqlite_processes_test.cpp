// Several processes on one study, and processes that are killed at any moment.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <map>

#include "base/random.hpp"
#include "example.hpp"

namespace edgewise::study {
namespace {

/// Runs `work` in a process of its own; its exit code is what `work` returns.
template <class Work>
pid_t start(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

std::vector<Trial> example_trials(int count) {
  std::vector<Trial> trials;
  for (int i = 0; i < count; ++i) trials.push_back(example_trial(i));
  return trials;
}

/// Claims, records three epochs and finishes until nothing waits. 0 when all went well.
int work_off(const std::filesystem::path& folder) {
  const auto storage = open_storage(folder);
  if (!storage) return 1;
  const std::string name = worker_name();
  for (;;) {
    const auto claim = (*storage)->claim(name);
    if (!claim) return 2;
    if (!*claim) return 0;
    for (int epoch = 1; epoch <= 3; ++epoch)
      if (!(*storage)->record(**claim, example_point(0, epoch))) return 3;
    StageResult result = example_result(0, 0.5);
    result.details = {{"worker", name}};
    if (!(*storage)->finish(**claim, State::complete, result, "")) return 4;
  }
}

TEST(SeveralProcesses, TakeUpEachTrialExactlyOnce) {
  const Folder folder;
  ASSERT_TRUE(create_storage(folder.path(), example_settings()).value()->add(example_trials(200), 0));
  std::vector<pid_t> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(start([&] { return work_off(folder.path()); }));
  for (const pid_t worker : workers) EXPECT_EQ(wait_for(worker), 0);
  const Study study = open_storage(folder.path()).value()->load().value();
  std::map<std::string, int> by_worker;
  for (const Trial& trial : study.trials) {
    EXPECT_EQ(trial.state, State::complete);
    EXPECT_EQ(trial.attempts, 1);
    EXPECT_EQ(trial.curve.size(), 3U);
    ASSERT_EQ(trial.results.size(), 1U);
    ++by_worker[trial.results[0].details["worker"].get<std::string>()];
  }
  int total = 0;
  for (const auto& [name, count] : by_worker) total += count;
  EXPECT_EQ(total, 200);
  EXPECT_GT(by_worker.size(), 1U);
}

TEST(SeveralProcesses, MakeAStudyOnlyOnce) {
  for (int round = 0; round < 5; ++round) {
    const Folder folder;
    std::vector<pid_t> makers;
    for (int i = 0; i < 4; ++i)
      makers.push_back(start([&] {
        const auto storage = create_storage(folder.path(), example_settings());
        return storage ? 10 : storage.error().code == ErrorCode::conflict ? 11 : 12;
      }));
    std::map<int, int> ends;
    for (const pid_t maker : makers) ++ends[WEXITSTATUS(wait_for(maker))];
    EXPECT_EQ(ends, (std::map<int, int>{{10, 1}, {11, 3}}));
    EXPECT_TRUE(open_storage(folder.path()));
  }
}

TEST(SeveralProcesses, ProposeTheSameNumberOnlyOnce) {
  const Folder folder;
  ASSERT_TRUE(create_storage(folder.path(), example_settings()));
  std::vector<pid_t> proposers;
  for (int p = 0; p < 3; ++p)
    proposers.push_back(start([&] {
      const auto storage = open_storage(folder.path());
      if (!storage) return 1;
      for (std::size_t count = 0; count < 30;) {
        const auto added = (*storage)->add({example_trial(static_cast<int>(count))}, count);
        if (!added && added.error().code != ErrorCode::conflict) return 2;
        const auto study = (*storage)->load();
        if (!study) return 3;
        count = study->trials.size();
      }
      return 0;
    }));
  for (const pid_t proposer : proposers) EXPECT_EQ(wait_for(proposer), 0);
  const Study study = open_storage(folder.path()).value()->load().value();
  ASSERT_EQ(study.trials.size(), 30U);
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(std::get<std::int64_t>(study.trials[static_cast<std::size_t>(i)].choice.at("blocks")), i);
}

TEST(KilledProcess, LeavesEveryFinishedTrialAndNoneTwice) {
  const Folder folder;
  constexpr int count = 80;
  ASSERT_TRUE(create_storage(folder.path(), example_settings()).value()->add(example_trials(count), 0));
  RandomStream random(7);
  int kills = 0;
  for (;;) {
    // The child tells each trial that `finish` has returned for; from then on it must be there.
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = start([&] {
      const auto storage = open_storage(folder.path());
      if (!storage) return 1;
      const std::string name = worker_name();
      for (;;) {
        const auto claim = (*storage)->claim(name);
        if (!claim) return 2;
        if (!*claim) return 0;
        const std::int64_t id = (*claim)->id.value;
        if (!(*storage)->record(**claim, example_point(0, 1))) return 3;
        if (!(*storage)->finish(**claim, State::complete, example_result(0, 0.5), "")) return 4;
        if (::write(told[1], &id, sizeof id) != sizeof id) return 5;
      }
    });
    ::close(told[1]);
    // Killed by what it has done, not by the clock: a fast machine would be through before any time bound.
    std::vector<std::int64_t> finished;
    std::int64_t done = 0;
    const std::size_t wanted = random.below(4);
    while (finished.size() < wanted && ::read(told[0], &done, sizeof done) == sizeof done) finished.push_back(done);
    ::usleep(static_cast<useconds_t>(random.below(4'000)));
    ::kill(child, SIGKILL);
    const int status = wait_for(child);
    for (std::int64_t id; ::read(told[0], &id, sizeof id) == sizeof id;) finished.push_back(id);
    ::close(told[0]);
    const auto storage = open_storage(folder.path());
    ASSERT_TRUE(storage) << to_text(storage.error());
    const Study study = (*storage)->load().value();
    ASSERT_EQ(study.trials.size(), static_cast<std::size_t>(count));
    for (const std::int64_t id : finished) {
      const Trial& trial = study.trials[static_cast<std::size_t>(id)];
      EXPECT_EQ(trial.state, State::complete);
      EXPECT_EQ(trial.results.size(), 1U);
    }
    int running = 0;
    for (const Trial& trial : study.trials) {
      running += trial.state == State::running;
      EXPECT_EQ(trial.state == State::complete, trial.results.size() == 1) << trial.id.value;
    }
    EXPECT_LE(running, 1);
    EXPECT_EQ((*storage)->recover(1000)->size(), static_cast<std::size_t>(running));
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ASSERT_LT(++kills, 2000);
  }
  const Study study = open_storage(folder.path()).value()->load().value();
  for (const Trial& trial : study.trials) EXPECT_EQ(trial.state, State::complete);
  EXPECT_GT(kills, 0);
}

}  // namespace
}  // namespace edgewise::study
