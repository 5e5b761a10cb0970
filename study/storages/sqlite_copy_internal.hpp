/// A copy of a study's file, for what the file itself cannot give where it may not be written.
#pragma once

#include <filesystem>
#include <utility>

#include "base/error.hpp"

namespace edgewise::study {

/// The file of SQLite that belongs to another one: "study.db-wal".
inline std::filesystem::path with_suffix(std::filesystem::path file, const char* suffix) {
  return file += suffix;
}

/// The file and its log in a new folder that nobody else may enter, below the folder for temporary files. Removed by
/// the destructor with everything in it.
class PrivateCopy {
 public:
  /// Costs the time and room of the whole file.
  /// @error unavailable when it cannot be read, when there is no room, or when it is written to all the while
  static Result<PrivateCopy> make(const std::filesystem::path& file);
  PrivateCopy(PrivateCopy&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;
  PrivateCopy& operator=(PrivateCopy&&) = delete;
  ~PrivateCopy();

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "study.db"; }

 private:
  explicit PrivateCopy(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;  // empty once moved from
};

}  // namespace edgewise::study
