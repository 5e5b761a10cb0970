/// Everything that the programs write to a terminal, a pipe or a log. Nothing else touches standard output or standard
/// error.
///
/// Messages (standard error) may be lost and never stop a program; results (standard output) may not: a program whose
/// results could not be written ends with 1. Control characters in either are shown escaped, since most texts come from
/// others: a name must not steer a terminal.
#pragma once

#include <format>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise::console {

/// The first thing that a program does. A closed descriptor 0, 1 or 2 is taken up by /dev/null, so that no file opened
/// later gets its number: input is then empty, and results cannot be written. A reader that goes away, or a file at its
/// size limit, is an error and no signal.
void open();

/// `text` with everything that could steer a terminal or mislead the eye shown as "\x1b" or "\u202e": control
/// characters but newline and tab (C1 too), marks of writing direction, invisible line ends, bytes that are no UTF-8.
std::string visible(std::string_view text);
/// The same for what must stay in its line: newline and tab are shown too.
std::string visible_line(std::string_view text);

/// A message in a line of its own, escaped.
void say(std::string_view line);
template <class First, class... Rest>
void say(std::format_string<First, Rest...> text, First&& first, Rest&&... rest) {
  say(std::string_view(std::format(text, std::forward<First>(first), std::forward<Rest>(rest)...)));
}
/// Control codes of our own to the terminal on standard error, as they are. What is of others in `codes` went through
/// `visible_line` before.
void steer(std::string_view codes);

/// Results, escaped; JSON stays the same JSON.
void print(std::string_view text);
template <class First, class... Rest>
void print(std::format_string<First, Rest...> text, First&& first, Rest&&... rest) {
  print(std::string_view(std::format(text, std::forward<First>(first), std::forward<Rest>(rest)...)));
}
/// The same with an end of line.
template <class First, class... Rest>
void print_line(std::format_string<First, Rest...> text, First&& first, Rest&&... rest) {
  print(std::format(text, std::forward<First>(first), std::forward<Rest>(rest)...) + '\n');
}
/// Results for programs, byte by byte: CSV, lines of a protocol. Escaped where they go to a terminal after all.
void print_raw(std::string_view bytes);
/// Standard output as a stream, for a conversation in lines.
std::ostream& output();

/// Sends results on their way. @error unavailable when some were lost, now or before
Status flush();

}  // namespace edgewise::console
