/// Lines, numbers and places of text files that nobody has checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgewise::data {

inline constexpr std::size_t max_lines = 10'000'000;
inline constexpr std::size_t max_line_bytes = std::size_t{1} << 20;

/// "file:line:column", counted from 1.
std::string place(const std::string& file, std::size_t line, std::size_t column = 1);
/// The same for a byte offset into `text`.
std::string place_of(const std::string& file, std::string_view text, std::size_t offset);

/// `place_of` for many offsets of one text: quick when they grow, because lines are not counted from the start each
/// time.
class Places {
 public:
  /// Both borrowed.
  Places(std::string_view text, const std::string& file) : text_(text), file_(file) {}
  std::string at(std::size_t offset);

 private:
  std::string_view text_;
  const std::string& file_;
  std::size_t done_ = 0, line_ = 1, line_start_ = 0;
};

/// Text as a message may show it: at most 60 bytes, control characters as "?".
std::string shown(std::string_view text);

std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);

/// A word of a line and the column it starts in, from 1.
struct Word {
  std::string_view text;
  std::size_t column = 1;
};
/// Words between blanks.
std::vector<Word> words_of(std::string_view line);

/// The number that `text` is as a whole, finite; nothing for "", "nan", "inf", "1x".
std::optional<double> number_of(std::string_view text);
std::optional<std::int64_t> integer_of(std::string_view text);

/// Walks over the lines of a text; a byte order mark and carriage returns at line ends are left out.
class Lines {
 public:
  Lines(std::string_view text, std::string file);
  /// The next line, or nothing at the end. @error a line longer than 1 MiB, or more than 10 million lines
  Result<std::optional<std::string_view>> next();
  [[nodiscard]] std::size_t number() const { return number_; }  ///< of the line last given, from 1
  [[nodiscard]] std::string where(std::size_t column = 1) const { return place(file_, number_, column); }

 private:
  std::string_view rest_;
  std::string file_;
  std::size_t number_ = 0;
};

}  // namespace edgewise::data
