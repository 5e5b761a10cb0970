#include "base/json.hpp"

#include <algorithm>
#include <format>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/file.hpp"
#include "base/strict_json.hpp"

namespace edgewise {

namespace {

constexpr int max_depth =
    200;  // the parser recurses when values are destroyed; a deep document would exhaust the stack

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
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

enum class DoubledKeys { last_counts, refused };

/// Builds the document from the parser's events. The library's own builder looks each key up among those before it, one
/// by one: an object of 60,000 keys took 12 s. Here a large object has an index while it is open.
class TreeBuilder {
 public:
  explicit TreeBuilder(DoubledKeys doubled) : doubled_(doubled) {}

  Json root;
  std::optional<std::size_t> stopped_at;  // byte after the mistake
  std::string mistake;                    // empty: not valid JSON

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(std::string& name) {
    Open& parent = open_.back();
    auto& object = parent.value->get_ref<Json::object_t&>();
    const std::size_t place = parent.find(object, name);
    if (place < object.size() && doubled_ == DoubledKeys::refused) {
      mistake = std::format("the key \"{}\" is given twice", name.substr(0, longest_shown));
      return false;
    }
    if (place == object.size()) object.emplace_back(name, nullptr);
    parent.member = &(object.begin() + static_cast<std::ptrdiff_t>(place))->second;
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t byte, const std::string& token, const nlohmann::detail::exception& error) {
    constexpr int number_overflow = 406;
    stopped_at = byte;
    if (error.id == number_overflow)
      mistake = std::format("the number {} is too large", token.substr(0, longest_shown));
    return false;
  }

 private:
  static constexpr std::size_t longest_shown = 60;
  static constexpr std::size_t largest_unindexed = 16;  // members that are looked through one by one

  struct Open {
    Json* value;
    Json* member = nullptr;  // of an object: where the next value goes
    std::unordered_map<std::string, std::size_t> index = {};

    /// The place of a member; the object's size when it is new.
    std::size_t find(const Json::object_t& object, const std::string& name) {
      if (object.size() <= largest_unindexed) {
        const auto found =
            std::ranges::find(object, name, [](const auto& member) -> const std::string& { return member.first; });
        return static_cast<std::size_t>(found - object.begin());
      }
      for (std::size_t i = index.size(); i < object.size(); ++i)
        index.emplace((object.begin() + static_cast<std::ptrdiff_t>(i))->first, i);
      const auto found = index.find(name);
      return found == index.end() ? object.size() : found->second;
    }
  };

  Json* place(Json value) {
    if (open_.empty()) return &(root = std::move(value));
    Open& parent = open_.back();
    if (parent.value->is_object()) return &(*parent.member = std::move(value));
    auto& array = parent.value->get_ref<Json::array_t&>();
    return &array.emplace_back(std::move(value));
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    Json* placed = place(std::move(value));
    open_.push_back({placed});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  DoubledKeys doubled_;
  std::vector<Open> open_;
};

Result<Json> parse(std::string_view text, const std::string& where, DoubledKeys doubled) {
  if (is_too_deep(text)) return invalid(std::format("the JSON is nested deeper than {} levels", max_depth), {}, where);
  try {
    TreeBuilder builder(doubled);
    if (Json::sax_parse(text, &builder)) return std::move(builder.root);
    if (!builder.stopped_at) return invalid(builder.mistake, "write each key once", where);
    const std::size_t byte = *builder.stopped_at, end = std::min(byte == 0 ? 0 : byte - 1, text.size());
    const auto before = text.substr(0, end);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n');
    const auto column = line_start == std::string_view::npos ? end + 1 : end - line_start;
    return invalid(builder.mistake.empty() ? "this is not valid JSON" : builder.mistake,
                   "correct the text at this place", std::format("{}:{}:{}", where, line, column));
  } catch (const Json::exception& e) {
    return invalid(std::format("the JSON cannot be read: {}", e.what()), {}, where);
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& where) {
  return parse(text, where, DoubledKeys::last_counts);
}

Result<Json> parse_strict_json(std::string_view text, const std::string& where) {
  if (text.find('\0') != std::string_view::npos)
    return invalid("there is a zero byte in the text", "send UTF-8 text, one object a line", where);
  return parse(text, where, DoubledKeys::refused);
}

Result<Json> read_json(const std::filesystem::path& path, std::size_t max_bytes) {
  TRY(const std::string text, read_file(path, max_bytes));
  return parse_json(text, path.string());
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace edgewise
