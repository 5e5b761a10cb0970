#include <format>

#include "exchange/sqlite_internal.hpp"

namespace edgewise::exchange {

namespace {

constexpr int max_value_bytes = 16 << 20;
constexpr std::size_t max_rows = 5'000'000;

Database::Cell cell_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return std::monostate{};
    default:
      break;
  }
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))) : std::string();
}

int bind(sqlite3_stmt* statement, int place, const Database::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return sqlite3_bind_int64(statement, place, *integer);
  if (const auto* real = std::get_if<double>(&cell)) return sqlite3_bind_double(statement, place, *real);
  if (const auto* text = std::get_if<std::string>(&cell))
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return sqlite3_bind_null(statement, place);
}

}  // namespace

Result<Database> Database::connect(const std::filesystem::path& file, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(file, handle);
  if (code != SQLITE_OK) return database.error(code);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, max_value_bytes);
  sqlite3_busy_timeout(handle, 10'000);
  // The file may come from anybody: nothing that it defines may run.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Result<Database> Database::open(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file))
    return fail(ErrorCode::not_found, std::format("there is no file \"{}\"", file.string()));
  if (!std::filesystem::is_regular_file(file))
    return invalid(std::format("\"{}\" is no file", file.string()), "give the .db file itself");
  return connect(file, SQLITE_OPEN_READONLY);
}

Result<Database> Database::create(const std::filesystem::path& file) {
  return connect(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<std::vector<Database::Row>> Database::rows(std::string_view sql, const Row& values) {
  sqlite3_stmt* handle = nullptr;
  int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(handle, &sqlite3_finalize);
  for (std::size_t i = 0; i < values.size() && code == SQLITE_OK; ++i)
    code = bind(handle, static_cast<int>(i) + 1, values[i]);
  if (code != SQLITE_OK) return error(code);
  std::vector<Row> all;
  while ((code = sqlite3_step(handle)) == SQLITE_ROW) {
    if (all.size() == max_rows)
      return invalid(std::format("\"{}\" has more than {} rows in a table", file_.string(), max_rows));
    Row row;
    for (int column = 0; column < sqlite3_column_count(handle); ++column) row.push_back(cell_of(handle, column));
    all.push_back(std::move(row));
  }
  if (code != SQLITE_DONE) return error(code);
  return all;
}

Status Database::run(std::string_view sql, const Row& values) {
  TRY_DO(rows(sql, values));
  return {};
}

std::unexpected<Error> Database::error(int code) {
  const std::string told = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code), name = file_.string();
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
      return invalid(std::format("\"{}\" is no SQLite database", name),
                     "give the file that Optuna's storage URL names");
    case SQLITE_CORRUPT:
      return invalid(std::format("the database \"{}\" is damaged: {}", name, told), "restore it from a copy");
    case SQLITE_FULL:
      return fail(ErrorCode::unavailable, std::format("the disk is full: \"{}\" cannot be written", name),
                  "make room, then run the same command again");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::unavailable, std::format("the database \"{}\" stayed locked for 10 s", name),
                  "try again when the other program is done");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
      return fail(ErrorCode::unavailable, std::format("the database \"{}\" cannot be read or written: {}", name, told),
                  "check the folder's permissions");
    default:
      return invalid(std::format("the database \"{}\" is not as Optuna makes it: {}", name, told));
  }
}

}  // namespace edgewise::exchange
