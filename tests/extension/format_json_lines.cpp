// How a label format is added: this file. Linked into a program it is recognised where its files lie, and
// `data: {format: json_lines}` asks for it; messages and the reference of options name it.
//
// The format: "labels.jsonl", a line of JSON for each picture:
//     {"image": "a.png", "boxes": [{"class": "cat", "corners": [10, 20, 110, 95]}], "split": "train"}
//     {"image": "b.png", "class": "dog"}
#include <algorithm>
#include <array>
#include <format>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "data/formats/format.hpp"
#include "data/formats/reading.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;

fs::path file_at(const Place& place) {
  return place.annotations.empty() ? place.root / "labels.jsonl" : place.annotations;
}

Recognition recognise(const Place& place) {
  std::error_code ignored;
  const fs::path file = file_at(place);
  return file.extension() == ".jsonl" && fs::is_regular_file(file, ignored) ? Recognition::sure : Recognition::none;
}

Result<LabelledBox> read_box(const Json& json, const std::string& where) {
  if (!json.is_object() || !json.contains("corners") || json["corners"].size() != 4)
    return invalid("a box has no four \"corners\"", "write \"corners\": [left, top, right, bottom] in pixels", where);
  std::array<double, 4> corners{};
  for (std::size_t k = 0; k < corners.size(); ++k) {
    if (!json["corners"][k].is_number()) return invalid("a corner is no number", "write pixels", where);
    corners[k] = json["corners"][k];
  }
  // What every format checks of a box, with the message that users know.
  TRY(const Box box, checked_box(corners[0], corners[1], corners[2], corners[3], where));
  return LabelledBox{box, json.value("class", std::string()), where};
}

Result<Record> read_line(const std::string& line, const std::string& where) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("image") || !json["image"].is_string())
    return invalid("the line is no JSON object with an \"image\"", "write {\"image\": \"a.png\", ...}", where);
  Record record;
  record.image = json["image"];
  record.where = where;  // every message about this picture leads the user here
  for (const Json& box : json.value("boxes", Json::array())) {
    TRY(LabelledBox labelled, read_box(box, where));
    record.boxes.push_back(std::move(labelled));
  }
  if (json.contains("class") && json["class"].is_string()) record.label = json["class"];
  if (json.contains("split") && json["split"].is_string())
    record.split = split_of_name(json["split"].get<std::string>());
  return record;
}

// What of the labels counts, for which task, is not decided here: a reader gives all that the labels say.
Result<Records> read(const Place& place) {
  const fs::path file = file_at(place);
  TRY(const std::string text, read_text(file));
  Records records;
  records.label_files = {file};
  records.folders = {place.root, place.root / "images"};
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    TRY(Record record, read_line(line, std::format("{}:{}", file.string(), number)));
    records.records.push_back(std::move(record));
  }
  return records;
}

const Registration added{formats(), Format{.name = "json_lines",
                                           .expects = "labels.jsonl, a line {\"image\": ..., \"boxes\": [...]} for "
                                                      "each picture, and the images beside it or in images/",
                                           .recognise = recognise,
                                           .read = read,
                                           .boxless = {}}};

}  // namespace
}  // namespace edgewise::data
