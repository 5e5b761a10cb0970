#include <algorithm>
#include <array>
#include <format>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/images/image_file_internal.hpp"

namespace edgewise::data {

namespace {

/// The area filter only averages; where one edge shrinks and the other grows, shrink first.
cv::Mat stretched(const cv::Mat& image, Size size) {
  const cv::Size wanted(static_cast<int>(size.width), static_cast<int>(size.height));
  const cv::Size smaller(std::min(image.cols, wanted.width), std::min(image.rows, wanted.height));
  cv::Mat shrunk = image;
  if (smaller != image.size()) cv::resize(image, shrunk, smaller, 0, 0, cv::INTER_AREA);
  cv::Mat grown = shrunk;
  if (grown.size() != wanted) cv::resize(shrunk, grown, wanted, 0, 0, cv::INTER_LINEAR);
  return grown;
}

/// Writes a picture turned as an EXIF orientation says. It is turned after it was stretched: it is the smaller one
/// then.
void write_turned(const cv::Mat& stored, int orientation, std::span<std::uint8_t> target) {
  const bool is_swapped = swaps_edges(orientation);
  const int width = is_swapped ? stored.rows : stored.cols, height = is_swapped ? stored.cols : stored.rows;
  const auto bytes = stored.elemSize();
  auto* to = target.data();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, to += bytes) {
      int u = is_swapped ? y : x, v = is_swapped ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) u = stored.cols - 1 - u;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) v = stored.rows - 1 - v;
      std::copy_n(stored.ptr(v, u), bytes, to);
    }
}

/// As the file stores it: of a picture that will lie on its side the edges are exchanged.
Size stored_size(Size size, int orientation) {
  return swaps_edges(orientation) ? Size(size.height, size.width) : size;
}

int flags_for(const ImageHeader& header, Size size, std::int64_t channels, bool keeps_bits) {
  const int colour = channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR;
  if (keeps_bits) return colour | cv::IMREAD_ANYDEPTH;
  if (header.kind != ImageHeader::Kind::jpeg) return colour;
  // A JPEG can be decoded at 1/2, 1/4 or 1/8 by leaving out high frequencies: much faster for large photographs.
  const std::int64_t ratio = std::min(header.width / (2 * size.width), header.height / (2 * size.height));
  if (ratio >= 8) return channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_8 : cv::IMREAD_REDUCED_COLOR_8;
  if (ratio >= 4) return channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_4 : cv::IMREAD_REDUCED_COLOR_4;
  if (ratio >= 2) return channels == 1 ? cv::IMREAD_REDUCED_GRAYSCALE_2 : cv::IMREAD_REDUCED_COLOR_2;
  return colour;
}

std::unexpected<Error> not_decoded(const std::filesystem::path& path, const std::string& why = {}) {
  return invalid(std::format("\"{}\" cannot be decoded{}{}", path.string(), why.empty() ? "" : ": ", why),
                 "copy the file again, or remove it from the labels");
}

/// The picture, RGB or grey, stretched but not turned: bytes, or numbers from 0 to 255 where a range is given.
Result<cv::Mat> decoded(const std::filesystem::path& path, const ImageHeader& header, Size size, const Pixels& pixels) {
  cv::Mat image = cv::imread(path.string(), flags_for(header, size, pixels.channels, pixels.range && header.bits > 8) |
                                                cv::IMREAD_IGNORE_ORIENTATION);
  if (image.empty()) return not_decoded(path);
  if (pixels.range) {
    const auto [low, high] = *pixels.range;
    cv::Mat numbers;
    image.convertTo(numbers, CV_32F, 255 / (high - low), -low * 255 / (high - low));
    image = cv::max(cv::min(numbers, 255), 0);
  }
  cv::Mat result = stretched(image, size);
  if (pixels.channels == 3) cv::cvtColor(result, result, cv::COLOR_BGR2RGB);
  return result;
}

/// The same of a TIFF, with the channels that are asked for.
Result<cv::Mat> decoded_tiff(const std::filesystem::path& path, Size size, const Pixels& pixels) {
  TRY(Planes planes, read_tiff(path, pixels.range));
  const int width = static_cast<int>(planes.width), height = static_cast<int>(planes.height);
  std::vector<cv::Mat> parts;
  for (auto& plane : planes.bytes)
    parts.push_back(stretched(cv::Mat(height, width, CV_8UC1, plane.data()), size).clone());
  for (auto& plane : planes.numbers)
    parts.push_back(stretched(cv::Mat(height, width, CV_32FC1, plane.data()), size).clone());
  const auto wanted = static_cast<std::size_t>(pixels.channels);
  if (parts.size() == 1) parts.resize(wanted == 3 ? 3 : 1, parts.front());
  cv::Mat result;
  if (parts.size() == 3 && wanted == 1) {
    cv::merge(parts, result);
    cv::cvtColor(result, result, cv::COLOR_RGB2GRAY);
    return result;
  }
  if (parts.size() != wanted)
    return invalid(std::format("\"{}\" has {} channels, not {}", path.string(), parts.size(), wanted),
                   "the file was exchanged: load the set again");
  cv::merge(parts, result);
  return result;
}

}  // namespace

Status decode_image(const std::filesystem::path& path, Size size, const Pixels& pixels,
                    std::span<std::uint8_t> target) {
  EDGEWISE_ASSERT(target.size() == static_cast<std::size_t>(size.area() * pixels.channels),
                  "the target holds one picture");
  // Read again: the file may have been exchanged since the labels were read.
  TRY(const ImageHeader header, read_image_header(path));
  const bool is_tiff = header.kind == ImageHeader::Kind::tiff;
  // A JPEG that was cut off decodes to a picture that is grey from there on, without an error.
  if (header.kind == ImageHeader::Kind::jpeg && !has_jpeg_end(File(path))) return cut_off(path, "JPEG");
  if (!is_tiff && pixels.channels != 1 && pixels.channels != 3)
    return invalid(std::format("\"{}\" has {} channels, not {}", path.string(), header.channels, pixels.channels),
                   "the file was exchanged: load the set again");
  try {
    const Size stored = stored_size(size, pixels.orientation);
    TRY(cv::Mat picture, is_tiff ? decoded_tiff(path, stored, pixels) : decoded(path, header, stored, pixels));
    picture.convertTo(picture, CV_8U);  // numbers to the nearest byte
    write_turned(picture, pixels.orientation, target);
    return {};
  } catch (const cv::Exception& e) {
    return not_decoded(path, e.err);
  }
}

std::size_t sampling_step(std::size_t count, std::size_t width) {
  constexpr std::size_t enough = 4096;
  std::size_t step = std::max<std::size_t>(1, count / enough);
  while (step > 1 && std::gcd(step, width) != 1) ++step;
  return step;
}

Result<ValuesSeen> values_of(const std::filesystem::path& path) {
  TRY(const ImageHeader header, read_image_header(path));
  if (header.kind == ImageHeader::Kind::tiff) return values_of_tiff(path);
  try {
    const cv::Mat image =
        cv::imread(path.string(), cv::IMREAD_COLOR | cv::IMREAD_ANYDEPTH | cv::IMREAD_IGNORE_ORIENTATION);
    if (image.empty()) return not_decoded(path);
    ValuesSeen seen{.has_any = true};
    cv::minMaxLoc(image.reshape(1), &seen.low, &seen.high);
    cv::Mat numbers;
    image.reshape(1, 1).convertTo(numbers, CV_32F);
    const std::size_t count = numbers.total();
    const std::size_t step =
        sampling_step(count, static_cast<std::size_t>(image.cols) * static_cast<std::size_t>(image.channels()));
    for (std::size_t i = 0; i < count; i += step) seen.some.push_back(numbers.ptr<float>()[i]);
    return seen;
  } catch (const cv::Exception& e) {
    return not_decoded(path, e.err);
  }
}

void stretch(std::span<const std::uint8_t> source, std::int64_t edge, std::int64_t channels, Size size,
             std::span<std::uint8_t> target) {
  const int type = CV_8UC(static_cast<int>(channels));
  const cv::Mat square(static_cast<int>(edge), static_cast<int>(edge), type, const_cast<std::uint8_t*>(source.data()));
  cv::Mat into(static_cast<int>(size.height), static_cast<int>(size.width), type, target.data());
  cv::resize(square, into, into.size(), 0, 0, cv::INTER_AREA);
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
