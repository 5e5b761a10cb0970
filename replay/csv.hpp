/// Comma-separated tables, plain or compressed by gzip.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgewise::replay {

struct Cell {
  std::string text;
  int line = 0, column = 0;  ///< where it begins, from 1
};

/// A header and rows of as many cells each.
struct Csv {
  std::string file;  ///< for messages
  std::vector<std::string> header;
  std::vector<std::vector<Cell>> rows;
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
  /// "nb201.csv:7:12"
  [[nodiscard]] std::string where(const Cell& cell) const;
};

/// RFC 4180: cells in double quotes may hold commas, line ends and doubled quotes. Lines end with LF or CRLF; empty
/// lines are skipped.
/// @error invalid_input with file:line:column: no header, an empty or doubled column name, a row with another number of
/// cells, a quote that is not closed or stands inside a cell
Result<Csv> parse_csv(std::string_view text, const std::string& file);

/// A text file as UTF-8 (base/encoding.hpp), unpacked when it is compressed by gzip. @error not_found; invalid_input:
/// damaged, or above `max_bytes` unpacked
Result<std::string> read_text(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

}  // namespace edgewise::replay
