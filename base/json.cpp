#include "base/json.hpp"

#include <algorithm>
#include <format>

#include "base/file.hpp"

namespace edgewise {

namespace {

constexpr int max_depth = 200;  // the parser recurses when values are destroyed; a deep document would exhaust the stack

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& where) {
  if (is_too_deep(text)) return invalid(std::format("the JSON is nested deeper than {} levels", max_depth), {}, where);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    const std::size_t end = std::min(e.byte == 0 ? 0 : e.byte - 1, text.size());
    const auto before = text.substr(0, end);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n');
    const auto column = line_start == std::string_view::npos ? end + 1 : end - line_start;
    return invalid("this is not valid JSON", "correct the text at this place", std::format("{}:{}:{}", where, line, column));
  } catch (const Json::exception& e) {
    return invalid(std::format("the JSON cannot be read: {}", e.what()), {}, where);
  }
}

Result<Json> read_json(const std::filesystem::path& path, std::size_t max_bytes) {
  TRY(const std::string text, read_file(path, max_bytes));
  return parse_json(text, path.string());
}

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

}  // namespace edgewise
