/// What this machine gives: processors, memory, and what others take of them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace edgewise {

/// Processors that this process may use: those of its affinity mask, at most its control group's quota (rounded up). At
/// least 1.
int usable_processors();

/// Bytes that new processes can take without pushing others out, at most what the control group still allows; nothing
/// where the kernel does not tell.
std::optional<std::int64_t> available_memory_bytes();

/// What an allocation that failed means: under a limit that somebody set (`ulimit -v`) unavailable, as any network may
/// meet it; else exhausted, which may be this network's fault. @param what  ran out of it, or ""
Error memory_ran_out(const std::string& what);

/// The most memory that a process has held at once (VmHWM); nothing when it is gone.
std::optional<std::int64_t> peak_memory_bytes(pid_t process);

/// How many processors programs other than this process and its descendants keep busy.
class OthersLoad {
 public:
  OthersLoad() : last_(now()) {}
  /// The mean since the last reading, or since construction. Nothing when less than 200 ms have passed (the reading
  /// then goes on) or the kernel does not tell. Processors taken by the host of a virtual machine count as busy.
  std::optional<double> read();

 private:
  struct Reading {
    std::chrono::steady_clock::time_point when;
    double all_s = -1, own_s = 0;  ///< processor seconds; below 0: not known
  };
  static Reading now();
  Reading last_;
};

/// Seconds that the calling thread was ready to run while other threads had its processor; nothing where the kernel
/// does not count them.
std::optional<double> seconds_kept_waiting();

}  // namespace edgewise
