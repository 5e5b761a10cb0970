#include <algorithm>
#include <array>
#include <format>
#include <set>

#include "base/encoding.hpp"
#include "data/format_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

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

namespace {

fs::path label_folder(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty()) return fs::is_directory(place.annotations, ignored) ? place.annotations : fs::path();
  return first_folder(place.root, {"labels"});
}

struct Part {
  fs::path labels, images;
  std::optional<Split> split;
};

/// labels/ itself, or labels/train, labels/val ... with the folders of the same name in images/; also train/labels
/// beside train/images.
std::vector<Part> parts_of(const Place& place) {
  std::vector<Part> parts;
  std::error_code ignored;
  const fs::path labels = label_folder(place);
  const auto is_split_folder = [&](const fs::path& entry) {
    return fs::is_directory(entry, ignored) && split_of_name(entry.filename().string()).has_value();
  };
  const fs::path images = place.spec.images.empty() ? place.root / "images" : resolved(place.root, place.spec.images);
  if (!labels.empty()) {
    for (const fs::path& entry : entries(labels))
      if (is_split_folder(entry))
        parts.push_back({entry, images / entry.filename(), split_of_name(entry.filename().string())});
    if (parts.empty()) parts.push_back({labels, images, std::nullopt});
    return parts;
  }
  for (const fs::path& entry : entries(place.root))
    if (is_split_folder(entry) && fs::is_directory(entry / "labels", ignored))
      parts.push_back({entry / "labels", entry / "images", split_of_name(entry.filename().string())});
  return parts;
}

Result<std::vector<std::string>> class_names(const Place& place) {
  for (const char* name : {"classes.txt", "obj.names", "classes.names", "names.txt"}) {
    for (const fs::path& folder : {place.root, label_folder(place)}) {
      if (folder.empty()) continue;
      TRY(auto names, read_class_names(folder / name));
      if (!names.empty()) return names;
    }
  }
  for (const fs::path& entry : entries(place.root))
    if (entry.extension() == ".names") return read_class_names(entry);
  return std::vector<std::string>{};
}

}  // namespace

bool is_yolo(const Place& place) {
  for (const Part& part : parts_of(place))
    for (const fs::path& entry : entries(part.labels))
      if (entry.extension() == ".txt" && entry.filename() != "classes.txt") return true;
  return false;
}

Result<Records> read_yolo(const Place& place) {
  const auto parts = parts_of(place);
  if (parts.empty())
    return fail(ErrorCode::not_found, std::format("no folder \"labels\" lies in \"{}\"", place.root.string()),
                "name the folder of the .txt files in data.annotations");
  Records result;
  TRY(result.classes, class_names(place));
  std::error_code ignored;
  std::size_t without_labels = 0;
  for (const Part& part : parts) {
    std::set<std::string> labelled;
    // Without an images folder the pictures lie beside their labels.
    const fs::path images = fs::is_directory(part.images, ignored) ? part.images : part.labels;
    for (const fs::path& file : entries(part.labels)) {
      if (file.extension() != ".txt" || file.filename() == "classes.txt") continue;
      TRY(const std::string text, read_text(file, std::size_t{1} << 26));
      Record record;
      TRY(record.boxes, parse_yolo(text, file.string(), result.classes));
      record.image = (images / file.stem()).lexically_relative(place.root).generic_string();
      record.is_relative = true;
      record.split = part.split;
      record.where = place_of(file.string(), {}, 0);
      labelled.insert(file.stem().string());
      result.records.push_back(std::move(record));
    }
    for (const fs::path& image : entries(images))
      if (has_image_extension(image) && !labelled.contains(image.stem().string())) ++without_labels;
  }
  if (without_labels > 0) result.remarks.push_back(std::format("{} images without a label file", without_labels));
  if (result.classes.empty() && !result.records.empty())
    result.remarks.push_back("no classes.txt or .names file: classes are called by their number");
  result.folders = {place.root};
  return result;
}

}  // namespace edgewise::data
