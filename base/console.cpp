#include "base/console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace edgewise::console {

namespace {

/// Why results were lost; 0 while none were. The process has one standard output, so there is one of these.
int output_error = 0;

void keep_error() {
  if (output_error == 0) output_error = errno == 0 ? EIO : errno;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0: the byte here is no UTF-8
};

/// The character that `text` begins with. Overlong forms, surrogates and what is beyond U+10FFFF are no UTF-8 (RFC
/// 3629).
Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  char32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  static constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) return {};
  return {code, length};
}

bool is_hidden(char32_t code) {
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 9> ranges{{
      {0x00, 0x1F},      // C0
      {0x7F, 0x9F},      // DEL and C1, of which U+009B starts a control sequence as ESC [ does
      {0x061C, 0x061C},  // Arabic letter mark
      {0x200E, 0x200F},  // left-to-right and right-to-left marks
      {0x2028, 0x2029},  // line and paragraph separators
      {0x202A, 0x202E},  // embeddings and overrides of direction
      {0x2066, 0x2069},  // isolates
      {0xFEFF, 0xFEFF},  // byte order mark
      {0xFFF9, 0xFFFB},  // interlinear annotations
  }};
  return std::ranges::any_of(ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = character_at(text);
    const std::size_t bytes = std::max<std::size_t>(1, character.bytes);
    if (character.bytes == 0)
      result += std::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (!is_hidden(character.code) || (bytes == 1 && kept.contains(text[0])))
      result += text.substr(0, bytes);
    else if (character.code < 0x20)
      result += std::format("\\x{:02x}", static_cast<unsigned>(character.code));
    else
      result += std::format("\\u{:04x}", static_cast<unsigned>(character.code));
    text.remove_prefix(bytes);
  }
  return result;
}

/// Writes what can be written; the rest is lost. A reader that is slow is waited for, one that has its pipe set not to
/// block for a second.
void write_message(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (put > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    pollfd full{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (put == 0 || errno != EAGAIN || ::poll(&full, 1, 1000) <= 0) return;
  }
}

void put(std::string_view bytes) {
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) keep_error();
}

}  // namespace

void open() {
  // In the order of their numbers: open() gives the lowest one that is free. Results are to fail, hence the wrong
  // direction.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDONLY);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::string visible(std::string_view text) {
  return escaped(text, "\n\t");
}
std::string visible_line(std::string_view text) {
  return escaped(text, "");
}

void say(std::string_view line) {
  write_message(visible(line) + '\n');
}
void steer(std::string_view codes) {
  write_message(codes);
}

void print(std::string_view text) {
  put(visible(text));
}
void print_raw(std::string_view bytes) {
  ::isatty(STDOUT_FILENO) == 1 ? print(bytes) : put(bytes);
}

std::ostream& output() {
  return std::cout;
}

Status flush() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) keep_error();
  if (output_error == 0) return {};
  const char* why = output_error == EBADF   ? "it is closed"
                    : output_error == EPIPE ? "its reader has gone"
                                            : std::strerror(output_error);
  return fail(
      ErrorCode::unavailable, std::format("the results could not be written to standard output: {}", why),
      output_error == ENOSPC
          ? "make room, then run the same command again (with --force where it says that a file is there already)"
          : "give them a file or a pipe that is read to its end");
}

}  // namespace edgewise::console
