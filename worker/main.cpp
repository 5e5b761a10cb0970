/// edgewise-worker: claims trials of a study and evaluates them. Started by `edgewise search`, `train` and `demo`;
/// talks to its starter in JSON lines on standard output and ends when told to (SIGTERM, or end of standard input).
///   edgewise-worker run FOLDER          claim and evaluate until told to stop
///   edgewise-worker time FOLDER         {"choice", "threads"} a line in, {"seconds_per_image"} or {"error"} a line out
///   edgewise-worker judge FOLDER ID...  metrics on the test split
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>
#include <tuple>

#include "base/console.hpp"
#include "base/room.hpp"
#include "estimate/full_training.hpp"
#include "study/storage.hpp"

namespace {

using namespace edgewise;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::atomic<bool> stop_asked = false;

void on_signal(int) {
  stop_asked = true;
}

void tell(const Json& message) {
  console::print_raw(dump(message) + "\n");
  std::ignore = console::flush();  // the starter may have gone: what counts is in the study
}

Json error_json(const Error& error) {
  return {{"error", error.message}, {"where", error.where}, {"next", error.next}};
}

/// Whether the starter closed our input: then nobody needs us any more.
bool is_abandoned() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLIN)) != 0 && [] {
    char byte;
    return ::read(STDIN_FILENO, &byte, 1) == 0;
  }();
}

/// Storage calls that fail because of a full disk or a long lock are tried again; what was computed must not be lost.
template <class Call>
auto persist(Call call) {
  auto result = call();
  for (int attempt = 0; attempt < 10 && !result && result.error().code == ErrorCode::unavailable; ++attempt) {
    std::this_thread::sleep_for(std::chrono::seconds(stop_asked ? 1 : 3));
    result = call();
  }
  return result;
}

Status run_trial(estimate::Workplace& workplace, study::Storage& storage, const study::Claim& claim) {
  const auto& trial = claim.trial;
  const auto id = trial.id;
  const int epochs = trial.fidelity.epochs();
  tell({{"trial", id.value}, {"phase", "start"}, {"stage", trial.stage}, {"epochs", epochs}});
  auto last_beat = Clock::now(), last_told = Clock::time_point{};
  estimate::Listener listener;
  listener.stop = &stop_asked;
  const auto beat = [&] {
    const auto now = Clock::now();
    if (now - last_beat < std::chrono::seconds(5)) return;
    last_beat = now;
    if (auto mine = storage.heartbeat(claim); mine && !*mine) stop_asked = true;
    if (is_abandoned()) stop_asked = true;
  };
  listener.on_phase = [&](const std::string& what) {
    tell({{"trial", id.value}, {"phase", what}});
    beat();
  };
  listener.on_progress = beat;
  listener.on_epoch = [&](const study::CurvePoint& point) {
    if (auto recorded = persist([&] { return storage.record(claim, point); }); !recorded)
      tell(error_json(recorded.error()));
    tell({{"trial", id.value},
          {"epoch", point.epoch},
          {"epochs", epochs},
          {"validation_loss", point.validation_loss},
          {"metrics", point.metrics},
          {"seconds", point.seconds}});
  };
  listener.on_batch = [&](int epoch, std::size_t batch, std::size_t batches) {
    const auto now = Clock::now();
    if (now - last_told > std::chrono::milliseconds(500)) {
      last_told = now;
      tell({{"trial", id.value}, {"epoch", epoch}, {"epochs", epochs}, {"batch", batch}, {"batches", batches}});
    }
    beat();
  };
  // Whatever a library throws costs this trial, not the worker.
  const auto estimated = [&]() -> Result<estimate::Estimate> {
    try {
      return estimate::evaluate(workplace, trial, listener);
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::unavailable, "memory ran out");
    } catch (const std::exception& e) {
      return invalid(e.what());
    }
  }();
  if (!estimated && estimated.error().code == ErrorCode::interrupted) {
    tell({{"trial", id.value}, {"phase", "released"}});
    return storage.release(claim);
  }
  if (!estimated) {
    const auto& error = estimated.error();
    const std::string reason = error.where.empty() ? error.message : error.message + " (at " + error.where + ")";
    if (error.code == ErrorCode::unavailable) {
      // A full disk, memory that ran out, an agent that runs no model at all: hardly the network's fault, and the next
      // trial would meet the same. A new worker tries again; the coordinator stops when none gets anywhere.
      TRY_DO(persist([&] { return storage.give_up(claim, reason, study::max_attempts); }));
      return std::unexpected(error);
    }
    TRY_DO(persist([&] { return storage.fail_trial(claim, reason); }));
    tell({{"trial", id.value}, {"phase", "failed"}, {"reason", reason}});
    return {};
  }
  TRY_DO(persist([&] { return storage.finish(claim, estimated->state, estimated->result, estimated->reason); }));
  tell({{"trial", id.value},
        {"phase", std::string(study::to_text(estimated->state))},
        {"values", study::numbers(estimated->result.values)},
        {"reason", estimated->reason}});
  return {};
}

Status run(estimate::Workplace& workplace, study::Storage& storage) {
  const std::string name = study::worker_name();
  while (!stop_asked && !is_abandoned()) {
    TRY(const auto claimed, storage.claim(name));
    if (!claimed) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    TRY_DO(run_trial(workplace, storage, *claimed));
  }
  return {};
}

Status time_choices(estimate::Workplace& workplace) {
  for (std::string line; !stop_asked && std::getline(std::cin, line);) {
    TRY(const auto json, parse_json(line, "standard input"));
    if (!json.is_object() || !json.contains("choice") || !json.contains("threads") ||
        !json["threads"].is_number_integer())
      return invalid("a line is {\"choice\": ..., \"threads\": ...}", {}, "standard input");
    TRY(const auto choice, space::choice_from_json(workplace.family().space, json["choice"]));
    const auto seconds = estimate::training_seconds_per_image(workplace, choice, json["threads"].get<int>());
    tell(seconds ? Json{{"seconds_per_image", *seconds}} : error_json(seconds.error()));
  }
  return {};
}

Status judge(estimate::Workplace& workplace, study::Storage& storage, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    TRY(const auto trial, storage.trial({std::stoll(id)}));
    const auto metrics = estimate::judge_on_test(workplace, trial);
    auto answer = metrics ? Json{{"test", *metrics}} : error_json(metrics.error());
    answer["trial"] = trial.id.value;
    tell(answer);
  }
  return {};
}

Status main_program(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || (arguments[0] != "run" && arguments[0] != "time" && arguments[0] != "judge"))
    return invalid("usage: edgewise-worker run|time|judge FOLDER [ID...]",
                   "this program is started by `edgewise search`");
  TRY_DO(take_room());
  const fs::path folder = arguments[1];
  TRY(const auto storage, study::open_storage(folder));
  TRY(const auto settings, storage->settings());
  TRY(auto job, job::job_from_json(settings.job));
  TRY(auto device, job.device.make());
  TRY(const auto workplace, estimate::Workplace::open(std::move(job), folder, std::move(device)));
  if (arguments[0] == "run") return run(*workplace, *storage);
  if (arguments[0] == "time") return time_choices(*workplace);
  return judge(*workplace, *storage, {arguments.begin() + 2, arguments.end()});
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
    tell({{"error", "memory ran out"}});
    console::say("error: memory ran out\n  next: end other programs, or raise the limit (`ulimit -v`)");
    return 1;
  } catch (const std::exception& e) {
    tell({{"error", e.what()}});
    console::say("error: {}", e.what());
    return 1;
  }
  return 0;
}
