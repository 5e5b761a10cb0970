/// Small data sets, written into a temporary folder when a test runs.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "data/dataset.hpp"
#include "task/task.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::data {

/// A folder to fill with pictures and labels.
class Folder : public TestFolder {
 public:
  [[nodiscard]] std::string text() const { return path().string(); }

  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << bytes;
  }
  /// A picture of one colour (blue, green, red), its kind by the extension.
  void picture(const std::string& name, int width = 20, int height = 10,
               const cv::Scalar& colour = {200, 150, 100}) const {
    std::filesystem::create_directories((path() / name).parent_path());
    ASSERT_TRUE(cv::imwrite((path() / name).string(), cv::Mat(height, width, CV_8UC3, colour)));
  }
};

/// The folder of real sets, or nothing when this machine has none.
inline std::filesystem::path shared_data() {
  const char* folder = std::getenv("EDGEWISE_SHARED_DATA");
  return folder ? folder : "";
}

/// Skips the test, saying what is missing, unless the real set `name` is there.
#define REQUIRE_REAL_SET(name)                          \
  if (!std::filesystem::exists(shared_data() / (name))) \
  GTEST_SKIP() << "the real set \"" << (name) << "\" is not below EDGEWISE_SHARED_DATA (" << shared_data() << ")"

inline const task::Task& task_of(const std::string& name) {
  return *task::tasks().find(name)->task;
}

/// The one box of a picture.
inline Box box_of(const Item& item) {
  EXPECT_EQ(item.annotation.marks.size(), 1U);
  return item.annotation.marks.empty() ? Box{} : item.annotation.marks.front().box;
}

/// The one class of a picture.
inline std::int64_t label_of(const Item& item) {
  EXPECT_EQ(item.annotation.labels.size(), 1U);
  return item.annotation.labels.empty() ? -1 : item.annotation.labels.front();
}

/// The set, or a failure with the error's text.
inline DataSet loaded(const DataSpec& spec, const task::Task& task) {
  auto set = load(spec, task);
  EXPECT_TRUE(set.has_value()) << (set ? "" : to_text(set.error()));
  return set ? std::move(*set) : DataSet{};
}

}  // namespace edgewise::data
