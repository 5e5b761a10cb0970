#include <unistd.h>

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <unordered_set>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "data/formats/format_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::span<const Format> formats() {
  // Asked in this order when the user names no format: the most telling traces first.
  static constexpr std::array all{
      Format{"voc", "Annotations/*.xml and JPEGImages/ (or annotations/ and images/, or both kinds together)", is_voc,
             read_voc},
      Format{"coco",
             "annotations/instances_*.json and the images in a folder beside it, or a .json in each split's folder",
             is_coco, read_coco},
      Format{"yolo",
             "labels/*.txt with \"class cx cy w h\" lines, images/ and classes.txt, data.yaml or obj.data; or the .txt "
             "files beside the pictures",
             is_yolo, read_yolo},
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
  const auto opened = InputFile::open(file);
  if (!opened) return {};
  const ssize_t got = ::pread(opened->descriptor(), head.data(), head.size(), 0);
  head.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
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

std::string in_no_split(std::size_t images, const std::string& part) {
  return std::format("{} images of {} belong to no split: its name tells none, others do", images, part);
}

namespace {

/// Splits of records that lie in several parts, by the parts' names.
struct Parts {
  std::vector<std::string> names;
  std::vector<std::size_t> of;  ///< by record: its part
  std::vector<std::size_t> counts;
};

void say_unused(const Parts& parts, const PartSplits& splits, std::vector<std::string>& remarks) {
  std::string rest;
  for (std::size_t p = 0; p < parts.names.size(); ++p) {
    const std::string& name = parts.names[p].empty() ? "the top folder" : parts.names[p];
    if (splits.is_repeated[p])
      remarks.push_back(std::format("{} is not used: it {}", name, repeats_other_parts));
    else if (!splits.of[p])
      remarks.push_back(in_no_split(parts.counts[p], name));
    else if (splits.rest_is_training && !split_name_of(parts.names[p]))
      rest += (rest.empty() ? "" : ", ") + name;
  }
  if (!rest.empty()) remarks.push_back(std::format("no name tells the training split: it is {}", rest));
}

std::string reason_of(const PartSplits& splits, std::size_t part) {
  return std::string(splits.is_repeated[part] ? repeats_other_parts : names_no_split);
}

}  // namespace

void set_splits_by_folder(const std::vector<std::vector<std::string>>& folders, const std::vector<fs::path>& files,
                          Records& records) {
  std::size_t depth = 0;
  for (const auto& path : folders) depth = std::max(depth, path.size());
  Parts parts;
  PartSplits splits;
  for (std::size_t level = 0; level < depth && !splits.are_splits; ++level) {
    parts = {};
    std::map<std::string, std::size_t> index;
    for (const auto& path : folders) {
      const std::string name = level < path.size() ? path[level] : std::string();
      const auto [it, is_new] = index.try_emplace(name, parts.names.size());
      if (is_new) {
        parts.names.push_back(name);
        parts.counts.push_back(0);
      }
      parts.of.push_back(it->second);
      ++parts.counts[it->second];
    }
    splits = splits_of_parts(parts.names, PartKind::folder);
  }
  if (!splits.are_splits) {
    records.label_files.insert(records.label_files.end(), files.begin(), files.end());
    return;
  }
  say_unused(parts, splits, records.remarks);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::size_t part = parts.of[i];
    records.records[i].split = splits.of[part];
    if (files.empty()) continue;
    if (splits.of[part])
      records.label_files.push_back(files[i]);
    else
      records.left_out.push_back({files[i], reason_of(splits, part)});
  }
}

Result<Records> read_parts(const Place& place, const std::vector<fs::path>& files,
                           const std::function<Result<Records>(const fs::path&)>& read) {
  Parts parts;
  for (const fs::path& file : files) {
    std::string name = file.stem().string();
    // "train/_annotations.coco.json": the folder tells it.
    if (!split_name_of(name))
      for (const std::string& folder : folders_below(place.root, file))
        if (split_name_of(folder)) name = folder;
    parts.names.push_back(name);
  }
  const PartSplits splits = splits_of_parts(parts.names, PartKind::file);
  Records result;
  std::unordered_set<std::string> named;
  std::size_t repeated = 0;
  // A part that joins two comes last: the one that is there says whose its images are.
  for (const bool is_joined : {false, true})
    for (std::size_t p = 0; p < files.size(); ++p) {
      if (splits.is_joined[p] != is_joined) continue;
      TRY(Records part, read(files[p]));
      parts.counts.resize(files.size());
      parts.counts[p] = part.records.size();
      // For messages the whole name: "instances_extra.json", "valid/labels.csv".
      parts.names[p] = name_below(place.root, files[p]);
      if (parts.names[p].starts_with("annotations/")) parts.names[p].erase(0, 12);
      const bool is_used = !splits.are_splits || splits.of[p];
      if (is_used)
        result.label_files.push_back(files[p]);
      else
        result.left_out.push_back({files[p], reason_of(splits, p)});
      for (Record& record : part.records) {
        if (is_joined && named.contains(record.image)) {
          ++repeated;
          continue;
        }
        if (splits.are_splits && !splits.is_repeated[p]) record.split = splits.of[p];
        if (splits.is_repeated[p]) continue;
        named.insert(record.image);
        result.records.push_back(std::move(record));
      }
      const std::string name = files[p].filename().string();
      for (const std::string& remark : part.remarks)
        result.remarks.push_back(files.size() > 1 ? std::format("{}: {}", name, remark) : remark);
      for (std::string& name_of_class : part.classes)
        if (std::ranges::find(result.classes, name_of_class) == result.classes.end())
          result.classes.push_back(std::move(name_of_class));
    }
  if (splits.are_splits) say_unused(parts, splits, result.remarks);
  if (repeated > 0)
    result.remarks.push_back(
        std::format("{} images of the joined training and validation part are in another part too: the other part's "
                    "split is theirs",
                    repeated));
  return result;
}

Result<Box> checked_box(double x0, double y0, double x1, double y1, const std::string& where) {
  if (!(x0 < x1) || !(y0 < y1))
    return invalid(
        std::format("the box {:g} {:g} {:g} {:g} has no area: x0 < x1 and y0 < y1 are needed", x0, y0, x1, y1),
        x1 < x0 || y1 < y0
            ? "write the left, top, right and bottom edge in this order; if the last two numbers are width "
              "and height, add them to the first two"
            : "write the left, top, right and bottom edge in this order, or remove the box",
        where);
  return Box{x0, y0, x1, y1};
}

namespace {

std::string expectations() {
  std::string text;
  for (const Format& format : formats())
    text += std::format("{}{}: {}", text.empty() ? "" : "; ", format.name, format.expects);
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
  const auto files = place.files.empty() ? files_below(place.root) : place.files;
  return invalid(std::format("no label format was recognised in \"{}\"{}", spec.path,
                             files.empty() ? ", which holds no file" : ": it holds " + kinds_of(files)),
                 "set data.format; expected is one of: " + expectations());
}

}  // namespace edgewise::data
