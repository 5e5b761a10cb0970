#include <algorithm>
#include <array>
#include <cstring>
#include <format>
#include <pugixml.hpp>

#include "base/encoding.hpp"
#include "data/format_internal.hpp"
#include "data/text_internal.hpp"

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

fs::path annotation_folder(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty()) return fs::is_directory(place.annotations, ignored) ? place.annotations : fs::path();
  return first_folder(place.root, {"Annotations", "annotations"});
}

bool is_xml(const fs::path& path) {
  return lower_case(path.extension().string()) == ".xml";
}

}  // namespace

bool is_voc(const Place& place) {
  const fs::path folder = annotation_folder(place);
  return !folder.empty() && std::ranges::any_of(entries(folder), is_xml);
}

Result<Records> read_voc(const Place& place) {
  const fs::path folder = annotation_folder(place);
  if (folder.empty())
    return fail(ErrorCode::not_found, std::format("no folder \"Annotations\" lies in \"{}\"", place.root.string()),
                "name the folder of the .xml files in data.annotations");
  Records result;
  TRY(result.classes, read_class_names(place.root / "classes.txt"));
  for (const fs::path& file : entries(folder)) {
    if (!is_xml(file)) continue;
    TRY(const std::string text, read_xml(file, std::size_t{1} << 26));
    TRY(Record record, parse_voc(text, file.string()));
    // Tools often leave a stale <filename>; the annotation's own name is what the format goes by.
    record.other_image = std::move(record.image);
    record.image = file.stem().string();
    result.records.push_back(std::move(record));
  }
  if (result.records.empty())
    return invalid(std::format("no .xml file lies in \"{}\"", folder.string()), "check data.annotations");
  result.folders = {place.root / "JPEGImages", place.root / "images", place.root / "Images", place.root, folder};
  return result;
}

}  // namespace edgewise::data
