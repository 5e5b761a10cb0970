#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <format>
#include <fstream>
#include <map>

#include "example.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(SqliteStorage, IsMadeOnceAndOpenedAgain) {
  const Folder folder;
  const fs::path study = folder.path() / "a" / "face.study";
  {
    const auto storage = create_storage(study, example_settings()).value();
    ASSERT_TRUE(storage->add({example_trial(0)}, 0));
    const auto again = create_storage(study, example_settings());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    EXPECT_THAT(again.error().message, HasSubstr("there is a study in \"" + study.string() + "\" already"));
  }
  const auto storage = open_storage(study).value();
  EXPECT_EQ(storage->load()->trials.size(), 1U);
  EXPECT_EQ(storage->settings()->seed, example_settings().seed);
}

TEST(SqliteStorage, IsNotFoundWhereThereIsNone) {
  const Folder folder;
  const auto storage = open_storage(folder.path());
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, ErrorCode::not_found);
  EXPECT_EQ(storage.error().message, "there is no study in \"" + folder.path().string() + "\"");
}

TEST(SqliteStorage, TellsWhyItsFolderCannotBeMade) {
  const Folder folder;
  std::ofstream(folder.path() / "file") << "x";
  const auto storage = create_storage(folder.path() / "file" / "study", example_settings());
  ASSERT_FALSE(storage);
  EXPECT_THAT(storage.error().message, HasSubstr("cannot make the folder"));
}

TEST(SqliteStorage, IgnoresWhatAnInterruptedMakerLeftBehind) {
  const Folder folder;
  for (const char* name : {"study.db.new", "study.db.new-wal", "study.db-wal", "study.db-shm"})
    std::ofstream(folder.path() / name) << "half written";
  const auto storage = create_storage(folder.path(), example_settings());
  ASSERT_TRUE(storage) << to_text(storage.error());
  EXPECT_FALSE(fs::exists(folder.path() / "study.db.new"));
}

TEST(SqliteStorage, SeesWhatAnotherConnectionChanged) {
  const Folder folder;
  const auto a = create_storage(folder.path(), example_settings()).value();
  const auto b = open_storage(folder.path()).value();
  const auto version = b->version().value();
  ASSERT_TRUE(a->add({example_trial(0)}, 0));
  EXPECT_GT(b->version().value(), version);
  EXPECT_EQ(b->load()->trials.size(), 1U);
  EXPECT_EQ(b->add({example_trial(1)}, 0).error().code, ErrorCode::conflict);
}

TEST(SqliteStorage, WorksInWriteAheadModeAndSyncsEachCommit) {
  const Folder folder;
  const auto storage = create_storage(folder.path(), example_settings()).value();
  const auto database = Database::open(folder.path() / "study.db", {}).value();
  auto mode = database->prepare("PRAGMA journal_mode").value();
  ASSERT_TRUE(mode.step().value());
  EXPECT_EQ(mode.text(), "wal");
  EXPECT_EQ(database->integer("PRAGMA user_version").value(), 3);
  EXPECT_EQ(database->integer("PRAGMA application_id").value(), 0x45646777);
}

TEST(SqliteStorage, IsUnavailableWhileAnotherProcessKeepsItLocked) {
  const Folder folder;
  ASSERT_TRUE(create_storage(folder.path(), example_settings()));
  const auto storage =
      open_sqlite_storage(folder.path() / "study.db", {.busy_timeout = std::chrono::milliseconds(100)}).value();
  ASSERT_TRUE(storage->add({example_trial(0)}, 0));
  const auto other = Database::open(folder.path() / "study.db", {}).value();
  {
    const auto lock = Transaction::write(*other).value();
    const auto claimed = storage->claim("a:1");
    ASSERT_FALSE(claimed);
    EXPECT_EQ(claimed.error().code, ErrorCode::unavailable);
    EXPECT_EQ(claimed.error().message,
              "the study \"" + (folder.path() / "study.db").string() + "\" stayed locked for 0.1 s");
    EXPECT_TRUE(storage->load());  // readers never wait
  }
  EXPECT_TRUE(storage->claim("a:1"));
}

TEST(SqliteStorage, ChangesNothingWhenTheDiskIsFull) {
  const Folder folder;
  ASSERT_TRUE(create_storage(folder.path(), example_settings()));
  const auto storage = open_sqlite_storage(folder.path() / "study.db", {.max_pages = 24}).value();
  std::size_t count = 0;
  for (;; ++count) {
    ASSERT_LT(count, 10'000U);
    const auto added = storage->add({example_trial(static_cast<int>(count))}, count);
    if (added) continue;
    EXPECT_EQ(added.error().code, ErrorCode::unavailable);
    EXPECT_THAT(added.error().message, HasSubstr("the disk is full"));
    break;
  }
  EXPECT_GT(count, 10U);
  EXPECT_EQ(storage->load()->trials.size(), count);
  EXPECT_EQ(open_storage(folder.path()).value()->load()->trials.size(), count);
}

TEST(SqliteStorage, RefusesAValueThatIsTooLarge) {
  const Folder folder;
  const auto storage = create_storage(folder.path(), example_settings()).value();
  ASSERT_TRUE(storage->add({example_trial(0)}, 0));
  const Claim claim = storage->claim("a:1").value().value();
  StageResult result = example_result(0, 0.5);
  result.details = {{"log", std::string(65 << 20, 'x')}};
  const auto finished = storage->finish(claim, State::complete, result, "");
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(finished.error().message, HasSubstr("is larger than 64 MiB"));
  EXPECT_EQ(storage->trial({0})->state, State::running);
}

TEST(SqliteStorage, KeepsTextsThatAreNoUtf8) {
  const Folder folder;
  const auto storage = create_storage(folder.path(), example_settings()).value();
  ASSERT_TRUE(storage->add({example_trial(0)}, 0));
  const Claim claim = storage->claim("a:1").value().value();
  StageResult result = example_result(0, 0.5);
  result.details = {{"log", "\xff\xfe"}};
  ASSERT_TRUE(storage->finish(claim, State::complete, result, std::string("a\0b\xff", 4)));
  EXPECT_EQ(storage->trial({0})->reason, std::string("a\0b\xff", 4));
  EXPECT_EQ(storage->trial({0})->results[0].details["log"], "\xEF\xBF\xBD\xEF\xBF\xBD");
}

/// Fills the curves of all trials behind the storage's back: each epoch on its own would reach the disk.
void fill_curves(const fs::path& folder, int epochs) {
  const auto database = Database::open(folder / "study.db", {}).value();
  ASSERT_TRUE(database->run(std::format(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO curve (trial, stage, "
      "epoch, train_loss, validation_loss, metrics, seconds, images_per_s) SELECT id, 0, i, 0.5, 0.5, "
      "'{{\"iou\": 0.5, \"iou50\": 0.75}}', 1.0, 1.0 FROM trial, n WHERE id > 0",
      epochs)));
}

// Of the order of the trial, not of the study: the queries take 0.07 ms for one of 10,000 trials of 50 epochs (SQLite
// 3.40 alone). A ratio, best of several, so that no load of others can turn it.
TEST(SqliteStorage, NoticesOneMoreEpochWithoutReadingTheStudy) {
  constexpr int count = 1000, epochs = 50;
  const Folder folder;
  const auto storage = create_storage(folder.path(), example_settings()).value();
  std::vector<Trial> trials;
  for (int i = 0; i < count; ++i) trials.push_back(example_trial(i));
  ASSERT_TRUE(storage->add(trials, 0));
  const Claim claim = storage->claim("a:1").value().value();
  fill_curves(folder.path(), epochs);
  const auto seconds = [](auto call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Study study;
  Cursor cursor;
  const auto catch_up = [&] {
    Changes news = storage->changes(cursor).value();
    cursor = news.next;
    EXPECT_TRUE(apply(study, std::move(news)));
  };
  catch_up();
  double whole = 1e9, one = 1e9;
  for (int epoch = 1; epoch <= 5; ++epoch) {
    whole = std::min(whole, seconds([&] { EXPECT_EQ(storage->load()->trials.size(), count); }));
    ASSERT_TRUE(storage->record(claim, example_point(0, epoch)));
    one = std::min(one, seconds(catch_up));
    EXPECT_EQ(study.trials[0].curve.size(), static_cast<std::size_t>(epoch));
  }
  EXPECT_LT(one * 20, whole) << one << " s against " << whole << " s";
}

// Made once by the disabled test below, with the code that brought schema 1; every later edgewise must open it.
TEST(SchemaOne, IsStillOpened) {
  const Folder folder;
  fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / "schema1.db", folder.path() / "study.db");
  const auto storage = open_storage(folder.path());
  ASSERT_TRUE(storage) << to_text(storage.error());
  const Study study = (*storage)->load().value();
  EXPECT_EQ(study.settings.name, "face");
  EXPECT_EQ(study.settings.seed, example_settings().seed);
  EXPECT_EQ(study.settings.job, example_settings().job);
  ASSERT_EQ(study.trials.size(), 4U);
  Trial first = example_trial(0);
  first.state = State::complete;
  first.stage = 1;
  first.fidelity = Fidelity::training(30);
  first.attempts = 1;
  first.curve = {example_point(0, 1), example_point(0, 2), example_point(1, 3)};
  for (const int stage : {0, 1}) {
    StageResult result = example_result(stage, stage == 0 ? 0.5 : 0.6);
    result.values["iou"].interval.reset();
    result.values["latency_ms"] = {.value = 12.5, .source = Source::measured};  // its measurement told no device
    result.artifacts.clear();
    result.details = {{"onnx", "trials/0/model.onnx"}};
    first.results.push_back(result);
  }
  expect_equal(study.trials[0], first);
  EXPECT_EQ(study.trials[1].state, State::failed);
  EXPECT_EQ(study.trials[1].reason, "out of memory");
  EXPECT_EQ(study.trials[2].state, State::rejected);
  EXPECT_EQ(study.trials[3].state, State::waiting);
  EXPECT_EQ((*storage)->claim("a:1").value()->id, TrialId{3});
}

TEST(SchemaTwo, IsStillOpened) {
  const Folder folder;
  fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / "schema2.db", folder.path() / "study.db");
  const auto storage = open_storage(folder.path());
  ASSERT_TRUE(storage) << to_text(storage.error());
  const Study study = (*storage)->load().value();
  ASSERT_EQ(study.trials.size(), 6U);
  Trial first = example_trial(0);
  first.state = State::complete;
  first.stage = 1;
  first.fidelity = Fidelity::training(30);
  first.attempts = 1;
  first.threads = 2;
  first.curve = {example_point(0, 1), example_point(0, 2), example_point(1, 3)};
  for (const int stage : {0, 1}) {
    StageResult result = example_result(stage, stage == 0 ? 0.5 : 0.6);
    const Value measured{.value = 12.5, .source = Source::measured, .device = "local", .precision = "fp32"};
    result.values = {{"iou", {.value = stage == 0 ? 0.5 : 0.6, .source = Source::trained}},
                     {"latency_ms", measured},
                     {"memory_mb", measured},
                     {"parameters", {.value = 11e6, .source = Source::computed}}};
    result.values["memory_mb"].value = 21.5;
    result.measurement = {{"latency_ms", 12.5}, {"device", "local"}, {"precision", "fp32"}};
    result.details = {{"export_difference", 1e-6}};
    result.artifacts = {{"onnx", "trials/000000/model.onnx", {}, {}}};  // its content was not looked at then
    first.results.push_back(result);
  }
  expect_equal(study.trials[0], first);
  EXPECT_EQ(study.trials[1].threads, 1);
  EXPECT_TRUE(study.trials[4].is_answered());
  EXPECT_EQ(study.trials[4].result()->artifact("onnx")->path, "trials/000000/model.onnx");
  // The worker of an earlier edgewise is taken for lost when it has been silent for as long as it might be.
  EXPECT_EQ(study.trials[3].state, State::running);
  EXPECT_EQ((*storage)->recover(3).value(), (std::vector<TrialId>{{3}}));
  EXPECT_EQ((*storage)->claim("a:1").value()->id, TrialId{3});
}

/// Column for column what a new study has: a later check compares the texts.
TEST(EarlierSchemas, AreBroughtToThePresentOneOnceAndForAll) {
  const auto texts_of = [](const fs::path& place) {
    const auto database = Database::open(place / "study.db", {}).value();
    auto rows = database->prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").value();
    std::map<std::string, std::string> texts;
    while (rows.step().value()) {
      const std::string name = rows.text();
      texts[name] = rows.text();
    }
    return texts;
  };
  const Folder fresh;
  ASSERT_TRUE(create_storage(fresh.path(), example_settings()));
  for (const char* file : {"schema1.db", "schema2.db"}) {
    SCOPED_TRACE(file);
    const Folder folder;
    fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / file, folder.path() / "study.db");
    for (int time = 0; time < 2; ++time) {
      const auto storage = open_storage(folder.path());
      ASSERT_TRUE(storage) << to_text(storage.error());
      EXPECT_EQ((*storage)->trial({2})->threads, time == 0 ? std::nullopt : std::optional(2));
      ASSERT_TRUE((*storage)->assign_threads({{TrialId{2}, 2}}));
      const Changes all = (*storage)->changes({}).value();
      EXPECT_TRUE((*storage)->changes(all.next)->trials.empty());
    }
    EXPECT_EQ(texts_of(folder.path()), texts_of(fresh.path()));
  }
}

/// Run this once with the code that brings a schema, under its number, and commit the file: every later edgewise must
/// open it.
TEST(PresentSchema, DISABLED_MakesTheGoldenFile) {
  const Folder folder;
  {
    const auto storage = create_storage(folder.path(), example_settings()).value();
    ASSERT_TRUE(
        storage->add({example_trial(0), example_trial(1), example_trial(2, State::rejected), example_trial(3)}, 0));
    ASSERT_TRUE(storage->assign_threads({{TrialId{0}, 2}, {TrialId{1}, 1}}));
    const Claim claim = storage->claim("a:1").value().value();
    ASSERT_TRUE(storage->record(claim, example_point(0, 1)));
    ASSERT_TRUE(storage->finish(claim, State::complete, example_result(0, 0.5), ""));
    ASSERT_TRUE(storage->promote({{0}}, Fidelity::training(30)));
    ASSERT_TRUE(storage->fail_trial(storage->claim("a:1").value().value(), "out of memory"));
    ASSERT_TRUE(storage->pass_on(storage->claim("a:1").value().value(), example_result(0, 0.25)));
    ASSERT_TRUE(storage->claim("elsewhere:1"));
  }
  fs::copy_file(folder.path() / "study.db", fs::path(EDGEWISE_STUDY_TESTS) / "schema3.db",
                fs::copy_options::overwrite_existing);
}

}  // namespace
}  // namespace edgewise::study
