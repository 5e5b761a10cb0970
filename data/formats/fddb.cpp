#include "data/formats/fddb.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <unordered_map>

#include "base/encoding.hpp"
#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

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

bool is_text(const fs::path& file) {
  return lower_case(file.extension().string()) == ".txt";
}

/// Whether four numbers follow a "# path" line. Comments and READMEs begin with "#" too.
bool has_boxes(const fs::path& file) {
  const std::string head = head_of(file);
  Lines lines(head, file.string());
  bool is_first = true, follows_path = false;
  for (;;) {
    const auto line = lines.next();
    if (!line || !*line) return false;
    const auto words = words_of(**line);
    if (words.empty()) continue;
    const bool is_path = words.front().text.starts_with('#');
    if (is_first && !is_path) return false;
    is_first = false;
    if (follows_path && words.size() == 4 &&
        std::ranges::all_of(words, [](const Word& word) { return number_of(word.text).has_value(); }))
      return true;
    follows_path = is_path;
  }
}

std::vector<fs::path> label_files(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && fs::is_regular_file(place.annotations, ignored)) return {place.annotations};
  const fs::path folder = place.annotations.empty() ? place.root : place.annotations;
  std::vector<fs::path> found;
  for (const fs::path& entry : entries(folder))
    if (is_text(entry) && fs::is_regular_file(entry, ignored) && !is_note(entry) && has_boxes(entry))
      found.push_back(entry);
  return found;
}

Recognition recognise_fddb(const Place& place) {
  return std::ranges::any_of(label_files(place), has_boxes) ? Recognition::sure : Recognition::none;
}

Result<Records> read_fddb(const Place& place) {
  if (place.wants == task::Wants::label)
    return invalid("format \"fddb\" has boxes but no classes", "use task: box", place.root.string());
  auto files = label_files(place);
  if (files.empty()) {
    // One that cannot be read as text may be the one that is meant: it says why itself.
    for (const fs::path& entry : entries(place.annotations.empty() ? place.root : place.annotations))
      if (is_text(entry) && !is_note(entry)) TRY_DO(read_text(entry));
    return fail(ErrorCode::not_found,
                std::format("no .txt file with \"# path\" lines lies in \"{}\"", place.root.string()),
                "name it in data.annotations");
  }
  if (files.size() > 1 && std::ranges::none_of(files, [](const fs::path& file) {
        return split_name_of(file.stem().string()).has_value();
      })) {
    std::vector<std::string> names;
    for (const fs::path& file : files) names.push_back(file.filename().string());
    return invalid(std::format("several .txt files could be meant: {}", quoted_list(names)),
                   "name one in data.annotations", place.root.string());
  }
  TRY(Records result, read_parts(place, files, [](const fs::path& file) -> Result<Records> {
        TRY(const std::string text, read_text(file));
        return parse_fddb(text, file.string());
      }));
  const fs::path folder = files.front().parent_path();
  result.folders = {folder, folder / "images", place.root, place.root / "images"};
  return result;
}

}  // namespace

Format fddb_format() {
  return {.name = "fddb",
          .expects = "a .txt file of \"# path\" lines, each followed by \"x1 y1 x2 y2\" lines",
          .rank = 50,
          .recognise = recognise_fddb,
          .read = read_fddb};
}

}  // namespace edgewise::data
