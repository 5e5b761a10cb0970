#include "data/formats/coco.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "base/encoding.hpp"
#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

bool is_json(const fs::path& path) {
  return lower_case(path.extension().string()) == ".json";
}

std::string subset_of(const fs::path& file) {
  std::string subset = file.stem().string();
  if (subset.starts_with("instances_")) subset.erase(0, 10);
  return subset;
}

/// Whether the name alone says that this is a COCO file.
bool has_coco_name(const fs::path& file) {
  const std::string name = lower_case(file.filename().string());
  return is_json(file) && (name.starts_with("instances") || name.find("coco") != std::string::npos);
}

/// Other kinds of annotations, in the same form but without boxes of things, that lie beside the instances.
bool is_other_kind(const fs::path& file) {
  const std::string name = lower_case(file.filename().string());
  static constexpr std::array starts{"captions", "panoptic", "stuff", "image_info", "person_keypoints", "lvis"};
  return std::ranges::any_of(starts, [&](std::string_view start) { return name.starts_with(start); });
}

/// Whether the beginning of the text looks like a COCO file, whatever its name.
bool has_coco_text(const fs::path& file) {
  const std::string head = head_of(file);
  const auto has = [&](std::string_view word) { return head.find(word) != std::string::npos; };
  return trimmed(head).starts_with('{') && ((has("\"images\"") && (has("\"file_name\"") || has("\"annotations\""))) ||
                                            (has("\"annotations\"") && has("\"image_id\"")));
}

struct CocoFiles {
  std::vector<fs::path> used;
  std::vector<LeftOut> left_out;
  fs::path top;  ///< the folder that the layout begins in: the data folder, or what an archive was unpacked into
};

/// In annotations/ and beside the pictures: at the top or in a folder for each split.
CocoFiles find_coco_files_in(const Place& place, const fs::path& top) {
  std::error_code ignored;
  std::vector<fs::path> all;
  const auto add = [&](const fs::path& folder) {
    for (const fs::path& entry : entries(folder))
      if (is_json(entry) && !is_note(entry) && fs::is_regular_file(entry, ignored)) all.push_back(entry);
  };
  if (!place.annotations.empty()) {
    add(place.annotations);
    for (const fs::path& folder : entries(place.annotations))
      if (fs::is_directory(folder, ignored)) add(folder);
  } else {
    add(top / "annotations");
    add(top);
    for (const fs::path& folder : entries(top))
      if (fs::is_directory(folder, ignored) && folder.filename() != "annotations") add(folder);
  }
  // One text for each picture is another format: not all of them are looked into.
  constexpr std::size_t most = 200;
  if (all.size() > most) std::erase_if(all, [](const fs::path& file) { return !has_coco_name(file); });
  CocoFiles files{{}, {}, top};
  const bool has_instances =
      std::ranges::any_of(all, [](const fs::path& file) { return file.filename().string().starts_with("instances"); });
  const bool has_plain =
      std::ranges::any_of(all, [](const fs::path& f) { return !is_other_kind(f) && has_coco_text(f); });
  for (const fs::path& file : all) {
    const bool is_instances = file.filename().string().starts_with("instances");
    if (!is_instances && !has_coco_name(file) && !has_coco_text(file)) continue;
    if (has_instances && !is_instances)
      files.left_out.push_back({file, "instances_*.json are read instead"});
    else if (is_other_kind(file) && has_plain)
      files.left_out.push_back({file, "annotations of another kind than boxes"});
    else
      files.used.push_back(file);
  }
  return files;
}

/// The only folder in `folder`, unless its name tells a split; empty when there is none.
fs::path lone_folder(const fs::path& folder) {
  fs::path found;
  std::error_code ignored;
  for (const fs::path& entry : entries(folder)) {
    if (!fs::is_directory(entry, ignored) || entry.filename() == "__MACOSX" || entry.extension() == ".study") continue;
    if (!found.empty() || fs::is_symlink(entry, ignored) || split_name_of(entry.filename().string())) return {};
    found = entry;
  }
  return found;
}

/// At the top, else in the folder that is all there is.
CocoFiles find_coco_files(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && !fs::is_directory(place.annotations, ignored))
    return {{place.annotations}, {}, place.root};
  CocoFiles files = find_coco_files_in(place, place.root);
  if (!files.used.empty() || !place.annotations.empty()) return files;
  for (fs::path top = lone_folder(place.root); !top.empty(); top = lone_folder(top))
    if (CocoFiles below = find_coco_files_in(place, top); !below.used.empty()) return below;
  return files;
}

/// Where the pictures of one file lie, and what its names for them mean there.
class CocoImages {
 public:
  CocoImages(const Place& place, const fs::path& top, const fs::path& file)
      : root_(place.root), usual_{name_below(place.root, top), fs::path(name_below(place.root, top)) / "images"} {
    const std::string subset = subset_of(file);
    std::error_code ignored;
    const auto add = [&](const fs::path& folder) {
      if (fs::is_directory(place.root / folder, ignored) && std::ranges::find(own_, folder) == own_.end())
        own_.push_back(folder);
    };
    // "instances_train2017" belongs to the images of "train2017". Two subsets may use the same names; their folder
    // tells them apart.
    for (const fs::path& folder : usual_) add(folder / subset);
    const std::string folder = name_below(place.root, file.parent_path());
    const bool is_inside = fs::path(folder).is_relative() && file.parent_path() != top;
    if (is_inside && lower_case(name_below(top, file.parent_path())) != "annotations")
      for (const char* name : {"", "images", "data"}) add(fs::path(folder) / name);
    // "instances_Train" also to those of "train" and of "images/train".
    if (const auto split = split_name_of(subset))
      for (const fs::path& parent : {top, top / "images"})
        for (const fs::path& entry : entries(parent))
          if (split_name_of(entry.filename().string()) == split) add(name_below(place.root, entry));
    for (fs::path& path : own_)
      if (!path.has_filename()) path = path.parent_path();
  }

  [[nodiscard]] std::string meaning_of(const std::string& written) const {
    if (const auto name = below(own_, written)) return *name;
    if (!below(usual_, written)) {
      // A path of another machine: the longest end of it that is here.
      const auto parts = parts_of_path(written);
      const bool is_foreign = written.starts_with('/') || written.find('\\') != std::string::npos ||
                              written.find("..") != std::string::npos;
      for (std::size_t first = 0; is_foreign && first < parts.size(); ++first) {
        const std::string end = joined_parts(parts, first);
        if (parts[first] == "..") continue;
        if (const auto name = below(own_, end)) return *name;
        if (const auto name = below(usual_, end)) return *name;
      }
    }
    return written;
  }

 private:
  [[nodiscard]] std::optional<std::string> below(const std::vector<fs::path>& folders, const std::string& name) const {
    std::error_code ignored;
    if (name.empty() || name.starts_with('/')) return std::nullopt;
    for (const fs::path& folder : folders) {
      const fs::path path = (folder / name).lexically_normal();
      if (!path.empty() && *path.begin() != ".." && fs::is_regular_file(root_ / path, ignored))
        return path.generic_string();
    }
    return std::nullopt;
  }

  fs::path root_;
  std::vector<fs::path> usual_;  ///< where the pictures of any file may lie, below the root
  std::vector<fs::path> own_;    ///< those of this file, below the root
};

std::string other_reading(std::span<const WrittenBox> boxes) {
  if (!boxes.empty() && all_fit(boxes, [](const WrittenBox& written) {
        const Box& b = written.box;
        return Box{b.x0, b.y0, b.x1 - b.x0, b.y1 - b.y0};
      }))
    return "bbox is x, y, width, height: all boxes would fit if its last two numbers were the right and bottom edge";
  return other_reading_of_pixels(boxes);
}

Recognition recognise_coco(const Place& place) {
  const auto files = find_coco_files(place).used;
  if (std::ranges::any_of(files, has_coco_name)) return Recognition::sure;
  if (!std::ranges::any_of(files, is_json)) return Recognition::none;
  // A JSON text of this form may lie beside the labels of another format, which are then the set.
  return place.annotations.empty() ? Recognition::possible : Recognition::sure;
}

Result<Records> read_coco(const Place& place) {
  const auto files = find_coco_files(place);
  if (files.used.empty())
    return fail(ErrorCode::not_found,
                std::format("no annotations/instances_*.json lies in \"{}\"", place.root.string()),
                "name the file in data.annotations");
  TRY(Records result, read_parts(place, files.used, [&](const fs::path& file) -> Result<Records> {
        TRY(const std::string text, read_text(file));
        TRY(Records part, parse_coco(text, file.string()));
        const CocoImages images(place, files.top, file);
        for (Record& record : part.records) record.image = images.meaning_of(record.image);
        return part;
      }));
  for (const LeftOut& file : files.left_out)
    result.remarks.push_back(std::format("{} is not read: {}", name_below(place.root, file.file), file.reason));
  result.left_out.insert(result.left_out.end(), files.left_out.begin(), files.left_out.end());
  result.folders = {files.top, files.top / "images", files.used.front().parent_path()};
  if (files.top != place.root) result.folders.push_back(place.root);
  return result;
}

}  // namespace

Format coco_format() {
  return {
      .name = "coco",
      .expects = "annotations/instances_*.json and the images in a folder beside it, or a .json in each split's folder",
      .rank = 20,
      .recognise = recognise_coco,
      .read = read_coco,
      .other_reading = other_reading};
}

}  // namespace edgewise::data
