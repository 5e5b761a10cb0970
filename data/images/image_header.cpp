#include <fcntl.h>
#include <libexif/exif-data.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <memory>
#include <string_view>

#include "data/images/image_file_internal.hpp"

namespace edgewise::data {

File::File(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat state{};
  if (descriptor_ >= 0 && ::fstat(descriptor_, &state) == 0) size_ = state.st_size;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t File::read(std::uint8_t* bytes, std::size_t count, std::int64_t offset) const {
  const ssize_t got = ::pread(descriptor_, bytes, count, offset);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

std::unexpected<Error> cut_off(const std::filesystem::path& path, std::string_view kind) {
  return invalid(std::format("\"{}\" is cut off: the end of the {} is missing", path.string(), kind),
                 "copy the file again, or remove it from the labels");
}

bool swaps_edges(int orientation) {
  return orientation >= 5;
}

int exif_orientation(std::span<const std::uint8_t> exif) {
  // libexif wants the block as JPEG files have it.
  std::vector<std::uint8_t> block{'E', 'x', 'i', 'f', 0, 0};
  if (exif.size() >= block.size() && std::equal(block.begin(), block.end(), exif.begin()))
    exif = exif.subspan(block.size());
  if (exif.size() > 0xFFFF) exif = exif.first(0xFFFF);
  block.insert(block.end(), exif.begin(), exif.end());
  const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(exif_data_new(), exif_data_unref);
  if (!data) return 1;
  exif_data_load_data(data.get(), block.data(), static_cast<unsigned>(block.size()));
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (!entry || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
  const int orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

namespace {

using Bytes = std::array<std::uint8_t, 34>;

std::int64_t big16(const std::uint8_t* b) {
  return b[0] << 8 | b[1];
}
std::int64_t little16(const std::uint8_t* b) {
  return b[1] << 8 | b[0];
}
std::int64_t little24(const std::uint8_t* b) {
  return b[2] << 16 | b[1] << 8 | b[0];
}
std::int64_t big32(const std::uint8_t* b) {
  return big16(b) << 16 | big16(b + 2);
}
std::int32_t little32(const std::uint8_t* b) {
  return static_cast<std::int32_t>(little16(b + 2) << 16 | little16(b));
}
std::int64_t unsigned32(const std::uint8_t* b) {
  return little16(b + 2) << 16 | little16(b);
}

int orientation_at(const File& file, std::int64_t offset, std::int64_t length) {
  std::vector<std::uint8_t> exif(static_cast<std::size_t>(std::clamp<std::int64_t>(length, 0, 0xFFFF)));
  exif.resize(file.read(exif.data(), exif.size(), offset));
  return exif_orientation(exif);
}

/// Walks over the segments of a JPEG file (ITU-T T.81, B.1) up to the frame header.
bool find_jpeg_size(const File& file, ImageHeader& header) {
  std::int64_t offset = 2;
  for (int segment = 0; segment < 10'000; ++segment) {
    std::array<std::uint8_t, 10> bytes{};
    const std::size_t got = file.read(bytes.data(), bytes.size(), offset);
    if (got < 4 || bytes[0] != 0xFF) return false;
    const int marker = bytes[1];
    if (marker == 0xFF) {  // fill byte
      ++offset;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // markers without a length
      offset += 2;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) return false;  // the end, or pixels before a frame header
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    const std::int64_t length = big16(&bytes[2]);
    if (length < 2) return false;
    if (is_frame) {
      if (got < 10) return false;
      header.height = big16(&bytes[5]);
      header.width = big16(&bytes[7]);
      header.channels = bytes[9] == 1 ? 1 : 3;
      return true;
    }
    if (marker == 0xE1 && got >= 10 && std::memcmp(&bytes[4], "Exif\0", 5) == 0 && header.orientation == 1)
      header.orientation = orientation_at(file, offset + 4, length - 2);
    offset += 2 + length;
  }
  return false;
}

/// Forward through a file, a piece at a time.
class Reader {
 public:
  Reader(const File& file, std::int64_t offset) : file_(file), next_piece_(offset) {}
  /// The next byte; nothing at the end.
  std::optional<std::uint8_t> next() {
    if (at_ == filled_ && !fill()) return std::nullopt;
    return piece_[at_++];
  }
  /// Up to and past the next byte of this value. @return whether there is one
  bool pass(std::uint8_t value) {
    while (at_ < filled_ || fill()) {
      const auto* start = piece_.data() + at_;
      const auto* found = static_cast<const std::uint8_t*>(std::memchr(start, value, filled_ - at_));
      if (found) {
        at_ += static_cast<std::size_t>(found - start) + 1;
        return true;
      }
      at_ = filled_;
    }
    return false;
  }
  void skip(std::int64_t bytes) {
    const auto here = std::min<std::int64_t>(bytes, static_cast<std::int64_t>(filled_ - at_));
    at_ += static_cast<std::size_t>(here);
    next_piece_ += bytes - here;
  }

 private:
  bool fill() {
    filled_ = file_.read(piece_.data(), piece_.size(), next_piece_);
    next_piece_ += static_cast<std::int64_t>(filled_);
    at_ = 0;
    return filled_ > 0;
  }
  const File& file_;
  std::int64_t next_piece_;
  std::vector<std::uint8_t> piece_ = std::vector<std::uint8_t>(1 << 16);
  std::size_t at_ = 0, filled_ = 0;
};

/// Whole files end with the end marker, nearly all of them; a file that was cut off ends so by chance only. Two bytes
/// tell, where walking over all photographs of a set would read them from the disk.
bool seems_to_end(const File& file) {
  std::array<std::uint8_t, 2> last{};
  return file.read(last.data(), last.size(), file.size() - 2) == 2 && last[0] == 0xFF && last[1] == 0xD9;
}

/// Walks over the chunks of a PNG file: the EXIF block may come after the pixels. @return whether the last chunk is
/// there
bool walk_png(const File& file, ImageHeader& header) {
  std::int64_t offset = 8;
  for (int chunk = 0; chunk < 1'000'000; ++chunk) {
    std::array<std::uint8_t, 8> bytes{};
    if (file.read(bytes.data(), bytes.size(), offset) != bytes.size()) return false;
    const std::int64_t length = big32(bytes.data());
    if (std::memcmp(&bytes[4], "eXIf", 4) == 0) header.orientation = orientation_at(file, offset + 8, length);
    offset += 12 + length;
    if (offset > file.size()) return false;
    if (std::memcmp(&bytes[4], "IEND", 4) == 0) return true;
  }
  return false;
}

bool find_webp_size(const Bytes& b, ImageHeader& header) {
  if (std::memcmp(&b[12], "VP8X", 4) == 0) {
    header.width = 1 + little24(&b[24]);
    header.height = 1 + little24(&b[27]);
  } else if (std::memcmp(&b[12], "VP8L", 4) == 0 && b[20] == 0x2F) {
    const auto bits = static_cast<std::uint32_t>(little32(&b[21]));
    header.width = 1 + (bits & 0x3FFF);
    header.height = 1 + (bits >> 14 & 0x3FFF);
  } else if (std::memcmp(&b[12], "VP8 ", 4) == 0 && b[23] == 0x9D && b[24] == 0x01 && b[25] == 0x2A) {
    header.width = little16(&b[26]) & 0x3FFF;
    header.height = little16(&b[28]) & 0x3FFF;
  } else {
    return false;
  }
  return true;
}

/// The EXIF chunk of a WebP file comes after the pixels. @return whether all is there that the RIFF header counts
bool walk_webp(const File& file, const Bytes& b, ImageHeader& header) {
  const std::int64_t end = 8 + unsigned32(&b[4]);
  const bool is_extended = std::memcmp(&b[12], "VP8X", 4) == 0 && (b[20] & 0x08) != 0;
  std::int64_t offset = 12;
  for (int chunk = 0; is_extended && chunk < 100'000 && offset + 8 <= end; ++chunk) {
    std::array<std::uint8_t, 8> bytes{};
    if (file.read(bytes.data(), bytes.size(), offset) != bytes.size()) break;
    const std::int64_t length = unsigned32(&bytes[4]);
    if (std::memcmp(bytes.data(), "EXIF", 4) == 0) {
      header.orientation = orientation_at(file, offset + 8, length);
      break;
    }
    offset += 8 + length + length % 2;
  }
  return end <= file.size();
}

/// Whether the rows of an uncompressed BMP are all there.
bool has_bmp_rows(const File& file, const Bytes& b, const ImageHeader& header, bool is_old) {
  const std::int64_t start = unsigned32(&b[10]), bits = is_old ? little16(&b[24]) : little16(&b[28]);
  const std::int64_t compression = is_old ? 0 : unsigned32(&b[30]);
  if (compression != 0 && compression != 3) return true;  // run lengths: the decoder notices
  return start + (header.width * bits + 31) / 32 * 4 * header.height <= file.size();
}

}  // namespace

bool has_jpeg_end(const File& file) {
  Reader in(file, 2);
  bool has_scan = false;
  for (;;) {
    if (!in.pass(0xFF)) return false;
    auto marker = in.next();
    while (marker == 0xFF) marker = in.next();  // fill bytes
    if (!marker) return false;
    if (*marker == 0xD9) return has_scan;
    // A byte of a scan that looked like a marker (0), a restart, or nothing that has a length.
    if (*marker < 0xC0 || (*marker >= 0xD0 && *marker <= 0xD8)) continue;
    const auto high = in.next(), low = in.next();
    if (!high || !low) return false;
    const std::int64_t length = *high << 8 | *low;
    if (length < 2) return false;
    in.skip(length - 2);
    has_scan = has_scan || *marker == 0xDA;
  }
}

Result<ImageHeader> read_image_header(const std::filesystem::path& path) {
  const File file(path);
  if (!file.is_open())
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_input,
                std::format("cannot open the image \"{}\": {}", path.string(), std::strerror(errno)), "check the path");
  Bytes b{};
  const std::size_t got = file.read(b.data(), b.size(), 0);
  const auto begins = [&](std::string_view with) {
    return got >= with.size() && std::memcmp(b.data(), with.data(), with.size()) == 0;
  };
  ImageHeader header;
  bool is_whole = true, is_old_bmp = false;
  if (begins("\xFF\xD8\xFF")) {
    header.kind = ImageHeader::Kind::jpeg;
    is_whole = find_jpeg_size(file, header);
  } else if (begins("\x89PNG\r\n\x1A\n")) {
    header.kind = ImageHeader::Kind::png;
    is_whole = got >= 26 && std::memcmp(&b[12], "IHDR", 4) == 0;
    if (is_whole) {
      header.width = big32(&b[16]), header.height = big32(&b[20]);
      header.bits = b[24] == 16 ? 16 : 8;  // fewer are widened
      header.channels = b[25] == 0 || b[25] == 4 ? 1 : 3;
    }
  } else if (begins("BM")) {
    header.kind = ImageHeader::Kind::bmp;
    is_whole = got >= 26;
    is_old_bmp = little32(&b[14]) == 12;
    if (is_whole && is_old_bmp) {
      header.width = little16(&b[18]), header.height = little16(&b[20]);
    } else if (is_whole) {
      header.width = little32(&b[18]);
      header.height = std::abs(static_cast<std::int64_t>(little32(&b[22])));  // negative: stored from the top
    }
  } else if (got >= 30 && begins("RIFF") && std::memcmp(&b[8], "WEBP", 4) == 0) {
    header.kind = ImageHeader::Kind::webp;
    is_whole = find_webp_size(b, header);
  } else if (begins({"II*\0", 4}) || begins({"MM\0*", 4}) || begins({"II+\0", 4}) || begins({"MM\0+", 4})) {
    header.kind = ImageHeader::Kind::tiff;
    TRY_DO(read_tiff_header(path, header));
  } else {
    return invalid(std::format("\"{}\" is no image of a known kind", path.string()),
                   "convert it to JPEG, PNG, BMP, WebP or TIFF, or remove it from the labels");
  }
  if (!is_whole || header.width <= 0 || header.height <= 0)
    return invalid(std::format("the header of \"{}\" is damaged or cut short", path.string()),
                   "copy the file again, or remove it from the labels");
  if (header.width > max_pixels || header.height > max_pixels || header.width * header.height > max_pixels)
    return invalid(std::format("\"{}\" has {} x {} pixels; at most {} are decoded", path.string(), header.width,
                               header.height, max_pixels),
                   "shrink the picture");
  switch (header.kind) {
    case ImageHeader::Kind::jpeg:
      if (!seems_to_end(file) && !has_jpeg_end(file)) return cut_off(path, "JPEG");
      break;
    case ImageHeader::Kind::png:
      if (!walk_png(file, header)) return cut_off(path, "PNG");
      break;
    case ImageHeader::Kind::bmp:
      if (!has_bmp_rows(file, b, header, is_old_bmp)) return cut_off(path, "BMP");
      break;
    case ImageHeader::Kind::webp:
      if (!walk_webp(file, b, header)) return cut_off(path, "WebP");
      break;
    case ImageHeader::Kind::tiff:
      break;  // looked at with its header
  }
  return header;
}

}  // namespace edgewise::data
