#include "data/formats/reading.hpp"

#include <unistd.h>

#include <algorithm>
#include <format>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::string head_of(const fs::path& file) {
  std::string head(std::size_t{1} << 16, '\0');
  const auto opened = InputFile::open(file);
  if (!opened) return {};
  const ssize_t got = ::pread(opened->descriptor(), head.data(), head.size(), 0);
  head.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return utf8_head(std::move(head));
}

Result<std::vector<std::string>> read_class_names(const fs::path& file) {
  std::vector<std::string> names;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return names;
  TRY(const std::string text, read_text(file, std::size_t{1} << 24));
  Lines lines(text, file.string());
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) return names;
    const auto name = trimmed(*line);
    if (name.empty()) continue;
    if (std::ranges::find(names, name) != names.end())
      return invalid(std::format("class \"{}\" is listed twice", shown(name)), "leave each class once", lines.where());
    if (names.size() >= 10'000)
      return invalid("more than 10000 classes", "check that this is a class list", lines.where());
    names.emplace_back(name);
  }
}

Result<Box> checked_box(double x0, double y0, double x1, double y1, const std::string& where) {
  if (!(x0 < x1) || !(y0 < y1))
    return invalid(
        std::format("the box {:g} {:g} {:g} {:g} has no area: x0 < x1 and y0 < y1 are needed", x0, y0, x1, y1),
        x1 < x0 || y1 < y0
            ? "write the left, top, right and bottom edge in this order; if the last two numbers are width "
              "and height, add them to the first two"
            : "write the left, top, right and bottom edge in this order, or remove the box",
        where);
  return Box{x0, y0, x1, y1};
}

}  // namespace edgewise::data
