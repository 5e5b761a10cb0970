#include <algorithm>
#include <array>
#include <format>
#include <fstream>

#include "base/encoding.hpp"
#include "data/format_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::span<const Format> formats() {
  // Asked in this order when the user names no format: the most telling traces first.
  static constexpr std::array all{
      Format{"voc", "Annotations/*.xml and JPEGImages/ (or annotations/ and images/)", is_voc, read_voc},
      Format{"coco", "annotations/instances_*.json and the images in a folder beside it", is_coco, read_coco},
      Format{"yolo", "labels/*.txt with \"class cx cy w h\" lines, images/ and classes.txt", is_yolo, read_yolo},
      Format{"csv", "a .csv file with a header: image, then x0,y0,x1,y1 (boxes) or label (classes)", is_csv, read_csv},
      Format{"fddb", "a .txt file of \"# path\" lines, each followed by \"x1 y1 x2 y2\" lines", is_fddb, read_fddb},
      Format{"folder", "one folder of images for each class, or train/ and val/ with such folders", is_folder,
             read_folder},
  };
  return all;
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names{"folder", "csv", "fddb", "yolo", "voc", "coco"};
  return names;
}

fs::path resolved(const fs::path& root, const std::string& written) {
  const fs::path path = written;
  if (path.is_absolute()) return path;
  std::error_code ignored;
  if (fs::exists(root / path, ignored) || !fs::exists(path, ignored)) return (root / path).lexically_normal();
  return path;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error))
    if (!it->path().filename().string().starts_with('.')) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

std::string head_of(const fs::path& file) {
  std::string head(std::size_t{1} << 16, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
  return utf8_head(std::move(head));
}

bool has_image_extension(const fs::path& path) {
  const std::string extension = lower_case(path.extension().string());
  static constexpr std::array known{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff"};
  return std::ranges::find(known, extension) != known.end();
}

fs::path first_folder(const fs::path& root, std::initializer_list<const char*> names) {
  std::error_code ignored;
  for (const char* name : names)
    if (fs::is_directory(root / name, ignored)) return root / name;
  return {};
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

std::optional<Split> split_of_name(std::string_view name) {
  const std::string word = lower_case(trimmed(name));
  if (word == "train" || word == "training") return Split::train;
  if (word == "val" || word == "validation" || word == "valid" || word == "dev") return Split::validation;
  if (word == "test" || word == "testing") return Split::test;
  return std::nullopt;
}

Result<Box> checked_box(double x0, double y0, double x1, double y1, const std::string& where) {
  if (!(x0 < x1) || !(y0 < y1))
    return invalid(
        std::format("the box {:g} {:g} {:g} {:g} has no area: x0 < x1 and y0 < y1 are needed", x0, y0, x1, y1),
        "write the left, top, right and bottom edge in this order, or remove the box", where);
  return Box{x0, y0, x1, y1};
}

namespace {

std::string expectations() {
  std::string text;
  for (const Format& format : formats())
    text += std::format("{}{}: {}", text.empty() ? "" : "; ", format.name, format.expects);
  return text;
}

}  // namespace

Result<Opened> open_place(const DataSpec& spec, Task task) {
  std::error_code ignored;
  Opened opened{Place{{}, {}, spec, task}, nullptr};
  Place& place = opened.place;
  const fs::path path = spec.path;
  if (spec.path.empty())
    return invalid("no path to the data is given", "name a folder, an annotation file or \"builtin:faces\"");
  if (!fs::exists(path, ignored))
    return fail(ErrorCode::not_found, std::format("\"{}\" does not exist", spec.path), "check data.path");
  if (fs::is_directory(path, ignored)) {
    place.root = path.lexically_normal();
    if (!spec.annotations.empty()) {
      place.annotations = resolved(place.root, spec.annotations);
      if (!fs::exists(place.annotations, ignored))
        return fail(ErrorCode::not_found, std::format("annotations \"{}\" do not exist", spec.annotations),
                    std::format("check data.annotations; it is looked for in \"{}\"", spec.path));
    }
  } else {
    place.annotations = path;
    place.root = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (lower_case(place.root.filename().string()) == "annotations") place.root = place.root.parent_path();
    if (place.root.empty()) place.root = ".";
    place.root = place.root.lexically_normal();
  }
  if (!spec.format.empty()) {
    for (const Format& format : formats())
      if (format.name == spec.format) opened.format = &format;
    if (!opened.format) {
      const std::string nearest = nearest_word(spec.format, format_names());
      return invalid(
          std::format("format \"{}\" is not one of {}", shown(spec.format), quoted_list(format_names())),
          nearest.empty() ? "leave it out and it is found out" : std::format("did you mean \"{}\"?", nearest));
    }
    return opened;
  }
  for (const Format& format : formats())
    if (format.is_at(place)) {
      opened.format = &format;
      return opened;
    }
  return invalid(std::format("no label format was recognised in \"{}\"", spec.path),
                 "set data.format; expected is one of: " + expectations());
}

}  // namespace edgewise::data
