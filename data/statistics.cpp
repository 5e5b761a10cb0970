#include "data/statistics.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <vector>

#include "task/task.hpp"

namespace edgewise::data {

namespace {

constexpr std::array all_splits{Split::train, Split::validation, Split::test};

std::vector<const picture::Annotation*> annotations_of(const DataSet& set, Split split) {
  std::vector<const picture::Annotation*> found;
  for (const Item& item : set.items)
    if (item.split == split) found.push_back(&item.annotation);
  return found;
}

/// Smallest, median and largest; null when there are no values.
Json spread(std::vector<double> values) {
  if (values.empty()) return nullptr;
  std::ranges::sort(values);
  return {{"min", values.front()}, {"median", values[values.size() / 2]}, {"max", values.back()}};
}

Json tally_json(const Tally& tally) {
  constexpr std::size_t most_examples = 5;
  Json left_out = Json::object();
  for (const auto& [reason, paths] : tally.left_out) {
    Json some = Json::array();
    for (std::size_t i = 0; i < std::min(most_examples, paths.size()); ++i) some.push_back(paths[i]);
    left_out[reason] = {{"count", paths.size()}, {"examples", some}};
  }
  return {{"found", tally.found}, {"used", tally.used}, {"left_out", left_out}};
}

}  // namespace

Json account_json(const DataSet& set) {
  if (set.is_builtin) return nullptr;
  return {{"pictures", tally_json(set.account.pictures)}, {"labels", tally_json(set.account.labels)}};
}

Json baseline(const DataSet& set) {
  const auto training = annotations_of(set, Split::train), validation = annotations_of(set, Split::validation);
  EDGEWISE_ASSERT(!training.empty() && !validation.empty(), "a loaded set has a training and a validation split");
  return set.task->baseline(training, validation, set.classes);
}

Json statistics(const DataSet& set) {
  Json json;
  json["name"] = set.name;
  json["task"] = set.task->name();
  json["format"] = set.is_builtin ? "built-in" : set.spec.format;
  json["images"] = set.items.size();
  json["channels"] = set.channels;
  if (set.range) json["range"] = *set.range;
  if (!set.classes.empty()) json["classes"] = set.classes;
  Json splits = Json::object();
  for (const Split split : all_splits) {
    const auto items = set.of(split);
    if (items.empty()) continue;
    std::vector<double> widths, heights, areas;
    std::map<std::string, bool> groups;
    std::vector<std::size_t> per_class(set.classes.size());
    for (const std::size_t i : items) {
      const Item& item = set.items[i];
      const picture::Annotation& annotation = item.annotation;
      widths.push_back(static_cast<double>(annotation.width));
      heights.push_back(static_cast<double>(annotation.height));
      if (!item.group.empty()) groups[item.group] = true;
      for (const std::int64_t label : annotation.labels) ++per_class[static_cast<std::size_t>(label)];
      for (const picture::Mark& mark : annotation.marks) {
        const Box box = picture::shares(mark.box, annotation);
        areas.push_back((box.x1 - box.x0) * (box.y1 - box.y0));
      }
    }
    Json part{{"images", items.size()}, {"width", spread(widths)}, {"height", spread(heights)}};
    if (!groups.empty()) part["groups"] = groups.size();
    if (set.task->wants() == task::Wants::label) {
      Json counts = Json::object();
      for (std::size_t c = 0; c < per_class.size(); ++c) counts[set.classes[c]] = per_class[c];
      part["classes"] = counts;
    } else {
      part["box_area_share"] = spread(areas);
    }
    splits[to_text(split)] = part;
  }
  json["splits"] = splits;
  json["baseline"] = baseline(set);
  if (!set.is_builtin) json["account"] = account_json(set);
  json["remarks"] = set.remarks;
  return json;
}

}  // namespace edgewise::data
