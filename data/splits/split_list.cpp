#include <algorithm>
#include <format>
#include <map>

#include "base/encoding.hpp"
#include "data/splits/split_list_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

std::string listed_stem(const std::string& name) {
  return has_image_extension(name) ? without_extension(name) : name;
}

void add(std::vector<std::size_t>& records, std::size_t record) {
  if (records.empty() || records.back() != record) records.push_back(record);
}

}  // namespace

std::string base_of(const Place& place, const Records& records, const fs::path& list) {
  std::string longest;
  if (records.list_places.size() < 2) return longest;
  for (const fs::path& folder : records.list_places) {
    std::string name = name_below(place.root, folder);
    if (name_below(folder, list) != list.generic_string() && name.size() > longest.size()) longest = std::move(name);
  }
  return longest;
}

bool is_of_base(const Record& record, const std::string& base) {
  return base.empty() ||
         (record.image.starts_with(base) && record.image.size() > base.size() && record.image[base.size()] == '/');
}

Names::Names(const Place& place, const Records& records) : place_(place), records_(records) {
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    const Record& record = records.records[i];
    for (const std::string* name : {&record.image, &record.other_image}) {
      if (name->empty()) continue;
      const auto parts = parts_of_path(*name);
      if (parts.empty()) continue;
      const std::string stem = listed_stem(parts.back());
      add(by_stem_[stem], i);
      if (parts.size() == 1)
        add(without_folder_[stem], i);
      else
        add(by_folder_[parts[parts.size() - 2] + "/" + stem], i);
    }
  }
}

Names::Found Names::find(std::string_view written, const std::string& base) const {
  const auto line = parts_of_path(written);
  if (line.empty()) return {};
  // A stem may be that of a picture in each of a thousand folders: with a folder in the line few are looked at.
  const std::string stem = listed_stem(line.back());
  std::vector<std::size_t> known;
  const auto consider = [&](const Index& index, const std::string& key) {
    if (const auto it = index.find(key); it != index.end())
      known.insert(known.end(), it->second.begin(), it->second.end());
  };
  if (line.size() == 1) {
    consider(by_stem_, stem);
  } else {
    consider(by_folder_, line[line.size() - 2] + "/" + stem);
    consider(without_folder_, stem);
  }
  // A second name is what an annotation says of itself, which may be stale: the first counts where one is known.
  Found found = best_of(line, known, &Record::image, base);
  return found.record ? found : best_of(line, known, &Record::other_image, base);
}

Names::Match Names::match_of(const Path& line, const Path& name) {
  if (name.empty()) return {};
  Match match;
  match.is_exact_name = line.back() == name.back();
  if (!match.is_exact_name && listed_stem(line.back()) != listed_stem(name.back())) return {};
  match.parts = 1;
  while (match.parts < std::min(line.size(), name.size()) &&
         line[line.size() - 1 - match.parts] == name[name.size() - 1 - match.parts])
    ++match.parts;
  match.is_whole = match.parts == line.size() && match.parts == name.size();
  // Neither ends where they part: two folders, and only the file's name is the same.
  const bool is_end_of_other = match.parts == line.size() || match.parts == name.size();
  if (!is_end_of_other && match.parts == 1) return {};
  // A name without an extension cannot contradict one.
  if (!has_image_extension(line.back()) || !has_image_extension(name.back())) match.is_exact_name = true;
  return match;
}

Names::Found Names::best_of(const Path& line, const std::vector<std::size_t>& candidates, std::string Record::* name,
                            const std::string& base) const {
  Found found;
  Match best;
  for (const std::size_t i : candidates) {
    const Record& record = records_.records[i];
    Match match = match_of(line, parts_of_path(record.*name));
    if (match == Match{} || means_another_file(line, match, record)) continue;
    match.is_in_base = !base.empty() && is_of_base(record, base);
    if (match > best) {
      best = match;
      found = {i, {}};
    } else if (match == best && found.record != i && !found.other) {
      found.other = i;
    }
  }
  return found;
}

bool Names::means_another_file(const Path& line, const Match& match, const Record& record) const {
  if (match.is_whole) return false;
  const auto own = file_of(record);
  if (!own) return false;
  // The labels may leave out the picture's folder, which the line has.
  if (match.parts < line.size() && match_of(line, parts_of_path(name_below(place_.root, *own))) == Match{}) return true;
  std::error_code ignored;
  std::vector<fs::path> folders = records_.folders;
  folders.push_back(place_.root);
  for (std::size_t first = 0; first < line.size() && has_image_extension(line.back()); ++first) {
    bool is_there = false;
    for (const fs::path& folder : folders) {
      const fs::path path = (folder / joined_parts(line, first)).lexically_normal();
      if (path == *own) return false;
      is_there = is_there || fs::is_regular_file(path, ignored);
    }
    if (is_there) return true;
  }
  return false;
}

std::optional<fs::path> Names::file_of(const Record& record) const {
  std::error_code ignored;
  std::vector<fs::path> folders = records_.folders;
  if (!place_.spec.images.empty()) folders.insert(folders.begin(), resolved(place_.root, place_.spec.images));
  // The exact name that an annotation states comes before a stem, which several files may share.
  const fs::path image = record.image, other = record.other_image;
  for (const fs::path& name : {image.parent_path() / other, other, image})
    for (const fs::path& folder : folders)
      if (const fs::path path = (folder / name).lexically_normal();
          has_image_extension(path) && fs::is_regular_file(path, ignored))
        return path;
  for (const fs::path& name : {image, other})
    for (const fs::path& folder : folders)
      for (const char* extension : {".jpg", ".jpeg", ".png", ".JPG", ".bmp", ".webp", ".JPEG", ".PNG", ".jfif", ".tif"})
        if (const fs::path with = (folder / name).lexically_normal().string() + extension;
            !name.empty() && fs::is_regular_file(with, ignored))
          return with;
  return std::nullopt;
}

ListReader::ListReader(const Place& place, const Records& records, Splits& splits)
    : records_(records),
      names_(place, records),
      listed_at_(records.records.size()),
      listed_in_(records.records.size()),
      place_(place),
      splits_(splits) {
  for (const LeftOut& picture : records.left_out)
    if (has_image_extension(picture.file)) without_record_.insert(name_below(place.root, picture.file));
}

bool ListReader::names_any(const fs::path& file) const {
  const auto text = read_text(file);
  if (!text) return true;  // reading it gives the reason
  Lines lines(*text, file.string());
  for (int count = 0; count < 1000; ++count) {
    const auto line = lines.next();
    if (!line || !*line) return false;
    std::string_view name, label;
    if (const auto found = find(trimmed(**line), {}, name, label); found.record) return true;
  }
  return false;
}

Status ListReader::read(const SplitList& list, Split split, bool is_joined) {
  const fs::path& file = list.file;
  const std::string base = base_of(place_, records_, file);
  TRY(const std::string text, read_text(file));
  splits_.lists.push_back(file);
  Lines lines(text, file.string());
  std::size_t used = 0;
  std::optional<std::string> first_unlabelled, first_at;
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) break;
    const std::string_view content = trimmed(*line);
    if (content.empty() || content.front() == '#') continue;
    std::string_view name, label;
    const auto found = find(content, base, name, label);
    if (found.other)
      return invalid(
          std::format("\"{}\" could be \"{}\" or \"{}\"", shown(name), shown(records_.records[*found.record].image),
                      shown(records_.records[*found.other].image)),
          "write its path below the data folder", lines.where());
    if (!found.record) {
      if (is_without_record(content) || is_without_record(name)) {
        ++unlabelled_;
        if (!first_at) first_unlabelled = std::string(content), first_at = lines.where();
        continue;
      }
      return unknown(content, lines.where());
    }
    const std::size_t i = *found.record;
    ++used;
    const bool is_listed = !listed_at_[i].empty();
    if (splits_.of[i] && is_joined && listed_in_[i] != file) continue;
    if (is_listed && listed_in_[i] != file && splits_.of[i] == split) continue;  // "val.txt" and "val2017.txt"
    if (splits_.of[i] && is_listed)
      return invalid(std::format("\"{}\" is listed a second time, first at {}", shown(name), listed_at_[i]),
                     "leave each image in one list, once", lines.where());
    splits_.of[i] = split;
    splits_.labels[i] = label;
    listed_at_[i] = lines.where();
    listed_in_[i] = file;
  }
  if (used == 0 && first_at) return unknown(*first_unlabelled, *first_at);
  return {};
}

Names::Found ListReader::find(std::string_view content, const std::string& base, std::string_view& name,
                              std::string_view& label) const {
  name = content;
  label = {};
  auto found = names_.find(name, base);
  if (found.record) return found;
  const std::size_t blank = content.find_last_of(" \t,");
  if (blank == std::string_view::npos) return found;
  name = content.substr(0, blank);
  while (!name.empty() && (name.back() == ',' || name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  label = content.substr(blank + 1);
  return names_.find(name, base);
}

bool ListReader::is_without_record(std::string_view name) const {
  const auto parts = parts_of_path(name);
  for (std::size_t first = 0; first < parts.size(); ++first)
    if (without_record_.contains(joined_parts(parts, first))) return true;
  return false;
}

std::unexpected<Error> ListReader::unknown(std::string_view name, const std::string& where) const {
  return fail(ErrorCode::not_found,
              std::format("\"{}\" is not among the {} labelled images", shown(name), records_.records.size()),
              "correct the name or remove the line", where);
}

namespace {

/// The lists of one folder. Beside "train.txt" there are often lists of single classes ("cat_train.txt"): lists whose
/// names have no other word come first; else those with the same other word are one set, if there is one only.
UsualLists lists_in(const fs::path& folder) {
  std::map<std::string, std::vector<SplitList>> by_rest;
  UsualLists lists;
  std::error_code ignored;
  for (const fs::path& file : entries(folder)) {
    if (lower_case(file.extension().string()) != ".txt" || !fs::is_regular_file(file, ignored)) continue;
    const std::string stem = file.stem().string();
    if (const auto split = split_name_of(stem)) by_rest[rest_of_name(stem)].push_back({*split, file});
  }
  if (by_rest.contains(""))
    lists.used = by_rest[""];
  else if (by_rest.size() == 1)
    lists.used = by_rest.begin()->second;
  std::ranges::stable_sort(lists.used, {}, &SplitList::split);
  for (const auto& [rest, files] : by_rest)
    for (const SplitList& list : files)
      if (std::ranges::find(lists.used, list.file, &SplitList::file) == lists.used.end())
        lists.unused.push_back(list.file);
  return lists;
}

}  // namespace

UsualLists usual_lists(const Place& place, const std::vector<fs::path>& bases) {
  UsualLists lists;
  std::error_code ignored;
  const auto has_training = [](const UsualLists& here) {
    return std::ranges::any_of(here.used, [](const SplitList& list) {
      return list.split == SplitName::train || list.split == SplitName::train_and_validation;
    });
  };
  for (const fs::path& base : bases.empty() ? std::vector<fs::path>{place.root} : bases) {
    std::vector<fs::path> folders{base, base / "ImageSets" / "Main", base / "ImageSets"};
    for (const fs::path& entry : entries(base / "ImageSets"))
      if (fs::is_directory(entry, ignored) && entry.filename() != "Main") folders.push_back(entry);
    for (const char* name : {"lists", "splits", "meta"}) folders.push_back(base / name);
    std::vector<UsualLists> found;
    for (const fs::path& folder : folders) found.push_back(lists_in(folder));
    auto chosen = std::ranges::find_if(found, has_training);
    if (chosen == found.end())
      chosen = std::ranges::find_if(found, [](const UsualLists& here) { return !here.used.empty(); });
    for (auto here = found.begin(); here != found.end(); ++here) {
      lists.unused.insert(lists.unused.end(), here->unused.begin(), here->unused.end());
      for (const SplitList& list : here->used)
        if (here == chosen)
          lists.used.push_back(list);
        else
          lists.unused.push_back(list.file);
    }
  }
  return lists;
}

}  // namespace edgewise::data
