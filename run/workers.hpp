/// The worker processes of a search on this machine: kept alive, listened to, stopped.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "run/view.hpp"

namespace edgewise::run {

/// Processes `edgewise-worker run FOLDER`. What they say is for people: what counts is in the study.
class Workers {
 public:
  struct Settings {
    std::filesystem::path folder;  ///< the study's
    int threads = 1;               ///< the most that one of them trains with
    int most_deaths = 9;           ///< without a trial that ended: then the machine is at fault, not the trials
    std::function<void(const std::string&)> say;
    /// A label for the trial that a worker took up.
    std::function<std::string(std::int64_t trial)> label;
    /// Called when one has died, before another takes its place: its trial must be freed.
    std::function<Status()> on_death;
  };
  explicit Workers(Settings settings) : settings_(std::move(settings)) {}

  /// Starts as many as are wanted, and replaces those that died.
  /// @error unavailable when none stays alive, with the last words of one
  Status keep(std::size_t wanted);
  /// Reads what they say; never waits.
  void listen();
  /// The one that runs this trial hangs.
  void kill(std::int64_t trial);
  /// Lets them put their trials back; after a minute they are killed.
  void stop();
  /// The search is over: they have nothing left to do.
  void dismiss();
  [[nodiscard]] std::vector<WorkerState> states() const;

 private:
  struct Worker {
    ChildProcess process;
    WorkerState state;
  };
  Result<ChildProcess> start() const;
  Status replace(Worker& worker, const ExitState& ended);
  void hear(WorkerState& state, const Json& message);

  Settings settings_;
  std::vector<Worker> workers_;
  int deaths_ = 0;  // since a trial ended
};

/// The end of a log, for messages.
std::string last_lines(const std::filesystem::path& log, std::size_t bytes);

}  // namespace edgewise::run
