#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>

#include "data/text_internal.hpp"

namespace edgewise::data {

std::string place(const std::string& file, std::size_t line, std::size_t column) {
  return std::format("{}:{}:{}", file, line, column);
}

std::string Places::at(std::size_t offset) {
  if (offset < done_) done_ = line_start_ = 0, line_ = 1;
  for (; done_ < offset && done_ < text_.size(); ++done_)
    if (text_[done_] == '\n') ++line_, line_start_ = done_ + 1;
  return place(file_, line_, offset - line_start_ + 1);
}

std::string place_of(const std::string& file, std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
  const auto line_end = before.rfind('\n');
  return place(file, line, line_end == std::string_view::npos ? before.size() + 1 : before.size() - line_end);
}

std::string shown(std::string_view text) {
  std::string result(text.substr(0, 60));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (text.size() > 60) result += "...";
  return result;
}

namespace {
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  std::size_t i = 0;
  while (i < line.size()) {
    while (i < line.size() && is_blank(line[i])) ++i;
    const std::size_t start = i;
    while (i < line.size() && !is_blank(line[i])) ++i;
    if (i > start) words.push_back({line.substr(start, i - start), start + 1});
  }
  return words;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Lines::Lines(std::string_view text, std::string file) : rest_(text), file_(std::move(file)) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

Result<std::optional<std::string_view>> Lines::next() {
  if (rest_.empty()) return std::nullopt;
  if (++number_ > max_lines) return invalid(std::format("more than {} lines", max_lines), "split the file", where());
  const std::size_t end = rest_.find('\n');
  std::string_view line = rest_.substr(0, end);
  if (line.size() > max_line_bytes)
    return invalid(std::format("a line of {} bytes; at most {} are read", line.size(), max_line_bytes),
                   "check that this is a label file", where());
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace edgewise::data
