/// What YOLO's trainers read beside the labels: "data.yaml" (Ultralytics, Roboflow) and "obj.data" (darknet, CVAT).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"

namespace edgewise::data {

struct YoloDescription {
  struct Part {
    Split split = Split::train;
    std::string path;   ///< a folder of pictures or a list of them, as written on another machine
    std::string where;  ///< file:line:column
  };
  std::vector<std::string> names;  ///< of the classes; empty when they are not there
  std::string names_file;          ///< where they are instead, as written
  std::string base;                ///< what the parts are relative to, as written; may be empty
  std::vector<Part> parts;
};

/// The pure parsers: no file is touched, any bytes are survived. `file` is for messages.
/// @error invalid_input with file:line:column
Result<YoloDescription> parse_data_yaml(const std::string& text, const std::string& file);
Result<YoloDescription> parse_obj_data(std::string_view text, const std::string& file);

}  // namespace edgewise::data
