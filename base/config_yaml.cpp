#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>

#include "base/config_internal.hpp"

namespace edgewise::config {

namespace {

constexpr std::size_t max_text = 1 << 20;
constexpr std::size_t max_depth = 64;

Position position(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

struct Refused {
  Position at;
  std::string message;
};

/// Builds the tree from the parser's events: nothing is expanded, so a small file cannot become a large tree.
class TreeBuilder : public YAML::EventHandler {
 public:
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add({.kind = Node::Kind::null, .at = position(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{position(mark), "aliases (*name) are not supported here"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    refuse_tag(mark, tag);
    // A plain scalar carries the tag "?", a quoted one "!".
    add({.kind = Node::Kind::scalar, .scalar = value, .is_quoted = tag == "!", .at = position(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open({.kind = Node::Kind::sequence, .at = position(mark)});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open({.kind = Node::Kind::map, .at = position(mark)});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::optional<Node> key;
    std::unordered_map<std::string, int> lines = {};  // of the keys so far: a map may have 90,000
  };

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused{position(mark), std::format("tags (\"{}\") are not supported here", tag)};
  }
  void open(Node node) {
    if (stack_.size() >= max_depth) throw Refused{node.at, std::format("nested deeper than {} levels", max_depth)};
    stack_.push_back({std::move(node), {}});
  }
  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }
  void add(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node.kind != Node::Kind::scalar) throw Refused{node.at, "a key must be a single word"};
      parent.key = std::move(node);
    } else {
      const auto [first, is_new] = parent.lines.emplace(parent.key->scalar, parent.key->at.line);
      if (!is_new)
        throw Refused{parent.key->at,
                      std::format("\"{}\" is given twice (first in line {})", shortened(first->first), first->second)};
      parent.node.entries.push_back({parent.key->scalar, parent.key->at, std::move(node)});
      parent.key.reset();
    }
  }

  Node root_;
  std::vector<Open> stack_;
};

bool nests_too_deep(const std::string& text) {
  std::size_t flow = 0, deepest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t compact = 0;
    for (std::size_t i = 0; i + 1 < line.size(); ++i)
      if ((line[i] == '-' || line[i] == '?') && line[i + 1] == ' ') ++compact;
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    for (const char c : line) {
      if (c == '[' || c == '{') ++flow;
      if ((c == ']' || c == '}') && flow > 0) --flow;
      deepest = std::max(deepest, flow);
    }
    deepest = std::max({deepest, compact, indent / 4});
  }
  return deepest > max_depth;
}

/// Bytes of the UTF-8 character that `text` begins with; 0 if it begins with none (RFC 3629: no surrogates, no
/// needlessly long forms).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                           : first >= 0xe0 && first < 0xf0 ? 3
                           : first >= 0xf0 && first < 0xf5 ? 4
                                                           : 0;
  const auto lowest = first == 0xe0 ? 0xa0U : first == 0xf0 ? 0x90U : 0x80U;
  const auto highest = first == 0xed ? 0x9fU : first == 0xf4 ? 0x8fU : 0xbfU;
  if (size != 0 && (byte(1) < lowest || byte(1) > highest)) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  return size;
}

/// The mistake of a text that is not UTF-8. What is read is written again as JSON, whose library throws at such bytes.
std::optional<Refused> not_utf8(std::string_view text) {
  Position at{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto size = character_size(text.substr(i));
    if (size == 0)
      return Refused{at, std::format("this is not UTF-8 text (byte {:#x})", static_cast<unsigned char>(text[i]))};
    at = text[i] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
    i += size;
  }
  return {};
}

}  // namespace

Result<Node> parse_yaml(const std::string& text, const std::string& file) {
  if (text.size() > max_text)
    return invalid(std::format("the file has {} bytes; at most {} are read", text.size(), max_text), {}, file);
  if (text.find('\0') != std::string::npos)
    return invalid("this is not a text file (it contains a zero byte)", {}, file);
  if (const auto refused = not_utf8(text))
    return invalid(refused->message, "save the file as UTF-8", place(file, refused->at));
  if (nests_too_deep(text)) return invalid(std::format("nested deeper than {} levels", max_depth), {}, file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder))
      return invalid("the file is empty", "see `edgewise init` for a first job file", file);
    Node root = builder.take();
    TreeBuilder second;
    if (parser.HandleNextDocument(second))
      return invalid("the file has more than one YAML document", "remove everything from the second \"---\" on",
                     place(file, second.take().at));
    return root;
  } catch (const Refused& e) {
    return invalid(e.message, {}, place(file, e.at));
  } catch (const YAML::Exception& e) {
    return invalid(std::format("this is not valid YAML: {}", e.msg),
                   "correct the text at this place; a value with \":\" or \"#\" in it needs quotes",
                   place(file, e.mark.is_null() ? Position{} : position(e.mark)));
  } catch (const std::exception& e) {
    return invalid(std::format("this is not valid YAML: {}", e.what()), {}, file);
  }
}

std::string shortened(const std::string& text) {
  constexpr std::size_t most = 200;
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // no half characters
  return text.substr(0, end) + "...";
}

std::string place(const std::string& file, Position at) {
  return at.line > 0 ? std::format("{}:{}:{}", file, at.line, at.column) : file;
}

std::optional<double> as_number(const Node& node) {
  if (node.kind != Node::Kind::scalar || node.is_quoted || node.scalar.empty()) return {};
  const char* begin = node.scalar.data() + (node.scalar[0] == '+' ? 1 : 0);
  const char* end = node.scalar.data() + node.scalar.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return {};
  return value;
}

std::optional<bool> as_boolean(const Node& node) {
  if (node.kind != Node::Kind::scalar || node.is_quoted) return {};
  if (node.scalar == "true" || node.scalar == "yes" || node.scalar == "on") return true;
  if (node.scalar == "false" || node.scalar == "no" || node.scalar == "off") return false;
  return {};
}

Result<Json> plain_value(const Node& node) {
  if (node.kind == Node::Kind::null) return Json(nullptr);
  if (node.kind != Node::Kind::scalar) return invalid("must be texts, numbers, true, false or null");
  if (node.is_quoted) return Json(node.scalar);
  // YAML 1.2's core schema: the words of each in three spellings.
  for (const char* word : {"true", "True", "TRUE"})
    if (node.scalar == word) return Json(true);
  for (const char* word : {"false", "False", "FALSE"})
    if (node.scalar == word) return Json(false);
  const auto number = as_number(node);
  if (!number) return Json(node.scalar);
  if (node.scalar.find_first_of(".eE") != std::string::npos) return Json(*number);
  const char* begin = node.scalar.data() + (node.scalar[0] == '+' ? 1 : 0);
  const char* end = node.scalar.data() + node.scalar.size();
  std::int64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(begin, end, whole);
      error == std::errc{} && stop == end && std::abs(*number) < largest_exact)
    return Json(whole);
  return invalid(std::format("has the number {}, which other programs cannot keep exactly; put it in quotes",
                             shortened(node.scalar)));
}

Json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar: {
      if (const auto flag = as_boolean(node); flag && (node.scalar == "true" || node.scalar == "false")) return *flag;
      if (const auto value = as_number(node)) {
        const bool is_whole = node.scalar.find_first_of(".eE") == std::string::npos && std::abs(*value) < largest_exact;
        return is_whole ? Json(static_cast<std::int64_t>(*value)) : Json(*value);
      }
      return node.scalar;
    }
    case Node::Kind::sequence: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case Node::Kind::map: {
      Json map = Json::object();
      // The keys differ: each looked up among those before it would take quadratic time.
      for (const auto& entry : node.entries)
        map.get_ref<Json::object_t&>().emplace_back(entry.key, to_json(entry.value));
      return map;
    }
  }
  return nullptr;
}

Node from_json(const Json& json) {
  Node node;
  if (json.is_null()) return node;
  if (json.is_array()) {
    node.kind = Node::Kind::sequence;
    for (const auto& item : json) node.items.push_back(from_json(item));
  } else if (json.is_object()) {
    node.kind = Node::Kind::map;
    for (const auto& [key, value] : json.items()) node.entries.push_back({key, {}, from_json(value)});
  } else {
    node.kind = Node::Kind::scalar;
    node.is_quoted = json.is_string();
    node.scalar = json.is_string() ? json.get<std::string>() : dump(json);
  }
  return node;
}

namespace {

std::string yaml_scalar(const Json& value) {
  return value.is_string() ? yaml_text(value.get_ref<const std::string&>()) : dump(value);
}

bool is_simple(const Json& list) {
  return std::ranges::none_of(list, [](const Json& item) { return item.is_structured() && !item.empty(); });
}

void put_yaml(const Json& json, int indent, std::string& out) {
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  for (const auto& [key, value] : json.items()) {
    out += pad + yaml_scalar(key) + ":";
    if (value.is_object() && !value.empty()) {
      out += "\n";
      put_yaml(value, indent + 2, out);
    } else if (value.is_array() && !value.empty() && !is_simple(value)) {
      out += "\n";
      for (const auto& item : value) {
        std::string line;
        for (const auto& [k, v] : item.items())
          line += (line.empty() ? "" : ", ") + yaml_scalar(k) + ": " + (v.is_structured() ? dump(v) : yaml_scalar(v));
        out += pad + "  - {" + line + "}\n";
      }
    } else if (value.is_array()) {
      std::string line;
      for (const auto& item : value) line += (line.empty() ? "" : ", ") + yaml_scalar(item);
      out += " [" + line + "]\n";
    } else {
      out += " " + (value.is_object() ? std::string("{}") : yaml_scalar(value)) + "\n";
    }
  }
}

}  // namespace

std::string yaml_text(const std::string& text) {
  const Node plain{.kind = Node::Kind::scalar, .scalar = text};
  // Many texts need no quotes that begin or end otherwise; these are the ones of which it is plain to see.
  const bool is_plain = !text.empty() && !as_number(plain) && !as_boolean(plain) && text != "null" && text != "~" &&
                        text.front() != ' ' && text.back() != ' ' &&
                        std::ranges::all_of(text,
                                            [](char c) {
                                              return std::isalnum(static_cast<unsigned char>(c)) ||
                                                     std::string_view("_-./ <>=*+()").contains(c);
                                            }) &&
                        !std::string_view("-*<>=").contains(text.front()) && text != "..." && !text.starts_with("... ");
  if (is_plain) return text;
  YAML::Emitter emitter;
  emitter << YAML::DoubleQuoted << text;
  return emitter.c_str();
}

std::string to_yaml(const Json& json) {
  std::string out;
  put_yaml(json, 0, out);
  return out;
}

}  // namespace edgewise::config
