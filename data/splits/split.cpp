#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/random.hpp"
#include "data/splits/split_internal.hpp"
#include "data/splits/split_list_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// A number in [0, 1) that belongs to (seed, name).
double position_of(std::uint64_t seed, const std::string& name) {
  return static_cast<double>(stable_hash(std::format("{}/{}", seed, name)) >> 11) * 0x1.0p-53;
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

/// The part of the set that a list is of; those that the user names are of all of it.
std::string part_of(const Place& place, const Records& records, const SplitList& list) {
  return place.spec.splits.empty() ? base_of(place, records, list.file) : std::string();
}

/// Which lists there are, by the part of the set that they are of: VOC2007 may have "trainval" and VOC2012 "train".
using ListsOfParts = std::map<std::string, std::set<SplitName>>;
ListsOfParts lists_of_parts(const Place& place, const Records& records, const std::vector<SplitList>& lists) {
  ListsOfParts parts;
  for (const SplitList& list : lists) parts[part_of(place, records, list)].insert(list.split);
  return parts;
}
bool has_both(const std::set<SplitName>& part) {
  return part.contains(SplitName::train) && part.contains(SplitName::validation);
}

/// Reads all lists into `splits`.
Status assign_by_lists(const Place& place, const Records& records, std::vector<SplitList> lists, Splits& splits,
                       ListReader& reader) {
  const ListsOfParts parts = lists_of_parts(place, records, lists);
  // What joins two splits comes last: the other lists have said by then what is theirs.
  const auto rank = [](const SplitList& list) { return list.split == SplitName::train_and_validation ? 1 : 0; };
  std::ranges::stable_sort(lists, {}, rank);
  for (const SplitList& list : lists) {
    switch (list.split) {
      case SplitName::train:
        TRY_DO(reader.read(list, Split::train, false));
        break;
      case SplitName::validation:
        TRY_DO(reader.read(list, Split::validation, false));
        break;
      case SplitName::test:
        TRY_DO(reader.read(list, Split::test, false));
        break;
      case SplitName::train_and_validation: {
        const auto& part = parts.at(part_of(place, records, list));
        const bool is_validation = part.contains(SplitName::train) && !has_both(part);
        TRY_DO(reader.read(list, is_validation ? Split::validation : Split::train, true));
        break;
      }
    }
  }
  bool has_other = false;
  for (const auto& [base, part] : parts) {
    const bool has_train = part.contains(SplitName::train), has_joined = part.contains(SplitName::train_and_validation);
    has_other = has_other || part.contains(SplitName::validation) || (has_train && has_joined);
    if (has_train || has_joined) continue;
    for (std::size_t i = 0; i < splits.of.size(); ++i)
      if (!splits.of[i] && is_of_base(records.records[i], base)) splits.of[i] = Split::train;
    splits.remarks.push_back(std::format("no training list is given{}: all images in no list are for training",
                                         base.empty() ? "" : " for " + base));
  }
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
  else if (labelled != listed && place.wants == task::Wants::label)
    return invalid(std::format("{} of {} lines of the lists have a label", labelled, listed), "label all lines or none",
                   lists.front().file.string());
  return {};
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

/// Says which lists are not used: the usual ones for `reason`, and others whose names tell a split, wherever they lie.
/// @param is_decided  whether other lists or the labels say the splits, so that `reason` holds for all
void say_unused_lists(const Place& place, const Records& records, const std::vector<SplitList>& lists,
                      const UsualLists& usual, bool is_decided, const std::string& reason, const ListReader& reader,
                      std::vector<std::string>& remarks) {
  std::set<fs::path> known(records.label_files.begin(), records.label_files.end());
  for (const SplitList& list : lists) known.insert(list.file);
  std::set<fs::path> left_out;
  for (const LeftOut& left : records.left_out) left_out.insert(left.file);
  std::map<std::string, std::vector<fs::path>> unused;
  const auto add = [&](const fs::path& file, const std::string& why) {
    if (known.insert(file).second) unused[why].push_back(file);
  };
  for (const fs::path& file : usual.unused) add(file, reason);
  for (const SplitList& list : usual.used) add(list.file, reason);
  for (const fs::path& file : place.files.empty() ? files_below(place.root) : place.files) {
    if (lower_case(file.extension().string()) != ".txt" || is_note(file) || known.contains(file)) continue;
    const std::string stem = file.stem().string();
    if (!split_name_of(stem)) continue;
    if (reader.names_any(file))
      add(file, is_decided ? reason : "it is at no usual place: name it in data.splits");
    else if (rest_of_name(stem).empty() && !left_out.contains(file) && !has_digit(stem))
      add(file, "it names none of the images");
  }
  for (const auto& [why, files] : unused)
    remarks.push_back(std::format("lists found and not used: {} ({})", names_of(place, files), why));
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
  const bool is_split =
      std::ranges::any_of(records.records, [](const Record& r) { return r.split && *r.split != Split::train; });
  ListReader reader(place, records, splits);
  UsualLists usual;
  if (!is_explicit) {
    usual = usual_lists(place, records.list_places);
    const auto is_any = [&](const SplitList& list) { return reader.names_any(list.file); };
    const bool are_used = !is_described && !is_split && std::ranges::any_of(usual.used, is_any);
    if (are_used) {
      const ListsOfParts parts = lists_of_parts(place, records, usual.used);
      std::vector<fs::path> files;
      for (const SplitList& list : usual.used)
        if (!has_both(parts.at(part_of(place, records, list))) || list.split != SplitName::train_and_validation) {
          lists.push_back(list);
          files.push_back(list.file);
        }
      splits.remarks.push_back("split by the lists found beside the data: " + names_of(place, files));
    }
    const std::string reason = are_used                   ? "another list is used"
                               : is_described || is_split ? "the labels say the splits"
                                                          : "it names none of the images";
    const bool is_decided = are_used || is_described || is_split;
    say_unused_lists(place, records, lists, usual, is_decided, reason, reader, splits.remarks);
  }
  if (!lists.empty()) {
    // Parts that the description names as folders are split already.
    if (is_described && !is_explicit)
      for (std::size_t i = 0; i < count; ++i) splits.of[i] = records.records[i].split;
    TRY_DO(assign_by_lists(place, records, lists, splits, reader));
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
