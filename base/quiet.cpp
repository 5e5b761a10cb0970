#include "base/quiet.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <format>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include "base/process.hpp"

namespace edgewise {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto first_word_after = 5s;
constexpr auto word_each = 10s;

/// In a folder that all processes of this user share, whatever cache or study they use: the processor is shared too.
fs::path lock_folder() {
  const char* own = std::getenv("EDGEWISE_LOCKS");
  return own && *own ? fs::path(own) : fs::path(std::format("/tmp/edgewise-{}", ::getuid()));
}

fs::path gate_file() {
  return lock_folder() / "gate.lock";
}
fs::path busy_file() {
  return lock_folder() / "busy.lock";
}

/// Whoever cannot have a lock at all is on a machine that has to be mended.
Error no_lock(Error error) {
  error.next = "make that folder writable, or name another one in EDGEWISE_LOCKS";
  return of_the_machine(std::move(error));
}

Status make_lock_folder() {
  std::error_code error;
  const fs::path folder = lock_folder();
  fs::create_directories(folder, error);
  if (!error) return {};
  return std::unexpected(no_lock(
      {ErrorCode::unavailable, std::format("cannot make the folder \"{}\": {}", folder.string(), error.message())}));
}

/// Tries again and again to have a lock.
/// @param end  of what is waited for: "to train", "to measure"
Result<FileLock> wait_for(const fs::path& file, FileLock::Mode mode, const Waiting& waiting, const char* end) {
  const auto begin = Clock::now();
  for (auto told = begin + first_word_after - word_each;;) {
    auto lock = FileLock::try_acquire(file, mode);
    if (lock) return lock;
    if (lock.error().code != ErrorCode::unavailable) return std::unexpected(no_lock(std::move(lock).error()));
    if (waiting.stop && waiting.stop->load()) return fail(ErrorCode::interrupted, "stopped while it waited");
    const auto now = Clock::now();
    const bool is_over = waiting.at_most && now - begin >= *waiting.at_most;
    if (is_over || (waiting.say && now - told >= word_each)) {
      told = now;
      std::string others;
      for (const auto& process : at_work())
        if (process.pid != ::getpid()) others += (others.empty() ? "" : "; ") + to_text(process);
      const double seconds = std::chrono::duration<double>(now - begin).count();
      if (is_over)
        return fail(ErrorCode::unavailable,
                    std::format("waited {:.3g} s {} for {}", seconds, end,
                                others.empty() ? "a training on this machine that does not end its batch" : others),
                    "look for an \"edgewise-worker\" that hangs or is stopped, and end it");
      waiting.say(
          std::format("waiting {} for {} ({:.0f} s)", end, others.empty() ? "another process" : others, seconds));
    }
    std::this_thread::sleep_for(now - begin < 100ms ? 1ms : 5ms);
  }
}

std::string command_of(int pid) {
  std::ifstream file(std::format("/proc/{}/cmdline", pid));
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && text.back() == '\0') text.pop_back();
  const std::string program = text.substr(0, text.find('\0'));
  text = fs::path(program).filename().string() + text.substr(program.size());
  std::ranges::replace(text, '\0', ' ');
  return text.size() > 100 ? text.substr(0, 100) + "..." : text;
}

}  // namespace

Result<BusyMachine> BusyMachine::enter(const Waiting& waiting) {
  TRY_DO(make_lock_folder());
  TRY(const FileLock gate, wait_for(gate_file(), FileLock::Mode::shared, waiting, "to train"));
  TRY(FileLock busy, wait_for(busy_file(), FileLock::Mode::shared, waiting, "to train"));
  return BusyMachine(std::move(busy));
}

Result<QuietMachine> QuietMachine::enter(const Waiting& waiting) {
  TRY_DO(make_lock_folder());
  TRY(FileLock gate, wait_for(gate_file(), FileLock::Mode::exclusive, waiting, "to measure"));
  // The gate is closed: whoever is inside leaves within a batch and nobody follows, so asking again and again suffices.
  TRY(FileLock busy, wait_for(busy_file(), FileLock::Mode::exclusive, waiting, "to measure"));
  return QuietMachine(std::move(gate), std::move(busy));
}

std::vector<AtWork> at_work() {
  std::set<std::uint64_t> inodes;
  for (const fs::path& file : {gate_file(), busy_file()}) {
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0) inodes.insert(status.st_ino);
  }
  // "1: FLOCK  ADVISORY  READ  123 00:2f:4567 0 EOF"; a "->" before FLOCK: it waits for the lock.
  std::set<int> found;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, sort, mode, place;
    int pid = 0;
    if (!(words >> number >> kind >> sort >> mode >> pid >> place) || kind != "FLOCK" || pid <= 0) continue;
    const auto colon = place.rfind(':');
    if (colon == std::string::npos) continue;
    std::uint64_t inode = 0;
    std::istringstream(place.substr(colon + 1)) >> inode;
    if (inodes.contains(inode)) found.insert(pid);
  }
  std::vector<AtWork> all;
  for (const int pid : found) all.push_back({.pid = pid, .is_stopped = is_stopped(pid), .program = command_of(pid)});
  return all;
}

std::string to_text(const AtWork& process) {
  return std::format("process {} ({}){}", process.pid, process.program.empty() ? "not to be seen" : process.program,
                     process.is_stopped ? ", which is stopped" : "");
}

}  // namespace edgewise
