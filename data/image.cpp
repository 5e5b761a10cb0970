#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data/image_internal.hpp"

namespace edgewise::data {

namespace {

using Bytes = std::array<std::uint8_t, 32>;

/// A file read at places, closed by the destructor.
class File {
 public:
  explicit File(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  std::size_t read(std::uint8_t* bytes, std::size_t count, std::int64_t offset) const {
    const ssize_t got = ::pread(descriptor_, bytes, count, offset);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }

 private:
  int descriptor_;
};

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

/// Walks over the segments of a JPEG file (ITU-T T.81, B.1) up to the frame header.
bool find_jpeg_size(const File& file, ImageHeader& header) {
  std::int64_t offset = 2;
  for (int segment = 0; segment < 10'000; ++segment) {
    std::array<std::uint8_t, 9> bytes{};
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
      if (got < 9) return false;
      header.height = big16(&bytes[5]);
      header.width = big16(&bytes[7]);
      return true;
    }
    offset += 2 + length;
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

}  // namespace

Result<ImageHeader> read_image_header(const std::filesystem::path& path) {
  const File file(path);
  if (!file.is_open())
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_input,
                std::format("cannot open the image \"{}\": {}", path.string(), std::strerror(errno)), "check the path");
  Bytes b{};
  const std::size_t got = file.read(b.data(), b.size(), 0);
  ImageHeader header;
  bool is_known = true, is_whole = true;
  if (got >= 3 && b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF) {
    header.kind = ImageHeader::Kind::jpeg;
    is_whole = find_jpeg_size(file, header);
  } else if (got >= 8 && std::memcmp(b.data(), "\x89PNG\r\n\x1A\n", 8) == 0) {
    header.kind = ImageHeader::Kind::png;
    is_whole = got >= 24 && std::memcmp(&b[12], "IHDR", 4) == 0;
    if (is_whole) header.width = big32(&b[16]), header.height = big32(&b[20]);
  } else if (got >= 2 && b[0] == 'B' && b[1] == 'M') {
    header.kind = ImageHeader::Kind::bmp;
    is_whole = got >= 26;
    if (is_whole && little32(&b[14]) == 12) {
      header.width = little16(&b[18]), header.height = little16(&b[20]);
    } else if (is_whole) {
      header.width = little32(&b[18]);
      header.height = std::abs(static_cast<std::int64_t>(little32(&b[22])));  // negative: stored from the top
    }
  } else if (got >= 30 && std::memcmp(b.data(), "RIFF", 4) == 0 && std::memcmp(&b[8], "WEBP", 4) == 0) {
    header.kind = ImageHeader::Kind::webp;
    is_whole = find_webp_size(b, header);
  } else {
    is_known = false;
  }
  if (!is_known)
    return invalid(std::format("\"{}\" is no image of a known kind", path.string()),
                   "convert it to JPEG, PNG, BMP or WebP, or remove it from the labels");
  if (!is_whole || header.width <= 0 || header.height <= 0)
    return invalid(std::format("the header of \"{}\" is damaged or cut short", path.string()),
                   "copy the file again, or remove it from the labels");
  if (header.width > max_pixels || header.height > max_pixels || header.width * header.height > max_pixels)
    return invalid(std::format("\"{}\" has {} x {} pixels; at most {} are decoded", path.string(), header.width,
                               header.height, max_pixels),
                   "shrink the picture");
  return header;
}

namespace {

/// A JPEG that was cut off decodes to a picture that is grey from there on, without an error. Its end marker is looked for near the end
/// only: cameras append data of their own after it.
Status check_jpeg_end(const std::filesystem::path& path) {
  constexpr std::streamoff tail = 1 << 16;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - tail));
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.find("\xff\xd9") != std::string::npos) return {};
  return invalid(std::format("\"{}\" is cut off: the end of the JPEG is missing", path.string()), "copy the file again, or remove it from the labels");
}

}  // namespace

Status decode_image(const std::filesystem::path& path, std::int64_t size, std::int64_t channels,
                    std::span<std::uint8_t> target) {
  EDGEWISE_ASSERT(target.size() == static_cast<std::size_t>(size * size * channels), "the target holds one picture");
  // Read again: the file may have been exchanged since the labels were read.
  TRY(const ImageHeader header, read_image_header(path));
  try {
    int flags = channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR;
    if (header.kind == ImageHeader::Kind::jpeg) {
      // A JPEG can be decoded at 1/2, 1/4 or 1/8 by leaving out high frequencies: much faster for large photographs.
      const std::int64_t ratio = std::min(header.width, header.height) / (2 * size);
      if (ratio >= 8)
        flags = channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_8 : cv::IMREAD_REDUCED_COLOR_8;
      else if (ratio >= 4)
        flags = channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_4 : cv::IMREAD_REDUCED_COLOR_4;
      else if (ratio >= 2)
        flags = channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_2 : cv::IMREAD_REDUCED_COLOR_2;
    }
    if (header.kind == ImageHeader::Kind::jpeg) TRY_DO(check_jpeg_end(path));
    cv::Mat image = cv::imread(path.string(), flags | cv::IMREAD_IGNORE_ORIENTATION);
    if (image.empty())
      return invalid(std::format("\"{}\" cannot be decoded", path.string()),
                     "copy the file again, or remove it from the labels");
    const int edge = static_cast<int>(size);
    // The area filter only averages; where one edge shrinks and the other grows, shrink first.
    const cv::Size smaller(std::min(image.cols, edge), std::min(image.rows, edge));
    cv::Mat shrunk = image;
    if (smaller != image.size()) cv::resize(image, shrunk, smaller, 0, 0, cv::INTER_AREA);
    cv::Mat grown = shrunk;
    if (grown.size() != cv::Size(edge, edge)) cv::resize(shrunk, grown, cv::Size(edge, edge), 0, 0, cv::INTER_LINEAR);
    cv::Mat result(edge, edge, channels == 1 ? CV_8UC1 : CV_8UC3, target.data());
    if (channels == 1)
      grown.copyTo(result);
    else
      cv::cvtColor(grown, result, cv::COLOR_BGR2RGB);
    return {};
  } catch (const cv::Exception& e) {
    return invalid(std::format("\"{}\" cannot be decoded: {}", path.string(), e.err),
                   "copy the file again, or remove it from the labels");
  }
}

void shrink(std::span<const std::uint8_t> source, std::int64_t size, std::int64_t factor, std::int64_t channels,
            std::span<std::uint8_t> target) {
  const std::int64_t stride = size * factor * channels, samples = factor * factor;
  for (std::int64_t y = 0; y < size; ++y)
    for (std::int64_t x = 0; x < size; ++x)
      for (std::int64_t c = 0; c < channels; ++c) {
        std::int64_t sum = samples / 2;
        for (std::int64_t v = 0; v < factor; ++v)
          for (std::int64_t u = 0; u < factor; ++u)
            sum += source[static_cast<std::size_t>((y * factor + v) * stride + (x * factor + u) * channels + c)];
        target[static_cast<std::size_t>((y * size + x) * channels + c)] = static_cast<std::uint8_t>(sum / samples);
      }
}

}  // namespace edgewise::data
