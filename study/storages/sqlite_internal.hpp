/// SQLite as far as a study needs it: a connection, statements and transactions that clean up after themselves, errors
/// as values.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "study/storage.hpp"
#include "study/storages/sqlite_copy_internal.hpp"

namespace edgewise::study {

class Database;

/// A prepared statement; parameters are bound in order. Rows are not trusted: a column of another type than asked for
/// is noted, and `check` tells.
class Statement {
 public:
  Statement& bind(std::int64_t value);
  Statement& bind(double value);  ///< NaN is stored as NULL
  Statement& bind(std::string_view text);

  /// The next row; false at the end. @error as Database::error
  Result<bool> step();
  /// For statements without rows.
  Status run();

  std::int64_t integer();  ///< the next column of the row
  int count();             ///< the same, 0 .. 2^31-1
  double real();
  double real_or_nan();  ///< NaN for NULL
  std::string text();
  /// @error invalid_input when a column of this row was not what it should be
  Status check();

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement, &sqlite3_finalize) {}
  Database* database_;  // borrowed; outlives the statement
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
  int parameter_ = 0, column_ = 0;
  int status_ = SQLITE_OK;  // the first error of binding
  bool is_damaged_ = false;
};

/// That nothing of the study can be changed here, and what can be done.
std::unexpected<Error> only_read(const std::filesystem::path& file);

/// What a connection may do with its file.
enum class Access : std::uint8_t {
  write,      ///< read and change it
  read,       ///< read it beside others that may write: the index of their log must be there, none is made
  unchanged,  ///< read it without its log and without locks: nobody writes
};

/// One connection. Not safe to use from two threads.
class Database {
 public:
  struct Options {
    bool create = false;
    std::chrono::milliseconds busy_timeout{60'000};
    int max_pages = 0;  ///< 0: no bound; for tests of a full disk
    Opening opening = Opening::to_work;
    Access access = Access::write;
    std::filesystem::path copy;  ///< opened in place of the file, which messages name; empty: there is none
  };
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, const Options& options);

  Result<Statement> prepare(std::string_view sql);
  /// One statement whose rows do not matter.
  Status run(std::string_view sql);
  /// The single integer that a statement gives.
  Result<std::int64_t> integer(std::string_view sql);

  /// What SQLite's result code means here: unavailable (locked, disk full, cannot be written), invalid_input (damaged,
  /// no database).
  std::unexpected<Error> error(int code);
  std::unexpected<Error> damaged(const std::string& what);
  /// Whether SQLite opened it to be read alone: because of the access, or because the file may not be written.
  [[nodiscard]] bool is_read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  friend class Transaction;
  Database(std::filesystem::path file, const Options& options)
      : file_(std::move(file)),
        options_(options),
        busy_timeout_ms_(options.busy_timeout.count()),
        handle_(nullptr, &sqlite3_close_v2) {}
  std::filesystem::path file_;
  Options options_;
  std::int64_t busy_timeout_ms_;  // read by the busy handler
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

/// Undone by its destructor unless committed.
class Transaction {
 public:
  /// Takes the write lock at once, so that what is read stays true until it is changed.
  static Result<Transaction> write(Database& database) { return begin(database, "BEGIN IMMEDIATE"); }
  /// One snapshot for several reads.
  static Result<Transaction> read(Database& database) { return begin(database, "BEGIN"); }
  Status commit();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

 private:
  static Result<Transaction> begin(Database& database, const char* how);
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // borrowed; null once committed or moved from
};

/// The study in one file, with other bounds than usual.
Result<std::unique_ptr<Storage>> open_sqlite_storage(const std::filesystem::path& file,
                                                     const Database::Options& options);
/// Wraps a connection whose schema was checked.
/// @param copy  what the connection opened, kept as long as it
std::unique_ptr<Storage> make_sqlite_storage(std::unique_ptr<Database> database,
                                             std::optional<PrivateCopy> copy = std::nullopt);

}  // namespace edgewise::study
