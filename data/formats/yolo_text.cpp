#include <array>
#include <format>

#include "data/formats/reading.hpp"
#include "data/formats/yolo.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

Result<std::vector<LabelledBox>> parse_yolo(std::string_view text, const std::string& file,
                                            std::span<const std::string> names) {
  std::vector<LabelledBox> boxes;
  Lines lines(text, file);
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) return boxes;
    const auto words = words_of(*line);
    if (words.empty()) continue;
    if (words.size() != 5)
      return invalid(std::format("{} words; a box is \"class cx cy width height\"", words.size()),
                     words.size() > 6 ? "outlines (polygons) are not read; export boxes" : "correct the line",
                     lines.where(words.front().column));
    const auto number = integer_of(words[0].text);
    if (!number || *number < 0 || *number > 999'999)
      return invalid(std::format("class \"{}\" is no whole number from 0", shown(words[0].text)),
                     "write the class's number", lines.where(words[0].column));
    if (!names.empty() && *number >= static_cast<std::int64_t>(names.size()))
      return invalid(std::format("class {} is not in the class list, which ends with {}", *number, names.size() - 1),
                     "correct the number or add the class", lines.where(words[0].column));
    std::array<double, 4> value{};
    for (std::size_t k = 0; k < 4; ++k) {
      const Word& word = words[k + 1];
      const auto parsed = number_of(word.text);
      if (!parsed)
        return invalid(std::format("\"{}\" is no number", shown(word.text)),
                       "write a share of the picture's edge, 0 to 1", lines.where(word.column));
      if (*parsed < -0.01 || *parsed > 1.01)
        return invalid(std::format("{} is not a share of the picture's edge, 0 to 1", shown(word.text)),
                       "divide pixels by the picture's width or height", lines.where(word.column));
      value[k] = *parsed;
    }
    const std::string where = lines.where(words[1].column);
    TRY(const Box box, checked_box(value[0] - value[2] / 2, value[1] - value[3] / 2, value[0] + value[2] / 2,
                                   value[1] + value[3] / 2, where));
    boxes.push_back({box, names.empty() ? std::to_string(*number) : names[static_cast<std::size_t>(*number)], where});
  }
}

std::string other_reading_of_yolo(std::span<const WrittenBox> boxes) {
  if (boxes.empty()) return {};
  // Back to the four numbers of the line: centre and size.
  const auto numbers = [](const WrittenBox& written) {
    const Box& b = written.box;
    return Box{(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2, b.x1 - b.x0, b.y1 - b.y0};
  };
  if (all_fit(boxes, [&](const WrittenBox& written) {
        WrittenBox corners = written;
        corners.box = numbers(written);
        return in_pixels(corners);
      }))
    return "a line is the centre, then width and height: all boxes would fit if its numbers were left, top, right, "
           "bottom";
  if (all_fit(boxes, [&](const WrittenBox& written) {
        WrittenBox corner = written;
        const Box n = numbers(written);
        corner.box = {n.x0, n.y0, n.x0 + n.x1, n.y0 + n.y1};
        return in_pixels(corner);
      }))
    return "a line starts with the centre: all boxes would fit if its first two numbers were left and top";
  return {};
}

}  // namespace edgewise::data
