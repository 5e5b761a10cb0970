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
