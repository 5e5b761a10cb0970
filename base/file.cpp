#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <vector>

namespace edgewise {

namespace fs = std::filesystem;

namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::unexpected<Error> no_file(const fs::path& path, mode_t mode, const char* next) {
  return invalid(std::format("\"{}\" is {}, not a file", path.string(), kind_of(mode)), next);
}

std::unexpected<Error> not_readable(const fs::path& path, mode_t mode) {
  return no_file(path, mode, S_ISDIR(mode) ? "give a file in it" : "copy what it gives into a file first");
}

}  // namespace

Result<InputFile> InputFile::open(const fs::path& path) {
  const auto failed = [&](int error) {
    const auto code = error == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_input;
    return fail(code, std::format("cannot open \"{}\": {}", path.string(), std::strerror(error)), "check the path");
  };
  // A device may act on being opened, and a socket cannot be: looked at before. Looked at again once it is open: it may
  // have been replaced.
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return not_readable(path, status.st_mode);
  InputFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.descriptor_ < 0) return failed(errno);
  if (::fstat(file.descriptor_, &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return not_readable(path, status.st_mode);
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept : descriptor_(other.release()) {}
InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
int InputFile::release() {
  return std::exchange(descriptor_, -1);
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  TRY(const InputFile file, InputFile::open(path));
  std::string bytes;
  std::vector<char> chunk(std::size_t{1} << 16);
  for (;;) {
    const ssize_t got = ::read(file.descriptor(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return invalid(std::format("cannot read \"{}\": {}", path.string(), std::strerror(errno)));
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes)
      return invalid(std::format("\"{}\" is larger than {} bytes", path.string(), max_bytes));
    bytes.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

namespace {

constexpr std::string_view part_mark = ".part-";

std::unexpected<Error> cannot(const char* what, const fs::path& path, int error) {
  return fail(ErrorCode::unavailable, std::format("cannot {} \"{}\": {}", what, path.string(), std::strerror(error)),
              "check that the folder exists, may be written and has room");
}

/// Removes the parts of `target` that no living process has locked. What cannot be looked at stays.
void remove_abandoned(const fs::path& target) {
  const std::string start = target.filename().string() + std::string(part_mark);
  std::error_code error;
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(start)) continue;
    const auto file = InputFile::open(it->path());
    // Removed while locked: its writer, should it live and not have locked it yet, sees that and takes another name.
    if (file && ::flock(file->descriptor(), LOCK_EX | LOCK_NB) == 0) ::unlink(it->path().c_str());
  }
}

}  // namespace

Result<PartFile> PartFile::create(const fs::path& target) {
  struct stat there{};
  if (::stat(target.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return no_file(target, there.st_mode, "give another name");
  remove_abandoned(target);
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string name = target.string() + std::string(part_mark) + "XXXXXX";
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) return cannot("create", target, errno);
    PartFile part(target, name, descriptor);
    struct stat status{};
    // Where files cannot be locked nobody takes this one for abandoned either.
    const bool is_held = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (is_held && ::fstat(descriptor, &status) == 0 && status.st_nlink > 0) return part;
  }
  return cannot("create", target, EBUSY);
}

PartFile::PartFile(PartFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}
PartFile& PartFile::operator=(PartFile&& other) noexcept {
  std::swap(target_, other.target_);
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
PartFile::~PartFile() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

Status PartFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return cannot("write", target_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status PartFile::commit() {
  if (::fchmod(descriptor_, 0644) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0)
    return cannot("write", target_, errno);
  ::close(std::exchange(descriptor_, -1));
  return {};
}

Status write_file(const fs::path& path, std::string_view bytes) {
  TRY(PartFile part, PartFile::create(path));
  TRY_DO(part.write(bytes));
  return part.commit();
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

bool FileLock::is_at(const fs::path& path) const {
  struct stat held{}, there{};
  return ::fstat(descriptor_, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
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
