/// The worker processes of a search on this machine: kept alive, listened to, stopped.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "run/session.hpp"
#include "run/view.hpp"

namespace edgewise::run {

/// The command of a worker, up to what it is to do further.
/// @param what  "run", "time" or "judge"
std::vector<std::string> worker_command(const std::string& what, const Session& session);

/// Processes `edgewise-worker run`. What they say is for people: what counts is in the study.
class Workers {
 public:
  struct Settings {
    std::vector<std::string> command;
    std::filesystem::path log;  ///< for what they say otherwise
    int threads = 1;            ///< the most that one of them trains with
    std::function<void(const std::string&)> say;
    /// A label for the trial that a worker took up.
    std::function<std::string(std::int64_t trial)> label;
    /// Called when one has died, before another takes its place: the trial that it ran (-1: none, as far as it said)
    /// must be freed. An error ends the search.
    std::function<Status(std::int64_t trial)> on_death;
    /// Called when the others were stopped for it: what those ran that had to be killed must be freed, too.
    std::function<Status()> on_stopped;
  };
  explicit Workers(Settings settings) : settings_(std::move(settings)) {}

  /// Buries those that ended; when none did, starts as many as are wanted. One that was lost ends the others, too.
  /// @error what one of them ended for when the machine is at fault; what `on_death` says
  Status keep(std::size_t wanted);
  /// Reads what they say; never waits.
  void listen();
  /// The one that runs this trial hangs.
  void kill(std::int64_t trial);
  /// Lets them put their trials back; after a minute they are killed.
  void stop();
  /// The search is over: they have nothing left to do.
  void dismiss();
  /// Ends them at once: whatever they still write would be in the wrong place.
  void kill_all() { workers_.clear(); }
  [[nodiscard]] std::vector<pid_t> processes() const;
  [[nodiscard]] std::vector<WorkerState> states() const;

 private:
  struct Worker {
    ChildProcess process;
    WorkerState state;
    std::optional<Error> fault = {};  // of the machine, for which it ends
    bool has_told_wait = false;       // since it was heard of otherwise
  };
  Result<ChildProcess> start() const;
  void listen(Worker& worker);
  void hear(Worker& worker, const Json& message);

  Settings settings_;
  std::vector<Worker> workers_;
};

/// The end of a log, for messages.
std::string last_lines(const std::filesystem::path& log, std::size_t bytes);

}  // namespace edgewise::run
