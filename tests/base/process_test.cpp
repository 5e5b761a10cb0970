#include "base/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace edgewise {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(ChildProcess, ConversesByLines) {
  auto child = ChildProcess::start({"cat"}, {});
  ASSERT_TRUE(child);
  for (const char* line : {"one", "", "three"}) {
    ASSERT_TRUE(child->write_line(line));
    EXPECT_EQ(child->read_line(5000ms).value(), line);
  }
}

TEST(ChildProcess, AProgramThatIsNotThereIsAnError) {
  EXPECT_EQ(ChildProcess::start({"/no/such/program"}, {}).error().code, ErrorCode::not_found);
}

TEST(ChildProcess, SilenceEndsWithTheTimeout) {
  auto child = ChildProcess::start({"sleep", "60"}, {});
  ASSERT_TRUE(child);
  EXPECT_THAT(child->read_line(50ms).error().message, HasSubstr("no answer within"));
  EXPECT_FALSE(child->poll());
}

TEST(ChildProcess, ADeathIsToldWithItsSignal) {
  auto child = ChildProcess::start({"sh", "-c", "kill -SEGV $$"}, {});
  ASSERT_TRUE(child);
  EXPECT_THAT(child->read_line(5000ms).error().message, HasSubstr("was killed by signal 11"));
}

TEST(ChildProcess, WritingToADeadOneIsAnErrorNotASignal) {
  auto child = ChildProcess::start({"true"}, {});
  ASSERT_TRUE(child);
  child->wait(5000ms);
  Status written;
  for (int i = 0; i < 10 && written; ++i) written = child->write_line(std::string(100000, 'x'));
  EXPECT_FALSE(written);
}

TEST(ChildProcess, EnvironmentAndErrorLogArePassedOn) {
  const auto log = std::filesystem::temp_directory_path() / "edgewise-process-test.log";
  std::filesystem::remove(log);
  auto child = ChildProcess::start({"sh", "-c", "echo $COLOUR; echo oops >&2"},
                                   {.environment = {"COLOUR=blue"}, .error_log = log});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->read_line(5000ms).value(), "blue");
  child->wait(5000ms);
  EXPECT_EQ(std::filesystem::file_size(log), 5U);
  std::filesystem::remove(log);
}

}  // namespace
}  // namespace edgewise
