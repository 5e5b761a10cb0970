#include "replay/csv.hpp"

#include <zlib.h>

#include <algorithm>
#include <format>
#include <memory>
#include <set>
#include <tuple>

#include "base/encoding.hpp"
#include "base/file.hpp"

namespace edgewise::replay {

namespace {

/// Walks through the text one record at a time.
class Scanner {
 public:
  Scanner(std::string_view text, std::string file) : rest_(text), file_(std::move(file)) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

  /// The cells of the next line that is not empty; none at the end.
  Result<std::vector<Cell>> record() {
    while (!rest_.empty() && skip_line_end()) {
    }
    std::vector<Cell> cells;
    if (rest_.empty()) return cells;
    while (true) {
      TRY(Cell cell, next_cell());
      cells.push_back(std::move(cell));
      if (!rest_.empty() && rest_.front() == ',') {
        advance();
        continue;
      }
      if (rest_.empty() || skip_line_end()) return cells;
      return invalid("text follows a cell in quotes", "end the cell with a comma, or double the quotes inside it",
                     here());
    }
  }

 private:
  [[nodiscard]] std::string here() const { return std::format("{}:{}:{}", file_, line_, column_); }

  void advance() {
    if (rest_.front() == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
    rest_.remove_prefix(1);
  }

  bool skip_line_end() {
    if (rest_.starts_with("\r\n")) advance();
    if (rest_.empty() || rest_.front() != '\n') return false;
    advance();
    return true;
  }

  Result<Cell> next_cell() {
    Cell cell{.line = line_, .column = column_};
    if (!rest_.empty() && rest_.front() == '"') return quoted(std::move(cell));
    while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '\n' && !rest_.starts_with("\r\n")) {
      if (rest_.front() == '"')
        return invalid("a quote stands inside a cell without quotes",
                       "put the whole cell in quotes and double those inside", here());
      cell.text += rest_.front();
      advance();
    }
    return cell;
  }

  Result<Cell> quoted(Cell cell) {
    const std::string begin = here();
    advance();
    while (!rest_.empty()) {
      if (rest_.starts_with("\"\"")) {
        cell.text += '"';
        advance();
        advance();
      } else if (rest_.front() == '"') {
        advance();
        return cell;
      } else {
        cell.text += rest_.front();
        advance();
      }
    }
    return invalid("a cell in quotes does not end", {}, begin);
  }

  std::string_view rest_;
  std::string file_;
  int line_ = 1, column_ = 1;
};

}  // namespace

std::optional<std::size_t> Csv::column(std::string_view name) const {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

std::string Csv::where(const Cell& cell) const {
  return std::format("{}:{}:{}", file, cell.line, cell.column);
}

Result<Csv> parse_csv(std::string_view text, const std::string& file) {
  Csv csv{.file = file};
  Scanner scanner(text, file);
  TRY(const std::vector<Cell> header, scanner.record());
  if (header.empty()) return invalid("the table is empty", "its first line must name the columns", file);
  std::set<std::string> names;
  for (const Cell& cell : header) {
    if (cell.text.empty())
      return invalid(std::format("column {} has no name", csv.header.size() + 1), {}, csv.where(cell));
    if (!names.insert(cell.text).second)
      return invalid(std::format("column \"{}\" exists twice", cell.text), {}, csv.where(cell));
    csv.header.push_back(cell.text);
  }
  while (!scanner.is_at_end()) {
    TRY(std::vector<Cell> cells, scanner.record());
    if (cells.empty()) break;
    if (cells.size() != csv.header.size())
      return invalid(std::format("the row has {} {}, but the header {}", cells.size(),
                                 cells.size() == 1 ? "cell" : "cells", csv.header.size()),
                     {}, csv.where(cells.front()));
    csv.rows.push_back(std::move(cells));
  }
  return csv;
}

Result<std::string> read_text(const std::filesystem::path& path, std::size_t max_bytes) {
  if (!std::filesystem::exists(path))
    return fail(ErrorCode::not_found, std::format("there is no file \"{}\"", path.string()));
  TRY(InputFile opened, InputFile::open(path));
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzdopen(opened.descriptor(), "rb"), gzclose);
  if (file)
    std::ignore = opened.release();
  else
    return invalid(std::format("cannot open \"{}\"", path.string()));
  std::string text;
  std::string part(std::size_t{1} << 20, '\0');
  while (true) {
    const int got = gzread(file.get(), part.data(), static_cast<unsigned>(part.size()));
    int code = Z_OK;
    const char* message = gzerror(file.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      return invalid(
          std::format("\"{}\" is damaged: {}", path.string(), code == Z_BUF_ERROR ? "it ends too early" : message));
    if (got == 0) return utf8_text(std::move(text), path.string());
    text.append(part, 0, static_cast<std::size_t>(got));
    if (text.size() > max_bytes)
      return invalid(std::format("\"{}\" holds more than {} bytes", path.string(), max_bytes));
  }
}

}  // namespace edgewise::replay
