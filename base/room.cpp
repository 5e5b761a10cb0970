// Whether there is room to start in, asked before anything else of the program runs. Linked into the programs that link
// OpenBLAS, which takes 128 MB a thread when it is loaded and, where a limit leaves it none, asks for them again and
// again without end (0.3.29, blas_memory_alloc).
//
// Its constructors run before main and before those of ours. Only .preinit_array of the program itself comes earlier;
// there the C library is not set up, so nothing but system calls is used.
#include "base/room.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace {

#define EDGEWISE_EARLY __attribute__((no_sanitize("address", "thread", "undefined")))

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::size_t for_libraries =
    128 * mib;  // what else is taken up to main; less ended in an exception of a constructor
constexpr std::size_t for_a_thread = 136 * mib;  // OpenBLAS's buffer and the stack

/// The number in an environment variable that bounds OpenBLAS's threads; 0 when `assignment` is none.
EDGEWISE_EARLY std::size_t bound_of(std::string_view assignment) {
  for (const std::string_view name : {"OPENBLAS_NUM_THREADS=", "GOTO_NUM_THREADS=", "OMP_NUM_THREADS="}) {
    if (!assignment.starts_with(name)) continue;
    std::size_t number = 0;
    for (const char c : assignment.substr(name.size())) {
      if (c < '0' || c > '9' || number > 1000) break;
      number = 10 * number + static_cast<std::size_t>(c - '0');
    }
    return number;
  }
  return 0;
}

EDGEWISE_EARLY std::size_t blas_threads(char** environment) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  std::size_t threads = ::sched_getaffinity(0, sizeof processors, &processors) == 0
                            ? static_cast<std::size_t>(CPU_COUNT(&processors))
                            : 1;
  for (; environment && *environment; ++environment)
    if (const std::size_t bound = bound_of(*environment); bound > 0) threads = std::min(threads, bound);
  return threads;
}

EDGEWISE_EARLY bool is_limited(decltype(RLIMIT_AS) what) {
  rlimit limit{};
  return ::getrlimit(what, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

EDGEWISE_EARLY bool is_limited() {
  return is_limited(RLIMIT_AS) || is_limited(RLIMIT_DATA);
}

EDGEWISE_EARLY bool has_room(std::size_t bytes) {
  void* room = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return false;
  ::munmap(room, bytes);
  return true;
}

EDGEWISE_EARLY void look_for_room(int, char**, char** environment) {
  if (!is_limited() || has_room(for_libraries + for_a_thread * blas_threads(environment))) return;
  constexpr std::string_view message =
      "error: memory ran out at the start: a limit on it (`ulimit -v`, `ulimit -d`) leaves too little\n"
      "  next: raise the limit, or take it away: ulimit -v unlimited\n";
  [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(1);
}

__attribute__((section(".preinit_array"), used)) void (*const entry)(int, char**, char**) = look_for_room;

}  // namespace

edgewise::Status edgewise::take_room() {
  if (!is_limited()) return {};
  // Not part of OpenBLAS's interface, but exported: its own interface to C calls them in another library.
  const auto allocate = reinterpret_cast<void* (*)(int)>(::dlsym(RTLD_DEFAULT, "blas_memory_alloc"));
  const auto release = reinterpret_cast<void (*)(void*)>(::dlsym(RTLD_DEFAULT, "blas_memory_free"));
  if (!allocate || !release) return {};
  std::vector<void*> buffers;
  bool is_enough = true;
  for (std::size_t i = blas_threads(environ) + 1; i > 0 && is_enough; --i) {
    is_enough = has_room(for_a_thread);
    if (is_enough) buffers.push_back(allocate(0));
  }
  for (void* buffer : buffers) release(buffer);
  if (is_enough) return {};
  return fail(ErrorCode::unavailable,
              "memory ran out at the start: a limit on it (`ulimit -v`, `ulimit -d`) leaves too little",
              "raise the limit, or take it away: ulimit -v unlimited");
}
