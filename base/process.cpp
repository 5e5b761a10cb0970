#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <format>
#include <fstream>
#include <thread>

namespace edgewise {

std::string to_text(const ExitState& state) {
  if (state.signal) return std::format("was killed by signal {} ({})", *state.signal, ::strsignal(*state.signal));
  return std::format("exited with {}", state.code.value_or(-1));
}

bool is_from_outside(const ExitState& state) {
  constexpr std::array signals{SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU};
  return state.signal && std::ranges::contains(signals, *state.signal);
}

bool is_stopped(pid_t process) {
  // "State:	T (stopped)", "t (tracing stop)", "S (sleeping)", ...
  std::ifstream lines(std::format("/proc/{}/status", process));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("State:")) continue;
    const auto state = line.find_first_not_of(" \t", 6);
    return state != std::string::npos && (line[state] == 'T' || line[state] == 't');
  }
  return false;
}

namespace {

constexpr std::size_t max_line = std::size_t{16} << 20;

using Clock = std::chrono::steady_clock;

/// Whether the descriptor became ready before the deadline; a signal or the deadline may end the wait sooner.
bool wait_for(int descriptor, short events, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{.fd = descriptor, .events = events, .revents = 0};
  return ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000))) > 0;
}

ExitState exit_state(int status) {
  if (WIFSIGNALED(status)) return {.code = {}, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = {}};
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command, const Options& options) {
  EDGEWISE_ASSERT(!command.empty(), "a child process needs a command");
  // A socket pair for its input, so that a write to a dead child is an error value and not a SIGPIPE.
  int to_child[2], from_child[2], exec_error[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_child) != 0 || ::pipe2(from_child, O_CLOEXEC) != 0 ||
      ::pipe2(exec_error, O_CLOEXEC) != 0)
    return fail(ErrorCode::unavailable, std::format("cannot make a pipe: {}", std::strerror(errno)));

  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(ErrorCode::unavailable, std::format("cannot start a process: {}", std::strerror(errno)));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (options.own_group) ::setpgid(0, 0);
    ::dup2(to_child[1], STDIN_FILENO);
    ::dup2(from_child[1], STDOUT_FILENO);
    if (!options.error_log.empty()) {
      const int log = ::open(options.error_log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      if (log >= 0) ::dup2(log, STDERR_FILENO);
    }
    if (!options.processors.empty()) {
      cpu_set_t set;
      CPU_ZERO(&set);
      for (const int processor : options.processors) CPU_SET(processor, &set);
      ::sched_setaffinity(0, sizeof set, &set);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const auto& assignment : options.environment) ::putenv(const_cast<char*>(assignment.c_str()));
    ::execvp(arguments[0], arguments.data());
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(exec_error[1], &error, sizeof error);
    ::_exit(127);
  }
  ::close(to_child[1]);
  ::close(from_child[1]);
  ::close(exec_error[1]);
  ChildProcess child;
  child.pid_ = pid;
  child.input_ = to_child[0];
  child.output_ = from_child[0];
  int error = 0;
  ssize_t got = 0;
  do got = ::read(exec_error[0], &error, sizeof error);
  while (got < 0 && errno == EINTR);
  ::close(exec_error[0]);
  if (got == sizeof error)
    return fail(ErrorCode::not_found, std::format("cannot run \"{}\": {}", command[0], std::strerror(error)));
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept {
  *this = std::move(other);
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  std::swap(buffer_, other.buffer_);
  std::swap(ended_, other.ended_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (input_ >= 0) ::close(input_);
  if (output_ >= 0) ::close(output_);
}

Status ChildProcess::write_line(std::string_view line) {
  std::string bytes(line);
  bytes += '\n';
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::send(input_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return std::unexpected(does_not_listen());
    done += static_cast<std::size_t>(put);
  }
  return {};
}

Status ChildProcess::write(std::string_view bytes, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!bytes.empty()) {
    const ssize_t put = ::send(input_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (Clock::now() >= deadline)
        return fail(ErrorCode::unavailable,
                    std::format("the process took no more for {:.1f} s", static_cast<double>(timeout.count()) / 1e3));
      wait_for(input_, POLLOUT, deadline);
    } else if (errno != EINTR) {
      return std::unexpected(does_not_listen());
    }
  }
  return {};
}

Result<std::string> ChildProcess::read(std::chrono::milliseconds timeout) {
  if (!buffer_.empty()) return std::exchange(buffer_, {});
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (wait_for(output_, POLLIN, deadline)) {
      std::string chunk(std::size_t{1} << 16, '\0');
      const ssize_t got = ::read(output_, chunk.data(), chunk.size());
      if (got == 0 || (got < 0 && errno != EINTR)) return std::unexpected(has_closed_its_output());
      chunk.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
      if (!chunk.empty()) return chunk;
    }
    if (Clock::now() >= deadline) return std::string();
  }
}

Error ChildProcess::does_not_listen() {
  const auto ended = wait(std::chrono::milliseconds(500));
  return {ErrorCode::unavailable, ended ? "the process " + to_text(*ended) : "the process does not listen any more"};
}

Error ChildProcess::has_closed_its_output() {
  const auto ended = wait(std::chrono::milliseconds(2000));
  return {ErrorCode::unavailable, ended ? "the process " + to_text(*ended) : "the process closed its output"};
}

Result<std::string> ChildProcess::read_line(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (buffer_.size() > max_line) return fail(ErrorCode::unavailable, "the process wrote a line of more than 16 MiB");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready < 0 && errno == EINTR) {
      if (Clock::now() < deadline) continue;
      return fail(ErrorCode::unavailable, "interrupted while waiting for an answer");
    }
    if (ready == 0)
      return fail(ErrorCode::unavailable,
                  std::format("no answer within {:.1f} s", static_cast<double>(timeout.count()) / 1e3));
    char chunk[1 << 14];
    const ssize_t got = ::read(output_, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::unexpected(has_closed_its_output());
    buffer_.append(chunk, static_cast<std::size_t>(got));
  }
}

std::optional<ExitState> ChildProcess::poll() {
  if (ended_ || pid_ <= 0) return ended_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) ended_ = exit_state(status);
  return ended_;
}

std::optional<ExitState> ChildProcess::wait(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!poll() && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return ended_;
}

void ChildProcess::send_signal(int signal) {
  if (!poll() && pid_ > 0) ::kill(pid_, signal);
}

void ChildProcess::kill() {
  send_signal(SIGKILL);
  wait(std::chrono::milliseconds(5000));
}

std::filesystem::path program_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace edgewise
