/// Whether the pictures of a set are still the same ones, by what the files contain.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace edgewise::data {

/// One picture file, as it was when it was read.
struct PictureContent {
  std::string name;             ///< its path below the folder that all pictures of the set lie in
  std::uint64_t bytes = 0;      ///< size
  std::int64_t changed_ns = 0;  ///< time of the last change (mtime), since 1970
  std::string sha256;           ///< 64 hexadecimal digits
  friend bool operator==(const PictureContent&, const PictureContent&) = default;
};

/// What the pictures of a set contain.
struct Contents {
  /// Of names and contents alone: neither times nor the set's place count. Of a built-in set: its name, version, seed
  /// and number of pictures. Empty: nothing is known.
  std::string digest;
  std::vector<PictureContent> pictures;  ///< sorted by name; none for a built-in set
  friend bool operator==(const Contents&, const Contents&) = default;
};

/// Looks at sizes and times of change, and reads only pictures for which `known` has others, or nothing: the first time
/// takes as long as reading all files. A picture whose content was exchanged while its size and its time stayed is not
/// noticed.
/// @param progress  called with (done, all) of the pictures that are read, now and then, from several threads but not
/// at once; not at all when none is
/// @error the pictures that are not there or cannot be read, all at once; interrupted by `stop`
Result<Contents> contents_of(const DataSet& set, const Contents& known,
                             const std::function<void(std::size_t, std::size_t)>& progress = {},
                             const std::atomic<bool>* stop = nullptr);

/// Names of pictures whose content differs, and of those that only one of both has, sorted.
std::vector<std::string> changed(const Contents& then, const Contents& now);

/// What `write_contents` wrote; empty when there is no such file, when it is damaged or of another version: all is read
/// again then.
Contents read_contents(const std::filesystem::path& path);
/// The file has the old or the new record, never a part. @error as `write_file`
Status write_contents(const std::filesystem::path& path, const Contents& contents);

}  // namespace edgewise::data
