// Study files that are none, are damaged, or were made to do harm: each ends in a message, never in a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.hpp"
#include "base/random.hpp"
#include "example.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class DamagedStudy : public testing::Test {
 protected:
  DamagedStudy() : file_(folder_.path() / "study.db") {}
  /// A study with results and curves, written out whole.
  void make_study() {
    const auto storage = create_storage(folder_.path(), example_settings()).value();
    std::vector<Trial> trials;
    for (int i = 0; i < 20; ++i) trials.push_back(example_trial(i));
    ASSERT_TRUE(storage->add(trials, 0));
    for (int i = 0; i < 10; ++i) {
      const Claim claim = storage->claim("a:1").value().value();
      for (int epoch = 1; epoch <= 10; ++epoch) ASSERT_TRUE(storage->record(claim, example_point(0, epoch)));
      ASSERT_TRUE(storage->finish(claim, State::complete, example_result(0, 0.5), ""));
    }
  }
  void write(const std::string& bytes) {
    for (const char* rest : {"-wal", "-shm"}) fs::remove(fs::path(file_) += rest);
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
  }
  /// Changes the file behind the storage's back.
  void execute(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(handle);
  }
  /// The error of opening, or of loading when it opens.
  Error error() {
    const auto storage = open_storage(folder_.path());
    if (!storage) return storage.error();
    const auto study = (*storage)->load();
    EXPECT_FALSE(study);
    return study ? Error{} : study.error();
  }
  void expect_error(const std::string& text) {
    const Error found = error();
    EXPECT_EQ(found.code, ErrorCode::invalid_input) << to_text(found);
    EXPECT_THAT(found.message, HasSubstr(text));
    EXPECT_THAT(found.message, HasSubstr("\"" + file_.string() + "\""));
    EXPECT_FALSE(found.next.empty());
  }

  Folder folder_;
  fs::path file_;
};

TEST_F(DamagedStudy, OfRandomBytesIsNoStudy) {
  RandomStream random(1);
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += static_cast<char>(random.below(256));
  write(bytes);
  expect_error("is no study: it is no SQLite file");
}

TEST_F(DamagedStudy, ThatIsEmptyIsNoStudy) {
  write("");
  expect_error("is no study: edgewise did not make it");
  EXPECT_EQ(fs::file_size(file_), 0U);
}

TEST_F(DamagedStudy, ThatIsAFolderIsNoStudy) {
  fs::create_directory(file_);
  expect_error("is no study: it is no file");
}

TEST_F(DamagedStudy, OfAnotherProgramIsLeftAlone) {
  execute("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')");
  const auto before = read_file(file_).value();
  expect_error("is no study: edgewise did not make it");
  EXPECT_EQ(read_file(file_).value(), before);
}

TEST_F(DamagedStudy, OfANewerSchemaTellsBothVersions) {
  make_study();
  execute("PRAGMA user_version = 99");
  expect_error("has schema 99; this edgewise knows up to 3");
  execute("PRAGMA user_version = 0");
  expect_error("is damaged: its schema version is 0");
}

TEST_F(DamagedStudy, WithoutATableIsDamaged) {
  make_study();
  execute("DROP TABLE curve");
  expect_error("is damaged: the table \"curve\" is missing");
}

TEST_F(DamagedStudy, WithAnotherTableIsDamaged) {
  make_study();
  execute("DROP TABLE curve; CREATE TABLE curve (trial, stage)");
  expect_error("is damaged: the table \"curve\" is not as schema 3 has it");
}

TEST_F(DamagedStudy, WithTriggersOrViewsIsRefused) {
  make_study();
  execute("CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
  expect_error("is damaged: it has a view, which no study has");
  execute("DROP VIEW endless; CREATE TRIGGER t AFTER UPDATE ON trial BEGIN DELETE FROM trial; END");
  expect_error("is damaged: it has a trigger, which no study has");
}

TEST_F(DamagedStudy, ThatWasCutOffIsDamaged) {
  make_study();
  const auto whole = read_file(file_).value();
  for (const double share : {0.1, 0.3, 0.5, 0.8, 0.99}) {
    write(whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size()))));
    EXPECT_THAT(error().message, AnyOf(HasSubstr("is damaged"), HasSubstr("is no study"))) << share;
  }
}

TEST_F(DamagedStudy, WithHostileContentIsDamaged) {
  make_study();
  const std::string deep(500, '[');
  const std::vector<std::pair<std::string, std::string>> cases{
      {"UPDATE trial SET state = 'done' WHERE id = 3", "trial 3 has the unknown state \"done\""},
      {"UPDATE trial SET stage = -1 WHERE id = 3", "has another type than it should"},
      {"UPDATE trial SET attempts = 99999999999 WHERE id = 3", "has another type than it should"},
      {"UPDATE trial SET work = 'sleep' WHERE id = 3", "trial 3 waits for the unknown work \"sleep\""},
      {"UPDATE trial SET fidelity = '[]' WHERE id = 3", "trial 3: a fidelity has no estimator or no amounts"},
      {R"(UPDATE trial SET fidelity = '{"estimator": "training", "amounts": {"epochs": 99999999999}}' WHERE id = 3)",
       "trial 3: a fidelity has 99999999999 epochs"},
      {"UPDATE trial SET choice = '[1]' WHERE id = 3", "trial 3: a choice is no JSON object"},
      {"UPDATE trial SET choice = '{\"a\": [1]}' WHERE id = 3",
       "the value of \"a\" in a choice is neither a text nor a number"},
      {"UPDATE trial SET choice = '{\"a\": 18446744073709551615}' WHERE id = 3",
       "the value of \"a\" in a choice is beyond 64 bits"},
      {"UPDATE trial SET choice = '{' WHERE id = 3", "trial 3: this is not valid JSON"},
      {"UPDATE trial SET choice = '" + deep + "' WHERE id = 3", "nested deeper than 200"},
      {"UPDATE trial SET known = '{\"macs\": \"many\"}' WHERE id = 3", "the recorded value of \"macs\" has no number"},
      {R"(UPDATE trial SET known = '{"macs": {"value": 1, "source": "guessed"}}' WHERE id = 3)",
       "the recorded value of \"macs\" does not say where it comes from"},
      {"UPDATE trial SET known = '{\"macs\": NaN}\' WHERE id = 3", "this is not valid JSON"},
      {"UPDATE trial SET known = '{\"macs\": 1e999}' WHERE id = 3", "the number 1e999 is too large"},
      {"DELETE FROM trial WHERE id = 15", "trial 15 is missing"},
      {"UPDATE trial SET id = 9000000000000000000 WHERE id = 19", "trial 19 is missing"},
      {"INSERT INTO result SELECT 77, stage, best_epoch, recorded, measurement, details, 0, 0, 0, 0, '', fidelity, "
       "artifacts FROM "
       "result WHERE trial = 1",
       "a result belongs to trial 77, which is missing"},
      {"INSERT INTO curve SELECT -1, stage, epoch, 0, 0, metrics, 0, 0 FROM curve WHERE trial = 1 AND epoch = 1",
       "an epoch belongs to trial -1, which is missing"},
      {"UPDATE result SET recorded = 'null'", "recorded values are no JSON object"},
      {"UPDATE result SET details = '[]'", "its details are no JSON object"},
      {"UPDATE result SET artifacts = '{}'", "the artifacts are no JSON array"},
      {R"(UPDATE result SET artifacts = '[{"kind": "onnx", "path": "/etc/passwd"}]')",
       "is not within the study's folder"},
      {"UPDATE result SET train_s = 9e999", "has another type than it should"},
      {"UPDATE curve SET validation_loss = 9e999", "has another type than it should"},
      {"UPDATE study SET objectives = '[{\"name\": 1}]'", "an objective has no name or no direction"},
      {"UPDATE study SET objectives = '3'", "the objectives are no JSON array"},
      {"UPDATE study SET constraints = '[\"a <\"]'", "an expression is missing here"},
      {"UPDATE study SET constraints = '[3]'", "a constraint is no text"},
      {"UPDATE study SET constraints = '{}'", "the constraints are no JSON array"},
      {"UPDATE study SET job = 'x'", "the job: this is not valid JSON"},
      {"DELETE FROM study", "its settings are missing"},
  };
  const auto whole = read_file(file_).value();
  for (const auto& [sql, text] : cases) {
    SCOPED_TRACE(sql);
    write(whole);
    execute(sql);
    expect_error(text);
  }
}

TEST_F(DamagedStudy, WhoOnlyLooksSeesNoDamageOfWhatIsNotRead) {
  make_study();
  const auto whole = read_file(file_).value();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
  const auto number = [&](const char* sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const auto value = static_cast<std::size_t>(sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
    return value;
  };
  const std::size_t size = number("PRAGMA page_size");
  const std::size_t curves = number("SELECT rootpage FROM sqlite_schema WHERE name = 'curve'"),
                    results = number("SELECT rootpage FROM sqlite_schema WHERE name = 'result'");
  sqlite3_close(handle);
  const auto without_page = [&](std::size_t page) {
    std::string bytes = whole;
    bytes.replace((page - 1) * size, size, std::string(size, '\xff'));
    return bytes;
  };
  write(without_page(curves));
  EXPECT_FALSE(open_storage(folder_.path()));
  const auto looked = open_storage(folder_.path(), Opening::to_look);
  ASSERT_TRUE(looked);
  EXPECT_TRUE((*looked)->outline());
  EXPECT_FALSE((*looked)->load());
  write(without_page(results));
  EXPECT_FALSE(open_storage(folder_.path(), Opening::to_look).and_then([](auto study) { return study->outline(); }));
}

TEST_F(DamagedStudy, WithFlippedBytesNeverCrashes) {
  make_study();
  const auto whole = read_file(file_).value();
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed);
    std::string bytes = whole;
    for (std::uint64_t i = 0; i <= random.below(20); ++i)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    write(bytes);
    if (const auto looked = open_storage(folder_.path(), Opening::to_look)) std::ignore = (*looked)->outline();
    const auto storage = open_storage(folder_.path());
    if (!storage) {
      ++refused;
      continue;
    }
    if (!(*storage)->load()) ++refused;
    std::ignore = (*storage)->claim("a:1");
    std::ignore = (*storage)->recover(1);
  }
  EXPECT_GT(refused, 40);
}

}  // namespace
}  // namespace edgewise::study
