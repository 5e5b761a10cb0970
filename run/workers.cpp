#include "run/workers.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <format>
#include <utility>

#include "base/file.hpp"
#include "run/staffing.hpp"
#include "study/study.hpp"

namespace edgewise::run {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::vector<std::string> worker_command(const std::string& what, const Session& session) {
  return {(program_folder() / "edgewise-worker").string(), what, session.folder.string(),
          std::filesystem::absolute(session.job.file).string()};
}

Status Workers::keep(std::size_t wanted) {
  std::vector<std::pair<Worker, ExitState>> ended;
  for (auto it = workers_.begin(); it != workers_.end();) {
    const auto state = it->process.poll();
    listen(*it);  // after that: the last words of one that ended may come as late as that
    if (!state) {
      ++it;
      continue;
    }
    ended.emplace_back(std::move(*it), *state);
    it = workers_.erase(it);
  }
  for (const auto& [worker, state] : ended) {
    if (worker.fault) return std::unexpected(*worker.fault);
    settings_.say(std::format("a worker {}; another one takes over", to_text(state)));
    if (state.code == 0) continue;  // somebody asked it to end, and it put its trial back
    TRY_DO(settings_.on_death(worker.state.trial));
    // Its trial is tried once more with nothing beside it.
    stop();
    workers_.clear();
    TRY_DO(settings_.on_stopped());
  }
  // How many are wanted now depends on what they left behind.
  while (ended.empty() && workers_.size() < wanted) {
    TRY(auto process, start());
    workers_.push_back({.process = std::move(process), .state = {}});
  }
  return {};
}

Result<ChildProcess> Workers::start() const {
  return ChildProcess::start(
      settings_.command,
      {.environment = worker_environment(settings_.threads), .error_log = settings_.log, .own_group = true});
}

void Workers::listen() {
  for (auto& worker : workers_) listen(worker);
}

void Workers::listen(Worker& worker) {
  while (const auto line = worker.process.read_line(0ms)) {
    const auto message = parse_json(*line, "worker");
    if (message && message->is_object()) hear(worker, *message);
  }
}

void Workers::hear(Worker& worker, const Json& message) {
  WorkerState& state = worker.state;
  if (message.contains("error")) {
    const std::string where = message.value("where", "");
    const Error error{ErrorCode::unavailable, message.value("error", ""), where, message.value("next", "")};
    if (message.value("is_fault", false))
      worker.fault = error;
    else
      settings_.say("a worker says: " + error.message + (where.empty() ? "" : " at " + where));
  }
  if (!message.contains("trial")) return;
  state.trial = message.value("trial", std::int64_t{-1});
  if (message.contains("remark")) settings_.say(std::format("trial {}: {}", state.trial, message.value("remark", "")));
  if (message.contains("waits")) {
    state.phase = message.value("waits", "");
    if (!std::exchange(worker.has_told_wait, true))
      settings_.say(std::format("trial {}: {}", state.trial, state.phase));
    return;
  }
  worker.has_told_wait = false;
  state.epoch = message.value("epoch", state.epoch);
  state.epochs = message.value("epochs", state.epochs);
  state.batch = message.value("batch", std::size_t{0});
  state.batches = message.value("batches", std::size_t{0});
  const std::string phase = message.value("phase", message.contains("batch") ? "training" : state.phase);
  if (phase == "start") {
    state.epoch = 0;
    state.label = settings_.label(state.trial);
  }
  if (study::state_from_text(phase))
    state = {};
  else
    state.phase = phase;
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

std::vector<pid_t> Workers::processes() const {
  std::vector<pid_t> numbers;
  for (const auto& worker : workers_) numbers.push_back(worker.process.pid());
  return numbers;
}

std::string last_lines(const std::filesystem::path& log, std::size_t bytes) {
  const auto text = read_file(log);
  if (!text) return {};
  std::string tail = text->size() > bytes ? text->substr(text->size() - bytes) : *text;
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

}  // namespace edgewise::run
