#include <algorithm>
#include <array>
#include <format>
#include <unordered_map>

#include "base/encoding.hpp"
#include "data/format_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

Result<Records> parse_fddb(std::string_view text, const std::string& file) {
  Records result;
  Lines lines(text, file);
  std::unordered_map<std::string, std::size_t> seen;
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) break;
    const auto content = trimmed(*line);
    if (content.empty()) continue;
    if (content.front() == '#') {
      const auto image = trimmed(content.substr(1));
      if (image.empty()) return invalid("\"#\" without the path of an image", "write \"# path\"", lines.where());
      if (const auto [known, is_new] = seen.try_emplace(std::string(image), lines.number()); !is_new)
        return invalid(std::format("\"{}\" comes twice, first in line {}", shown(image), known->second),
                       "put all boxes of an image below one \"# path\" line", lines.where());
      Record record;
      record.image = image;
      record.where = lines.where();
      result.records.push_back(std::move(record));
      continue;
    }
    if (result.records.empty())
      return invalid("numbers come before the first \"# path\" line", "start with \"# \" and the path of an image",
                     lines.where());
    const auto words = words_of(*line);
    if (words.size() != 4)
      return invalid(std::format("{} words; a box is four numbers \"x1 y1 x2 y2\"", words.size()),
                     "correct the line; a line with a path starts with \"#\"", lines.where(words.front().column));
    std::array<double, 4> corner{};
    for (std::size_t k = 0; k < 4; ++k) {
      const auto value = number_of(words[k].text);
      if (!value)
        return invalid(std::format("\"{}\" is no number", shown(words[k].text)),
                       "a box is four numbers \"x1 y1 x2 y2\" in pixels", lines.where(words[k].column));
      corner[k] = *value;
    }
    TRY(const Box box, checked_box(corner[0], corner[1], corner[2], corner[3], lines.where(words.front().column)));
    result.records.back().boxes.push_back({box, {}, lines.where(words.front().column)});
  }
  return result;
}

namespace {

bool has_boxes(const fs::path& file) {
  return trimmed(head_of(file)).starts_with('#');
}

std::optional<fs::path> label_file(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && fs::is_regular_file(place.annotations, ignored)) return place.annotations;
  const fs::path folder = place.annotations.empty() ? place.root : place.annotations;
  for (const fs::path& entry : entries(folder)) {
    if (lower_case(entry.extension().string()) != ".txt" || !fs::is_regular_file(entry, ignored)) continue;
    if (has_boxes(entry)) return entry;
  }
  return std::nullopt;
}

}  // namespace

bool is_fddb(const Place& place) {
  const auto file = label_file(place);
  return file && has_boxes(*file);
}

Result<Records> read_fddb(const Place& place) {
  if (place.task == Task::classification)
    return invalid("format \"fddb\" has boxes but no classes", "use task: box", place.root.string());
  const auto file = label_file(place);
  if (!file)
    return fail(ErrorCode::not_found,
                std::format("no .txt file with \"# path\" lines lies in \"{}\"", place.root.string()),
                "name it in data.annotations");
  TRY(const std::string text, read_text(*file));
  TRY(Records result, parse_fddb(text, file->string()));
  const fs::path folder = file->parent_path();
  result.folders = {folder, folder / "images", place.root, place.root / "images"};
  return result;
}

}  // namespace edgewise::data
