// Any bytes as an image file: an error or a picture, never a crash, and nothing large for a small file.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <format>
#include <string>
#include <vector>

#include "data/images/image_internal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise::data;
  static const int file = ::memfd_create("picture", 0);
  static const std::string path = std::format("/proc/self/fd/{}", file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  const auto header = read_image_header(path);
  if (!header) return 0;
  if (header->width < 1 || header->height < 1 || header->width * header->height > max_pixels ||
      header->orientation < 1 || header->orientation > 8 || header->channels < 1 || header->channels > max_channels)
    __builtin_trap();
  if (header->width * header->height > 1'000'000) return 0;  // allowed, but slow here
  const std::int64_t channels = header->channels;
  std::vector<std::uint8_t> target(static_cast<std::size_t>(16 * 16 * (channels == 2 || channels > 3 ? channels : 3)));
  (void)decode_image(path, 16,
                     {.channels = channels == 2 || channels > 3 ? channels : 3,
                      .orientation = header->orientation,
                      .range = std::array{-1.0, 300.0}},
                     target);
  (void)values_of(path);
  return 0;
}
