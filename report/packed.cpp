#include <zlib.h>

#include <vector>

#include "base/error.hpp"
#include "report/packed_internal.hpp"

namespace edgewise::report {

namespace {

std::string base64(const std::vector<Bytef>& bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? std::uint32_t{bytes[at]} : 0U; };
    const auto group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += digits[group >> 18];
    text += digits[group >> 12 & 63U];
    text += i + 1 < bytes.size() ? digits[group >> 6 & 63U] : '=';
    text += i + 2 < bytes.size() ? digits[group & 63U] : '=';
  }
  return text;
}

}  // namespace

std::string packed(const std::string& text) {
  // Beyond a drawing's size the best compression takes seconds and gains little.
  constexpr std::size_t large = 400'000;
  const int level = text.size() < large ? Z_BEST_COMPRESSION : Z_BEST_SPEED;
  auto size = compressBound(static_cast<uLong>(text.size()));
  std::vector<Bytef> bytes(size);
  const int done = compress2(bytes.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
                             static_cast<uLong>(text.size()), level);
  EDGEWISE_ASSERT(done == Z_OK, "zlib's own bound on the compressed size is enough");
  bytes.resize(size);
  return base64(bytes);
}

}  // namespace edgewise::report
