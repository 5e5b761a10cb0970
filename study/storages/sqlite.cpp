#include <cmath>
#include <format>
#include <limits>
#include <tuple>
#include <utility>

#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {

namespace {

constexpr int max_value_bytes = 64 << 20;  // the largest text or blob that is read or written

/// Waits for a lock in short steps. SQLite's own waits grow to 100 ms: a process that writes all the time then kept the
/// others out for seconds (seen with four processes that only wrote: one did all the work).
int wait_for_lock(void* timeout_ms, int calls) {
  constexpr int step_ms = 1;
  if (static_cast<std::int64_t>(calls) * step_ms >= *static_cast<const std::int64_t*>(timeout_ms)) return 0;
  sqlite3_sleep(step_ms);
  return 1;
}

/// The file as SQLite takes it with parameters (RFC 3986): all but plain letters is escaped, so that no "?", "#" or "%"
/// of a path means anything.
std::string uri_of(const std::filesystem::path& file, std::string_view parameters) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string uri = file.is_absolute() ? "file://" : "file:";  // with an empty host: it may begin with two slashes
  for (const char c : file.string())
    uri += plain.contains(c) ? std::string(1, c) : std::format("%{:02X}", static_cast<unsigned char>(c));
  return std::format("{}?{}", uri, parameters);
}

int open_handle(const std::filesystem::path& file, const Database::Options& options, sqlite3** handle) {
  switch (options.access) {
    case Access::write:
      return sqlite3_open_v2(file.c_str(), handle,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | (options.create ? SQLITE_OPEN_CREATE : 0),
                             nullptr);
    case Access::read:
      // Else SQLite would make the log's index where the folder happens to let it.
      return sqlite3_open_v2(uri_of(file, "readonly_shm=1").c_str(), handle,
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI, nullptr);
    case Access::unchanged:
      return sqlite3_open_v2(uri_of(file, "immutable=1").c_str(), handle,
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI, nullptr);
  }
  std::unreachable();
}

}  // namespace

std::unexpected<Error> only_read(const std::filesystem::path& file) {
  return fail(ErrorCode::unavailable,
              std::format("the study \"{}\" may only be read: its folder or a file in it may not be written here",
                          file.string()),
              "`edgewise status`, `front`, `report --output FILE` and `export` work as it is; to go on with it, copy "
              "its folder to where you may write");
}

Statement& Statement::bind(std::int64_t value) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::bind(double value) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_double(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  if (status_ == SQLITE_OK)
    status_ = sqlite3_bind_text64(statement_.get(), ++parameter_, text.empty() ? "" : text.data(), text.size(),
                                  SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  if (status_ != SQLITE_OK) return database_->error(status_);
  column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->error(code);
}

Status Statement::run() {
  for (;;) {
    TRY(const bool is_row, step());
    if (!is_row) return {};
  }
}

std::int64_t Statement::integer() {
  const int column = column_++;
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) is_damaged_ = true;
  return sqlite3_column_int64(statement_.get(), column);
}

int Statement::count() {
  const std::int64_t value = integer();
  if (value >= 0 && value <= std::numeric_limits<int>::max()) return static_cast<int>(value);
  is_damaged_ = true;
  return 0;
}

double Statement::real() {
  const double value = real_or_nan();
  if (std::isfinite(value)) return value;
  is_damaged_ = true;
  return 0;
}

double Statement::real_or_nan() {
  const int column = column_++;
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  const double value = sqlite3_column_double(statement_.get(), column);
  if (type != SQLITE_FLOAT || !std::isfinite(value)) is_damaged_ = true;
  return value;
}

std::string Statement::text() {
  const int column = column_++;
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) {
    is_damaged_ = true;
    return {};
  }
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

Status Statement::check() {
  if (!is_damaged_) return {};
  return database_->damaged(
      std::format("a column of \"{}\" has another type than it should", sqlite3_sql(statement_.get())));
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, const Options& options) {
  std::unique_ptr<Database> database(new Database(file, options));
  sqlite3* handle = nullptr;
  const int code = open_handle(options.copy.empty() ? file : options.copy, options, &handle);
  database->handle_.reset(handle);
  if (code != SQLITE_OK) return database->error(code);
  sqlite3_busy_handler(handle, &wait_for_lock, &database->busy_timeout_ms_);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, max_value_bytes);
  // The file may have been made by somebody else: nothing that it defines may run.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Statement(*this, statement);
}

Status Database::run(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  return statement.run();
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  TRY(const bool is_row, statement.step());
  if (!is_row) return damaged(std::format("\"{}\" gives nothing", sql));
  const std::int64_t value = statement.integer();
  TRY_DO(statement.check());
  return value;
}

std::unexpected<Error> Database::error(int code) {
  const std::string name = file_.string();
  const std::string told = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::unavailable,
                  std::format("the study \"{}\" stayed locked for {} s", name,
                              static_cast<double>(options_.busy_timeout.count()) / 1000.0),
                  "another process writes to it: try again, or end the one that hangs");
    case SQLITE_FULL:
      return fail(ErrorCode::unavailable, std::format("the disk is full: \"{}\" cannot be written", name),
                  "make room, then run the same command again");
    case SQLITE_NOTADB:
      return invalid(std::format("\"{}\" is no study: it is no SQLite file", name),
                     "give the folder that `edgewise search` made");
    case SQLITE_TOOBIG:
      return invalid(std::format("a value of the study \"{}\" is larger than {} MiB", name, max_value_bytes >> 20),
                     "keep large data in files beside the study");
    case SQLITE_CORRUPT:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      return damaged(told);
    case SQLITE_READONLY:
      if (code != SQLITE_READONLY_DBMOVED) return only_read(file_);
      [[fallthrough]];
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_IOERR:
      return fail(ErrorCode::unavailable, std::format("the study \"{}\" cannot be read or written: {}", name, told),
                  "check the folder's permissions and the disk, then try again");
    case SQLITE_NOMEM:
      return fail(ErrorCode::unavailable, std::format("no memory to read the study \"{}\"", name),
                  "end other programs, then try again");
    default:
      return damaged(told);
  }
}

std::unexpected<Error> Database::damaged(const std::string& what) {
  return invalid(std::format("the study \"{}\" is damaged: {}", file_.string(), what),
                 "restore the file from a copy, or start a new study in another folder");
}

Result<Transaction> Transaction::begin(Database& database, const char* how) {
  TRY_DO(database.run(how));
  return Transaction(database);
}

Status Transaction::commit() {
  TRY_DO(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

Transaction::~Transaction() {
  // Some errors have undone the transaction already; then there is nothing to do.
  if (database_ && sqlite3_get_autocommit(database_->handle_.get()) == 0) std::ignore = database_->run("ROLLBACK");
}

}  // namespace edgewise::study
