// Studies that may be read and not written: whoever only looks sees all of it, and nothing is written beside it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "base/file.hpp"
#include "example.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// A folder whose files this process may not write. Root may write everywhere, so it becomes somebody else meanwhile.
class WithoutRights {
 public:
  explicit WithoutRights(const fs::path& folder, fs::perms folder_rights = readable | executable) : folder_(folder) {
    for (const auto& entry : fs::directory_iterator(folder)) fs::permissions(entry.path(), readable);
    fs::permissions(folder, folder_rights);
    constexpr uid_t nobody = 65534;
    is_root_ = ::geteuid() == 0;
    is_held_ = (!is_root_ || ::seteuid(nobody) == 0) &&
               ::faccessat(AT_FDCWD, (folder / "study.db").c_str(), W_OK, AT_EACCESS) != 0 &&
               ::faccessat(AT_FDCWD, (folder / "study.db").c_str(), R_OK, AT_EACCESS) == 0;
  }
  ~WithoutRights() {
    if (is_root_ && ::seteuid(0) != 0) std::abort();
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    for (const auto& entry : fs::directory_iterator(folder_, ignored))
      fs::permissions(entry.path(), fs::perms::owner_all, ignored);
  }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;
  [[nodiscard]] bool is_held() const { return is_held_; }

  static constexpr fs::perms readable = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  static constexpr fs::perms executable = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

 private:
  fs::path folder_;
  bool is_root_ = false, is_held_ = false;
};

/// For the tests' bodies: only they can be skipped.
#define WITHOUT_RIGHTS(...)                \
  const WithoutRights rights(__VA_ARGS__); \
  if (!rights.is_held()) GTEST_SKIP() << "this process can neither be kept from writing nor become another user"

/// A process that writes to a study: one trial, then one more each time it is asked.
class Writer {
 public:
  explicit Writer(const fs::path& folder) {
    if (::pipe(asked_) != 0 || ::pipe(told_) != 0) throw std::runtime_error("no pipe");
    child_ = ::fork();
    if (child_ == 0) ::_exit(work(folder));
    ::close(asked_[0]);
    ::close(told_[1]);
    wait();
  }
  ~Writer() { kill(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void write_one() {
    if (::write(asked_[1], "x", 1) != 1) throw std::runtime_error("the writer ended");
    wait();
  }
  /// It leaves its log and the log's index behind.
  void kill() {
    if (child_ < 0) return;
    ::close(asked_[1]);  // ends it at once
    ::close(told_[0]);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  int work(const fs::path& folder) const {
    ::close(asked_[1]);
    const auto storage = open_storage(folder);
    for (std::size_t count = 0; storage; ++count) {
      if (!(*storage)->add({example_trial(static_cast<int>(count))}, count)) return 1;
      char request = 0;
      if (::write(told_[1], "x", 1) != 1 || ::read(asked_[0], &request, 1) != 1) ::_exit(0);  // without closing it
    }
    return 1;
  }
  void wait() const {
    char answer = 0;
    if (::read(told_[0], &answer, 1) != 1) throw std::runtime_error("the writer ended");
  }

  int asked_[2]{}, told_[2]{};
  pid_t child_ = -1;
};

class ReadOnlyStudy : public testing::Test {
 protected:
  ReadOnlyStudy() : folder_(root_ / "a?b#c%41 d.study"), file_(folder_ / "study.db"), copies_(root_ / "copies") {
    fs::permissions(root_.path(), fs::perms::all);
    fs::create_directories(folder_);
    fs::create_directories(copies_);
    fs::permissions(copies_, fs::perms::all);
    if (const char* set = std::getenv("TMPDIR")) before_ = set;
    ::setenv("TMPDIR", copies_.c_str(), 1);
  }
  ~ReadOnlyStudy() override {
    if (before_)
      ::setenv("TMPDIR", before_->c_str(), 1);
    else
      ::unsetenv("TMPDIR");
  }
  void make_study() const {
    const auto storage = create_storage(folder_, example_settings()).value();
    ASSERT_TRUE(storage->add({example_trial(0), example_trial(1)}, 0));
    const Claim claim = storage->claim("a:1").value().value();
    ASSERT_TRUE(storage->record(claim, example_point(0, 1)));
    ASSERT_TRUE(storage->finish(claim, State::complete, example_result(0, 0.5), ""));
  }
  /// Names and contents. The index of a log is memory that its readers share by their locks, and no content.
  [[nodiscard]] std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      all[name] = name.ends_with("-shm") ? "" : read_file(entry.path()).value();
    }
    return all;
  }
  [[nodiscard]] std::size_t copies() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(copies_), fs::directory_iterator()));
  }
  [[nodiscard]] Result<std::unique_ptr<Storage>> look() const { return open_storage(folder_, Opening::to_look); }
  static void expect_only_read(const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::unavailable);
    EXPECT_THAT(error.message, HasSubstr("may only be read"));
    EXPECT_THAT(error.next, HasSubstr("`edgewise status`, `front`, `report --output FILE` and `export`"));
  }
  static void expect_unchangeable(Storage& storage) {
    const auto added = storage.add({example_trial(9)}, storage.load()->trials.size());
    ASSERT_FALSE(added);
    expect_only_read(added.error());
    const auto assigned = storage.assign_threads({{TrialId{0}, 2}});
    ASSERT_FALSE(assigned);
    expect_only_read(assigned.error());
  }

  Folder root_;
  fs::path folder_, file_, copies_;
  std::optional<std::string> before_;
};

TEST_F(ReadOnlyStudy, ThatWasClosedIsReadWhereItIs) {
  make_study();
  const auto before = contents();
  const Study whole = open_storage(folder_).value()->load().value();
  {
    WITHOUT_RIGHTS(folder_);
    const auto storage = look();
    ASSERT_TRUE(storage) << to_text(storage.error());
    const Study study = (*storage)->load().value();
    ASSERT_EQ(study.trials.size(), 2U);
    for (std::size_t i = 0; i < study.trials.size(); ++i) expect_equal(study.trials[i], whole.trials[i]);
    EXPECT_EQ((*storage)->outline()->trials.size(), 2U);
    EXPECT_EQ((*storage)->trial({0})->state, State::complete);
    expect_unchangeable(**storage);
    EXPECT_EQ(copies(), 0U);
  }
  EXPECT_EQ(contents(), before);
}

TEST_F(ReadOnlyStudy, InAFolderThatMayBeWrittenIsLeftAsItIs) {
  make_study();
  const auto before = contents();
  {
    WITHOUT_RIGHTS(folder_, fs::perms::all);
    const auto storage = look();
    ASSERT_TRUE(storage) << to_text(storage.error());
    EXPECT_EQ((*storage)->load()->trials.size(), 2U);
    expect_unchangeable(**storage);
    const auto worked = open_storage(folder_);
    ASSERT_FALSE(worked);
    expect_only_read(worked.error());
    EXPECT_EQ(contents(), before);
  }
  EXPECT_EQ(contents(), before);
}

TEST_F(ReadOnlyStudy, CannotBeWorkedOn) {
  make_study();
  WITHOUT_RIGHTS(folder_);
  const auto storage = open_storage(folder_);
  ASSERT_FALSE(storage);
  expect_only_read(storage.error());
  EXPECT_THAT(storage.error().message, HasSubstr("\"" + file_.string() + "\""));
}

TEST_F(ReadOnlyStudy, IsReadWhileItsOwnerWrites) {
  ASSERT_TRUE(create_storage(folder_, example_settings()));
  Writer writer(folder_);
  ASSERT_TRUE(fs::exists(folder_ / "study.db-shm"));
  WITHOUT_RIGHTS(folder_);
  const auto storage = look();
  ASSERT_TRUE(storage) << to_text(storage.error());
  EXPECT_EQ((*storage)->load()->trials.size(), 1U);
  writer.write_one();
  EXPECT_EQ((*storage)->load()->trials.size(), 2U) << "what was written meanwhile is seen";
  expect_unchangeable(**storage);
  EXPECT_EQ(copies(), 0U);
}

TEST_F(ReadOnlyStudy, OfAWriterThatWasKilledIsRead) {
  ASSERT_TRUE(create_storage(folder_, example_settings()));
  Writer(folder_).kill();
  const auto before = contents();
  ASSERT_FALSE(before.at("study.db-wal").empty());
  ASSERT_TRUE(before.contains("study.db-shm"));
  {
    WITHOUT_RIGHTS(folder_);
    const auto storage = look();
    ASSERT_TRUE(storage) << to_text(storage.error());
    EXPECT_EQ((*storage)->load()->trials.size(), 1U);
    EXPECT_EQ(copies(), 0U);
  }
  EXPECT_EQ(contents(), before);
}

TEST_F(ReadOnlyStudy, WithALogThatHasNoIndexIsReadFromACopy) {
  ASSERT_TRUE(create_storage(folder_, example_settings()));
  Writer(folder_).kill();
  fs::remove(folder_ / "study.db-shm");
  ASSERT_GT(fs::file_size(folder_ / "study.db-wal"), 0U);
  const auto before = contents();
  {
    WITHOUT_RIGHTS(folder_);
    {
      const auto storage = look();
      ASSERT_TRUE(storage) << to_text(storage.error());
      EXPECT_EQ((*storage)->load()->trials.size(), 1U) << "the trial is in the log alone";
      expect_unchangeable(**storage);
      ASSERT_EQ(copies(), 1U);
      EXPECT_EQ(fs::status(fs::directory_iterator(copies_)->path()).permissions(), fs::perms::owner_all);
    }
    EXPECT_EQ(copies(), 0U);
  }
  EXPECT_EQ(contents(), before);
}

TEST_F(ReadOnlyStudy, OfAnEarlierSchemaIsBroughtToThePresentOneInACopy) {
  for (const char* name : {"schema1.db", "schema2.db"}) {
    SCOPED_TRACE(name);
    fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / name, file_, fs::copy_options::overwrite_existing);
    const auto before = contents();
    {
      WITHOUT_RIGHTS(folder_);
      {
        const auto storage = look();
        ASSERT_TRUE(storage) << to_text(storage.error());
        EXPECT_EQ((*storage)->load()->settings.name, "face");
        EXPECT_EQ((*storage)->trial({0})->fidelity, Fidelity::training(30));
        expect_unchangeable(**storage);
        EXPECT_EQ(copies(), 1U);
      }
      EXPECT_EQ(copies(), 0U);
    }
    EXPECT_EQ(contents(), before);
  }
}

TEST_F(ReadOnlyStudy, ThatNeedsACopyTellsWhereThereIsNoRoomForOne) {
  fs::copy_file(fs::path(EDGEWISE_STUDY_TESTS) / "schema1.db", file_);
  WITHOUT_RIGHTS(folder_);
  ::setenv("TMPDIR", folder_.c_str(), 1);
  const auto storage = look();
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, ErrorCode::unavailable);
  EXPECT_THAT(storage.error().message, HasSubstr("cannot be read where it is, nor be copied into"));
  EXPECT_THAT(storage.error().next, HasSubstr("TMPDIR"));
}

TEST_F(ReadOnlyStudy, ThatIsDamagedOrNoneIsTold) {
  const auto expect_told = [&](const std::string& text) {
    const auto storage = look();
    ASSERT_FALSE(storage);
    EXPECT_EQ(storage.error().code, ErrorCode::invalid_input) << to_text(storage.error());
    EXPECT_THAT(storage.error().message, HasSubstr(text));
    EXPECT_EQ(copies(), 0U);
  };
  ASSERT_TRUE(write_file(file_, std::string(20'000, 'x')));
  {
    WITHOUT_RIGHTS(folder_);
    expect_told("is no study: it is no SQLite file");
  }
  fs::remove(file_);
  make_study();
  ASSERT_TRUE(Database::open(file_, {}).value()->run("PRAGMA user_version = 99"));
  WITHOUT_RIGHTS(folder_);
  expect_told("has schema 99; this edgewise knows up to 3");
}

TEST_F(ReadOnlyStudy, ThatMayNotEvenBeReadIsTold) {
  make_study();
  WITHOUT_RIGHTS(folder_);
  const uid_t reader = ::geteuid();
  const bool is_root = ::getuid() == 0 && ::seteuid(0) == 0;  // only a file's owner and root change its rights
  fs::permissions(file_, fs::perms::none);
  if (is_root) ASSERT_EQ(::seteuid(reader), 0);
  const auto storage = look();
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().message, "the study \"" + file_.string() + "\" may not be read: Permission denied");
  EXPECT_FALSE(storage.error().next.empty());
}

}  // namespace
}  // namespace edgewise::study
