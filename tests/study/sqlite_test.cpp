#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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
  EXPECT_EQ(database->integer("PRAGMA user_version").value(), 2);
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
  ASSERT_TRUE(storage->claim("a:1"));
  StageResult result = example_result(0, 0.5);
  result.details = {{"log", std::string(65 << 20, 'x')}};
  const auto finished = storage->finish({0}, "a:1", State::complete, result, "");
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(finished.error().message, HasSubstr("is larger than 64 MiB"));
  EXPECT_EQ(storage->trial({0})->state, State::running);
}

TEST(SqliteStorage, KeepsTextsThatAreNoUtf8) {
  const Folder folder;
  const auto storage = create_storage(folder.path(), example_settings()).value();
  ASSERT_TRUE(storage->add({example_trial(0)}, 0));
  ASSERT_TRUE(storage->claim("a:1"));
  StageResult result = example_result(0, 0.5);
  result.details = {{"log", "\xff\xfe"}};
  ASSERT_TRUE(storage->finish({0}, "a:1", State::complete, result, std::string("a\0b\xff", 4)));
  EXPECT_EQ(storage->trial({0})->reason, std::string("a\0b\xff", 4));
  EXPECT_EQ(storage->trial({0})->results[0].details["log"], "\xEF\xBF\xBD\xEF\xBF\xBD");
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
  first.epochs = 30;
  first.attempts = 1;
  first.curve = {example_point(0, 1), example_point(0, 2), example_point(1, 3)};
  first.results = {example_result(0, 0.5), example_result(1, 0.6)};
  expect_equal(study.trials[0], first);
  EXPECT_EQ(study.trials[1].state, State::failed);
  EXPECT_EQ(study.trials[1].reason, "out of memory");
  EXPECT_EQ(study.trials[2].state, State::rejected);
  EXPECT_EQ(study.trials[3].state, State::waiting);
  EXPECT_EQ((*storage)->claim("a:1").value()->id, TrialId{3});
}

TEST(SchemaOne, IsBroughtToTheNextOnceAndForAll) {
  const Folder folder;
  fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / "schema1.db", folder.path() / "study.db");
  for (int time = 0; time < 2; ++time) {
    const auto storage = open_storage(folder.path());
    ASSERT_TRUE(storage) << to_text(storage.error());
    EXPECT_EQ((*storage)->trial({3})->threads, time == 0 ? std::nullopt : std::optional(2));
    ASSERT_TRUE((*storage)->assign_threads({{TrialId{3}, 2}}));
  }
  // Column for column what a new study has: a later check compares the texts.
  const Folder fresh;
  ASSERT_TRUE(create_storage(fresh.path(), example_settings()));
  const auto text_of = [](const fs::path& place) {
    const auto database = Database::open(place / "study.db", {}).value();
    auto row = database->prepare("SELECT sql FROM sqlite_schema WHERE name = 'trial'").value();
    EXPECT_TRUE(row.step().value());
    return row.text();
  };
  EXPECT_EQ(text_of(folder.path()), text_of(fresh.path()));
}

/// What a study of a released schema may hold: run this once with the code that brought the schema, and commit the file.
TEST(SchemaTwo, DISABLED_MakesTheGoldenFile) {
  const Folder folder;
  {
    const auto storage = create_storage(folder.path(), example_settings()).value();
    Trial answered = example_trial(4, State::complete);
    answered.reason = "same network and settings as trial 0";
    answered.results = {example_result(0, 0.25)};
    answered.results[0].details = {{"model", "trials/000000/model.onnx"}, {"answered", "trial 0"}};
    ASSERT_TRUE(storage->add({example_trial(0), example_trial(1), example_trial(2, State::rejected), example_trial(3),
                              answered, example_trial(5)},
                             0));
    ASSERT_TRUE(storage->assign_threads({{TrialId{0}, 2}, {TrialId{1}, 1}}));
    const auto finish = [&](std::int64_t id, int stage, double iou) {
      StageResult result = example_result(stage, iou);
      result.values["parameters"] = 11e6;
      result.values["memory_mb"] = 21.5;
      result.measurement = {{"latency_ms", 12.5}, {"device", "local"}, {"precision", "fp32"}};
      result.details = {{"model", "trials/000000/model.onnx"}, {"export_difference", 1e-6}};
      ASSERT_TRUE(storage->finish({id}, "a:1", State::complete, result, ""));
    };
    ASSERT_EQ(storage->claim("a:1").value()->id, TrialId{0});
    ASSERT_TRUE(storage->record({0}, "a:1", example_point(0, 1)));
    ASSERT_TRUE(storage->record({0}, "a:1", example_point(0, 2)));
    finish(0, 0, 0.5);
    ASSERT_TRUE(storage->promote({{0}}, 30));
    ASSERT_EQ(storage->claim("a:1").value()->id, TrialId{1});
    ASSERT_TRUE(storage->fail_trial({1}, "a:1", "out of memory"));
    ASSERT_EQ(storage->claim("elsewhere:1").value()->id, TrialId{3});
    ASSERT_EQ(storage->claim("a:1").value()->id, TrialId{5});
    ASSERT_TRUE(storage->release({5}, "a:1"));
    ASSERT_EQ(storage->claim("a:2").value()->id, TrialId{5});  // kept busy: stage 1 comes after it
    ASSERT_EQ(storage->claim("a:1").value()->id, TrialId{0});
    ASSERT_TRUE(storage->record({0}, "a:1", example_point(1, 3)));
    finish(0, 1, 0.6);
    ASSERT_TRUE(storage->release({5}, "a:2"));
  }
  fs::copy_file(folder.path() / "study.db", fs::path(EDGEWISE_STUDY_TESTS) / "schema2.db",
                fs::copy_options::overwrite_existing);
}

}  // namespace
}  // namespace edgewise::study
