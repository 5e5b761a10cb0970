/// edgewise-worker: claims trials of a study and evaluates them. Started by `edgewise search`, `train` and `demo`;
/// talks to its starter in JSON lines on standard output and ends when told to (SIGTERM, or end of standard input).
///   edgewise-worker run FOLDER JOB          claim and evaluate until told to stop
///   edgewise-worker time FOLDER JOB         lines {"choice", "threads"} in, {"seconds_per_image"} or {"error"} out
///   edgewise-worker judge FOLDER JOB ID...  metrics on the test split
/// JOB is where the job file lies: what the study says of paths is relative to it.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <tuple>

#include "base/console.hpp"
#include "base/machine.hpp"
#include "base/room.hpp"
#include "study/storage.hpp"
#include "trial/attempt.hpp"
#include "trial/evaluate.hpp"

namespace {

using namespace edgewise;
namespace fs = std::filesystem;
using trial::error_json;

std::atomic<bool> stop_asked = false;

void on_signal(int) {
  stop_asked = true;
}

void tell(const Json& message) {
  console::print_raw(dump(message) + "\n");
  std::ignore = console::flush();  // the starter may have gone: what counts is in the study
}

/// Whether the starter closed our input: then nobody needs us any more.
bool is_abandoned() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLIN)) != 0 && [] {
    char byte;
    return ::read(STDIN_FILENO, &byte, 1) == 0;
  }();
}

/// Hears whom the device waits for.
std::function<void(const std::string&)> on_wait;

Status run(trial::Workplace& workplace, study::Storage& storage) {
  const std::string name = study::worker_name();
  const trial::Starter starter{.tell = tell, .is_gone = is_abandoned, .stop = &stop_asked, .on_wait = &on_wait};
  while (!stop_asked && !is_abandoned()) {
    TRY(const auto claimed, storage.claim(name));
    if (!claimed) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    TRY_DO(trial::attempt(workplace, storage, *claimed, starter));
  }
  return {};
}

Status time_choices(trial::Workplace& workplace) {
  for (std::string line; !stop_asked && std::getline(std::cin, line);) {
    TRY(const auto json, parse_json(line, "standard input"));
    if (!json.is_object() || !json.contains("choice") || !json.contains("threads") ||
        !json["threads"].is_number_integer())
      return invalid("a line is {\"choice\": ..., \"threads\": ...}", {}, "standard input");
    TRY(const auto choice, space::choice_from_json(workplace.family().space, json["choice"]));
    const auto seconds = trial::training_seconds_per_image(workplace, choice, json["threads"].get<int>());
    tell(seconds ? Json{{"seconds_per_image", *seconds}} : error_json(seconds.error()));
  }
  return {};
}

Status judge(trial::Workplace& workplace, study::Storage& storage, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    TRY(const auto trial, storage.trial({std::stoll(id)}));
    const auto metrics = trial::judge_on_test(workplace, trial);
    auto answer = metrics ? Json{{"test", *metrics}} : error_json(metrics.error());
    if (!metrics) answer["is_fault"] = metrics.error().code == ErrorCode::unavailable;
    answer["trial"] = trial.id.value;
    tell(answer);
  }
  return {};
}

Status main_program(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3 || (arguments[0] != "run" && arguments[0] != "time" && arguments[0] != "judge"))
    return invalid("usage: edgewise-worker run|time|judge FOLDER JOB [ID...]",
                   "this program is started by `edgewise search`");
  TRY_DO(take_room());
  const fs::path folder = arguments[1];
  TRY(const auto storage, study::open_storage(folder));
  TRY(const auto settings, storage->settings());
  TRY(auto job, job::job_from_json(settings.job, arguments[2]));
  const auto say = [](const std::string& line) {
    if (on_wait) on_wait(line);
  };
  TRY(auto device, job.device.make({.say = say, .stop = &stop_asked, .at_most = {}}));
  TRY(const auto workplace,
      trial::Workplace::open(std::move(job), folder, study::identity(settings), std::move(device)));
  if (arguments[0] == "run") return run(*workplace, *storage);
  if (arguments[0] == "time") return time_choices(*workplace);
  return judge(*workplace, *storage, {arguments.begin() + 3, arguments.end()});
}

}  // namespace

int main(int argc, char** argv) {
  console::open();
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  try {
    if (const auto status = main_program({argv + 1, argv + argc}); !status) {
      tell(error_json(status.error()));
      console::say(to_text(status.error()));
      return status.error().code == ErrorCode::interrupted ? 130 : 1;
    }
  } catch (const std::bad_alloc&) {
    const Error error = memory_ran_out({});
    tell(error_json(error));
    console::say(to_text(error));
    return 1;
  } catch (const std::exception& e) {
    tell({{"error", e.what()}});
    console::say("error: {}", e.what());
    return 1;
  }
  return 0;
}
