/// The machine-wide agreement that latency is never measured while this machine trains.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace edgewise {

/// How somebody waits for what others have to end first.
struct Waiting {
  /// Hears whom or what is waited for, after some seconds and then every 10 s. May be empty.
  std::function<void(const std::string& line)> say;
  const std::atomic<bool>* stop = nullptr;  ///< ends the wait with `interrupted`
  /// Of waiting for other programs of this machine; nothing: without end.
  std::optional<std::chrono::milliseconds> at_most = std::chrono::minutes(5);
};

/// Held by a trainer while it computes one batch; between batches a waiting measurement goes first.
/// Two locks make a turnstile: a measurement closes the gate, then waits until the batches under way are done. With one
/// lock, trainers that take it again at once would keep a measurement waiting for ever.
class BusyMachine {
 public:
  /// @error interrupted; unavailable when the locks cannot be had, or the wait was too long (a measurement hangs)
  static Result<BusyMachine> enter(const Waiting& waiting = {.at_most = {}});

 private:
  explicit BusyMachine(FileLock busy) : busy_(std::move(busy)) {}
  FileLock busy_;
};

/// Held during a measurement: no trainer of this user on this machine computes meanwhile.
class QuietMachine {
 public:
  /// @param waiting  how long batches under way may take; a trainer that takes longer is held to hang
  /// @error interrupted; unavailable when the wait was too long, with who is in the way
  static Result<QuietMachine> enter(const Waiting& waiting = {});

 private:
  QuietMachine(FileLock gate, FileLock busy) : gate_(std::move(gate)), busy_(std::move(busy)) {}
  FileLock gate_, busy_;
};

/// A process that trains or measures at present.
struct AtWork {
  int pid = 0;
  bool is_stopped = false;  ///< by a signal or a debugger: it ends nothing until it is continued
  std::string program;      ///< with its arguments, for people
};
/// Those of this user that hold the machine busy or quiet, and that this process may see.
std::vector<AtWork> at_work();
/// "process 123 (edgewise-worker run a.study), which is stopped"
std::string to_text(const AtWork& process);

}  // namespace edgewise
