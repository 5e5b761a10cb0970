#include <algorithm>
#include <format>
#include <map>

#include "data/formats/coco.hpp"
#include "data/formats/csv.hpp"
#include "data/formats/fddb.hpp"
#include "data/formats/folder.hpp"
#include "data/formats/format.hpp"
#include "data/formats/voc.hpp"
#include "data/formats/yolo.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

Catalogue<Format>& formats() {
  static Catalogue<Format> all(
      "format", {folder_format(), csv_format(), fddb_format(), yolo_format(), voc_format(), coco_format()});
  return all;
}

namespace {

std::vector<const Format*> by_rank() {
  std::vector<const Format*> all;
  for (const Format& format : formats().entries()) all.push_back(&format);
  std::ranges::stable_sort(all, {}, &Format::rank);
  return all;
}

/// Null when nobody recognises it.
const Format* recognised(const Place& place) {
  const Format *possible = nullptr, *last_resort = nullptr;
  for (const Format* format : by_rank()) switch (format->recognise(place)) {
      case Recognition::none:
        break;
      case Recognition::last_resort:
        if (!last_resort) last_resort = format;
        break;
      case Recognition::possible:
        possible = format;
        break;
      case Recognition::sure:
        return format;
    }
  return possible ? possible : last_resort;
}

std::string expectations() {
  std::string text;
  for (const Format* format : by_rank())
    text += std::format("{}{}: {}", text.empty() ? "" : "; ", format->name, format->expects);
  return text;
}

/// "42 .tif and 3 .json files", the most frequent kinds first.
std::string kinds_of(const std::vector<fs::path>& files) {
  std::map<std::string, std::size_t> counts;
  for (const fs::path& file : files) ++counts[lower_case(file.extension().string())];
  std::vector<std::pair<std::string, std::size_t>> kinds(counts.begin(), counts.end());
  std::ranges::stable_sort(kinds, std::greater(), &std::pair<std::string, std::size_t>::second);
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kinds.size(), most); ++i)
    text += std::format("{}{} {}",
                        i == 0                  ? ""
                        : i + 1 == kinds.size() ? " and "
                                                : ", ",
                        kinds[i].second, kinds[i].first.empty() ? "nameless" : shown(kinds[i].first));
  if (kinds.size() > most) text += std::format(" and {} other kinds of", kinds.size() - most);
  return text + (files.size() == 1 ? " file" : " files");
}

}  // namespace

Result<Opened> open_place(const DataSpec& spec, task::Wants wants) {
  std::error_code ignored;
  Opened opened{Place{{}, {}, spec, wants, {}}, nullptr};
  Place& place = opened.place;
  const fs::path path = spec.path;
  if (spec.path.empty())
    return invalid("no path to the data is given", "name a folder, an annotation file or \"builtin:faces\"");
  if (!fs::exists(path, ignored))
    return fail(ErrorCode::not_found, std::format("\"{}\" does not exist", spec.path), "check data.path");
  if (fs::is_directory(path, ignored)) {
    place.root = path.lexically_normal();
    place.files = files_below(place.root);
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
    opened.format = formats().find(spec.format);
    if (opened.format) return opened;
    const auto names = formats().names();
    const std::string nearest = nearest_word(spec.format, names);
    return invalid(std::format("format \"{}\" is not one of {}", shown(spec.format), quoted_list(names)),
                   nearest.empty() ? "leave it out and it is found out" : std::format("did you mean \"{}\"?", nearest));
  }
  opened.format = recognised(place);
  if (opened.format) return opened;
  const auto files = place.files.empty() ? files_below(place.root) : place.files;
  return invalid(std::format("no label format was recognised in \"{}\"{}", spec.path,
                             files.empty() ? ", which holds no file" : ": it holds " + kinds_of(files)),
                 "set data.format; expected is one of: " + expectations());
}

}  // namespace edgewise::data
