#include <algorithm>
#include <format>
#include <map>
#include <set>

#include "base/config.hpp"
#include "data/formats/yolo_description_internal.hpp"
#include "data/splits/split_name.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

using config::Node;

constexpr std::size_t max_classes = 10'000;

std::string at(const std::string& file, config::Position position) {
  return place(file, static_cast<std::size_t>(std::max(position.line, 1)),
               static_cast<std::size_t>(std::max(position.column, 1)));
}

/// Names as a list, or as a map from their numbers.
Result<std::vector<std::string>> class_names(const Node& node, const std::string& file) {
  std::map<std::int64_t, const Node*> by_number;
  if (node.kind == Node::Kind::sequence) {
    for (std::size_t i = 0; i < node.items.size(); ++i) by_number[static_cast<std::int64_t>(i)] = &node.items[i];
  } else if (node.kind == Node::Kind::map) {
    for (const Node::Entry& entry : node.entries) {
      const auto number = integer_of(entry.key);
      if (!number || *number < 0 || *number >= static_cast<std::int64_t>(max_classes))
        return invalid(std::format("\"{}\" is no number of a class, 0 to {}", shown(entry.key), max_classes - 1),
                       "write \"names\" as a list, or as a map from each class's number to its name",
                       at(file, entry.at));
      if (!by_number.emplace(*number, &entry.value).second)
        return invalid(std::format("class {} is named twice", *number), "leave one name", at(file, entry.at));
    }
  } else if (node.kind == Node::Kind::scalar) {
    return invalid("\"names\" is neither a list nor a map", "write names: [first, second]", at(file, node.at));
  }
  if (by_number.size() > max_classes)
    return invalid("more than 10000 classes", "check that this describes a data set", at(file, node.at));
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const auto& [number, name] : by_number) {
    // A number that the map leaves out has no label; it keeps its place, so that the others keep theirs.
    while (static_cast<std::int64_t>(names.size()) < number) names.push_back(std::to_string(names.size()));
    if (name->kind != Node::Kind::scalar || trimmed(name->scalar).empty())
      return invalid(std::format("class {} has no name", number), "write a word", at(file, name->at));
    names.emplace_back(trimmed(name->scalar));
    if (!seen.insert(names.back()).second)
      return invalid(std::format("class \"{}\" is listed twice", shown(names.back())), "leave each class once",
                     at(file, name->at));
  }
  return names;
}

}  // namespace

Result<YoloDescription> parse_data_yaml(const std::string& text, const std::string& file) {
  TRY(const Node root, config::parse_yaml(text, file));
  if (root.kind != Node::Kind::map) return invalid("this is no map of \"names\", \"train\" and \"val\"", {}, file);
  YoloDescription description;
  for (const Node::Entry& entry : root.entries) {
    const Node& value = entry.value;
    if (entry.key == "names") {
      TRY(description.names, class_names(value, file));
    } else if (entry.key == "path" && value.kind == Node::Kind::scalar) {
      description.base = value.scalar;
    } else if (entry.key == "train" || entry.key == "val" || entry.key == "valid" || entry.key == "validation" ||
               entry.key == "test") {
      const Split split = *split_of_name(entry.key);
      if (value.kind == Node::Kind::null) continue;  // "test:  # test images (optional)"
      if (value.kind == Node::Kind::map)
        return invalid(std::format("\"{}\" is no path", entry.key), "name a folder of pictures or a list of them",
                       at(file, value.at));
      if (value.kind == Node::Kind::scalar) description.parts.push_back({split, value.scalar, at(file, value.at)});
      for (const Node& item : value.items) {
        if (item.kind != Node::Kind::scalar)
          return invalid(std::format("an entry of \"{}\" is no path", entry.key),
                         "name a folder of pictures or a list of them", at(file, item.at));
        description.parts.push_back({split, item.scalar, at(file, item.at)});
      }
    }
  }
  std::erase_if(description.parts, [](const auto& part) { return trimmed(part.path).empty(); });
  return description;
}

Result<YoloDescription> parse_obj_data(std::string_view text, const std::string& file) {
  YoloDescription description;
  Lines lines(text, file);
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) return description;
    const std::string_view content = trimmed(*line);
    if (content.empty() || content.front() == '#') continue;
    const std::size_t sign = content.find('=');
    if (sign == std::string_view::npos)
      return invalid("a line without \"=\"", "write lines like \"train = data/train.txt\"", lines.where());
    const std::string key = lower_case(trimmed(content.substr(0, sign)));
    const std::string value(trimmed(content.substr(sign + 1)));
    if (value.empty()) continue;
    if (key == "names") description.names_file = value;
    // darknet calls validation "valid"; "backup", "results" and "eval" are for its own output.
    if (key == "train" || key == "valid" || key == "val" || key == "test")
      description.parts.push_back({*split_of_name(key), value, lines.where()});
  }
}

}  // namespace edgewise::data
