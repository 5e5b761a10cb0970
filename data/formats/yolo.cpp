#include "data/formats/yolo.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <set>
#include <unordered_set>

#include "base/encoding.hpp"
#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/formats/yolo_description_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

bool has_extension(const fs::path& path, std::initializer_list<std::string_view> extensions) {
  return std::ranges::find(extensions, lower_case(path.extension().string())) != extensions.end();
}

bool is_label_folder_name(const std::string& name) {
  const std::string lower = lower_case(name);
  return lower == "labels" || lower == "label";
}

bool is_class_list(const fs::path& file) {
  const std::string name = lower_case(file.filename().string());
  return name == "classes.txt" || name == "names.txt" || file.extension() == ".names";
}

bool is_description_file(const fs::path& path) {
  return has_extension(path, {".yaml", ".yml", ".data"});
}

enum class Form { empty, boxes, other };
/// What the first lines of a text look like: labels begin with a whole number and have four or more numbers after it.
Form form_of(const fs::path& file) {
  const std::string head = head_of(file);
  std::string_view rest = head;
  Form form = Form::empty;
  for (int count = 0; count < 20 && !rest.empty();) {
    const std::size_t end = rest.find('\n');
    // The last line may be cut off by the end of what was looked at.
    if (end == std::string_view::npos && head.size() >= (std::size_t{1} << 16)) break;
    const auto words = words_of(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (words.empty()) continue;
    const bool are_numbers =
        std::ranges::all_of(words, [](const Word& word) { return number_of(word.text).has_value(); });
    if (words.size() < 5 || !are_numbers || !integer_of(words.front().text)) return Form::other;
    form = Form::boxes;
    ++count;
  }
  return form;
}

/// A label file and the picture it belongs to.
struct Label {
  fs::path file;
  std::string image;  ///< below the data folder, without its extension
  bool has_picture = false;
  std::vector<std::string> folders;  ///< that it lies in, without "labels"
};

/// All that the layout of a set tells, before any label is read.
class YoloLayout {
 public:
  explicit YoloLayout(const Place& place)
      : place_(place),
        files_(place.files.empty() ? files_below(place.root) : place.files),
        pictures_(place.root, with_images_elsewhere()) {}

  /// The first label file alone when `only_one`.
  [[nodiscard]] std::vector<Label> labels(bool only_one, std::vector<LeftOut>* left_out) const {
    std::vector<Label> found;
    std::error_code ignored;
    const bool has_folder = !place_.annotations.empty() && fs::is_directory(place_.annotations, ignored);
    const auto outside = has_folder ? name_below(place_.root, place_.annotations / "") : std::string();
    for (const fs::path& file : has_folder ? files_below(place_.annotations) : files_) {
      if (!has_extension(file, {".txt"}) || is_class_list(file)) continue;
      const std::string stem = without_extension(name_below(place_.root, file));
      Label label{file, {}, false, {}};
      auto folders = parts_of_path(fs::path(stem).parent_path().generic_string());
      const auto last = std::ranges::find_last_if(folders, is_label_folder_name);
      const bool is_among_labels = has_folder || !last.empty();
      label.image =
          picture_of(stem, has_folder ? stem.substr(std::min(stem.size(), outside.size())) : "", label.has_picture);
      if (!label.has_picture && (!is_among_labels || is_note(file))) continue;
      const Form form = label.has_picture && is_among_labels ? Form::boxes : form_of(file);
      if (form == Form::other || (form == Form::empty && !label.has_picture)) {
        if (left_out) left_out->push_back({file, std::string(form == Form::other ? not_yolo : "without a picture")});
        continue;
      }
      std::erase_if(folders, is_label_folder_name);
      label.folders = std::move(folders);
      if (only_one && form == Form::empty && !is_among_labels) continue;
      found.push_back(std::move(label));
      if (only_one) break;
    }
    return found;
  }
  [[nodiscard]] const Pictures& pictures() const { return pictures_; }
  [[nodiscard]] const std::vector<fs::path>& files() const { return files_; }

 private:
  static constexpr std::string_view not_yolo = "its lines are not \"class cx cy width height\"";

  [[nodiscard]] std::vector<fs::path> with_images_elsewhere() const {
    std::vector<fs::path> all = files_;
    if (place_.spec.images.empty()) return all;
    const fs::path folder = resolved(place_.root, place_.spec.images).lexically_normal();
    if (name_below(place_.root, folder) != folder.generic_string()) return all;
    const auto more = files_below(folder);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  /// The picture of a label: in "images" where the label is in "labels", else beside it, else above.
  [[nodiscard]] std::string picture_of(const std::string& stem, const std::string& below_annotations,
                                       bool& has_picture) const {
    std::vector<std::string> candidates;
    const auto parts = parts_of_path(stem);
    std::optional<std::size_t> labels;
    for (std::size_t k = 0; k + 1 < parts.size(); ++k)
      if (is_label_folder_name(parts[k])) labels = k;
    const std::string below = !below_annotations.empty() ? below_annotations
                              : labels                   ? joined_parts(parts, *labels + 1)
                                                         : stem;
    if (!place_.spec.images.empty()) {
      const fs::path images = resolved(place_.root, place_.spec.images).lexically_normal();
      candidates.push_back((fs::path(name_below(place_.root, images)) / below).generic_string());
    }
    if (labels) {
      for (const char* name : {"images", "Images", "JPEGImages", "image", "img", "imgs"}) {
        auto other = parts;
        other[*labels] = name;
        candidates.push_back(joined_parts(other));
      }
    }
    if (!below_annotations.empty()) candidates.push_back("images/" + below_annotations);
    candidates.push_back(stem);
    if (labels) {
      auto above = parts;
      above.erase(above.begin() + static_cast<std::ptrdiff_t>(*labels));
      candidates.push_back(joined_parts(above));
    }
    for (const std::string& candidate : candidates)
      if (!pictures_.of_stem(candidate).empty()) {
        has_picture = true;
        return candidate;
      }
    for (const std::string& candidate : candidates)
      if (pictures_.has_folder(fs::path(candidate).parent_path().generic_string())) return candidate;
    return candidates.front();
  }

  const Place& place_;
  std::vector<fs::path> files_;
  Pictures pictures_;
};

/// "data.yaml" or "obj.data" and what it says.
struct Description {
  fs::path file;
  YoloDescription content;
};

bool has_usual_name(const fs::path& file) {
  static constexpr std::array names{"data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "obj.data"};
  return std::ranges::find(names, file.filename().string()) != names.end();
}

/// Two descriptions that name different classes are an error: the numbers in the labels count along one list.
Status check_same_names(const Description& first, const Description& other) {
  if (first.content.names.empty() || other.content.names.empty() || first.content.names == other.content.names)
    return {};
  return invalid(std::format("\"{}\" and \"{}\" name different classes", first.file.string(), other.file.string()),
                 "name one of them in data.annotations, or give each folder as a set of its own");
}

/// Those of the set, wherever they lie: the one at the top, else one of each folder further down ("task_1/obj.data").
/// Other .yaml files lie about in many folders: without a usual name only one that names classes counts.
Result<std::vector<Description>> find_descriptions(const Place& place, const std::vector<fs::path>& files) {
  using Found = std::vector<Description>;
  const auto parsed = [](const fs::path& file) -> Result<YoloDescription> {
    TRY(const std::string text, read_text(file, std::size_t{1} << 24));
    return has_extension(file, {".data"}) ? parse_obj_data(text, file.string()) : parse_data_yaml(text, file.string());
  };
  std::error_code ignored;
  if (is_description_file(place.annotations) && fs::is_regular_file(place.annotations, ignored)) {
    TRY(auto description, parsed(place.annotations));
    return Found{{place.annotations, std::move(description)}};
  }
  Found found;
  const auto add_usual = [&](const fs::path& file) -> Status {
    TRY(auto content, parsed(file));
    if (content.names.empty() && content.names_file.empty() && content.parts.empty()) return {};
    found.push_back({file, std::move(content)});
    return {};
  };
  for (const char* name : {"data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "obj.data"})
    if (found.empty() && fs::is_regular_file(place.root / name, ignored)) TRY_DO(add_usual(place.root / name));
  const auto add_other = [&](const fs::path& file) -> Status {
    auto content = parsed(file);
    if (!content || (content->names.empty() && content->names_file.empty())) return {};
    Description other{file, std::move(*content)};
    for (const Description& known : found) TRY_DO(check_same_names(known, other));
    const auto is_beside = [&](const Description& known) { return known.file.parent_path() == file.parent_path(); };
    if (std::ranges::none_of(found, is_beside)) found.push_back(std::move(other));
    return {};
  };
  if (found.empty())
    for (const fs::path& file : entries(place.root))
      if (is_description_file(file) && fs::is_regular_file(file, ignored)) TRY_DO(add_other(file));
  const bool is_at_top = !found.empty();
  for (const fs::path& file : files) {
    if (!is_description_file(file) || !has_usual_name(file) || file.parent_path() == place.root) continue;
    if (!is_at_top) {
      TRY_DO(add_usual(file));
    } else if (auto content = parsed(file)) {
      TRY_DO(check_same_names(found.front(), {file, std::move(*content)}));
    }
  }
  for (std::size_t i = 1; i < found.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) TRY_DO(check_same_names(found[k], found[i]));
  if (found.empty())
    for (const fs::path& file : files)
      if (is_description_file(file)) TRY_DO(add_other(file));
  return found;
}

/// What a path that was written on another machine means here: the longest end of it that exists, below the
/// description's own folder or else one around it.
std::optional<std::string> found_below(const Place& place, const Description& description, const std::string& written) {
  std::error_code ignored;
  const auto is_up = [](const std::string& part) { return part == ".."; };
  auto parts = parts_of_path(written);
  if (auto whole = parts_of_path(description.content.base); !whole.empty()) {
    whole.insert(whole.end(), parts.begin(), parts.end());
    parts = std::move(whole);
  }
  std::erase_if(parts, is_up);
  for (auto folders = folders_below(place.root, description.file);; folders.pop_back()) {
    for (std::size_t first = 0; first < parts.size(); ++first) {
      auto name = folders;
      name.insert(name.end(), parts.begin() + static_cast<std::ptrdiff_t>(first), parts.end());
      if (std::string joined = joined_parts(name); fs::exists(place.root / joined, ignored)) return joined;
    }
    if (folders.empty()) return std::nullopt;
  }
}

/// Class names, from the lists that annotation tools write, else from the description.
Result<std::vector<std::string>> class_names(const Place& place, const YoloLayout& layout,
                                             const std::vector<Description>& descriptions, Records& result) {
  std::vector<fs::path> lists;
  std::error_code ignored;
  const auto add = [&](const fs::path& file) {
    if (fs::is_regular_file(file, ignored) && std::ranges::find(lists, file) == lists.end()) lists.push_back(file);
  };
  for (const Description& description : descriptions)
    if (!description.content.names_file.empty())
      if (const auto name = found_below(place, description, description.content.names_file)) add(place.root / *name);
  for (const char* name : {"classes.txt", "obj.names", "classes.names", "names.txt", "_darknet.labels"}) {
    add(place.root / name);
    for (const fs::path& file : layout.files())
      if (lower_case(file.filename().string()) == name && file.parent_path() != place.root) add(file);
    if (!place.annotations.empty()) add(place.annotations / name);
  }
  if (lists.empty())
    for (const fs::path& file : layout.files())
      if (file.extension() == ".names") add(file);
  std::vector<std::string> names;
  fs::path source;
  for (const fs::path& file : lists) {
    TRY(auto more, read_class_names(file));
    if (more.empty()) continue;
    result.label_files.push_back(file);
    if (names.empty()) {
      names = std::move(more);
      source = file;
    } else if (names != more) {
      return invalid(std::format("\"{}\" and \"{}\" list different classes", source.string(), file.string()),
                     "remove the wrong one: the numbers in the labels count along one list");
    }
  }
  for (const Description& description : descriptions) {
    if (description.content.names.empty()) continue;
    if (names.empty()) return description.content.names;
    if (names != description.content.names)
      return invalid(
          std::format("\"{}\" and \"{}\" list different classes", source.string(), description.file.string()),
          "remove the wrong one: the numbers in the labels count along one list");
  }
  return names;
}

/// Splits as the description says, and as the folders' names say where it is silent.
void set_splits(const Place& place, const std::vector<Label>& labels, const std::vector<Description>& descriptions,
                Records& result) {
  std::vector<std::vector<std::string>> folders;
  std::vector<fs::path> files;
  for (const Label& label : labels) {
    folders.push_back(label.folders);
    files.push_back(label.file);
  }
  std::map<std::string, Split> named;  // a folder, with "/" at its end
  std::error_code ignored;
  std::string sources;
  for (const Description& description : descriptions) {
    const std::string source = name_below(place.root, description.file);
    sources += (sources.empty() ? "" : ", ") + source;
    for (const YoloDescription::Part& part : description.content.parts) {
      const auto name = found_below(place, description, part.path);
      if (!name) {
        result.remarks.push_back(std::format("{} names \"{}\" for the {} split, which is not there", source,
                                             shown(part.path), to_text(part.split)));
        continue;
      }
      const bool is_folder = fs::is_directory(place.root / *name, ignored);
      const auto [known, is_new] = named.try_emplace(*name + (is_folder ? "/" : ""), part.split);
      if (!is_new && known->second != part.split)
        result.remarks.push_back(std::format("{} names \"{}\" for the {} split and for the {} split: it is {}", source,
                                             *name, to_text(known->second), to_text(part.split),
                                             known->second == Split::train ? "training" : to_text(known->second)));
      if (is_new && !is_folder)
        result.lists.push_back({part.split == Split::train        ? SplitName::train
                                : part.split == Split::validation ? SplitName::validation
                                                                  : SplitName::test,
                                place.root / *name});
    }
  }
  std::erase_if(named, [](const auto& entry) { return !entry.first.ends_with('/'); });
  if (named.empty() && !result.lists.empty()) {
    result.label_files.insert(result.label_files.end(), files.begin(), files.end());
    return;
  }
  if (named.empty()) {
    set_splits_by_folder(folders, files, result);
    return;
  }
  std::map<std::string, std::size_t> outside;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Record& record = result.records[i];
    std::size_t longest = 0;
    for (const auto& [folder, split] : named)
      if (record.image.starts_with(folder) && folder.size() > longest) record.split = split, longest = folder.size();
    for (const std::string& folder : labels[i].folders)
      if (!record.split) record.split = split_of_name(folder);
    if (record.split) {
      result.label_files.push_back(files[i]);
      continue;
    }
    ++outside[fs::path(record.image).parent_path().generic_string()];
    result.left_out.push_back({files[i], std::string(names_no_split)});
  }
  for (const auto& [folder, count] : outside)
    result.remarks.push_back(
        std::format("{} images of {}/ belong to no split: {} does not name it", count, folder, sources));
}

/// Why classes are called by their number.
std::string without_names(const Place& place, const YoloLayout& layout) {
  const auto is_list = [](const fs::path& file) { return is_class_list(file) || has_usual_name(file); };
  const auto first = std::ranges::find_if(layout.files(), is_list);
  return (first == layout.files().end() ? "no classes.txt, .names file or data.yaml"
                                        : name_below(place.root, *first) + " names no classes") +
         ": classes are called by their number";
}

Recognition recognise_yolo(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && !fs::is_directory(place.annotations, ignored))
    return is_description_file(place.annotations) ? Recognition::sure : Recognition::none;
  const YoloLayout layout(place);
  const auto first = layout.labels(true, nullptr);
  if (first.empty()) return Recognition::none;
  const bool is_among_labels =
      !place.annotations.empty() ||
      std::ranges::any_of(parts_of_path(name_below(place.root, first.front().file)), is_label_folder_name);
  const auto descriptions = find_descriptions(place, layout.files());
  if (is_among_labels || !descriptions || !descriptions->empty()) return Recognition::sure;
  // Labels beside pictures may be what is left of another tool in a set of another format.
  return Recognition::possible;
}

Result<Records> read_yolo(const Place& place) {
  const YoloLayout layout(place);
  Records result;
  TRY(const auto descriptions, find_descriptions(place, layout.files()));
  const auto labels = layout.labels(false, &result.left_out);
  if (labels.empty())
    return fail(ErrorCode::not_found, std::format("no folder \"labels\" lies in \"{}\"", place.root.string()),
                "name the folder of the .txt files in data.annotations");
  TRY(result.classes, class_names(place, layout, descriptions, result));
  for (const Description& description : descriptions) {
    result.label_files.push_back(description.file);
    // Lists of two tasks may use the same names: each means the pictures of its own folder first.
    if (descriptions.size() > 1) result.list_places.push_back(description.file.parent_path());
  }
  if (!result.list_places.empty()) result.list_places.push_back(place.root);
  std::unordered_set<std::string> labelled;
  for (const Label& label : labels) {
    TRY(const std::string text, read_text(label.file, std::size_t{1} << 26));
    Record record;
    TRY(record.boxes, parse_yolo(text, label.file.string(), result.classes));
    record.image = fs::path(label.image).is_absolute()
                       ? fs::path(label.image).lexically_relative(fs::absolute(place.root)).generic_string()
                       : label.image;
    record.is_relative = true;
    record.where = place_of(label.file.string(), {}, 0);
    labelled.insert(label.image);
    result.records.push_back(std::move(record));
  }
  set_splits(place, labels, descriptions, result);
  for (const std::string& name : layout.pictures().names())
    if (!labelled.contains(without_extension(name)))
      result.left_out.push_back({place.root / name, std::string(without_label)});
  if (result.classes.empty()) result.remarks.push_back(without_names(place, layout));
  result.folders = {place.root};
  return result;
}

}  // namespace

Format yolo_format() {
  return {
      .name = "yolo",
      .expects =
          "labels/*.txt with \"class cx cy w h\" lines, images/ and classes.txt, data.yaml or obj.data; or the .txt "
          "files beside the pictures",
      .rank = 30,
      .recognise = recognise_yolo,
      .read = read_yolo,
      .other_reading = other_reading_of_yolo};
}

}  // namespace edgewise::data
