#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/file.hpp"
#include "base/random.hpp"
#include "data/split_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// A number in [0, 1) that belongs to (seed, name).
double position_of(std::uint64_t seed, const std::string& name) {
  return static_cast<double>(stable_hash(std::format("{}/{}", seed, name)) >> 11) * 0x1.0p-53;
}

/// Finds records by what a list calls them: a path below the data folder, one of another machine, a name or a stem.
class Names {
 public:
  Names(const Place& place, const Records& records) : place_(place), records_(records) {
    for (std::size_t i = 0; i < records.records.size(); ++i) {
      const Record& record = records.records[i];
      for (const std::string* name : {&record.image, &record.other_image}) {
        if (name->empty()) continue;
        const auto parts = parts_of_path(*name);
        if (parts.empty()) continue;
        const std::string stem = stem_of(parts.back());
        add(by_stem_[stem], i);
        if (parts.size() == 1)
          add(without_folder_[stem], i);
        else
          add(by_folder_[parts[parts.size() - 2] + "/" + stem], i);
      }
    }
  }
  struct Found {
    std::optional<std::size_t> record;
    std::optional<std::size_t> other;  ///< as good as `record`: the name could be both
  };

  /// A line that names a folder means that folder. The end of the path counts, because what comes before it may be
  /// another machine's: "data/obj_train_data/x.png", "/content/set/images/x.jpg".
  [[nodiscard]] Found find(std::string_view written) const {
    const auto line = parts_of_path(written);
    if (line.empty()) return {};
    // A stem may be that of a picture in each of a thousand folders: with a folder in the line few are looked at.
    const std::string stem = stem_of(line.back());
    std::vector<std::size_t> known;
    const auto consider = [&](const Index& index, const std::string& key) {
      if (const auto it = index.find(key); it != index.end()) known.insert(known.end(), it->second.begin(), it->second.end());
    };
    if (line.size() == 1) {
      consider(by_stem_, stem);
    } else {
      consider(by_folder_, line[line.size() - 2] + "/" + stem);
      consider(without_folder_, stem);
    }
    // A second name is what an annotation says of itself, which may be stale: the first counts where one is known.
    Found found = best_of(line, known, &Record::image);
    return found.record ? found : best_of(line, known, &Record::other_image);
  }

 private:
  using Index = std::unordered_map<std::string, std::vector<std::size_t>>;

  /// How well a line and a name agree, the better the greater.
  struct Match {
    bool is_exact_name = false;  ///< the file's name as written, not its stem alone
    bool is_whole = false;       ///< both are the same from their beginning
    std::size_t parts = 0;       ///< that agree, from the end
    auto operator<=>(const Match&) const = default;
  };

  [[nodiscard]] Found best_of(const std::vector<std::string>& line, const std::vector<std::size_t>& candidates,
                              std::string Record::*name) const {
    Found found;
    Match best;
    for (const std::size_t i : candidates) {
      const Record& record = records_.records[i];
      const Match match = match_of(line, parts_of_path(record.*name));
      if (match == Match{} || means_another_file(line, match, record)) continue;
      if (match > best) {
        best = match;
        found = {i, {}};
      } else if (match == best && found.record != i && !found.other) {
        found.other = i;
      }
    }
    return found;
  }

  static void add(std::vector<std::size_t>& records, std::size_t record) {
    if (records.empty() || records.back() != record) records.push_back(record);
  }
  static std::string stem_of(const std::string& name) { return has_image_extension(name) ? without_extension(name) : name; }

  static Match match_of(const std::vector<std::string>& line, const std::vector<std::string>& name) {
    if (name.empty()) return {};
    Match match;
    match.is_exact_name = line.back() == name.back();
    if (!match.is_exact_name && stem_of(line.back()) != stem_of(name.back())) return {};
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

  /// Whether the line leads to another file than the record's picture: one that is there, or one in another folder.
  [[nodiscard]] bool means_another_file(const std::vector<std::string>& line, const Match& match,
                                        const Record& record) const {
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
  [[nodiscard]] std::optional<fs::path> file_of(const Record& record) const {
    std::error_code ignored;
    std::vector<fs::path> folders = records_.folders;
    if (!place_.spec.images.empty()) folders.insert(folders.begin(), resolved(place_.root, place_.spec.images));
    for (const std::string* name : {&record.image, &record.other_image}) {
      if (name->empty()) continue;
      for (const fs::path& folder : folders) {
        const fs::path path = (folder / *name).lexically_normal();
        if (has_image_extension(path) && fs::is_regular_file(path, ignored)) return path;
        for (const char* extension : {".jpg", ".jpeg", ".png", ".JPG", ".bmp", ".webp", ".JPEG", ".PNG"})
          if (const fs::path with = path.string() + extension; fs::is_regular_file(with, ignored)) return with;
      }
    }
    return std::nullopt;
  }

  const Place& place_;
  const Records& records_;
  Index by_stem_, by_folder_, without_folder_;
};

/// What the lists say so far.
class ListReader {
 public:
  ListReader(const Place& place, const Records& records, Splits& splits)
      : place_(place), records_(records), names_(place, records), listed_at_(records.records.size()),
        listed_in_(records.records.size()), splits_(splits) {
    for (const LeftOut& picture : records.left_out)
      if (has_image_extension(picture.file)) without_record_.insert(name_below(place.root, picture.file));
  }

  /// Whether a line of `file` names one of the images: other texts may be called "test.txt".
  [[nodiscard]] bool names_any(const fs::path& file) const {
    const auto text = read_file(file);
    if (!text) return true;  // reading it gives the reason
    Lines lines(*text, file.string());
    for (int count = 0; count < 1000; ++count) {
      const auto line = lines.next();
      if (!line || !*line) return false;
      std::string_view name, label;
      if (const auto found = find(trimmed(**line), name, label); found.record) return true;
    }
    return false;
  }

  /// @param is_joined  the list holds training and validation: an image of another list stays there
  Status read(const fs::path& file, Split split, bool is_joined) {
    TRY(const std::string text, read_file(file));
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
      const auto found = find(content, name, label);
      if (found.other)
        return invalid(std::format("\"{}\" could be \"{}\" or \"{}\"", shown(name),
                                   shown(records_.records[*found.record].image),
                                   shown(records_.records[*found.other].image)),
                       "write its path below the data folder", lines.where());
      if (!found.record) {
        if (is_without_record(content)) {
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
        return invalid(
            std::format("\"{}\" is listed a second time, first at {}", shown(name), listed_at_[i]),
            "leave each image in one list, once", lines.where());
      splits_.of[i] = split;
      splits_.labels[i] = label;
      listed_at_[i] = lines.where();
      listed_in_[i] = file;
    }
    if (used == 0 && first_at) return unknown(*first_unlabelled, *first_at);
    return {};
  }
  [[nodiscard]] std::size_t unlabelled() const { return unlabelled_; }

 private:
  /// The record of a line, which may end with a label: `name` and `label` are its parts.
  [[nodiscard]] Names::Found find(std::string_view content, std::string_view& name, std::string_view& label) const {
    name = content;
    label = {};
    auto found = names_.find(name);
    if (found.record) return found;
    const std::size_t blank = content.find_last_of(" \t,");
    if (blank == std::string_view::npos) return found;
    name = content.substr(0, blank);
    while (!name.empty() && (name.back() == ',' || name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    label = content.substr(blank + 1);
    return names_.find(name);
  }
  [[nodiscard]] bool is_without_record(std::string_view content) const {
    const auto parts = parts_of_path(content);
    for (std::size_t first = 0; first < parts.size(); ++first)
      if (without_record_.contains(joined_parts(parts, first))) return true;
    return false;
  }
  [[nodiscard]] std::unexpected<Error> unknown(std::string_view name, const std::string& where) const {
    return fail(ErrorCode::not_found,
                std::format("\"{}\" is not among the {} labelled images", shown(name), records_.records.size()),
                "correct the name or remove the line", where);
  }

  const Place& place_;
  const Records& records_;
  Names names_;
  std::vector<std::string> listed_at_;  ///< by record
  std::vector<fs::path> listed_in_;
  std::unordered_set<std::string> without_record_;  ///< pictures that are there and have no labels
  std::size_t unlabelled_ = 0;
  Splits& splits_;
};

/// Lists that lie where they usually do, by what their names say.
struct UsualLists {
  std::vector<SplitList> used;
  std::vector<fs::path> unused;
};

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

/// Of all places where they may lie. The first folder with lists is used, for each of `bases`.
UsualLists usual_lists(const Place& place, const std::vector<fs::path>& bases) {
  UsualLists lists;
  std::error_code ignored;
  for (const fs::path& base : bases.empty() ? std::vector<fs::path>{place.root} : bases) {
    std::vector<fs::path> folders{base, base / "ImageSets" / "Main", base / "ImageSets"};
    for (const fs::path& entry : entries(base / "ImageSets"))
      if (fs::is_directory(entry, ignored) && entry.filename() != "Main") folders.push_back(entry);
    for (const char* name : {"lists", "splits", "meta"}) folders.push_back(base / name);
    bool is_found = false;
    for (const fs::path& folder : folders) {
      const UsualLists here = lists_in(folder);
      lists.unused.insert(lists.unused.end(), here.unused.begin(), here.unused.end());
      for (const SplitList& list : here.used)
        if (is_found)
          lists.unused.push_back(list.file);
        else
          lists.used.push_back(list);
      is_found = is_found || !here.used.empty();
    }
  }
  return lists;
}

std::string names_of(const Place& place, const std::vector<fs::path>& files) {
  std::string text;
  constexpr std::size_t most = 4;
  for (std::size_t i = 0; i < std::min(files.size(), most); ++i)
    text += (i > 0 ? ", " : "") + name_below(place.root, files[i]);
  if (files.size() > most) text += std::format(" and {} more", files.size() - most);
  return text;
}

/// Whoever names groups relies on them: a group in two splits is an error.
Status check_groups(const Records& records, const Splits& splits) {
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    const Record& record = records.records[i];
    if (record.group.empty() || !splits.of[i]) continue;
    const auto [it, is_new] = first.try_emplace(record.group, i);
    if (!is_new && splits.of[it->second] != splits.of[i])
      return invalid(std::format("group \"{}\" is in two splits: \"{}\" in {}, \"{}\" in {}", shown(record.group),
                                 shown(records.records[it->second].image), to_text(*splits.of[it->second]),
                                 shown(record.image), to_text(*splits.of[i])),
                     "move all images of a group into one split", record.where);
  }
  return {};
}

}  // namespace

std::string split_key(const Record& record) {
  return record.group.empty() ? "image/" + fs::path(record.image).lexically_normal().generic_string()
                              : "group/" + record.group;
}

Split hashed_split(std::uint64_t seed, const std::string& name, double validation_share, double test_share) {
  const double position = position_of(seed, name);
  if (position < validation_share) return Split::validation;
  return position < validation_share + test_share ? Split::test : Split::train;
}

std::vector<Split> hashed_splits(std::uint64_t seed, const std::vector<std::string>& names, double validation_share,
                                 double test_share) {
  std::vector<Split> splits;
  for (const std::string& name : names) splits.push_back(hashed_split(seed, name, validation_share, test_share));
  const std::unordered_set<std::string> different(names.begin(), names.end());
  if (different.size() < 2) return splits;
  for (const Split needed : {Split::validation, Split::train}) {
    if (std::ranges::find(splits, needed) != splits.end()) continue;
    // Validation lies at the low positions, training at the high ones.
    const auto by_position = [&](const std::string& a, const std::string& b) {
      return position_of(seed, a) < position_of(seed, b);
    };
    const std::string nearest = needed == Split::validation ? *std::ranges::min_element(names, by_position)
                                                            : *std::ranges::max_element(names, by_position);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == nearest) splits[i] = needed;
  }
  return splits;
}

namespace {

/// The lists that data.splits names.
Result<std::vector<SplitList>> lists_of_spec(const Place& place) {
  std::vector<SplitList> lists;
  for (const auto& [name, file] : place.spec.splits) {
    const auto split = split_name_of(name);
    if (!split) {
      const std::string nearest = nearest_word(name, {"train", "validation", "test"});
      return invalid(std::format("split \"{}\" is not one of \"train\", \"validation\" or \"test\"", shown(name)),
                     nearest.empty() ? "correct data.splits" : std::format("did you mean \"{}\"?", nearest));
    }
    if (std::ranges::find(lists, *split, &SplitList::split) != lists.end())
      return invalid(std::format("the {} split is given twice", to_text(*split_of_name(name))), "leave one of them");
    lists.push_back({*split, resolved(place.root, file)});
    std::error_code ignored;
    if (!fs::is_regular_file(lists.back().file, ignored))
      return fail(ErrorCode::not_found,
                  std::format("the {} list \"{}\" does not exist", to_text(*split_of_name(name)), file),
                  std::format("check data.splits; it is looked for in \"{}\"", place.root.string()));
  }
  return lists;
}

/// Reads all lists into `splits`.
Status assign_by_lists(const Place& place, std::vector<SplitList> lists, Splits& splits, ListReader& reader) {
  const auto has = [&](SplitName name) { return std::ranges::find(lists, name, &SplitList::split) != lists.end(); };
  const bool has_train = has(SplitName::train), has_validation = has(SplitName::validation),
             has_joined = has(SplitName::train_and_validation);
  // What joins two splits comes last: the other lists have said by then what is theirs.
  const auto rank = [](const SplitList& list) { return list.split == SplitName::train_and_validation ? 1 : 0; };
  std::ranges::stable_sort(lists, {}, rank);
  for (const SplitList& list : lists) {
    switch (list.split) {
      case SplitName::train:
        TRY_DO(reader.read(list.file, Split::train, false));
        break;
      case SplitName::validation:
        TRY_DO(reader.read(list.file, Split::validation, false));
        break;
      case SplitName::test:
        TRY_DO(reader.read(list.file, Split::test, false));
        break;
      case SplitName::train_and_validation:
        TRY_DO(reader.read(list.file, has_train && !has_validation ? Split::validation : Split::train, true));
        break;
    }
  }
  if (!has_train && !has_joined) {
    for (auto& split : splits.of)
      if (!split) split = Split::train;
    splits.remarks.push_back("no training list is given: all images in no list are for training");
  }
  const bool has_other = has_validation || (has_train && has_joined);
  if (!has_other && std::ranges::find(splits.of, Split::validation) == splits.of.end())
    splits.undecided = Undecided::validation;
  const auto left_out = std::ranges::count_if(splits.of, [](const auto& s) { return !s.has_value(); });
  if (left_out > 0) splits.remarks.push_back(std::format("{} labelled images are in no list", left_out));
  if (reader.unlabelled() > 0)
    splits.remarks.push_back(std::format("{} lines of the lists name images without labels", reader.unlabelled()));
  const auto labelled = std::ranges::count_if(splits.labels, [](const std::string& s) { return !s.empty(); });
  const auto listed = std::ranges::count_if(splits.of, [](const auto& s) { return s.has_value(); });
  if (labelled == 0)
    splits.labels.clear();
  else if (labelled != listed && place.task == Task::classification)
    return invalid(std::format("{} of {} lines of the lists have a label", labelled, listed), "label all lines or none",
                   lists.front().file.string());
  return {};
}

}  // namespace

Result<Splits> assign_splits(const Place& place, const Records& records) {
  const std::size_t count = records.records.size();
  Splits splits;
  splits.of.resize(count);
  splits.labels.resize(count);
  TRY(std::vector<SplitList> lists, lists_of_spec(place));
  const bool is_explicit = !lists.empty();
  if (lists.empty()) lists = records.lists;
  const bool is_described = !lists.empty();
  // Training alone is what a set has that was not split.
  const bool is_recorded = std::ranges::any_of(records.records, [](const Record& r) { return r.split.has_value(); });
  const bool is_split = std::ranges::any_of(
      records.records, [](const Record& r) { return r.split && *r.split != Split::train; });
  ListReader reader(place, records, splits);
  UsualLists usual;
  if (!is_explicit) {
    usual = usual_lists(place, records.list_places);
    const auto is_any = [&](const SplitList& list) { return reader.names_any(list.file); };
    const bool are_used =
        !is_described && !is_split && std::ranges::any_of(usual.used, is_any);
    if (are_used) {
      const auto has = [&](SplitName name) {
        return std::ranges::find(usual.used, name, &SplitList::split) != usual.used.end();
      };
      const bool is_repeated = has(SplitName::train) && has(SplitName::validation);
      std::vector<fs::path> files;
      for (const SplitList& list : usual.used)
        if (!is_repeated || list.split != SplitName::train_and_validation) {
          lists.push_back(list);
          files.push_back(list.file);
        }
      splits.remarks.push_back("split by the lists found beside the data: " + names_of(place, files));
    }
    std::vector<fs::path> unused = usual.unused;
    for (const SplitList& list : usual.used)
      if (std::ranges::find(lists, list.file, &SplitList::file) == lists.end()) unused.push_back(list.file);
    std::erase_if(unused, [&](const fs::path& file) {
      return std::ranges::find(records.label_files, file) != records.label_files.end();
    });
    const std::string reason = are_used                    ? "another list is used"
                               : is_described || is_split  ? "the labels say the splits"
                                                           : "it names none of the images";
    if (!unused.empty())
      splits.remarks.push_back(
          std::format("lists found and not used: {} ({})", names_of(place, unused), reason));
  }
  if (!lists.empty()) {
    // Parts that the description names as folders are split already.
    if (is_described && !is_explicit)
      for (std::size_t i = 0; i < count; ++i) splits.of[i] = records.records[i].split;
    TRY_DO(assign_by_lists(place, lists, splits, reader));
  } else if (is_recorded) {
    for (std::size_t i = 0; i < count; ++i) splits.of[i] = records.records[i].split;
    if (std::ranges::find(splits.of, Split::validation) == splits.of.end()) splits.undecided = Undecided::validation;
    splits.labels.clear();
  } else {
    splits.of.assign(count, Split::train);
    splits.undecided = Undecided::all;
    splits.labels.clear();
  }
  TRY_DO(check_groups(records, splits));
  return splits;
}

}  // namespace edgewise::data
