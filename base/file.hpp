/// Whole files in and out; a file is never left half written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace edgewise {

/// A regular file opened for reading. FIFOs, sockets, devices and folders are refused at once: a FIFO without a writer
/// would be waited for, and a device may have no end.
class InputFile {
 public:
  /// @error not_found, or invalid_input when it is no regular file or may not be read
  static Result<InputFile> open(const std::filesystem::path& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Gives the descriptor away: to a library that closes it.
  [[nodiscard]] int release();

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// A file under a name of its own beside `target`, which it becomes by `commit`; removed by the destructor otherwise. A
/// process that is killed leaves it behind: whoever makes the next one of the same target removes those whose writer is
/// gone (its lock tells), on whichever machine.
class PartFile {
 public:
  /// @error unavailable when the folder is not there, may not be written or has no room, as for `write` and `commit`;
  /// invalid_input when the target is there and no file
  static Result<PartFile> create(const std::filesystem::path& target);
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;
  ~PartFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }  ///< for reading and writing
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  Status write(std::string_view bytes);
  /// Readers see the old or the new file, never a part.
  Status commit();

 private:
  PartFile(std::filesystem::path target, std::filesystem::path path, int descriptor)
      : target_(std::move(target)), path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path target_, path_;
  int descriptor_ = -1;
};

/// @error not_found, or invalid_input when the file is larger than `max_bytes`, no regular file or unreadable
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

/// Writes a `PartFile` and commits it.
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
  /// Whether the file of this name is still the one that is locked: not when its folder was removed or renamed.
  [[nodiscard]] bool is_at(const std::filesystem::path& path) const;
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace edgewise
