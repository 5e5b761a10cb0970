/// What the agent can learn about the machine it runs on, from /proc and /sys. Whatever the system does not tell is
/// absent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace edgewise::agent {

/// The processors this thread may use, the best for a measurement first: of large capacity, one of each core before
/// their siblings, and high numbers before low ones, since interrupts and other programs favour the low.
std::vector<int> usable_processors();
/// Lets the calling thread, and threads that it starts later, run only there.
Status pin_to(const std::vector<int>& processors);

/// Lets the calling thread go before other programs, where the system allows it (as root); else does nothing.
void raise_priority();

/// "AMD EPYC 7B13", a board's name, or "unknown".
std::string processor_name();

/// Current frequency of a processor, where the system scales it and tells.
std::optional<double> clock_ghz(int processor);
/// Governor and frequency of a processor in words, else "unknown".
std::string clock_text(int processor);
/// How often a core was slowed for heat since the start of the machine, summed over `processors`; absent where it is
/// not told.
std::optional<std::int64_t> throttle_count(const std::vector<int>& processors);

/// Bytes of this process in memory now, and at most since the last `reset_peak_memory`.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();
/// Forgets the peak so far; false where the system does not allow it (then the peak counts from the process's start).
bool reset_peak_memory();

/// What the machine and the calling thread have done so far; the difference of two tells what happened between.
struct Activity {
  double wall_s = 0;                      ///< monotonic
  double thread_cpu_s = 0;                ///< of the calling thread
  double own_cpu_s = 0;                   ///< of this process
  double machine_cpu_s = 0;               ///< of all processes; steps of 10 ms
  double stolen_s = 0;                    ///< taken by the hypervisor from the processors
  std::int64_t involuntary_switches = 0;  ///< of the calling thread
};
Activity activity_now();

/// Keeps a crash of this process from harming others: no core dump, first choice of the out-of-memory killer, no more
/// address space than the machine has memory.
void limit_process();

}  // namespace edgewise::agent
