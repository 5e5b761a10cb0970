/// Image files: what their header says, and their pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/error.hpp"

namespace edgewise::data {

/// Larger pictures are refused, so that a small file cannot ask for all memory.
inline constexpr std::int64_t max_pixels = 100'000'000;

struct ImageHeader {
  enum class Kind { jpeg, png, bmp, webp };
  Kind kind = Kind::jpeg;
  std::int64_t width = 0, height = 0;  ///< as stored; an EXIF orientation is not applied
};

/// Reads width and height without decoding. JPEG, PNG, BMP and WebP.
/// @error not_found, or invalid_input with the path: no such kind of file, cut short, more than 100 million pixels
Result<ImageHeader> read_image_header(const std::filesystem::path& path);

/// Decodes and stretches to `size` x `size`, RGB (channels 3) or grey (1), area filter when shrinking, linear when
/// growing.
/// @param target  (size, size, channels)
Status decode_image(const std::filesystem::path& path, std::int64_t size, std::int64_t channels,
                    std::span<std::uint8_t> target);

/// Shrinks (size * factor)^2 pixels to size^2 by averaging, `channels` interleaved.
void shrink(std::span<const std::uint8_t> source, std::int64_t size, std::int64_t factor, std::int64_t channels,
            std::span<std::uint8_t> target);

}  // namespace edgewise::data
