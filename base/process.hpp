/// Child processes with a conversation over pipes, by lines or by bytes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgewise {

/// How a child ended.
struct ExitState {
  std::optional<int> code;    ///< exit code, when it exited
  std::optional<int> signal;  ///< signal number, when one ended it
};
std::string to_text(const ExitState& state);  ///< "exited with 1", "was killed by signal 9 (Killed)"
/// Whether somebody else ended it (a person, or the kernel for memory or time): a crash of its own has other signals.
bool is_from_outside(const ExitState& state);
/// Whether a process is stopped, by a signal or a debugger: it does nothing until it is continued.
bool is_stopped(pid_t process);

/// A child process whose standard input and output are pipes to this process. Killed and reaped by the destructor.
/// Not safe to use from two threads.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> environment;  ///< "NAME=value", added to this process's own
    std::filesystem::path error_log;       ///< where its standard error goes; empty: to this process's
    bool own_group = false;                ///< a terminal's Ctrl-C does not reach it; it still dies with this process
    std::vector<int> processors;           ///< pinned to these; empty: as this process
  };
  static Result<ChildProcess> start(const std::vector<std::string>& command, const Options& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Writes one line; never raises SIGPIPE. @error unavailable when the child has gone
  Status write_line(std::string_view line);
  /// The next line without its end. @error unavailable with the way the child ended, or when `timeout` passed (the
  /// child still runs then), or when a line is longer than 16 MiB
  Result<std::string> read_line(std::chrono::milliseconds timeout);
  /// Writes bytes as they are. @error unavailable as `write_line`, or when the child did not take them within `timeout`
  Status write(std::string_view bytes, std::chrono::milliseconds timeout);
  /// The next bytes, at least one; empty when `timeout` passed without any. @error unavailable with the way the child
  /// ended
  Result<std::string> read(std::chrono::milliseconds timeout);
  /// The exit state when the child has ended; does not wait.
  std::optional<ExitState> poll();
  /// Waits for the end, at most `timeout`.
  std::optional<ExitState> wait(std::chrono::milliseconds timeout);
  void send_signal(int signal);
  void kill();

 private:
  ChildProcess() = default;
  [[nodiscard]] Error does_not_listen();
  [[nodiscard]] Error has_closed_its_output();
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
  std::string buffer_;
  std::optional<ExitState> ended_;
};

/// The folder this program lies in, to find its sister programs.
std::filesystem::path program_folder();

}  // namespace edgewise
