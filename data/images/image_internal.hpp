/// Image files: what their header says, and their pixels.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/size.hpp"

namespace edgewise::data {

/// Larger pictures are refused, so that a small file cannot ask for all memory.
inline constexpr std::int64_t max_pixels = 100'000'000;
inline constexpr std::int64_t max_channels = 8;

struct ImageHeader {
  enum class Kind { jpeg, png, bmp, webp, tiff };
  enum class Values { whole, whole_signed, real };
  Kind kind = Kind::jpeg;
  std::int64_t width = 0, height = 0;  ///< as stored; an EXIF orientation is not applied
  int orientation = 1;                 ///< EXIF (JEITA CP-3451, tag 0x0112), 1 to 8; 1 where the file has none
  std::int64_t channels = 3;           ///< without alpha
  int bits = 8;                        ///< of one value
  Values values = Values::whole;
  bool has_more_pages = false;    ///< a TIFF of several pictures, reduced copies aside; the first is read
  std::optional<double> no_data;  ///< the value that stands for none (GDAL_NODATA)
};

/// Whether a picture that is turned as `orientation` says has its edges exchanged.
bool swaps_edges(int orientation);

/// Reads what the header says, without decoding: JPEG, PNG, BMP, WebP and TIFF. That the file ends as its kind does is
/// looked at too, from its last bytes where these tell.
/// @error not_found, or invalid_input with the path: no such kind of file, cut short, more than 100 million pixels, a
/// TIFF that is not read
Result<ImageHeader> read_image_header(const std::filesystem::path& path);

/// How values of a picture become the bytes that networks see.
struct Pixels {
  std::int64_t channels =
      3;                ///< 3 from grey: three times the same; 1 from colour: its luma; else as many as the file has
  int orientation = 1;  ///< as the file's header says it, to be applied; 1: as stored
  std::optional<std::array<double, 2>>
      range;  ///< these values become 0 and 255; nothing: all that unsigned values of 8 or 16 bits can be
};

/// Decodes and stretches to `size`, area filter when shrinking, linear when growing. Values outside of the
/// range become its ends, NaN and what stands for no data its low end.
/// @param target  (height, width, channels)
Status decode_image(const std::filesystem::path& path, Size size, const Pixels& pixels, std::span<std::uint8_t> target);

/// Of `count` values, each how many-th is looked at so that about 4096 are, not all in the same columns of a picture
/// `width` wide.
std::size_t sampling_step(std::size_t count, std::size_t width);

/// The values of one picture, without NaN and what stands for no data.
struct ValuesSeen {
  double low = 0, high = 0;
  bool has_any = false, has_missing = false;
  std::vector<float> some;  ///< at most about 4096 of them, spread over the picture
};
/// Decodes a picture and leaves its values as they are.
Result<ValuesSeen> values_of(const std::filesystem::path& path);

/// Stretches a square of bytes, `channels` interleaved, to `size`, which is no larger.
void stretch(std::span<const std::uint8_t> source, std::int64_t edge, std::int64_t channels, Size size,
             std::span<std::uint8_t> target);

/// Shrinks (size * factor)^2 pixels to size^2 by averaging, `channels` interleaved.
void shrink(std::span<const std::uint8_t> source, std::int64_t size, std::int64_t factor, std::int64_t channels,
            std::span<std::uint8_t> target);

}  // namespace edgewise::data
