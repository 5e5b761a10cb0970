#include <algorithm>
#include <array>
#include <format>
#include <unordered_map>
#include <unordered_set>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "data/split_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// A number in [0, 1) that belongs to (seed, name).
double position_of(std::uint64_t seed, const std::string& name) {
  return static_cast<double>(stable_hash(std::format("{}/{}", seed, name)) >> 11) * 0x1.0p-53;
}

/// Finds records by path, by file name, or by stem.
class Names {
 public:
  explicit Names(const std::vector<Record>& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      const fs::path path = normal(records[i].image);
      add(path.generic_string(), i);
      add(path.filename().string(), i);
      if (has_image_extension(path)) {
        add((path.parent_path() / path.stem()).generic_string(), i);
        add(path.stem().string(), i);
      }
    }
  }
  struct Found {
    std::optional<std::size_t> record;
    bool is_ambiguous = false;
  };
  [[nodiscard]] Found find(std::string_view written) const {
    const fs::path path = normal(written);
    // The most exact name first: a stem may be shared by several folders.
    const std::array names{path.generic_string(), path.filename().string(), path.stem().string()};
    const std::size_t count = has_image_extension(path) ? 3 : 2;
    for (std::size_t k = 0; k < count; ++k)
      if (const auto it = index_.find(names[k]); it != index_.end())
        return it->second == several ? Found{{}, true} : Found{it->second, false};
    return {};
  }

 private:
  static constexpr std::size_t several = SIZE_MAX;
  static fs::path normal(std::string_view written) { return fs::path(written).lexically_normal(); }
  void add(const std::string& name, std::size_t record) {
    const auto [it, is_new] = index_.try_emplace(name, record);
    if (!is_new && it->second != record) it->second = several;
  }
  std::unordered_map<std::string, std::size_t> index_;
};

/// Reads one list file into `splits`.
Status read_list(const fs::path& file, Split split, const Names& names, const Records& records, Splits& splits,
                 std::vector<std::string>& listed_at) {
  TRY(const std::string text, read_text(file));
  Lines lines(text, file.string());
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) return {};
    std::string_view name = trimmed(*line), label;
    if (name.empty() || name.front() == '#') continue;
    auto found = names.find(name);
    if (!found.record && !found.is_ambiguous) {
      const std::size_t blank = name.find_last_of(" \t");
      if (blank != std::string_view::npos) {
        label = name.substr(blank + 1);
        name = trimmed(name.substr(0, blank));
        found = names.find(name);
      }
    }
    if (found.is_ambiguous)
      return invalid(std::format("\"{}\" could be several images", shown(name)), "write its path below the data folder",
                     lines.where());
    if (!found.record)
      return fail(ErrorCode::not_found,
                  std::format("\"{}\" is not among the {} labelled images", shown(name), records.records.size()),
                  "correct the name or remove the line", lines.where());
    const std::size_t i = *found.record;
    if (splits.of[i])
      return invalid(std::format("\"{}\" is listed a second time, first at {}", shown(name), listed_at[i]),
                     "leave each image in one list, once", lines.where());
    splits.of[i] = split;
    splits.labels[i] = label;
    listed_at[i] = lines.where();
  }
}

/// The usual lists: both train and validation must be there.
std::map<Split, fs::path> usual_lists(const fs::path& root) {
  std::error_code ignored;
  for (const fs::path& folder : {root, root / "ImageSets" / "Main"}) {
    std::map<Split, fs::path> lists;
    for (const auto& [split, names] :
         {std::pair{Split::train, std::array{"train.txt", "train.txt", "train.txt"}},
          std::pair{Split::validation, std::array{"val.txt", "validation.txt", "valid.txt"}},
          std::pair{Split::test, std::array{"test.txt", "test.txt", "test.txt"}}})
      for (const char* name : names)
        if (!lists.contains(split) && fs::is_regular_file(folder / name, ignored)) lists[split] = folder / name;
    if (lists.contains(Split::train) && lists.contains(Split::validation)) return lists;
  }
  return {};
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

Result<Splits> assign_splits(const Place& place, const Records& records) {
  const std::size_t count = records.records.size();
  Splits splits;
  splits.of.resize(count);
  std::map<Split, fs::path> lists;
  for (const auto& [name, file] : place.spec.splits) {
    const auto split = split_of_name(name);
    if (!split) {
      const std::string nearest = nearest_word(name, {"train", "validation", "test"});
      return invalid(std::format("split \"{}\" is not one of \"train\", \"validation\" or \"test\"", shown(name)),
                     nearest.empty() ? "correct data.splits" : std::format("did you mean \"{}\"?", nearest));
    }
    if (lists.contains(*split))
      return invalid(std::format("the {} split is given twice", to_text(*split)), "leave one of them");
    lists[*split] = resolved(place.root, file);
    std::error_code ignored;
    if (!fs::is_regular_file(lists[*split], ignored))
      return fail(ErrorCode::not_found, std::format("the {} list \"{}\" does not exist", to_text(*split), file),
                  std::format("check data.splits; it is looked for in \"{}\"", place.root.string()));
  }
  const bool is_explicit = !lists.empty();
  const bool is_recorded = std::ranges::any_of(records.records, [](const Record& r) { return r.split.has_value(); });
  if (!is_explicit && !is_recorded) {
    lists = usual_lists(place.root);
    if (!lists.empty()) {
      std::vector<std::string> names;
      for (const auto& [split, file] : lists) names.push_back(file.lexically_relative(place.root).generic_string());
      std::string text;
      for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
      splits.remarks.push_back("split by the lists found beside the data: " + text);
    }
  }
  if (!lists.empty()) {
    splits.labels.resize(count);
    const Names names(records.records);
    std::vector<std::string> listed_at(count);
    for (const auto& [split, file] : lists) TRY_DO(read_list(file, split, names, records, splits, listed_at));
    if (!lists.contains(Split::train)) {
      for (auto& split : splits.of)
        if (!split) split = Split::train;
      splits.remarks.push_back("no training list is given: all images in no list are for training");
    }
    if (!lists.contains(Split::validation)) splits.undecided = Undecided::validation;
    const auto left_out = std::ranges::count_if(splits.of, [](const auto& s) { return !s.has_value(); });
    if (left_out > 0) splits.remarks.push_back(std::format("{} labelled images are in no list", left_out));
    const auto labelled = std::ranges::count_if(splits.labels, [](const std::string& s) { return !s.empty(); });
    const auto listed = std::ranges::count_if(splits.of, [](const auto& s) { return s.has_value(); });
    if (labelled == 0)
      splits.labels.clear();
    else if (labelled != listed && place.task == Task::classification)
      return invalid(std::format("{} of {} lines of the lists have a label", labelled, listed),
                     "label all lines or none", lists.begin()->second.string());
  } else if (is_recorded) {
    for (std::size_t i = 0; i < count; ++i) splits.of[i] = records.records[i].split;
    if (std::ranges::find(splits.of, Split::validation) == splits.of.end()) splits.undecided = Undecided::validation;
  } else {
    splits.of.assign(count, Split::train);
    splits.undecided = Undecided::all;
  }
  TRY_DO(check_groups(records, splits));
  return splits;
}

}  // namespace edgewise::data
