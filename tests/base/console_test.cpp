#include "base/console.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/json.hpp"
#include "base/random.hpp"

namespace edgewise::console {
namespace {

/// What `act` returns in a process of its own, whose descriptors it may do with as it likes; 1000 and the signal where
/// one ended it.
int in_child(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(act());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

void redirect(int descriptor, const char* path) {
  ::dup2(::open(path, O_RDWR), descriptor);
}

TEST(Console, ShowsWhatWouldSteerATerminalAsText) {
  EXPECT_EQ(visible("\x1b]0;pwn\a\x1b[31mred"), "\\x1b]0;pwn\\x07\\x1b[31mred");
  EXPECT_EQ(visible("a\x7f"
                    "b\r"),
            "a\\u007fb\\x0d");
  EXPECT_EQ(visible("\u009b31m"), "\\u009b31m") << "a control sequence can begin with one character of C1";
  EXPECT_EQ(visible("\x9b"
                    "31m"),
            "\\x9b31m")
      << "and with its byte in a terminal of one byte a character";
  EXPECT_EQ(visible("\u202egnp.exe\u2066\u2069\u200e\u200f\u2028\u061c\ufeff"),
            "\\u202egnp.exe\\u2066\\u2069\\u200e\\u200f\\u2028\\u061c\\ufeff");
  EXPECT_EQ(visible(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(visible("caf\xe9 \xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x80"),
            "caf\\xe9 \\xc0\\xaf \\xed\\xa0\\x80 \\xf5\\x80\\x80\\x80 \\xe2\\x80");
}

TEST(Console, LeavesTextAsItIs) {
  for (const std::string text : {"", "two\n\tlines", "größe 寸法 \U0001f600 é ½ \\x1b", "█░ ┤ │ └─ · ±"})
    EXPECT_EQ(visible(text), text);
  EXPECT_EQ(visible_line("one\nline\t"), "one\\x0aline\\x09");
}

TEST(Console, JsonStaysTheSameJson) {
  const Json json{{"a\x7f\u009b\u202e", {"\x1b[2J\n\t\"\\", "\ufeff\U0001f600", 1.5}}};
  const std::string shown = visible(dump(json, 2));
  EXPECT_EQ(parse_json(shown, "shown").value(), json);
  EXPECT_THAT(shown, testing::Not(testing::HasSubstr("\u202e")));
}

TEST(Console, WhateverTheBytesAreTheirTextIsHarmless) {
  auto random = RandomStream::named(11, "bytes");
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.below(40), '\0');
    // Starts and continuations of UTF-8 more often than chance would have them.
    for (char& c : bytes)
      c = static_cast<char>(random.below(3) == 0   ? 0x80 + random.below(64)
                            : random.below(2) == 0 ? 0xC0 + random.below(64)
                                                   : random.below(128));
    const std::string shown = visible(bytes);
    ASSERT_EQ(visible(shown), shown);
    ASSERT_NO_THROW(std::ignore = Json(shown).dump()) << "it is valid UTF-8";
    ASSERT_THAT(shown, testing::Not(testing::HasSubstr("\x1b")));
  }
}

TEST(Console, AMessageThatCannotBeWrittenIsLostAndNothingElse) {
  EXPECT_EQ(in_child([] {
              open();
              redirect(STDERR_FILENO, "/dev/full");
              say("{} is lost", 1);
              steer("\x1b[J");
              return 3;
            }),
            3);
  EXPECT_EQ(in_child([] {
              open();
              int ends[2];
              if (::pipe(ends) != 0) return 9;
              ::dup2(ends[1], STDERR_FILENO);
              ::close(ends[0]);
              say("nobody reads");
              return 3;
            }),
            3);
  EXPECT_EQ(in_child([] {
              open();
              ::close(STDERR_FILENO);
              say("closed");
              return 3;
            }),
            3);
}

TEST(Console, ResultsThatCannotBeWrittenAreAnErrorForGood) {
  const auto lost = [](const std::function<void()>& spoil, std::string_view reason) {
    return in_child([&] {
      open();
      spoil();
      print_line("a result {}", 1);
      const auto first = flush();
      redirect(STDOUT_FILENO, "/dev/null");
      const auto later = flush();
      return first || later                                                                     ? 1
             : first.error().message.contains(reason) && later.error().message.contains(reason) ? 3
                                                                                                : 2;
    });
  };
  EXPECT_EQ(lost([] { redirect(STDOUT_FILENO, "/dev/full"); }, "No space left"), 3);
  EXPECT_EQ(lost([] { ::close(STDOUT_FILENO); }, "it is closed"), 3);
  EXPECT_EQ(lost(
                [] {
                  int ends[2];
                  if (::pipe(ends) != 0) return;
                  ::dup2(ends[1], STDOUT_FILENO);
                  ::close(ends[0]);
                },
                "its reader has gone"),
            3);
}

TEST(Console, NoFileGetsTheNumberOfAClosedDescriptor) {
  EXPECT_EQ(in_child([] {
              for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(descriptor);
              open();
              const int file = ::open("/dev/null", O_RDWR);
              char byte = 0;
              if (file <= STDERR_FILENO || ::read(STDIN_FILENO, &byte, 1) != 0) return 1;
              say("lost");
              print("lost");
              return flush() ? 2 : 3;
            }),
            3);
}

}  // namespace
}  // namespace edgewise::console
