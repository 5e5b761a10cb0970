#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <format>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/changes_internal.hpp"
#include "study/storage.hpp"

namespace edgewise::study {

namespace {

std::string host_name() {
  utsname names{};
  return ::uname(&names) == 0 && names.nodename[0] != '\0' ? names.nodename : "unknown";
}

/// Field 22 of /proc/PID/stat: the start in clock ticks since boot. Nothing when there is no such process or it is a
/// zombie.
std::optional<std::string> process_start(pid_t pid) {
  std::ifstream file(std::format("/proc/{}/stat", pid));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto name_end = text.rfind(')');  // the program's name may hold blanks and parentheses
  if (name_end == std::string::npos) return std::nullopt;
  std::vector<std::string> fields;  // from field 3, the state
  std::string field;
  for (const char c : text.substr(name_end + 1)) {
    if (c != ' ' && c != '\n')
      field += c;
    else if (!field.empty())
      fields.push_back(std::exchange(field, {}));
  }
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  return fields[19];
}

std::string pid_namespace() {
  struct stat status{};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? std::to_string(status.st_ino) : "0";
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(':')) != std::string_view::npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

/// Whether the process has ended for certain. False for other hosts and namespaces, and for names that tell no process.
bool is_dead_here(std::string_view worker) {
  const auto parts = split(worker);
  if (parts.size() != 2 && parts.size() != 4) return false;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), pid);
  if (error != std::errc{} || end != parts[1].data() + parts[1].size() || pid <= 0) return false;
  if (parts[0] != host_name()) return false;
  if (parts.size() == 4 && parts[3] != pid_namespace()) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const auto start = process_start(pid);
  if (!start) return ::access("/proc/self/stat", R_OK) == 0;  // a zombie, or ended just now
  return parts.size() == 4 && parts[2] != *start;             // the number was given to another process
}

}  // namespace

std::string worker_name() {
  const pid_t pid = ::getpid();
  return std::format("{}:{}:{}:{}", host_name(), pid, process_start(pid).value_or("0"), pid_namespace());
}

std::optional<std::string> why_lost(const std::string& worker, const Hold& hold) {
  if (is_dead_here(worker)) return std::format("the process of \"{}\" ended without a word", worker);
  const std::int64_t now = now_milliseconds();
  // In double: a hostile time must not overflow.
  if (now > hold.lease_end_ms)
    return std::format("\"{}\" was silent for {:.0f} s", worker,
                       (static_cast<double>(now) - static_cast<double>(hold.heartbeat_ms)) / 1000.0);
  return std::nullopt;
}

}  // namespace edgewise::study
