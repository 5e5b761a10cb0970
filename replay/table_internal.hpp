/// The descriptor of a table, as read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config.hpp"
#include "replay/csv.hpp"
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
  struct Networks {
    std::string kind, text;
    std::int64_t input_size = 32, classes = 10;
  };
  std::string name, table, rows, missing = "leave_out", canonical;
  Networks networks;  ///< without a kind: it is not told what a row builds
  std::vector<Parameter> parameters;
  std::vector<Objective> objectives;
  std::vector<std::string> constraints;
  std::vector<Stage> stages;
};

/// @error all mistakes in file order
std::expected<Descriptor, std::vector<Error>> read_descriptor(const std::string& text, const std::string& file);

/// @param use  what it is for, for the message  @error invalid_input with the nearest name
Result<std::size_t> column_of(const Csv& csv, const std::string& name, const std::string& use);

/// A text with columns in braces, such as "{cell} {width}".
class RowText {
 public:
  /// @error invalid_input: a column that the table has not, a brace without its partner, no column at all
  static Result<RowText> make(const std::string& text, const Csv& csv);
  [[nodiscard]] std::string operator()(const std::vector<Cell>& row) const;
  [[nodiscard]] std::size_t first_column() const { return columns_.front(); }

 private:
  std::vector<std::string> between_;  // what stands before each column, and after the last
  std::vector<std::size_t> columns_;
};

}  // namespace edgewise::replay
