#include "run/environment.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>
#include <thread>

namespace edgewise::run {

namespace {

/// The value of the first line that starts with `key` in a "key : value" or "key=value" file.
std::string first_value(const char* file, const std::string& key, char separator) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    std::string value = line.substr(line.find(separator) + 1);
    std::erase(value, '"');
    const auto start = value.find_first_not_of(" \t");
    return start == std::string::npos ? "" : value.substr(start);
  }
  return "unknown";
}

}  // namespace

Json environment() {
  utsname kernel{};
  ::uname(&kernel);
  const double memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  return {{"system", first_value("/etc/os-release", "PRETTY_NAME", '=')},
          {"kernel", std::string(kernel.sysname) + " " + kernel.release},
          {"processor", first_value("/proc/cpuinfo", "model name", ':')},
          {"processors", std::thread::hardware_concurrency()},
          {"memory_gb", static_cast<std::int64_t>(std::llround(memory / 1e9))},
          {"edgewise", EDGEWISE_VERSION}};
}

}  // namespace edgewise::run
