#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>

namespace edgewise {

namespace fs = std::filesystem;

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const auto code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_input;
    return fail(code, std::format("cannot open \"{}\": {}", path.string(), std::strerror(errno)), "check the path");
  }
  std::string bytes;
  char chunk[1 << 16];
  for (;;) {
    const ssize_t got = ::read(descriptor, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int error = errno;
      ::close(descriptor);
      if (got < 0) return invalid(std::format("cannot read \"{}\": {}", path.string(), std::strerror(error)));
      return bytes;
    }
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes) {
      ::close(descriptor);
      return invalid(std::format("\"{}\" is larger than {} bytes", path.string(), max_bytes));
    }
    bytes.append(chunk, static_cast<std::size_t>(got));
  }
}

Status write_file(const fs::path& path, std::string_view bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  const auto failed = [&](const char* what) {
    const int error = errno;
    if (descriptor >= 0) {
      ::close(descriptor);
      ::unlink(temporary.c_str());
    }
    return invalid(std::format("cannot {} \"{}\": {}", what, path.string(), std::strerror(error)),
                   "check that the folder exists, may be written and has room");
  };
  if (descriptor < 0) return failed("create");
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed("write");
    done += static_cast<std::size_t>(put);
  }
  if (::fchmod(descriptor, 0644) != 0) return failed("write");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("write");
  ::close(descriptor);
  return {};
}

fs::path cache_folder() {
  if (const char* own = std::getenv("EDGEWISE_CACHE"); own && *own) return own;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return fs::path(xdg) / "edgewise";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/tmp") / ".cache" / "edgewise";
}

namespace {

Result<int> lock_file(const fs::path& path, FileLock::Mode mode, bool wait) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return invalid(std::format("cannot open the lock \"{}\": {}", path.string(), std::strerror(errno)),
                   "check that its folder exists and may be written");
  const int operation = (mode == FileLock::Mode::shared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB);
  while (::flock(descriptor, operation) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    ::close(descriptor);
    if (error == EWOULDBLOCK) return fail(ErrorCode::unavailable, std::format("\"{}\" is in use", path.string()));
    return invalid(std::format("cannot lock \"{}\": {}", path.string(), std::strerror(error)));
  }
  return descriptor;
}

}  // namespace

Result<FileLock> FileLock::acquire(const fs::path& path, Mode mode) {
  TRY(const int descriptor, lock_file(path, mode, true));
  return FileLock(descriptor);
}

Result<FileLock> FileLock::try_acquire(const fs::path& path, Mode mode) {
  TRY(const int descriptor, lock_file(path, mode, false));
  return FileLock(descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace edgewise
