// Studies by URL, and what a storage must do for more than one program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"
#include "example.hpp"

namespace edgewise::study {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Storages, AreFoundByTheSchemeOfTheirUrl) {
  EXPECT_THAT(storages().names(), testing::ElementsAre("sqlite", "memory", "json"));
  const Folder folder;
  ASSERT_TRUE(create_storage("sqlite:" + folder.path().string(), example_settings()));
  EXPECT_TRUE(fs::exists(folder.path() / "study.db"));
  EXPECT_TRUE(open_storage("sqlite:" + folder.path().string()));
  EXPECT_TRUE(open_storage(folder.path())) << "a folder alone is one of SQLite";
  EXPECT_TRUE(create_storage("memory:", example_settings()));
  const auto gone = open_storage("memory:");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
}

TEST(Storages, AFolderMayHaveAColonInItsName) {
  const Folder folder;
  const auto odd = folder.path() / "run:3";
  ASSERT_TRUE(create_storage(odd, example_settings()));
  EXPECT_TRUE(fs::exists(odd / "study.db"));
}

TEST(Storages, AnUnknownSchemeIsToldWithTheKnownOnes) {
  const auto storage = open_storage("sqlit://somewhere");
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().message, "storage \"sqlit\" is not one of \"sqlite\", \"memory\" or \"json\"");
  EXPECT_EQ(storage.error().next, "did you mean \"sqlite\"?");
}

TEST(Storages, WhatLastsIsThereForTheNextProgram) {
  for (const std::string name : {"sqlite", "json"}) {
    SCOPED_TRACE(name);
    const Folder folder;
    const std::string url = name + ":" + folder.path().string();
    Trial expected = example_trial(0);
    {
      const auto storage = create_storage(url, example_settings()).value();
      ASSERT_TRUE(storage->add({expected}, 0));
      const Claim claim = storage->claim("a:1").value().value();
      ASSERT_TRUE(storage->record(claim, example_point(0, 1)));
      ASSERT_TRUE(storage->finish(claim, State::complete, example_result(0, 0.5), ""));
    }
    expected.id = {0};
    expected.state = State::complete;
    expected.attempts = 1;
    expected.curve = {example_point(0, 1)};
    expected.results = {example_result(0, 0.5)};
    const auto again = open_storage(url).value();
    expect_equal(again->trial({0}).value(), expected);
    EXPECT_EQ(again->settings()->seed, example_settings().seed);
    EXPECT_EQ(create_storage(url, example_settings()).error().code, ErrorCode::conflict);
  }
}

TEST(Artifact, IsRecordedWithItsHash) {
  const Folder folder;
  fs::create_directories(folder.path() / "trials");
  const fs::path file = folder.path() / "trials" / "model.onnx";
  ASSERT_TRUE(write_file(file, "abc"));
  EXPECT_EQ(artifact_of("onnx", file, folder.path()).value(),
            (Artifact{.kind = "onnx",
                      .path = "trials/model.onnx",
                      .sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                      .bytes = 3}));
  const auto outside = artifact_of("onnx", file, folder.path() / "another");
  ASSERT_FALSE(outside);
  EXPECT_THAT(outside.error().message, HasSubstr("is not within the study's folder"));
}

TEST(Artifact, IsReadAsItWasRecorded) {
  const Folder folder;
  fs::create_directories(folder.path() / "trials");
  const fs::path file = folder.path() / "trials" / "model.onnx";
  ASSERT_TRUE(write_file(file, "abc"));
  const Artifact recorded = artifact_of("onnx", file, folder.path()).value();
  const auto read = [&](const Artifact& artifact) {
    return read_artifact(artifact, folder.path(), "the model of trial 3");
  };
  EXPECT_EQ(read(recorded), "abc");
  EXPECT_EQ(read({.kind = "onnx", .path = recorded.path}), "abc") << "of an earlier schema";

  ASSERT_TRUE(write_file(file, "abd"));
  EXPECT_EQ(read(recorded).error().message,
            "the model of trial 3 is damaged: its content is not what was measured (sha256)");
  EXPECT_EQ(read({.kind = "onnx", .path = recorded.path, .bytes = 3}), "abd");
  ASSERT_TRUE(write_file(file, "ab"));
  EXPECT_EQ(read(recorded).error().message, "the model of trial 3 is damaged: it has 2 bytes, 3 were measured");
  EXPECT_EQ(read(recorded).error().code, ErrorCode::invalid_input);
  fs::remove(file);
  EXPECT_EQ(read(recorded).error().message,
            "the model of trial 3 is missing: there is no \"" + fs::weakly_canonical(file).string() + "\"");
  EXPECT_EQ(read(recorded).error().code, ErrorCode::not_found);
}

TEST(Artifact, OutsideOfTheStudyIsNotRead) {
  const Folder folder;
  const fs::path study = folder.path() / "face.study", secret = folder.path() / "secret";
  fs::create_directories(study / "trials");
  ASSERT_TRUE(write_file(secret, "abc"));
  fs::create_symlink(secret, study / "file");
  fs::create_symlink("../..", study / "trials" / "up");
  fs::create_symlink("loop", study / "loop");
  // Its name begins as the study's does.
  fs::create_directories(folder.path() / "face.study2");
  ASSERT_TRUE(write_file(folder.path() / "face.study2" / "model", "abc"));
  fs::create_symlink(folder.path() / "face.study2", study / "second");
  for (const std::string& path :
       {secret.string(), std::string("../secret"), std::string("trials/../../secret"), std::string("file"),
        std::string("trials/up/secret"), std::string("second/model"), std::string("loop"), std::string()}) {
    SCOPED_TRACE(path);
    const auto read = read_artifact({.kind = "onnx", .path = path}, study, "the model of trial 3");
    ASSERT_FALSE(read);
    if (path != "loop") {
      EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
      EXPECT_THAT(read.error().message, HasSubstr("is not within the study's folder"));
    }
  }
  // A link that stays inside, and a study that is itself behind one, are as good as any.
  ASSERT_TRUE(write_file(study / "trials" / "model", "abc"));
  fs::create_symlink("trials/model", study / "inside");
  fs::create_symlink(study, folder.path() / "link.study");
  EXPECT_EQ(read_artifact({.kind = "onnx", .path = "inside"}, folder.path() / "link.study", "it"), "abc");
}

TEST(Changes, CannotBeAppliedWhereTrialsBetweenAreMissing) {
  Study study;
  study.trials.resize(2);
  Changes changes;
  changes.trials.push_back({.id = {3}});
  const auto applied = apply(study, changes);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("trial 2 is missing"));
  EXPECT_EQ(study.trials.size(), 2U);
}

}  // namespace
}  // namespace edgewise::study
