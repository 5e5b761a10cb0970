/// How large a picture is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgewise {

/// Width and height in pixels. An edge stands for a square, which most networks take.
struct Size {
  std::int64_t width = 0, height = 0;

  constexpr Size() = default;
  constexpr Size(std::int64_t edge) : width(edge), height(edge) {}  // NOLINT(google-explicit-constructor): see above
  constexpr Size(std::int64_t wide, std::int64_t high) : width(wide), height(high) {}
  [[nodiscard]] constexpr bool is_square() const { return width == height; }
  [[nodiscard]] constexpr std::int64_t area() const { return width * height; }
  [[nodiscard]] constexpr std::int64_t shorter() const { return width < height ? width : height; }
  [[nodiscard]] constexpr std::int64_t longer() const { return width < height ? height : width; }
  friend constexpr auto operator<=>(const Size&, const Size&) = default;
};

/// "64" for a square, else "320x192": width, then height.
std::string to_text(Size size);
/// The inverse; nothing when it is neither.
std::optional<Size> size_from_text(std::string_view text);

}  // namespace edgewise
