/// Whole files in and out; a file is never left half written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise {

/// @error not_found, or invalid_input when the file is larger than `max_bytes` or unreadable
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

/// Writes beside the target and renames, so that a reader sees the old or the new file, never a part.
Status write_file(const std::filesystem::path& path, std::string_view bytes);

/// The user's cache folder for edgewise: $EDGEWISE_CACHE, $XDG_CACHE_HOME/edgewise or ~/.cache/edgewise. Not created.
std::filesystem::path cache_folder();

/// A file lock (flock) that is released by its destructor, and by the kernel when the process dies.
class FileLock {
 public:
  enum class Mode { shared, exclusive };
  /// Waits until the lock is had. Creates the file when it is missing.
  static Result<FileLock> acquire(const std::filesystem::path& path, Mode mode);
  /// @error unavailable when someone else holds it
  static Result<FileLock> try_acquire(const std::filesystem::path& path, Mode mode);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace edgewise
