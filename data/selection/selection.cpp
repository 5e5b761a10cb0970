#include <sys/stat.h>

#include <algorithm>
#include <format>
#include <map>
#include <unordered_set>

#include "data/selection/selection_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// @error a class that the data does not have
Status check_classes(const std::vector<std::string>& wanted, const Records& records,
                     const std::vector<std::string>& listed) {
  if (wanted.empty()) return {};
  std::vector<std::string> known = records.classes;
  std::unordered_set<std::string> seen(known.begin(), known.end());
  const auto note = [&](const std::string& name) {
    if (!name.empty() && seen.insert(name).second) known.push_back(name);
  };
  for (const Record& record : records.records) {
    if (record.label) note(*record.label);
    for (const LabelledBox& box : record.boxes) note(box.name);
  }
  for (const std::string& name : listed) note(name);
  for (const std::string& name : wanted)
    if (!seen.contains(name)) {
      const std::string nearest = nearest_word(name, known);
      std::vector<std::string> some(
          known.begin(), known.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(known.size(), 20)));
      return invalid(std::format("class \"{}\" is not in the data", shown(name)),
                     !nearest.empty() ? std::format("did you mean \"{}\"?", nearest)
                     : known.empty()  ? "the labels name no classes; remove data.classes or data.presence"
                                      : "the data has " + quoted_list(some));
    }
  return {};
}

}  // namespace

Result<std::vector<Kept>> select(const Rule& rule, const Place& place, const Records& records, const Splits& splits,
                                 std::vector<Fate>& fates) {
  TRY_DO(check_classes(rule.asked_classes(), records, splits.labels));
  std::vector<Kept> kept;
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    if (!splits.of[i]) {
      fates[i].reason = splits.lists.empty() ? no_split : in_no_list;
      continue;
    }
    Kept one{&records.records[i], i, {}, {}, *splits.of[i]};
    TRY(fates[i].reason, rule.choose(splits.labels.empty() ? std::string() : splits.labels[i], records.classes, one));
    if (fates[i].reason.empty()) kept.push_back(std::move(one));
  }
  if (!kept.empty()) return kept;
  const bool had_several =
      std::ranges::any_of(fates, [](const Fate& fate) { return fate.reason.starts_with(with_several_boxes); });
  return invalid(std::format("no image is left of {}", records.records.size()),
                 had_several ? "write boxes: largest to keep images with several boxes"
                             : "check data.classes, data.splits and the labels",
                 place.spec.path);
}

Status leave_out_same_files(std::vector<Kept>& kept, Found& found, std::vector<Fate>& fates) {
  std::map<std::pair<dev_t, ino_t>, std::size_t> met;
  std::vector<char> is_left(kept.size(), 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    struct stat status{};
    if (!found[i] || ::stat(found[i]->c_str(), &status) != 0 || status.st_ino == 0) continue;
    const auto [it, is_new] = met.try_emplace({status.st_dev, status.st_ino}, i);
    const Kept &one = kept[it->second], &other = kept[i];
    const fs::path &path = *found[it->second], &other_path = *found[i];
    if (is_new || path == other_path) continue;  // one path labelled twice is told later
    const std::string both =
        std::format("\"{}\" and \"{}\" are the same file, through a link", path.string(), other_path.string());
    if (one.split != other.split)
      return invalid(
          std::format("{}, and lie in two splits: {} and {}", both, to_text(one.split), to_text(other.split)),
          "leave it in one split", other.record->where);
    if (one.label != other.label)
      return invalid(
          std::format("{}, and are of two classes: \"{}\" and \"{}\"", both, shown(one.label), shown(other.label)),
          "leave it in one class", other.record->where);
    is_left[i] = 1;
    fates[other.index] = {.picture = other_path, .reason = std::string(same_file)};
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (is_left[i] != 0) continue;
    if (left != i) kept[left] = std::move(kept[i]), found[left] = std::move(found[i]);
    ++left;
  }
  kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(left), kept.end());
  found.erase(found.begin() + static_cast<std::ptrdiff_t>(left), found.end());
  return {};
}

void decide_splits(const Place& place, Undecided undecided, std::vector<Kept>& kept,
                   std::vector<std::string>& remarks) {
  if (undecided == Undecided::nothing) return;
  std::vector<std::string> keys;
  std::vector<Kept*> open;
  bool has_groups = false;
  for (Kept& item : kept) {
    if (item.split != Split::train) continue;
    keys.push_back(split_key(*item.record));
    open.push_back(&item);
    has_groups = has_groups || !item.record->group.empty();
  }
  const DataSpec& spec = place.spec;
  const double test_share = undecided == Undecided::all ? spec.test_share : 0;
  const auto splits = hashed_splits(spec.seed, keys, spec.validation_share, test_share);
  for (std::size_t i = 0; i < open.size(); ++i) open[i]->split = splits[i];
  remarks.push_back(
      std::format("{} by a hash of the {} with seed {}: {:g} % validation{}",
                  undecided == Undecided::all ? "split" : "no validation split is given; the training images are split",
                  has_groups ? "group" : "image's name", spec.seed, spec.validation_share * 100,
                  test_share > 0 ? std::format(", {:g} % test", test_share * 100) : ""));
}

}  // namespace edgewise::data
