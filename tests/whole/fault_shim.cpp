// Faults on purpose, for the tests of whole programs: loaded before the C library (LD_PRELOAD), it ends, stops or
// refuses one chosen call of one chosen program, so that a kill "at the second checkpoint" is at the same place in
// every run.
//
//   EDGEWISE_FAULT=PROGRAM:CALL:PATTERN:N:ACTION
//     PROGRAM  edgewise, edgewise-worker or edgewise-agent, or with its first argument: "edgewise-worker judge"; or any
//     CALL     open, read, write, pwrite, rename or fsync
//     PATTERN  a part of the path; of a descriptor, what /proc/self/fd says; of a rename, "FROM -> TO"
//     N        the N-th such call, over all processes that see the same state file
//     ACTION   kill, term, stop: the process sends itself that signal before the call
//              enospc, eio: that call and all later ones fail so while the file STATE.full is there
//   EDGEWISE_FAULT_STATE=STATE: a file that keeps the count, so that a process that is started again does not meet the
//     fault again
//
// Not covered: what never leaves the C library by a name. The stdio functions (fopen, fwrite, fflush) call its own
// write and open; what they write is met at its mkostemp, fsync or rename. Nor writes through a mapping (SQLite's
// -shm), sendfile, readv, writev and io_uring, and calls that the compiler has bound to a checked form (__read_chk).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum class Call { open, read, write, pwrite, rename, fsync };
enum class Action { kill, term, stop, enospc, eio };

struct Fault {
  Call call;
  Action action;
  long at;
  std::string pattern, state, full;
};

// Null in every program but the chosen one, which then pays one comparison a call. Set once, before main, and never
// freed: other libraries write until the very end.
constinit const Fault* armed = nullptr;

template <class Kind>
std::optional<Kind> named(std::string_view word, std::initializer_list<std::string_view> names) {
  int at = 0;
  for (const auto name : names) {
    if (name == word) return static_cast<Kind>(at);
    ++at;
  }
  return std::nullopt;
}

/// Up to two words of how this program was started: its short name, and that with its first argument.
std::array<std::string, 2> own_names() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  std::string name(path.data(), static_cast<std::size_t>(length > 0 ? length : 0));
  name.erase(0, name.rfind('/') + 1);
  std::array<char, 4096> words{};
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    if (::read(file, words.data(), words.size() - 1) < 0) words[0] = '\0';
    ::close(file);
  }
  const std::size_t first = std::strlen(words.data()) + 1;
  return {name, first < words.size() ? name + " " + (words.data() + first) : name};
}

__attribute__((constructor)) void arm() {
  const char* told = std::getenv("EDGEWISE_FAULT");
  const char* state = std::getenv("EDGEWISE_FAULT_STATE");
  if (!told || !state) return;
  std::vector<std::string> fields(1);
  for (const char* at = told; *at; ++at) {
    if (*at == ':')
      fields.emplace_back();
    else
      fields.back() += *at;
  }
  // A fault that is written wrong must not look like one that never came.
  if (fields.size() != 5) std::abort();
  const auto call = named<Call>(fields[1], {"open", "read", "write", "pwrite", "rename", "fsync"});
  const auto action = named<Action>(fields[4], {"kill", "term", "stop", "enospc", "eio"});
  const long at = std::strtol(fields[3].c_str(), nullptr, 10);
  if (!call || !action || at < 1) std::abort();
  const auto names = own_names();
  if (fields[0] != "any" && fields[0] != names[0] && fields[0] != names[1]) return;
  armed = new Fault{.call = *call,
                    .action = *action,
                    .at = at,
                    .pattern = fields[2],
                    .state = state,
                    .full = std::string(state) + ".full"};
}

/// The number of this call among all that matched. Made of system calls that this file does not stand before, and
/// without memory of its own: it may run between fork and exec.
long counted(const Fault& fault) {
  const auto file =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, fault.state.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (file < 0) return 0;
  while (::flock(file, LOCK_EX) != 0 && errno == EINTR) {
  }
  std::array<char, 24> text{};
  long count =
      ::syscall(SYS_pread64, file, text.data(), text.size() - 1, 0) > 0 ? std::strtol(text.data(), nullptr, 10) : 0;
  ++count;
  const auto written = std::to_chars(text.data(), text.data() + text.size(), count);
  ::syscall(SYS_pwrite64, file, text.data(), static_cast<std::size_t>(written.ptr - text.data()), 0);
  ::syscall(SYS_close, file);
  return count;
}

/// Whether the call must fail, with errno set; otherwise it goes on, unless the process ends here.
bool meets(const Fault& fault, const char* path) {
  if (!path || !std::strstr(path, fault.pattern.c_str())) return false;
  const int error_before = errno;
  const long count = counted(fault);
  const bool is_it = count == fault.at;
  const bool is_full = count >= fault.at && ::access(fault.full.c_str(), F_OK) == 0;
  errno = error_before;
  switch (fault.action) {
    case Action::kill:
      if (is_it) ::kill(::getpid(), SIGKILL);  // does not return
      return false;
    case Action::term:
      if (is_it) ::kill(::getpid(), SIGTERM);
      return false;
    case Action::stop:
      if (is_it) ::kill(::getpid(), SIGSTOP);
      return false;
    case Action::enospc:
      if (is_full) errno = ENOSPC;
      return is_full;
    case Action::eio:
      if (is_full) errno = EIO;
      return is_full;
  }
  return false;
}

bool refuses(Call call, const char* path) {
  return armed && armed->call == call && meets(*armed, path);
}

bool refuses(Call call, int descriptor) {
  if (!armed || armed->call != call) return false;
  std::array<char, 40> link{"/proc/self/fd/"};
  *std::to_chars(link.data() + std::strlen(link.data()), link.data() + link.size() - 1, descriptor).ptr = '\0';
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::syscall(SYS_readlinkat, AT_FDCWD, link.data(), path.data(), path.size() - 1);
  return length > 0 && meets(*armed, path.data());
}

bool refuses_rename(const char* from, const char* to) {
  if (!armed || armed->call != Call::rename || !from || !to) return false;
  std::array<char, 2 * PATH_MAX + 8> both{};
  std::strncat(both.data(), from, PATH_MAX);
  std::strncat(both.data(), " -> ", 5);
  std::strncat(both.data(), to, PATH_MAX);
  return meets(*armed, both.data());
}

/// The function that this file stands before.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

mode_t mode_of(int flags, va_list rest) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(rest, mode_t) : 0;
}

}  // namespace

// Each with the signature of the C library, 64-bit twins too: which of the two a library calls is its compiler's
// choice.
#define FAULT_OPEN(NAME)                                                 \
  int NAME(const char* path, int flags, ...) {                           \
    va_list rest;                                                        \
    va_start(rest, flags);                                               \
    const mode_t mode = mode_of(flags, rest);                            \
    va_end(rest);                                                        \
    if (refuses(Call::open, path)) return -1;                            \
    static const auto real = next<int(const char*, int, mode_t)>(#NAME); \
    return real(path, flags, mode);                                      \
  }
#define FAULT_OPENAT(NAME)                                                    \
  int NAME(int folder, const char* path, int flags, ...) {                    \
    va_list rest;                                                             \
    va_start(rest, flags);                                                    \
    const mode_t mode = mode_of(flags, rest);                                 \
    va_end(rest);                                                             \
    if (refuses(Call::open, path)) return -1;                                 \
    static const auto real = next<int(int, const char*, int, mode_t)>(#NAME); \
    return real(folder, path, flags, mode);                                   \
  }
#define FAULT_MKSTEMP(NAME)                           \
  int NAME(char* path) {                              \
    if (refuses(Call::open, path)) return -1;         \
    static const auto real = next<int(char*)>(#NAME); \
    return real(path);                                \
  }
#define FAULT_MKOSTEMP(NAME)                               \
  int NAME(char* path, int flags) {                        \
    if (refuses(Call::open, path)) return -1;              \
    static const auto real = next<int(char*, int)>(#NAME); \
    return real(path, flags);                              \
  }
#define FAULT_TRANSFER(NAME, CALL, POINTER)                                   \
  ssize_t NAME(int descriptor, POINTER bytes, std::size_t size) {             \
    if (refuses(CALL, descriptor)) return -1;                                 \
    static const auto real = next<ssize_t(int, POINTER, std::size_t)>(#NAME); \
    return real(descriptor, bytes, size);                                     \
  }
#define FAULT_TRANSFER_AT(NAME, CALL, POINTER, OFFSET)                                \
  ssize_t NAME(int descriptor, POINTER bytes, std::size_t size, OFFSET at) {          \
    if (refuses(CALL, descriptor)) return -1;                                         \
    static const auto real = next<ssize_t(int, POINTER, std::size_t, OFFSET)>(#NAME); \
    return real(descriptor, bytes, size, at);                                         \
  }
#define FAULT_SYNC(NAME)                             \
  int NAME(int descriptor) {                         \
    if (refuses(Call::fsync, descriptor)) return -1; \
    static const auto real = next<int(int)>(#NAME);  \
    return real(descriptor);                         \
  }

extern "C" {

FAULT_OPEN(open)
FAULT_OPEN(open64)
FAULT_OPENAT(openat)
FAULT_OPENAT(openat64)
FAULT_MKSTEMP(mkstemp)
FAULT_MKSTEMP(mkstemp64)
FAULT_MKOSTEMP(mkostemp)
FAULT_MKOSTEMP(mkostemp64)
FAULT_TRANSFER(read, Call::read, void*)
FAULT_TRANSFER_AT(pread, Call::read, void*, off_t)
FAULT_TRANSFER_AT(pread64, Call::read, void*, off64_t)
FAULT_TRANSFER(write, Call::write, const void*)
FAULT_TRANSFER_AT(pwrite, Call::pwrite, const void*, off_t)
FAULT_TRANSFER_AT(pwrite64, Call::pwrite, const void*, off64_t)
FAULT_SYNC(fsync)
FAULT_SYNC(fdatasync)

int rename(const char* from, const char* to) noexcept {
  if (refuses_rename(from, to)) return -1;
  static const auto real = next<int(const char*, const char*)>("rename");
  return real(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  if (refuses_rename(from, to)) return -1;
  static const auto real = next<int(int, const char*, int, const char*)>("renameat");
  return real(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned int flags) noexcept {
  if (refuses_rename(from, to)) return -1;
  static const auto real = next<int(int, const char*, int, const char*, unsigned int)>("renameat2");
  return real(from_folder, from, to_folder, to, flags);
}

}  // extern "C"
