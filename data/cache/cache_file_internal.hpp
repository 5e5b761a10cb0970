/// The file behind a cache: a header, the pixels, and a checksum for each block of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/error.hpp"

namespace edgewise::data {

struct CacheLayout {
  std::uint64_t key = 0;  ///< of the pictures that the file was made of
  std::uint64_t count = 0;
  std::uint32_t size = 0, channels = 0;
  [[nodiscard]] std::uint64_t picture_bytes() const { return std::uint64_t{size} * size * channels; }
  [[nodiscard]] std::uint64_t pixel_bytes() const { return count * picture_bytes(); }
  friend bool operator==(const CacheLayout&, const CacheLayout&) = default;
};

/// A mapped, verified file. Unmapped by the destructor.
class MappedPixels {
 public:
  /// @error not_found when there is none; conflict when it is of another layout, cut short or damaged, so that it must
  /// be made again
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

/// Makes the file: `fill(i, target)` gives picture i, called from several threads. Written beside `path` and renamed
/// when complete.
/// @error the first picture's error in order; invalid_input when the disk is full
Status write_pixels(const std::filesystem::path& path, const CacheLayout& layout,
                    const std::function<Status(std::size_t, std::span<std::uint8_t>)>& fill,
                    const std::function<void(std::size_t, std::size_t)>& progress);

/// Ends the name of a file that is being written.
inline constexpr std::string_view unfinished = ".part";

}  // namespace edgewise::data
