#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <format>
#include <system_error>

#include "base/file.hpp"
#include "study/changes_internal.hpp"
#include "study/json_internal.hpp"
#include "study/storages/sqlite_internal.hpp"
#include "study/storages/sqlite_schema_internal.hpp"
#include "study/storages/storages_internal.hpp"

namespace edgewise::study {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t application_id = 0x45646777;  // "Edgw"

Status check_pages(Database& database) {
  TRY(Statement check, database.prepare("PRAGMA quick_check(1)"));
  TRY(const bool is_row, check.step());
  const std::string told = is_row ? check.text() : "no answer";
  if (told != "ok") return database.damaged(told);
  return {};
}

Status check_study(Database& database, Opening opening) {
  TRY(const std::int64_t application, database.integer("PRAGMA application_id"));
  if (application != application_id)
    return invalid(std::format("\"{}\" is no study: edgewise did not make it", database.file().string()),
                   "give the folder that `edgewise search` made");
  TRY_DO(check_schema(database));
  // Who only looks has every row checked as it is read, and does not wait for pages that are not.
  return opening == Opening::to_work ? check_pages(database) : Status{};
}

/// Every commit reaches the disk before it returns: a finished trial survives a power cut. Measured on ext4 under load:
/// 3 to 9 ms a change (0.02 ms unsynced); a trial of 10 epochs makes some 15 changes.
Status set_up_connection(Database& database) {
  TRY_DO(database.run("PRAGMA foreign_keys = ON"));
  return database.run("PRAGMA synchronous = FULL");
}

Status write_new(const fs::path& file, const Settings& settings) {
  TRY(const auto database, Database::open(file, {.create = true}));
  TRY_DO(database->run("PRAGMA journal_mode = WAL"));
  TRY_DO(set_up_connection(*database));
  TRY(Transaction change, Transaction::write(*database));
  TRY_DO(database->run(std::format("PRAGMA application_id = {}", application_id)));
  TRY_DO(database->run(std::format("PRAGMA user_version = {}", schema_version)));
  TRY_DO(make_schema(*database));
  TRY(Statement insert, database->prepare("INSERT INTO study VALUES (0, ?, ?, ?, ?, ?, ?, ?, 0)"));
  insert.bind(settings.name).bind(std::bit_cast<std::int64_t>(settings.seed)).bind(dump(to_json(settings.objectives)));
  insert.bind(dump(to_json(settings.constraints)))
      .bind(dump(settings.job))
      .bind(dump(settings.environment))
      .bind(settings.created);
  TRY_DO(insert.run());
  return change.commit();
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// By the rights that files are opened with. Root is refused, too, where the file system is mounted to be read.
bool is_allowed(const fs::path& path, int how) {
  return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0;
}

bool is_readable_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && is_allowed(path, R_OK);
}

bool has_content(const fs::path& path) {
  std::error_code missing;
  const auto bytes = fs::file_size(path, missing);
  return !missing && bytes > 0;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// Whether a study here can be worked on, as far as can be told without trying.
bool is_writable(const fs::path& file) {
  std::error_code ignored;
  for (const char* rest : {"-wal", "-shm"})
    if (fs::exists(with_suffix(file, rest), ignored) && !is_allowed(with_suffix(file, rest), W_OK)) return false;
  return is_allowed(folder_of(file), W_OK | X_OK) && is_allowed(file, W_OK);
}

Result<std::unique_ptr<Storage>> open_writable(const fs::path& file, const Database::Options& options) {
  TRY(auto database, Database::open(file, options));
  if (database->is_read_only()) return only_read(file);
  TRY_DO(set_up_connection(*database));
  TRY_DO(check_study(*database, options.opening));
  TRY_DO(database->run("PRAGMA journal_mode = WAL"));
  TRY_DO(upgrade_schema(*database));
  if (options.max_pages > 0) TRY_DO(database->run(std::format("PRAGMA max_page_count = {}", options.max_pages)));
  return make_sqlite_storage(std::move(database));
}

/// How the file can be read where it is; nothing: its log has something, and nobody can say what without an index.
std::optional<Access> access_in_place(const fs::path& file) {
  // Left by whoever writes now, or was killed: SQLite tells the two apart by their locks.
  if (is_readable_file(with_suffix(file, "-wal")) && is_readable_file(with_suffix(file, "-shm"))) return Access::read;
  if (has_content(with_suffix(file, "-wal")) || has_content(with_suffix(file, "-journal"))) return std::nullopt;
  // Closed by its last writer. Should one begin meanwhile, what it writes is in a log at first (1000 pages).
  return Access::unchanged;
}

/// Null when only a copy can be read: SQLite cannot do without writing here, or the schema is an older one.
Result<std::unique_ptr<Storage>> read_in_place(const fs::path& file, Database::Options options) {
  const auto access = access_in_place(file);
  if (!access) return nullptr;
  options.access = *access;
  auto database = Database::open(file, options);
  const auto checked = database.and_then([&](const auto& opened) { return check_study(*opened, options.opening); });
  if (!checked && checked.error().code != ErrorCode::unavailable) return std::unexpected(checked.error());
  if (!checked) return nullptr;
  TRY(const bool is_present, has_present_schema(**database));
  if (!is_present) return nullptr;
  TRY_DO((*database)->run("PRAGMA query_only = ON"));
  return make_sqlite_storage(*std::move(database));
}

Result<std::unique_ptr<Storage>> read_copy(const fs::path& file, Database::Options options) {
  TRY(auto copy, PrivateCopy::make(file));
  options.copy = copy.file();
  TRY(auto database, Database::open(file, options));
  TRY_DO(database->run("PRAGMA synchronous = OFF"));  // nobody needs it after a power cut
  TRY_DO(check_study(*database, options.opening));
  TRY_DO(upgrade_schema(*database));
  TRY_DO(database->run("PRAGMA query_only = ON"));
  return make_sqlite_storage(std::move(database), std::move(copy));
}

/// Where nothing may be written; nothing is.
Result<std::unique_ptr<Storage>> open_readable(const fs::path& file, const Database::Options& options) {
  if (!is_allowed(file, R_OK))
    return fail(
        ErrorCode::unavailable,
        std::format("the study \"{}\" may not be read: {}", file.string(), std::generic_category().message(errno)),
        "ask whose it is for the right to read its folder");
  TRY(auto storage, read_in_place(file, options));
  return storage ? std::move(storage) : read_copy(file, options);
}

}  // namespace

Result<std::unique_ptr<Storage>> open_sqlite_storage(const fs::path& file, const Database::Options& options) {
  std::error_code code;
  if (!fs::exists(file, code))
    return fail(ErrorCode::not_found, std::format("there is no study in \"{}\"", file.parent_path().string()),
                "`edgewise search JOB.yaml` makes one");
  if (!fs::is_regular_file(file, code))
    return invalid(std::format("\"{}\" is no study: it is no file", file.string()),
                   "give the folder that `edgewise search` made");
  const bool is_to_look = options.opening == Opening::to_look;
  if (is_to_look && !is_writable(file)) return open_readable(file, options);
  auto storage = open_writable(file, options);
  if (storage || storage.error().code != ErrorCode::unavailable) return storage;
  // Rights are not all that decides: a server of files may refuse what they allow, or the disk be full.
  if (is_to_look) return open_readable(file, options);
  if (!is_writable(file) && is_allowed(file, R_OK)) return only_read(file);
  return storage;
}

namespace {

Result<std::unique_ptr<Storage>> create_in(const fs::path& folder, const Settings& settings) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    return invalid(std::format("cannot make the folder \"{}\": {}", folder.string(), code.message()),
                   "check the path and its permissions");
  const fs::path file = folder / "study.db", fresh = folder / "study.db.new";
  {
    // Made beside and renamed, so that a study is there whole or not at all; the lock keeps two makers apart.
    TRY(const FileLock lock, FileLock::acquire(folder / "study.lock", FileLock::Mode::exclusive));
    if (fs::exists(file, code))
      return fail(ErrorCode::conflict, std::format("there is a study in \"{}\" already", folder.string()),
                  "resume it with the same command, or choose another name");
    // What an interrupted maker or a removed study left behind: SQLite would read an old log into the new file.
    for (const char* rest : {"", "-wal", "-shm"}) fs::remove(with_suffix(fresh, rest), code);
    for (const char* rest : {"-wal", "-shm"}) fs::remove(with_suffix(file, rest), code);
    TRY_DO(write_new(fresh, stored(settings)));
    fs::rename(fresh, file, code);
    if (code)
      return invalid(std::format("cannot make \"{}\": {}", file.string(), code.message()),
                     "check the folder's permissions");
    sync_folder(folder);
  }
  return open_sqlite_storage(file, {});
}

}  // namespace

StorageKind sqlite_kind() {
  return {
      .name = "sqlite",
      .sentence = "a folder with the file study.db, which all workers of one machine share",
      .create = [](const std::string& place, const Settings& settings) { return create_in(place, settings); },
      .open = [](const std::string& place,
                 Opening opening) { return open_sqlite_storage(fs::path(place) / "study.db", {.opening = opening}); }};
}

}  // namespace edgewise::study
