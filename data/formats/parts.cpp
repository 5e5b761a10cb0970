#include "data/formats/parts.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <unordered_set>

#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

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

}  // namespace edgewise::data
