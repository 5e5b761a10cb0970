/// The file behind a cache: a header, the pixels, and a checksum for each block of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "data/decoding_internal.hpp"

namespace edgewise::data {

struct CacheLayout {
  std::uint64_t key = 0;  ///< of the pictures that the file was made of
  std::uint64_t count = 0;
  std::uint32_t width = 0, height = 0, channels = 0;
  [[nodiscard]] std::uint64_t picture_bytes() const { return std::uint64_t{width} * height * channels; }
  [[nodiscard]] std::uint64_t pixel_bytes() const { return count * picture_bytes(); }
  friend bool operator==(const CacheLayout&, const CacheLayout&) = default;
};

/// Of the whole file.
std::uint64_t bytes_of_file(const CacheLayout& layout);

/// A mapped, verified file. Unmapped by the destructor.
class MappedPixels {
 public:
  /// @error not_found when there is none; conflict when it is of another layout, cut short or damaged, so that it must
  /// be made again; exhausted when there is no room in memory for it
  static Result<std::unique_ptr<MappedPixels>> open(const std::filesystem::path& path, const CacheLayout& layout);
  ~MappedPixels();
  MappedPixels(const MappedPixels&) = delete;
  MappedPixels& operator=(const MappedPixels&) = delete;
  [[nodiscard]] std::span<const std::uint8_t> pixels() const { return {start_, bytes_}; }
  /// The pages that were read no longer count as this process's memory; the kernel keeps them while it has room.
  void let_go() const;

 private:
  MappedPixels() = default;
  void* mapping_ = nullptr;
  std::size_t mapped_bytes_ = 0, bytes_ = 0;
  const std::uint8_t* start_ = nullptr;
};

/// Makes the file of what `fill` gives, as `fill_each` calls it. Written beside `path` and renamed when complete;
/// nothing is left of it otherwise.
/// @return the pictures that `fill` refused, in order; there is a file when there are none
/// @error as `fill_each`; unavailable when the file cannot be written
Result<std::vector<Refused>> write_pixels(const std::filesystem::path& path, const CacheLayout& layout,
                                          const PictureWork& fill,
                                          const std::function<void(std::size_t, std::size_t)>& progress);

/// What a user can do when the cache's folder or its disk is at fault.
inline constexpr const char* choose_another_folder = "set EDGEWISE_CACHE to a folder that may be written and has room";

/// Ends the name of a file that is being written.
inline constexpr std::string_view unfinished = ".part";

}  // namespace edgewise::data
