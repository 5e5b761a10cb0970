/// What the readers of single kinds of image files share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/images/image_internal.hpp"

namespace edgewise::data {

/// A file read at places, closed by the destructor.
class File {
 public:
  explicit File(const std::filesystem::path& path);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  std::size_t read(std::uint8_t* bytes, std::size_t count, std::int64_t offset) const;

 private:
  int descriptor_;
  std::int64_t size_ = 0;
};

/// "X is cut off: the end of the KIND is missing".
std::unexpected<Error> cut_off(const std::filesystem::path& path, std::string_view kind);

/// The orientation in an EXIF block (a TIFF structure that begins with its byte order); 1 when it tells none.
int exif_orientation(std::span<const std::uint8_t> exif);

/// Whether the JPEG's end marker comes after its scans. An end that only a thumbnail has, or what cameras append (other
/// pictures, films), does not count. Reads the file up to that end.
bool has_jpeg_end(const File& file);

/// Fills `header` from a TIFF file.
Status read_tiff_header(const std::filesystem::path& path, ImageHeader& header);

/// One picture's values, channel after channel: (height, width) each. Bytes where values of 8 bits stay as they are,
/// else numbers from 0 to 255.
struct Planes {
  std::int64_t width = 0, height = 0;
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<std::vector<float>> numbers;
};
/// @error a TIFF whose data are damaged or compressed in a way that is not read
Result<Planes> read_tiff(const std::filesystem::path& path, const std::optional<std::array<double, 2>>& range);
Result<ValuesSeen> values_of_tiff(const std::filesystem::path& path);

}  // namespace edgewise::data
