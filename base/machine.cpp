#include "base/machine.hpp"

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace edgewise {

namespace {

std::string first_line(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

/// The folder of this process's control group (version 2); the root's where it has none of its own.
std::string control_group() {
  std::ifstream stream("/proc/self/cgroup");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  return "/sys/fs/cgroup";
}

/// "kB" fields of files like /proc/meminfo, in bytes.
std::optional<std::int64_t> kilobytes(const std::string& file, const std::string& name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::int64_t value = 0;
    if (words >> value) return value * 1024;
  }
  return std::nullopt;
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

double tick_s() {
  static const double seconds = 1.0 / static_cast<double>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  return seconds;
}

/// Parent and processor seconds of a process, those of children it has waited for included.
struct ProcessTimes {
  pid_t parent = 0;
  double seconds = 0;
};
std::optional<ProcessTimes> times_of(const std::string& process) {
  const std::string line = first_line("/proc/" + process + "/stat");
  // The second field is the name in brackets; it may hold blanks and brackets itself.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream words(line.substr(name_end + 1));
  std::string state;
  ProcessTimes times;
  words >> state >> times.parent;
  std::string skipped;
  for (int field = 5; field < 14; ++field) words >> skipped;
  double total = 0;
  for (int field = 14; field < 18; ++field) {  // user, system, and those of children
    double ticks = 0;
    words >> ticks;
    total += ticks;
  }
  if (!words) return std::nullopt;
  times.seconds = total * tick_s();
  return times;
}

/// Processor seconds of this process and all that descend from it.
double family_seconds() {
  std::unordered_map<pid_t, ProcessTimes> all;
  DIR* folder = ::opendir("/proc");
  if (!folder) return 0;
  while (const dirent* entry = ::readdir(folder)) {
    const auto process = whole_number(entry->d_name);
    if (!process) continue;
    if (const auto times = times_of(entry->d_name)) all[static_cast<pid_t>(*process)] = *times;
  }
  ::closedir(folder);
  const pid_t self = ::getpid();
  double seconds = 0;
  for (const auto& [process, times] : all) {
    pid_t ancestor = process;
    for (int step = 0; step < 64 && ancestor != self; ++step) {
      const auto found = all.find(ancestor);
      if (found == all.end()) break;
      ancestor = found->second.parent;
    }
    if (ancestor == self) seconds += times.seconds;
  }
  return seconds;
}

/// Processor seconds of everything since the machine started; below 0 when the kernel does not tell.
double machine_seconds() {
  std::istringstream words(first_line("/proc/stat"));
  std::string label;
  words >> label;
  double user = 0, nice = 0, system = 0, idle = 0, io = 0, interrupt = 0, soft = 0, steal = 0;
  if (label != "cpu" || !(words >> user >> nice >> system >> idle >> io >> interrupt >> soft)) return -1;
  words >> steal;
  return (user + nice + system + interrupt + soft + steal) * tick_s();
}

}  // namespace

int usable_processors() {
  int count = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) count = std::max(1, CPU_COUNT(&set));
  std::istringstream quota(first_line(control_group() + "/cpu.max"));
  double allowed_us = 0, period_us = 0;
  if (quota >> allowed_us >> period_us && period_us > 0)
    count = std::min(count, std::max(1, static_cast<int>(std::ceil(allowed_us / period_us))));
  return count;
}

std::optional<std::int64_t> available_memory_bytes() {
  auto available = kilobytes("/proc/meminfo", "MemAvailable");
  const std::string group = control_group();
  const auto limit = whole_number(first_line(group + "/memory.max"));
  const auto used = whole_number(first_line(group + "/memory.current"));
  if (limit && used) {
    const std::int64_t left = std::max<std::int64_t>(0, *limit - *used);
    available = available ? std::min(*available, left) : left;
  }
  return available;
}

Error memory_ran_out(const std::string& what) {
  const auto is_limited = [](auto resource) {
    rlimit limit{};
    return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  };
  const std::string message = what.empty() ? "memory ran out" : "memory ran out: " + what;
  if (is_limited(RLIMIT_AS) || is_limited(RLIMIT_DATA))
    return {ErrorCode::unavailable,
            message,
            {},
            "raise the limit on memory (`ulimit -v`, `ulimit -d`), or leave out networks as large as this one"};
  return {ErrorCode::exhausted,
          message,
          {},
          "end other programs, or use a smaller batch, a smaller input or fewer workers"};
}

std::optional<std::int64_t> peak_memory_bytes(pid_t process) {
  return kilobytes(std::format("/proc/{}/status", process), "VmHWM");
}

OthersLoad::Reading OthersLoad::now() {
  Reading reading{.when = std::chrono::steady_clock::now()};
  reading.all_s = machine_seconds();
  reading.own_s = family_seconds();
  return reading;
}

std::optional<double> OthersLoad::read() {
  const auto passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - last_.when).count();
  };
  if (passed() < 0.2) return std::nullopt;
  const Reading before = last_;
  last_ = now();
  if (before.all_s < 0 || last_.all_s < 0) return std::nullopt;
  const double seconds = std::chrono::duration<double>(last_.when - before.when).count();
  // A descendant that ended without being waited for takes its seconds with it: never below 0.
  const double others = (last_.all_s - before.all_s) - std::max(0.0, last_.own_s - before.own_s);
  return std::max(0.0, others / seconds);
}

std::optional<double> seconds_kept_waiting() {
  std::istringstream words(first_line("/proc/thread-self/schedstat"));
  double ran_ns = 0, waited_ns = 0;
  if (!(words >> ran_ns >> waited_ns)) return std::nullopt;
  return waited_ns * 1e-9;
}

}  // namespace edgewise
