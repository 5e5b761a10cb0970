#include "run/workers.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <format>

#include "base/file.hpp"
#include "run/staffing.hpp"
#include "study/study.hpp"

namespace edgewise::run {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Status Workers::keep(std::size_t wanted) {
  for (auto& worker : workers_)
    if (const auto ended = worker.process.poll()) TRY_DO(replace(worker, *ended));
  while (workers_.size() < wanted) {
    TRY(auto process, start());
    workers_.push_back({std::move(process), {}});
  }
  return {};
}

Status Workers::replace(Worker& worker, const ExitState& ended) {
  listen();  // its last words
  if (++deaths_ > settings_.most_deaths)
    return fail(ErrorCode::unavailable,
                std::format("workers do not stay alive; the last one {}; its log ends with:\n{}", to_text(ended),
                            last_lines(settings_.folder / "worker.log", 1500)),
                "mend what the log tells, then run the same command again");
  settings_.say(std::format("a worker {}; another one takes over", to_text(ended)));
  TRY_DO(settings_.on_death());
  TRY(worker.process, start());
  worker.state = {};
  return {};
}

Result<ChildProcess> Workers::start() const {
  return ChildProcess::start({(program_folder() / "edgewise-worker").string(), "run", settings_.folder.string()},
                             {.environment = worker_environment(settings_.threads),
                              .error_log = settings_.folder / "worker.log",
                              .own_group = true});
}

void Workers::listen() {
  for (auto& worker : workers_) {
    while (const auto line = worker.process.read_line(0ms)) {
      const auto message = parse_json(*line, "worker");
      if (message && message->is_object()) hear(worker.state, *message);
    }
  }
}

void Workers::hear(WorkerState& state, const Json& message) {
  if (message.contains("error"))
    settings_.say("a worker says: " + message.value("error", "") +
                  (message.value("where", "").empty() ? "" : " at " + message.value("where", "")));
  if (!message.contains("trial")) return;
  state.trial = message.value("trial", std::int64_t{-1});
  state.epoch = message.value("epoch", state.epoch);
  state.epochs = message.value("epochs", state.epochs);
  state.batch = message.value("batch", std::size_t{0});
  state.batches = message.value("batches", std::size_t{0});
  const std::string phase = message.value("phase", state.phase);
  if (phase == "start") {
    state.epoch = 0;
    state.label = settings_.label(state.trial);
  }
  if (study::state_from_text(phase)) {
    state = {};
    deaths_ = 0;
  } else {
    state.phase = phase;
  }
}

void Workers::kill(std::int64_t trial) {
  for (auto& worker : workers_)
    if (worker.state.trial == trial) worker.process.kill();
}

void Workers::stop() {
  for (auto& worker : workers_) worker.process.send_signal(SIGTERM);
  const auto deadline = Clock::now() + 60s;
  for (auto& worker : workers_) {
    const auto left = std::max(deadline - Clock::now(), Clock::duration{1s});
    if (!worker.process.wait(std::chrono::duration_cast<std::chrono::milliseconds>(left))) worker.process.kill();
  }
}

void Workers::dismiss() {
  for (auto& worker : workers_) worker.process.send_signal(SIGTERM);
  for (auto& worker : workers_) worker.process.wait(20s);
  workers_.clear();
}

std::vector<WorkerState> Workers::states() const {
  std::vector<WorkerState> states;
  for (const auto& worker : workers_) states.push_back(worker.state);
  return states;
}

std::string last_lines(const std::filesystem::path& log, std::size_t bytes) {
  const auto text = read_file(log);
  if (!text) return {};
  std::string tail = text->size() > bytes ? text->substr(text->size() - bytes) : *text;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

}  // namespace edgewise::run
