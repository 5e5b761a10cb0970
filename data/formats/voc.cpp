#include "data/formats/voc.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <format>
#include <pugixml.hpp>
#include <unordered_set>

#include "base/encoding.hpp"
#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

Result<Record> parse_voc(std::string_view text, const std::string& file) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  Places places(text, file);
  const auto at = [&](std::ptrdiff_t offset) { return places.at(offset < 0 ? 0 : static_cast<std::size_t>(offset)); };
  if (!parsed)
    return invalid(std::format("this is not valid XML: {}", lower_case(parsed.description())),
                   "correct the text at this place", at(parsed.offset));
  const pugi::xml_node annotation = document.child("annotation");
  if (!annotation)
    return invalid("the root element is not <annotation>", "check that this is a Pascal VOC file", at(0));

  Record record;
  record.where = place(file, 1);
  record.image = std::string(trimmed(annotation.child_value("filename")));
  const auto number_at = [&](const pugi::xml_node& parent, const char* name) -> Result<double> {
    const pugi::xml_node node = parent.child(name);
    if (!node) return invalid(std::format("<{}> is missing", name), "add it", at(parent.offset_debug()));
    const auto value = number_of(trimmed(node.child_value()));
    if (!value)
      return invalid(std::format("\"{}\" in <{}> is no number", shown(trimmed(node.child_value())), name),
                     "write a number of pixels", at(node.offset_debug()));
    return *value;
  };
  if (const pugi::xml_node size = annotation.child("size")) {
    TRY(const double width, number_at(size, "width"));
    TRY(const double height, number_at(size, "height"));
    if (width < 0 || height < 0 || width > 1e9 || height > 1e9)
      return invalid(std::format("{:g} x {:g} is no size of a picture", width, height), "correct <size>",
                     at(size.offset_debug()));
    record.width = static_cast<std::int64_t>(width);
    record.height = static_cast<std::int64_t>(height);
  }
  for (const pugi::xml_node& object : annotation.children("object")) {
    LabelledBox labelled;
    labelled.name = std::string(trimmed(object.child_value("name")));
    if (labelled.name.empty())
      return invalid("an <object> without <name>", "name its class", at(object.offset_debug()));
    const pugi::xml_node bounds = object.child("bndbox");
    if (!bounds) return invalid("an <object> without <bndbox>", "add its box or remove it", at(object.offset_debug()));
    labelled.where = at(bounds.offset_debug());
    std::array<double, 4> corner{};
    for (std::size_t k = 0; k < 4; ++k) {
      static constexpr std::array names{"xmin", "ymin", "xmax", "ymax"};
      TRY(corner[k], number_at(bounds, names[k]));
    }
    TRY(labelled.box, checked_box(corner[0], corner[1], corner[2], corner[3], labelled.where));
    record.boxes.push_back(std::move(labelled));
  }
  return record;
}

namespace {

bool is_xml(const fs::path& path) {
  return lower_case(path.extension().string()) == ".xml";
}

bool has_annotation(const fs::path& file) {
  const std::string head = head_of(file);
  return head.find("<annotation>") != std::string::npos || head.find("<annotation ") != std::string::npos;
}

/// One annotation file and where its picture may lie.
struct VocFile {
  fs::path file;
  std::string base;   ///< folder of Annotations/ and JPEGImages/ below the data folder; "" for the data folder itself
  std::string below;  ///< "sub/a" of "Annotations/sub/a.xml"
  std::vector<std::string> folders;  ///< that may tell a split
  bool is_beside = false;            ///< the picture lies beside it
};

bool is_annotation_folder_name(const std::string& name) {
  return lower_case(name) == "annotations";
}

fs::path annotation_folder(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty()) return fs::is_directory(place.annotations, ignored) ? place.annotations : fs::path();
  return first_folder(place.root, {"Annotations", "annotations"});
}

/// In Annotations/; else in folders of that name further down ("VOCdevkit/VOC2007"); else beside the pictures.
std::vector<VocFile> find_voc_files(const Place& place, const std::vector<fs::path>& files, const Pictures& pictures) {
  std::vector<VocFile> found;
  if (const fs::path folder = annotation_folder(place); !folder.empty()) {
    for (const fs::path& file : files_below(folder)) {
      if (!is_xml(file)) continue;
      const std::string below = without_extension(name_below(folder, file));
      auto folders = parts_of_path(below);
      folders.pop_back();
      found.push_back({file, {}, below, std::move(folders), false});
    }
    if (!found.empty() || !place.annotations.empty()) return found;
  }
  if (!place.annotations.empty()) return found;
  for (const bool is_beside : {false, true}) {
    for (const fs::path& file : files) {
      if (!is_xml(file)) continue;
      const std::string name = without_extension(name_below(place.root, file));
      auto parts = parts_of_path(name);
      VocFile voc{file, {}, {}, parts, is_beside};
      voc.folders.pop_back();
      if (is_beside) {
        if (pictures.of_stem(name).empty()) continue;
        voc.base = joined_parts(voc.folders);
        voc.below = parts.back();
      } else {
        const auto last = std::ranges::find_last_if(voc.folders, is_annotation_folder_name);
        if (last.empty()) continue;
        const auto at = static_cast<std::size_t>(last.begin() - voc.folders.begin());
        voc.base = joined_parts(parts, 0, at);
        voc.below = joined_parts(parts, at + 1);
        voc.folders.erase(last.begin());
      }
      if (has_annotation(file)) found.push_back(std::move(voc));
    }
    if (!found.empty()) return found;
  }
  return found;
}

/// Folders where the picture of an annotation may lie, below the data folder.
std::vector<std::string> folders_of(const Place& place, const VocFile& file) {
  std::vector<std::string> folders;
  if (!place.spec.images.empty())
    folders.push_back(name_below(place.root, resolved(place.root, place.spec.images).lexically_normal()));
  if (!file.is_beside)
    for (const char* name : {"JPEGImages", "images", "Images"})
      folders.push_back((fs::path(file.base) / name).generic_string());
  folders.push_back(file.base);
  if (const fs::path folder = annotation_folder(place); !file.is_beside && !folder.empty())
    folders.push_back(name_below(place.root, folder));
  return folders;
}

/// The names without extension, below the data folder, that the picture of an annotation has when it is called like
/// the annotation or as `filename` says; those that are there.
std::vector<std::string> stems_there(const Place& place, const Pictures& pictures, const VocFile& file,
                                     const std::string& filename) {
  std::vector<std::string> found;
  const fs::path below = file.below;
  std::vector<fs::path> names{below, below.filename()};
  if (filename.find_first_of("/\\") == std::string::npos && has_image_extension(filename)) {
    names.push_back(below.parent_path() / fs::path(filename).stem());
    names.push_back(fs::path(filename).stem());
  }
  for (const fs::path& name : names)
    for (const std::string& folder : folders_of(place, file))
      if (const auto stem = (fs::path(folder) / name).lexically_normal().generic_string();
          !pictures.of_stem(stem).empty())
        found.push_back(stem);
  return found;
}

std::vector<fs::path> all_files(const Place& place) {
  auto files = place.files.empty() ? files_below(place.root) : place.files;
  if (!place.spec.images.empty()) {
    const fs::path folder = resolved(place.root, place.spec.images).lexically_normal();
    if (name_below(place.root, folder) == folder.generic_string()) {
      const auto more = files_below(folder);
      files.insert(files.end(), more.begin(), more.end());
    }
  }
  return files;
}

Recognition recognise_voc(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && !fs::is_directory(place.annotations, ignored)) return Recognition::none;
  const auto found = find_voc_files(place, place.files, Pictures(place.root, place.files));
  return found.empty() ? Recognition::none : Recognition::sure;
}

Result<Records> read_voc(const Place& place) {
  const auto all = all_files(place);
  const Pictures pictures(place.root, all);
  const auto files = find_voc_files(place, all, pictures);
  const fs::path folder = annotation_folder(place);
  if (files.empty() && folder.empty())
    return fail(ErrorCode::not_found, std::format("no folder \"Annotations\" lies in \"{}\"", place.root.string()),
                "name the folder of the .xml files in data.annotations");
  if (files.empty())
    return invalid(std::format("no .xml file lies in \"{}\"", folder.string()), "check data.annotations");
  Records result;
  TRY(result.classes, read_class_names(place.root / "classes.txt"));
  if (!result.classes.empty()) result.label_files.push_back(place.root / "classes.txt");

  std::unordered_set<std::string> labelled;
  for (const VocFile& file : files) {
    TRY(const std::string text, read_xml(file.file, std::size_t{1} << 26));
    TRY(Record record, parse_voc(text, file.file.string()));
    record.other_image = std::move(record.image);
    record.image = file.below;
    const auto there = stems_there(place, pictures, file, record.other_image);
    for (const std::string& stem : there)
      for (const std::string& name : pictures.of_stem(stem)) labelled.insert(name);
    // The usual folders are searched for the name; elsewhere the place is a part of it.
    const bool is_nested = !file.base.empty() || file.is_beside;
    if (!there.empty() && is_nested)
      record.image = (fs::path(there.front()).parent_path() / fs::path(file.below).filename()).generic_string();
    else if (is_nested)
      record.image = (fs::path(file.base) / "JPEGImages" / file.below).generic_string();
    else if (!there.empty() && !fs::path(there.front()).generic_string().ends_with(file.below) &&
             fs::path(file.below).has_parent_path())
      record.image = fs::path(file.below).filename().generic_string();
    result.records.push_back(std::move(record));
  }
  std::vector<std::vector<std::string>> folders;
  std::vector<fs::path> paths;
  for (const VocFile& file : files) {
    folders.push_back(file.folders);
    paths.push_back(file.file);
    const fs::path base = file.base.empty() ? place.root : place.root / file.base;
    if (!file.is_beside && std::ranges::find(result.list_places, base) == result.list_places.end())
      result.list_places.push_back(base);
  }
  set_splits_by_folder(folders, paths, result);
  for (const std::string& name : pictures.names())
    if (!labelled.contains(name)) result.left_out.push_back({place.root / name, std::string(without_label)});
  result.folders = {place.root / "JPEGImages", place.root / "images", place.root / "Images", place.root};
  if (!folder.empty()) result.folders.push_back(folder);
  return result;
}

}  // namespace

Format voc_format() {
  return {.name = "voc",
          .expects = "Annotations/*.xml and JPEGImages/ (or annotations/ and images/, or both kinds together)",
          .rank = 10,
          .recognise = recognise_voc,
          .read = read_voc};
}

}  // namespace edgewise::data
