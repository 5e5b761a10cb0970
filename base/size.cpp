#include "base/size.hpp"

#include <charconv>
#include <format>

namespace edgewise {

std::string to_text(Size size) {
  return size.is_square() ? std::format("{}", size.width) : std::format("{}x{}", size.width, size.height);
}

std::optional<Size> size_from_text(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
    return value;
  };
  const auto cross = text.find('x');
  if (cross == std::string_view::npos) {
    const auto edge = number(text);
    return edge ? std::optional(Size(*edge)) : std::nullopt;
  }
  const auto width = number(text.substr(0, cross)), height = number(text.substr(cross + 1));
  return width && height ? std::optional(Size(*width, *height)) : std::nullopt;
}

}  // namespace edgewise
