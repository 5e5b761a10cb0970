#include "data/formats/folder.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <set>

#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_images = 10'000'000;

/// A picture and the folders from the data folder to it.
struct Picture {
  fs::path file;
  std::vector<std::string> folders;
};

/// Pictures of class folders, their splits found out.
struct ClassFolders {
  std::vector<Picture> pictures;
  std::vector<std::string> classes;  ///< by picture; empty: it lies in no class folder
  Records splits;                    ///< its records have nothing but splits
  bool has_splits = false;
};

/// Whether the top folders are splits: they hold class folders, not pictures. A class may be called "train", too.
bool are_splits(const std::vector<Picture>& pictures, std::vector<std::string>& names) {
  struct Found {
    bool has_pictures = false, has_folders = false;
  };
  std::map<std::string, Found> top;
  for (const Picture& picture : pictures) {
    if (picture.folders.empty()) continue;
    Found& found = top[picture.folders.front()];
    (picture.folders.size() > 1 ? found.has_folders : found.has_pictures) = true;
  }
  bool has_classes = false, is_lone_train = false;
  for (const auto& [name, found] : top) {
    names.push_back(name);
    if (split_name_of(name) && found.has_folders) has_classes = true;
  }
  if (!has_classes) return false;
  if (splits_of_parts(names, PartKind::folder).are_splits) return true;
  // "train/cat" and "extra/cat", but not "train/left" beside the pictures of "bus".
  for (const auto& [name, found] : top) {
    if (found.has_pictures) return false;
    is_lone_train = is_lone_train || split_name_of(name) == SplitName::train;
  }
  return is_lone_train;
}

std::string listed(const std::set<std::string>& names) {
  constexpr std::size_t most = 4;
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == most) return std::format("{} and {} more", text, names.size() - most);
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

/// A question when all class folders hold the same folders: "fold1/cat", "fold1/dog", "fold2/cat", "fold2/dog".
std::optional<std::string> question_of_grid(const std::vector<std::vector<std::string>>& folders) {
  std::map<std::string, std::set<std::string>> inner;
  std::set<std::string> outer;
  for (const auto& path : folders) {
    if (path.empty()) continue;
    outer.insert(path[0]);
    if (path.size() == 1) return std::nullopt;  // a class with pictures of its own
    inner[path[0]].insert(path[1]);
  }
  if (outer.size() < 2 || inner.begin()->second.size() < 2) return std::nullopt;
  const std::set<std::string>& first = inner.begin()->second;
  if (std::ranges::any_of(inner, [&](const auto& entry) { return entry.second != first; })) return std::nullopt;
  return std::format(
      "all class folders ({}) hold folders of the same names ({}): are these splits? then call them train, val or test",
      listed(outer), listed(first));
}

ClassFolders find_classes(const Place& place) {
  ClassFolders found;
  std::vector<std::vector<std::string>> folders;
  for (const fs::path& file : place.files.empty() ? files_below(place.root) : place.files)
    if (has_image_extension(file)) {
      auto parts = parts_of_path(name_below(place.root, file));
      if (parts.empty()) continue;
      parts.pop_back();
      folders.push_back(parts);
      found.pictures.push_back({file, std::move(parts)});
    }
  found.splits.records.resize(found.pictures.size());
  // What an archive was unpacked into holds the classes, when it is all there is.
  std::size_t top = 0;
  std::vector<std::string> names;
  const auto is_wrapper = [&] {
    return !folders.empty() && std::ranges::all_of(folders, [&](const auto& path) {
      return path.size() > top + 1 && path[top] == folders.front()[top];
    }) && !split_name_of(folders.front()[top]);
  };
  while (is_wrapper()) ++top;
  for (auto& path : folders) path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(top));
  std::vector<Picture> below = found.pictures;
  for (Picture& picture : below)
    picture.folders.erase(picture.folders.begin(), picture.folders.begin() + static_cast<std::ptrdiff_t>(top));
  std::optional<std::size_t> level;
  if (are_splits(below, names)) {
    const auto splits = splits_of_parts(names, PartKind::folder);
    if (splits.are_splits) {
      set_splits_by_folder(folders, {}, found.splits);
    } else {
      std::map<std::string, std::size_t> others;
      for (std::size_t i = 0; i < folders.size(); ++i)
        if (!folders[i].empty() && split_name_of(folders[i].front()))
          found.splits.records[i].split = split_of_name(folders[i].front());
        else
          ++others[folders[i].empty() ? "the top folder" : folders[i].front()];
      for (const auto& [name, count] : others) found.splits.remarks.push_back(in_no_split(count, name));
    }
    level = 0;
  } else {
    // "cat/train/1.png": the splits lie below the classes.
    auto inner = folders;
    for (auto& path : inner)
      if (!path.empty()) path.erase(path.begin());
    Records splits;
    splits.records.resize(folders.size());
    set_splits_by_folder(inner, {}, splits);
    if (std::ranges::any_of(splits.records, [](const Record& record) { return record.split.has_value(); })) {
      found.splits = std::move(splits);
      level = 1;
    }
  }
  found.has_splits = level.has_value();
  if (!found.has_splits)
    if (auto question = question_of_grid(folders)) found.splits.remarks.push_back("warning: " + *question);
  std::set<std::string> with_pictures;  // top folders
  for (const auto& path : folders)
    if (path.size() == 1) with_pictures.insert(path.front());
  for (const auto& path : folders) {
    // The class is the first folder, below a split's folder the second.
    const bool is_below_split =
        level == 0 && !path.empty() && (split_name_of(path.front()) || !with_pictures.contains(path.front()));
    std::size_t at = is_below_split ? 1 : 0;
    // Archives that hold a folder of their own name: "seg_train/seg_train/street".
    while (is_below_split && at < path.size() && path[at] == path.front()) ++at;
    found.classes.push_back(path.size() > at ? path[at] : std::string());
  }
  return found;
}

Recognition recognise_folder(const Place& place) {
  if (!place.annotations.empty()) return Recognition::none;
  const ClassFolders found = find_classes(place);
  std::set<std::string> classes(found.classes.begin(), found.classes.end());
  classes.erase("");
  // "train/1.png" and "val/2.png" lie in splits without classes.
  if (std::ranges::all_of(classes, [](const std::string& name) { return split_name_of(name).has_value(); }))
    return Recognition::none;
  const bool are_classes = classes.size() >= 2 || (found.has_splits && !classes.empty());
  if (!are_classes) return Recognition::none;
  return place.wants == task::Wants::label ? Recognition::sure : Recognition::last_resort;
}

Result<Records> read_folder(const Place& place) {
  if (place.wants != task::Wants::label)
    return invalid("an image folder says which class a picture has, not where the object is: it has no boxes",
                   "name the annotations (data.annotations) and their format, or use task: classification",
                   place.root.string());
  Records result;
  TRY(result.classes, read_class_names(place.root / "classes.txt"));
  const bool is_listed = !result.classes.empty();
  if (is_listed) result.label_files.push_back(place.root / "classes.txt");
  std::set<std::string> seen;
  result.folders = {place.root};
  const ClassFolders found = find_classes(place);
  result.remarks = found.splits.remarks;
  for (std::size_t i = 0; i < found.pictures.size(); ++i) {
    const fs::path& image = found.pictures[i].file;
    const std::string& name = found.classes[i];
    if (name.empty()) {
      result.left_out.push_back({image, "in no class folder"});
      continue;
    }
    // A folder beside the splits is none of the classes; what is said of it counts its pictures.
    if (found.has_splits && !found.splits.records[i].split) continue;
    if (is_listed && !seen.contains(name) && std::ranges::find(result.classes, name) == result.classes.end()) {
      const std::string nearest = nearest_word(name, result.classes);
      return invalid(
          std::format("folder \"{}\" is not a class of classes.txt", image.parent_path().string()),
          nearest.empty() ? "add it to classes.txt or move it away" : std::format("did you mean \"{}\"?", nearest));
    }
    seen.insert(name);
    if (result.records.size() >= max_images) return invalid("more than 10 million images", {}, place.root.string());
    Record record;
    record.image = name_below(place.root, image);
    record.label = name;
    record.split = found.splits.records[i].split;
    record.where = image.string();
    result.records.push_back(std::move(record));
  }
  if (result.records.empty())
    return invalid(std::format("no folder with images lies in \"{}\"", place.root.string()),
                   "put the images of each class into a folder of its own (.jpg, .png, .bmp or .webp)");
  if (!is_listed) result.classes.assign(seen.begin(), seen.end());
  return result;
}

}  // namespace

Format folder_format() {
  return {.name = "folder",
          .expects = "one folder of images for each class, or train/ and val/ with such folders",
          .rank = 60,
          .recognise = recognise_folder,
          .read = read_folder,
          .boxless = "an image folder",
          .has_class_folders = true};
}

}  // namespace edgewise::data
