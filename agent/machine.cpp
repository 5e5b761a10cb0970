#include "agent/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>
#include <fstream>
#include <sstream>
#include <tuple>

namespace edgewise::agent {

namespace {

/// The first line of a small file of the system.
std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return {};
  while (!line.empty() && (line.back() == '\0' || line.back() == ' ')) line.pop_back();
  return line;
}

std::optional<double> number_in(const std::string& path) {
  const auto line = first_line(path);
  if (!line) return {};
  char* end = nullptr;
  const double value = std::strtod(line->c_str(), &end);
  if (end == line->c_str()) return {};
  return value;
}

std::string processor_folder(int processor) {
  return std::format("/sys/devices/system/cpu/cpu{}/", processor);
}

/// The value after "KEY:" in a file of such lines.
std::optional<std::string> value_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    if (begin != std::string::npos) return line.substr(begin);
  }
  return {};
}

std::int64_t status_kib(const std::string& key) {
  const auto value = value_of("/proc/self/status", key);
  return value ? 1024 * std::strtoll(value->c_str(), nullptr, 10) : 0;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}
double seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

std::vector<int> usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> processors;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  const auto rank = [](int processor) {
    const auto folder = processor_folder(processor);
    const double capacity = number_in(folder + "cpu_capacity").value_or(0.0);
    const auto first_sibling = number_in(folder + "topology/thread_siblings_list");
    const bool is_sibling = first_sibling && static_cast<int>(*first_sibling) != processor;
    return std::tuple(-capacity, is_sibling, -processor);
  };
  std::ranges::sort(processors, {}, rank);
  return processors;
}

Status pin_to(const std::vector<int>& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int processor : processors) CPU_SET(processor, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    return fail(ErrorCode::unavailable,
                std::format("cannot pin the thread to its processors: {}", std::strerror(errno)));
  return {};
}

void raise_priority() {
  ::setpriority(PRIO_PROCESS, 0, -20);
}

std::string processor_name() {
  for (const char* key : {"model name", "Model", "Hardware"})
    if (const auto name = value_of("/proc/cpuinfo", key)) return *name;
  return first_line("/proc/device-tree/model").value_or("unknown");
}

std::optional<double> clock_ghz(int processor) {
  const auto khz = number_in(processor_folder(processor) + "cpufreq/scaling_cur_freq");
  if (!khz) return {};
  return *khz * 1e-6;
}

std::string clock_text(int processor) {
  const auto ghz = clock_ghz(processor);
  if (!ghz) return "unknown";
  const auto governor = first_line(processor_folder(processor) + "cpufreq/scaling_governor");
  return std::format("{}, {:.2f} GHz", governor.value_or("unknown governor"), *ghz);
}

std::optional<std::int64_t> throttle_count(const std::vector<int>& processors) {
  std::optional<std::int64_t> sum;
  for (const int processor : processors)
    if (const auto count = number_in(processor_folder(processor) + "thermal_throttle/core_throttle_count"))
      sum = sum.value_or(0) + static_cast<std::int64_t>(*count);
  return sum;
}

std::int64_t resident_bytes() {
  return status_kib("VmRSS");
}
std::int64_t peak_resident_bytes() {
  return status_kib("VmHWM");
}

bool reset_peak_memory() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

Activity activity_now() {
  Activity now;
  now.wall_s = seconds(CLOCK_MONOTONIC);
  now.thread_cpu_s = seconds(CLOCK_THREAD_CPUTIME_ID);
  rusage thread{}, process{};
  ::getrusage(RUSAGE_THREAD, &thread);
  ::getrusage(RUSAGE_SELF, &process);
  now.involuntary_switches = thread.ru_nivcsw;
  now.own_cpu_s = seconds(process.ru_utime) + seconds(process.ru_stime);
  // "cpu  user nice system idle iowait irq softirq steal guest guest_nice", in ticks; guest time is inside user time.
  std::istringstream line(first_line("/proc/stat").value_or(""));
  std::string label;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
  if (line >> label >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> stolen) {
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    now.machine_cpu_s = (user + nice + system + interrupts + soft) / ticks;
    now.stolen_s = stolen / ticks;
  }
  return now;
}

void limit_process() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::ofstream("/proc/self/oom_score_adj") << "1000";
#ifndef EDGEWISE_SANITIZED  // the shadow of sanitizers needs more addresses than any machine has memory
  const auto memory = static_cast<rlim_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  const rlimit space{.rlim_cur = memory, .rlim_max = memory};
  ::setrlimit(RLIMIT_AS, &space);
#endif
}

}  // namespace edgewise::agent
