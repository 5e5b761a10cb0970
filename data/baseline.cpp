#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <optional>

#include "data/statistics.hpp"

namespace edgewise::data {

namespace {

constexpr std::array all_splits{Split::train, Split::validation, Split::test};

std::array<double, 4> shares(const Item& item) {
  const auto width = static_cast<double>(item.width), height = static_cast<double>(item.height);
  return {item.box->x0 / width, item.box->y0 / height, item.box->x1 / width, item.box->y1 / height};
}

Json majority_class(const DataSet& set) {
  std::vector<std::size_t> train(set.classes.size()), validation(set.classes.size());
  for (const Item& item : set.items) {
    if (item.split == Split::train) ++train[static_cast<std::size_t>(*item.label)];
    if (item.split == Split::validation) ++validation[static_cast<std::size_t>(*item.label)];
  }
  const auto major = static_cast<std::size_t>(std::ranges::max_element(train) - train.begin());
  std::size_t all = 0, present = 0;
  for (const std::size_t n : validation) all += n, present += n > 0 ? 1 : 0;
  const double recall = validation[major] > 0 ? 1.0 : 0.0;  // always right on its own class, never on another
  return {{"accuracy", static_cast<double>(validation[major]) / static_cast<double>(all)},
          {"balanced_accuracy", recall / static_cast<double>(present)},
          {"class", set.classes[major]}};
}

Json constant_box(const DataSet& set) {
  std::array<double, 4> mean{};
  const auto train = set.of(Split::train), validation = set.of(Split::validation);
  for (const std::size_t i : train)
    for (std::size_t k = 0; k < 4; ++k) mean[k] += shares(set.items[i])[k] / static_cast<double>(train.size());
  double sum = 0;
  std::size_t good = 0;
  for (const std::size_t i : validation) {
    // IoU does not change when an axis is scaled, so shares serve as well as pixels.
    const auto box = shares(set.items[i]);
    const double iou = intersection_over_union({box[0], box[1], box[2], box[3]}, {mean[0], mean[1], mean[2], mean[3]});
    sum += iou;
    good += iou >= 0.5 ? 1 : 0;
  }
  const auto count = static_cast<double>(validation.size());
  return {{"iou", sum / count}, {"iou50", static_cast<double>(good) / count}, {"box", mean}};
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
  const bool is_measurable = !set.of(Split::train).empty() && !set.of(Split::validation).empty();
  EDGEWISE_ASSERT(is_measurable, "a loaded set has a training and a validation split");
  return set.task == Task::classification ? majority_class(set) : constant_box(set);
}

Json statistics(const DataSet& set) {
  Json json;
  json["name"] = set.name;
  json["task"] = to_text(set.task);
  json["format"] = set.is_builtin ? "built-in" : set.spec.format;
  json["images"] = set.items.size();
  json["channels"] = set.channels;
  if (set.range) json["range"] = *set.range;
  if (set.task == Task::classification) json["classes"] = set.classes;
  Json splits = Json::object();
  for (const Split split : all_splits) {
    const auto items = set.of(split);
    if (items.empty()) continue;
    std::vector<double> widths, heights, areas;
    std::map<std::string, bool> groups;
    std::vector<std::size_t> per_class(set.classes.size());
    for (const std::size_t i : items) {
      const Item& item = set.items[i];
      widths.push_back(static_cast<double>(item.width));
      heights.push_back(static_cast<double>(item.height));
      if (!item.group.empty()) groups[item.group] = true;
      if (item.label) ++per_class[static_cast<std::size_t>(*item.label)];
      if (item.box) {
        const auto box = shares(item);
        areas.push_back((box[2] - box[0]) * (box[3] - box[1]));
      }
    }
    Json part{{"images", items.size()}, {"width", spread(widths)}, {"height", spread(heights)}};
    if (!groups.empty()) part["groups"] = groups.size();
    if (set.task == Task::classification) {
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
