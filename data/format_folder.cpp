#include <algorithm>
#include <format>
#include <set>

#include "data/format_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_images = 10'000'000;

bool has_image(const fs::path& folder) {
  return std::ranges::any_of(entries(folder), has_image_extension);
}

/// Folders directly below that hold images.
std::vector<fs::path> class_folders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::path& entry : entries(folder))
    if (fs::is_directory(entry, ignored) && has_image(entry)) found.push_back(entry);
  return found;
}

/// A part of the set: its folder and the split its name tells.
struct Part {
  fs::path folder;
  std::optional<Split> split;
};

std::vector<Part> parts_of(const fs::path& root) {
  std::vector<Part> parts;
  std::error_code ignored;
  for (const fs::path& entry : entries(root))
    if (const auto split = split_of_name(entry.filename().string()); split && fs::is_directory(entry, ignored))
      if (!class_folders(entry).empty()) parts.push_back({entry, split});
  if (parts.empty()) parts.push_back({root, std::nullopt});
  return parts;
}

}  // namespace

bool is_folder(const Place& place) {
  if (!place.annotations.empty()) return false;
  const auto parts = parts_of(place.root);
  return parts.front().split.has_value() || class_folders(place.root).size() >= 2;
}

Result<Records> read_folder(const Place& place) {
  if (place.task == Task::box)
    return invalid("an image folder says which class a picture has, not where the object is: it has no boxes",
                   "name the annotations (data.annotations) and their format, or use task: classification",
                   place.root.string());
  Records result;
  TRY(result.classes, read_class_names(place.root / "classes.txt"));
  const bool is_listed = !result.classes.empty();
  std::set<std::string> seen;
  result.folders = {place.root};
  for (const Part& part : parts_of(place.root)) {
    for (const fs::path& folder : class_folders(part.folder)) {
      const std::string name = folder.filename().string();
      if (is_listed && std::ranges::find(result.classes, name) == result.classes.end()) {
        const std::string nearest = nearest_word(name, result.classes);
        return invalid(
            std::format("folder \"{}\" is not a class of classes.txt", folder.string()),
            nearest.empty() ? "add it to classes.txt or move it away" : std::format("did you mean \"{}\"?", nearest));
      }
      seen.insert(name);
      for (const fs::path& image : entries(folder)) {
        if (!has_image_extension(image)) continue;
        if (result.records.size() >= max_images) return invalid("more than 10 million images", {}, place.root.string());
        Record record;
        record.image = image.lexically_relative(place.root).generic_string();
        record.label = name;
        record.split = part.split;
        record.where = image.string();
        result.records.push_back(std::move(record));
      }
    }
  }
  if (result.records.empty())
    return invalid(std::format("no folder with images lies in \"{}\"", place.root.string()),
                   "put the images of each class into a folder of its own (.jpg, .png, .bmp, .webp or .tif)");
  for (const std::string& name : result.classes)
    if (!seen.contains(name))
      result.remarks.push_back(std::format("class \"{}\" of classes.txt has no folder with images", name));
  if (!is_listed) result.classes.assign(seen.begin(), seen.end());
  return result;
}

}  // namespace edgewise::data
