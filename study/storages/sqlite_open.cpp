#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <format>
#include <map>

#include "base/file.hpp"
#include "study/changes_internal.hpp"
#include "study/json_internal.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t application_id = 0x45646777;  // "Edgw"
constexpr std::int64_t schema_version = 2;

/// What schema 2 adds to the table of trials: 0 where the number of threads is not known.
constexpr std::string_view threads_column = "threads INTEGER NOT NULL DEFAULT 0";

/// Schema 1. A file must hold these very texts, so none of them may change: a new schema gets a new version and a step
/// from the old one.
const std::map<std::string, std::string>& first_schema() {
  static const std::map<std::string, std::string> texts{
      {"study",
       "CREATE TABLE study (id INTEGER PRIMARY KEY CHECK (id = 0), name TEXT NOT NULL, seed INTEGER NOT NULL, "
       "objectives TEXT NOT NULL, "
       "constraints TEXT NOT NULL, job TEXT NOT NULL, environment TEXT NOT NULL, created TEXT NOT NULL, version "
       "INTEGER NOT NULL) STRICT"},
      {"trial",
       "CREATE TABLE trial (id INTEGER PRIMARY KEY, state TEXT NOT NULL, stage INTEGER NOT NULL, epochs INTEGER NOT "
       "NULL, seed INTEGER NOT NULL, "
       "attempts INTEGER NOT NULL, worker TEXT NOT NULL, heartbeat_ms INTEGER NOT NULL, reason TEXT NOT NULL, choice "
       "TEXT NOT NULL, "
       "known TEXT NOT NULL) STRICT"},
      {"trial_queue", "CREATE INDEX trial_queue ON trial (state, stage, id)"},
      {"result",
       "CREATE TABLE result (trial INTEGER NOT NULL REFERENCES trial, stage INTEGER NOT NULL, epochs INTEGER NOT NULL, "
       "best_epoch INTEGER NOT NULL, "
       "recorded TEXT NOT NULL, measurement TEXT NOT NULL, details TEXT NOT NULL, train_s REAL NOT NULL, measure_s "
       "REAL NOT NULL, "
       "export_s REAL NOT NULL, overhead_s REAL NOT NULL, finished TEXT NOT NULL, PRIMARY KEY (trial, stage)) STRICT, "
       "WITHOUT ROWID"},
      {"curve",
       "CREATE TABLE curve (trial INTEGER NOT NULL REFERENCES trial, stage INTEGER NOT NULL, epoch INTEGER NOT NULL, "
       "train_loss REAL, "
       "validation_loss REAL, metrics TEXT NOT NULL, seconds REAL NOT NULL, images_per_s REAL NOT NULL, "
       "PRIMARY KEY (trial, stage, epoch)) STRICT, WITHOUT ROWID"}};
  return texts;
}

/// The texts of a version; what SQLite itself writes when a column is added.
std::map<std::string, std::string> schema(std::int64_t version) {
  auto texts = first_schema();
  if (version < 2) return texts;
  std::string& trial = texts["trial"];
  trial.insert(trial.rfind(')'), std::format(", {}", threads_column));
  return texts;
}

/// Refuses files that define anything else under these names, or anything that runs by itself.
Status check_schema(Database& database, std::int64_t version) {
  std::map<std::string, std::string> missing = schema(version);
  TRY(Statement rows, database.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema"));
  for (;;) {
    TRY(const bool is_row, rows.step());
    if (!is_row) break;
    const std::string type = rows.text(), name = rows.text(), sql = rows.text();
    TRY_DO(rows.check());
    if (type == "trigger" || type == "view")
      return database.damaged(std::format("it has a {}, which no study has", type));
    const auto expected = missing.find(name);
    if (expected == missing.end()) continue;
    if (expected->second != sql)
      return database.damaged(std::format("the table \"{}\" is not as schema {} has it", name, version));
    missing.erase(expected);
  }
  if (missing.empty()) return {};
  return database.damaged(std::format("the table \"{}\" is missing", missing.begin()->first));
}

Status check_pages(Database& database) {
  TRY(Statement check, database.prepare("PRAGMA quick_check(1)"));
  TRY(const bool is_row, check.step());
  const std::string told = is_row ? check.text() : "no answer";
  if (told != "ok") return database.damaged(told);
  return {};
}

Status check_study(Database& database) {
  TRY(const std::int64_t application, database.integer("PRAGMA application_id"));
  if (application != application_id)
    return invalid(std::format("\"{}\" is no study: edgewise did not make it", database.file().string()),
                   "give the folder that `edgewise search` made");
  TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
  if (version > schema_version)
    return invalid(std::format("the study \"{}\" has schema {}; this edgewise knows up to {}", database.file().string(),
                               version, schema_version),
                   "use a newer edgewise for it");
  if (version < 1) return database.damaged(std::format("its schema version is {}", version));
  TRY_DO(check_schema(database, version));
  return check_pages(database);
}

/// Brings a file of schema 1 to schema 2; another process may have done so in the meantime.
Status upgrade(Database& database) {
  TRY(const std::int64_t seen, database.integer("PRAGMA user_version"));
  if (seen == schema_version) return {};
  TRY(Transaction change, Transaction::write(database));
  TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
  if (version == schema_version) return {};
  TRY_DO(database.run(std::format("ALTER TABLE trial ADD COLUMN {}", threads_column)));
  TRY_DO(database.run(std::format("PRAGMA user_version = {}", schema_version)));
  return change.commit();
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
  const auto texts = schema(schema_version);
  for (const char* name : {"study", "trial", "trial_queue", "result", "curve"}) TRY_DO(database->run(texts.at(name)));
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

fs::path with_suffix(fs::path file, const char* suffix) {
  return file += suffix;
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
  TRY(auto database, Database::open(file, options));
  TRY_DO(check_study(*database));
  TRY_DO(set_up_connection(*database));
  TRY_DO(database->run("PRAGMA journal_mode = WAL"));
  TRY_DO(upgrade(*database));
  if (options.max_pages > 0) TRY_DO(database->run(std::format("PRAGMA max_page_count = {}", options.max_pages)));
  return make_sqlite_storage(std::move(database));
}

Result<std::unique_ptr<Storage>> open_storage(const fs::path& folder) {
  return open_sqlite_storage(folder / "study.db", {});
}

Result<std::unique_ptr<Storage>> create_storage(const fs::path& folder, const Settings& settings) {
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
  return open_storage(folder);
}

}  // namespace edgewise::study
