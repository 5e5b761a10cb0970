#include "device/local_device.hpp"

#include <sched.h>

#include <cstdlib>
#include <format>

#include "base/process.hpp"

namespace edgewise::device {

namespace {

namespace fs = std::filesystem;

Result<fs::path> find_agent(const fs::path& given) {
  if (!given.empty()) return given;
  std::error_code error;
  const fs::path beside = program_folder() / "edgewise-agent";
  if (fs::exists(beside, error)) return beside;
  if (const char* named = std::getenv("EDGEWISE_AGENT"); named && *named) return fs::path(named);
  return fail(ErrorCode::unavailable, std::format("there is no program \"{}\"", beside.string()),
              "build the target edgewise-agent, or name the program in EDGEWISE_AGENT");
}

/// Those that a process may run on: in a container fewer than the machine has.
int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// How this machine measures: options of the job's `device:` section.
struct LocalOptions : MeasureOptions {
  void fields(config::Options& o) {
    o.word("provider", provider, {"cpu", "xnnpack"}, "execution provider of the runtime");
    o.integer("threads", threads, {1, 256}, "threads of one inference, each pinned to a processor");
    o.integer("min_runs", min_runs, {5, 100000}, "timed runs at least");
    o.integer("max_runs", max_runs, {5, 100000}, "timed runs at most");
    o.number("max_seconds", max_seconds, {0.05, 600}, "time for the timed runs; a slow model gets 5 runs all the same");
    o.number("timeout_s", timeout_s, {1, 3600}, "a model that takes longer costs one measurement");
    if (min_runs > max_runs)
      o.problem("min_runs", std::format("device.min_runs {} is more than device.max_runs {}", min_runs, max_runs),
                "make min_runs the smaller one");
  }
};

std::vector<Doubt> too_many_threads(const Settings& settings) {
  const int processors = usable_processors();
  const auto threads = settings.as<LocalOptions>().threads;
  if (threads <= processors) return {};
  return {{"threads",
           {ErrorCode::invalid_input,
            std::format("device.threads {} is more than the {} processors this machine gives, on which the networks "
                        "are measured",
                        threads, processors),
            {},
            std::format("set it to at most {}, or search on the machine that the networks are for", processors)}}};
}

/// A function: the catalogue is filled before this file's own variables may be.
std::vector<Quantity> measured() {
  return {{"latency_ms", "ms", Direction::minimize, Known::measured, intervals::above_zero,
           "time of one inference, median"},
          {"latency_p90_ms", "ms", Direction::minimize, Known::measured, intervals::above_zero,
           "time of one inference, 90th percentile"},
          {"latency_p99_ms", "ms", Direction::minimize, Known::measured, intervals::above_zero,
           "time of one inference, 99th percentile"},
          {"memory_mb", "MB", Direction::minimize, Known::measured, intervals::above_zero,
           "largest resident memory of the process that runs it"},
          {"load_ms", "ms", Direction::minimize, Known::measured, intervals::above_zero, "time to load the model"},
          {"model_mb", "MB", Direction::minimize, Known::measured, intervals::above_zero, "size of the model's file"}};
}

}  // namespace

std::unique_ptr<Device> make_local_device(const MeasureOptions& options, const fs::path& agent,
                                          const Waiting& waiting) {
  const auto open = [agent]() -> Result<std::unique_ptr<Channel>> {
    TRY(const fs::path program, find_agent(agent));
    return open_child_channel(program.string());
  };
  return make_agent_device({.device = "local", .is_this_machine = true, .open = open}, options, waiting);
}

Entry local_entry() {
  return {.name = "local",
          .sentence = "this machine",
          .settings = Settings(LocalOptions{}),
          .quantities = measured(),
          .make = [](const Settings& settings, const Waiting& waiting) -> Result<std::unique_ptr<Device>> {
            return make_local_device(settings.as<LocalOptions>(), {}, waiting);
          },
          .checked_here = {"threads"},
          .doubts = too_many_threads,
          .seconds_each = [](const Settings& settings) { return 1.5 + 1.1 * settings.as<LocalOptions>().max_seconds; }};
}

}  // namespace edgewise::device
