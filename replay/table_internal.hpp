/// The descriptor of a table, as read.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config.hpp"
#include "study/study.hpp"

namespace edgewise::replay {

struct Descriptor {
  struct Parameter {
    std::string name, column, split;  ///< `split` excludes `column`
    std::string kind = "categorical";
    bool log_scale = false;
  };
  struct Objective {
    std::string name, value, direction = "minimize";
    std::optional<double> reference;
    bool is_known = false;
  };
  struct Stage {
    std::int64_t epochs = 1;
    std::vector<std::pair<std::string, std::string>> values;
  };
  std::string name, table, rows, missing = "leave_out", canonical;
  std::vector<Parameter> parameters;
  std::vector<Objective> objectives;
  std::vector<std::string> constraints;
  std::vector<Stage> stages;
};

/// @error all mistakes in file order
std::expected<Descriptor, std::vector<Error>> read_descriptor(const std::string& text, const std::string& file);

}  // namespace edgewise::replay
