/// SQLite as far as other programs' databases need it: whole tables in and out, nothing that the file defines is run.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace edgewise::exchange {

class Database {
 public:
  using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
  using Row = std::vector<Cell>;

  /// To read only. @error not_found; invalid_input when it is no database
  static Result<Database> open(const std::filesystem::path& file);
  /// A new, empty one. The file must not exist.
  static Result<Database> create(const std::filesystem::path& file);

  /// All rows of one statement; `values` are bound in order. A blob reads as a text.
  Result<std::vector<Row>> rows(std::string_view sql, const Row& values = {});
  /// One statement without rows.
  Status run(std::string_view sql, const Row& values = {});

 private:
  Database(std::filesystem::path file, sqlite3* handle) : file_(std::move(file)), handle_(handle, &sqlite3_close_v2) {}
  static Result<Database> connect(const std::filesystem::path& file, int flags);
  std::unexpected<Error> error(int code);
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

}  // namespace edgewise::exchange
