#include "data/dataset.hpp"

#include <array>
#include <cmath>
#include <format>

#include "data/builtin/builtin.hpp"
#include "data/image_finder_internal.hpp"
#include "data/images/image_internal.hpp"
#include "data/placement_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::string_view to_text(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    case Split::test:
      return "test";
  }
  return "";
}

std::vector<std::size_t> DataSet::of(Split split) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].split == split) found.push_back(i);
  return found;
}

namespace {

Status check_spec(const DataSpec& spec) {
  if (!(spec.validation_share > 0 && spec.validation_share <= 0.9))
    return invalid(std::format("validation_share {:g} is not within 0 (excluded) and 0.9", spec.validation_share),
                   "the default is 0.2");
  if (!(spec.test_share >= 0 && spec.test_share + spec.validation_share <= 0.95))
    return invalid(
        std::format("test_share {:g} is not within 0 and {:g}", spec.test_share, 0.95 - spec.validation_share),
        "leave at least 5 % for training");
  if (spec.orientation != "applied" && spec.orientation != "as_stored")
    return invalid(
        std::format("orientation \"{}\" is not one of \"applied\" or \"as_stored\"", shown(spec.orientation)),
        "\"applied\" turns pictures as their EXIF orientation says");
  if (spec.channels < 0 || spec.channels > max_channels)
    return invalid(std::format("channels {} is not within 1 and {}", spec.channels, max_channels),
                   "0 takes what the files have");
  if (spec.range &&
      !((*spec.range)[0] < (*spec.range)[1] && std::isfinite((*spec.range)[0]) && std::isfinite((*spec.range)[1])))
    return invalid(
        std::format("range [{:g}, {:g}] is not from a lower to a higher number", (*spec.range)[0], (*spec.range)[1]),
        "write e.g. [0, 4095]");
  if (spec.boxes != "only" && spec.boxes != "largest") {
    const std::string nearest = nearest_word(spec.boxes, {"only", "largest"});
    return invalid(std::format("boxes \"{}\" is not one of \"only\" or \"largest\"", shown(spec.boxes)),
                   nearest.empty()
                       ? "\"only\" keeps images with exactly one box, \"largest\" takes the largest of each image"
                       : std::format("did you mean \"{}\"?", nearest));
  }
  return {};
}

Status check_set(DataSet& set) {
  std::array<std::size_t, 3> images{};
  for (const Item& item : set.items) ++images[static_cast<std::size_t>(item.split)];
  for (const Split split : {Split::train, Split::validation})
    if (images[static_cast<std::size_t>(split)] == 0)
      return invalid(std::format("the {} split is empty", to_text(split)),
                     "check data.splits and the class and box filters, or add images", set.spec.path);
  if (set.task->wants() != task::Wants::label) return {};
  if (set.classes.size() < 2)
    return invalid(
        std::format("there is one class only, \"{}\"; a classifier needs two or more", shown(set.classes.front())),
        "add images of another class", set.spec.path);
  std::vector<std::array<std::size_t, 3>> counts(set.classes.size());
  for (const Item& item : set.items)
    ++counts[static_cast<std::size_t>(item.annotation.labels.front())][static_cast<std::size_t>(item.split)];
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    if (images[static_cast<std::size_t>(split)] == 0) continue;
    std::vector<std::string> missing;
    for (std::size_t c = 0; c < counts.size(); ++c)
      if (counts[c][static_cast<std::size_t>(split)] == 0) missing.push_back(shown(set.classes[c]));
    constexpr std::size_t most = 5;
    if (missing.size() <= most) {
      for (const std::string& name : missing)
        set.remarks.push_back(std::format("warning: class \"{}\" has no image in the {} split", name, to_text(split)));
    } else {
      const std::size_t count = missing.size();
      missing.resize(most);
      set.remarks.push_back(std::format("warning: {} classes have no image in the {} split, among them {}", count,
                                        to_text(split), quoted_list(missing)));
    }
  }
  return {};
}

}  // namespace

Result<DataSet> load(const DataSpec& spec, const task::Task& task) try {
  TRY_DO(check_spec(spec));
  TRY(const auto rule, rule_of(spec, task.wants()));
  if (is_builtin(spec.path)) {
    TRY(DataSet set, load_builtin(spec, task));
    TRY_DO(check_set(set));
    return set;
  }
  TRY(const Opened opened, open_place(spec, rule->reads()));
  const Place& place = opened.place;
  TRY_DO(rule->check_format(*opened.format));
  TRY(const Records records, opened.format->read(place));
  if (records.records.empty())
    return invalid("the labels name no image", "expected: " + opened.format->expects, spec.path);
  TRY(const Splits splits, assign_splits(place, records));
  DataSet set;
  set.name =
      place.root.filename().empty() ? place.root.parent_path().filename().string() : place.root.filename().string();
  if (set.name.empty() || set.name == ".") set.name = spec.path;
  set.task = &task;
  set.spec = spec;
  set.spec.format = opened.format->name;
  set.remarks = records.remarks;
  set.remarks.insert(set.remarks.end(), splits.remarks.begin(), splits.remarks.end());
  if (const std::string remark = rule->remark_on_listed_labels(); !remark.empty() && !splits.labels.empty())
    set.remarks.push_back(remark);
  std::vector<Fate> fates(records.records.size());
  TRY(auto kept, select(*rule, place, records, splits, fates));
  ImageFinder finder(place, records);
  Found found;
  for (const Kept& each : kept) found.push_back(finder.find(*each.record));
  TRY_DO(leave_out_same_files(kept, found, fates));
  decide_splits(place, splits.undecided, kept, set.remarks);
  TRY_DO(fill_items(opened, *rule, found, kept, set));
  TRY_DO(rule->name_classes(kept, records.classes, set));
  TRY_DO(check_set(set));
  for (std::size_t k = 0; k < kept.size(); ++k) fates[kept[k].index].picture = set.items[k].image;
  for (std::size_t i = 0; i < fates.size(); ++i)
    if (!fates[i].reason.empty() && fates[i].picture.empty())
      if (auto picture = finder.find(records.records[i])) fates[i].picture = std::move(*picture);
  for (std::string& remark : finder.remarks()) set.remarks.push_back(std::move(remark));
  set.account = take_account(opened, records, fates, splits.lists, set);
  set.remarks = in_order(set.remarks);
  return set;
} catch (const fs::filesystem_error& e) {
  return invalid(std::format("the data cannot be read: {}", e.what()), "check the folder's permissions", spec.path);
}

}  // namespace edgewise::data
