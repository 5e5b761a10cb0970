#include "base/config.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <optional>
#include <set>
#include <sstream>

namespace edgewise::config {

namespace {

constexpr std::size_t max_text = 1 << 20;
constexpr std::size_t max_depth = 64;

Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

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
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add({.kind = Node::Kind::null, .at = position(mark)}); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { throw Refused{position(mark), "aliases (*name) are not supported here"}; }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    refuse_tag(mark, tag);
    // A plain scalar carries the tag "?", a quoted one "!".
    add({.kind = Node::Kind::scalar, .scalar = value, .is_quoted = tag == "!", .at = position(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
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
  };

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") throw Refused{position(mark), std::format("tags (\"{}\") are not supported here", tag)};
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
      for (const auto& entry : parent.node.entries)
        if (entry.key == parent.key->scalar)
          throw Refused{parent.key->at, std::format("\"{}\" is given twice (first in line {})", entry.key, entry.at.line)};
      parent.node.entries.push_back({parent.key->scalar, parent.key->at, std::move(node)});
      parent.key.reset();
    }
  }

  Node root_;
  std::vector<Open> stack_;
};

std::string place(const std::string& file, Position at) {
  return at.line > 0 ? std::format("{}:{}:{}", file, at.line, at.column) : file;
}

// yaml-cpp's scanner recurses with the nesting of flow collections and of "- - - -"; both are counted before it sees the text.
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

}  // namespace

Result<Node> parse_yaml(const std::string& text, const std::string& file) {
  if (text.size() > max_text) return invalid(std::format("the file has {} bytes; at most {} are read", text.size(), max_text), {}, file);
  if (text.find('\0') != std::string::npos) return invalid("this is not a text file (it contains a zero byte)", {}, file);
  if (nests_too_deep(text)) return invalid(std::format("nested deeper than {} levels", max_depth), {}, file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return invalid("the file is empty", "see `edgewise init` for a first job file", file);
    Node root = builder.take();
    TreeBuilder second;
    if (parser.HandleNextDocument(second))
      return invalid("the file has more than one YAML document", "remove everything from the second \"---\" on", place(file, second.take().at));
    return root;
  } catch (const Refused& e) {
    return invalid(e.message, {}, place(file, e.at));
  } catch (const YAML::Exception& e) {
    return invalid(std::format("this is not valid YAML: {}", e.msg), "correct the text at this place; a value with \":\" or \"#\" in it needs quotes",
                   place(file, e.mark.is_null() ? Position{} : position(e.mark)));
  } catch (const std::exception& e) {
    return invalid(std::format("this is not valid YAML: {}", e.what()), {}, file);
  }
}

namespace {

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

constexpr double largest_exact = 9007199254740992.0;  // 2^53: every smaller integer is a double

}  // namespace

Json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return nullptr;
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
      for (const auto& entry : node.entries) map[entry.key] = to_json(entry.value);
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
    node.scalar = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return node;
}

namespace {

std::string show(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "\"" + node.scalar + "\"";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::map: return "a section";
  }
  return {};
}

std::string show(double value) { return std::format("{}", value); }

std::string show(Range range) {
  const bool has_low = std::isfinite(range.low), has_high = std::isfinite(range.high);
  if (has_low && has_high) return std::format("{} {}{} and at most {}", range.low_is_open ? "above" : "at least", show(range.low), "", show(range.high));
  if (has_low) return std::format("{} {}", range.low_is_open ? "above" : "at least", show(range.low));
  if (has_high) return std::format("at most {}", show(range.high));
  return "any number";
}

bool is_inside(double value, Range range) {
  return (range.low_is_open ? value > range.low : value >= range.low) && value <= range.high;
}

struct Mistake {
  Position at;
  Error error;
};

class Reader : public Options {
 public:
  Reader(const Node& node, std::string file, std::string path, std::vector<Mistake>& mistakes)
      : node_(node), file_(std::move(file)), path_(std::move(path)), mistakes_(mistakes) {}

  void text(const std::string& name, std::string& value, const std::string&) override {
    if (const Node* node = take(name)) {
      if (node->kind == Node::Kind::scalar) value = node->scalar;
      else wrong(*node, name, "must be a text");
    }
  }
  void word(const std::string& name, std::string& value, const std::vector<std::string>& allowed, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    if (node->kind != Node::Kind::scalar) return wrong(*node, name, "must be " + one_of(allowed));
    if (std::ranges::find(allowed, node->scalar) == allowed.end())
      return add(node->at, std::format("{} \"{}\" is not {}", full(name), node->scalar, one_of(allowed)), suggestion(node->scalar, allowed));
    value = node->scalar;
  }
  void number(const std::string& name, double& value, Range range, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const auto got = as_number(*node);
    if (!got) return wrong(*node, name, "must be a number, " + show(range));
    if (!is_inside(*got, range)) return wrong(*node, name, "must be " + show(range));
    value = *got;
  }
  void integer(const std::string& name, std::int64_t& value, Range range, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const auto got = as_number(*node);
    if (!got || *got != std::floor(*got) || std::abs(*got) >= largest_exact) return wrong(*node, name, "must be a whole number, " + show(range));
    if (!is_inside(*got, range)) return wrong(*node, name, "must be " + show(range));
    value = static_cast<std::int64_t>(*got);
  }
  void boolean(const std::string& name, bool& value, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const auto got = as_boolean(*node);
    if (!got) return wrong(*node, name, "must be true or false");
    value = *got;
  }
  void texts(const std::string& name, std::vector<std::string>& values, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    std::vector<std::string> got;
    if (node->kind == Node::Kind::scalar) {
      got.push_back(node->scalar);
    } else if (node->kind == Node::Kind::sequence) {
      for (const auto& item : node->items) {
        if (item.kind != Node::Kind::scalar) return wrong(item, name, "must be a list of texts");
        got.push_back(item.scalar);
      }
    } else {
      return wrong(*node, name, "must be a list of texts");
    }
    values = std::move(got);
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values, const std::vector<std::string>& keys,
             const std::vector<std::string>& words, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    if (node->kind != Node::Kind::map) return wrong(*node, name, "must be a section of \"name: value\" lines");
    const std::size_t mistakes_before = mistakes_.size();
    std::vector<std::pair<std::string, std::string>> got;
    for (const auto& entry : node->entries) {
      if (!keys.empty() && std::ranges::find(keys, entry.key) == keys.end())
        add(entry.at, std::format("{}: \"{}\" is not known here; known are {}", full(name), entry.key, quoted_list(keys)), suggestion(entry.key, keys));
      else if (entry.value.kind != Node::Kind::scalar)
        add(entry.value.at, std::format("{}.{} must be {}", full(name), entry.key, words.empty() ? "a text" : one_of(words)), {});
      else if (!words.empty() && std::ranges::find(words, entry.value.scalar) == words.end())
        add(entry.value.at, std::format("{}.{} \"{}\" is not {}", full(name), entry.key, entry.value.scalar, one_of(words)), suggestion(entry.value.scalar, words));
      else
        got.emplace_back(entry.key, entry.value.scalar);
    }
    if (mistakes_.size() > mistakes_before) troubled_.insert(name);
    values = std::move(got);
  }
  void section(const std::string& name, const std::string& shorthand, const Fields& fields, const std::string&) override {
    static const Node nothing;
    const Node* node = take(name);
    if (!node || node->kind == Node::Kind::null) {
      Node absent{.kind = Node::Kind::map, .at = node ? node->at : node_.at};
      Reader reader(absent, file_, full(name), mistakes_);
      return fields(reader);
    }
    Node expanded;
    if (node->kind == Node::Kind::scalar && !shorthand.empty()) {
      expanded = {.kind = Node::Kind::map, .at = node->at};
      expanded.entries.push_back({shorthand, node->at, *node});
      node = &expanded;
    }
    if (node->kind != Node::Kind::map) return wrong(*node, name, "must be a section of \"name: value\" lines");
    Reader reader(*node, file_, full(name), mistakes_);
    fields(reader);
    reader.finish();
  }
  void sections(const std::string& name, std::size_t, const std::function<void(std::size_t)>& resize,
                const std::function<void(std::size_t, Options&)>& fields, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    if (node->kind != Node::Kind::sequence) return wrong(*node, name, "must be a list");
    resize(node->items.size());
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const auto item_name = std::format("{}[{}]", full(name), i);
      if (node->items[i].kind != Node::Kind::map) {
        add(node->items[i].at, std::format("{} must be a section of \"name: value\" pairs, not {}", item_name, show(node->items[i])), {});
        continue;
      }
      Reader reader(node->items[i], file_, item_name, mistakes_);
      fields(i, reader);
      reader.finish();
    }
  }
  void rest(Json& values, const std::string&) override {
    Json got = Json::object();
    for (const auto& entry : node_.entries)
      if (taken_.insert(entry.key).second) got[entry.key] = to_json(entry.value);
    values = std::move(got);
  }
  [[nodiscard]] bool is_given(const std::string& name) const override {
    return std::ranges::any_of(node_.entries, [&](const auto& entry) { return entry.key == name; });
  }
  [[nodiscard]] bool has_problem(const std::string& name) const override { return troubled_.contains(name); }
  void problem(const std::string& name, const std::string& message, const std::string& next, int item) override {
    Position at = node_.at;
    const auto dot = name.find('.');
    for (const auto& entry : node_.entries)
      if (entry.key == name.substr(0, dot)) {
        at = entry.value.at;
        for (const auto& inner : entry.value.entries)
          if (dot != std::string::npos && inner.key == name.substr(dot + 1)) at = inner.at;
        const auto index = static_cast<std::size_t>(item);
        if (item >= 0 && index < entry.value.items.size()) at = entry.value.items[index].at;
        if (item >= 0 && index < entry.value.entries.size()) at = entry.value.entries[index].at;
      }
    add(at, message, next);
  }
  /// Everything that no declaration took is a mistake.
  void finish() {
    for (const auto& entry : node_.entries) {
      if (taken_.contains(entry.key)) continue;
      const std::vector<std::string> known(declared_.begin(), declared_.end());
      add(entry.at, std::format("{} is not an option{}; the options are {}", "\"" + entry.key + "\"", path_.empty() ? "" : " of \"" + path_ + "\"", quoted_list(known)),
          suggestion(entry.key, known));
    }
  }

 private:
  const Node* take(const std::string& name) {
    declared_.push_back(name);
    for (const auto& entry : node_.entries)
      if (entry.key == name) {
        taken_.insert(name);
        return &entry.value;
      }
    return nullptr;
  }
  [[nodiscard]] std::string full(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  static std::string one_of(const std::vector<std::string>& words) { return words.size() == 1 ? quoted_list(words) : "one of " + quoted_list(words); }
  static std::string suggestion(const std::string& got, const std::vector<std::string>& allowed) {
    const std::string near = nearest_word(got, allowed);
    return near.empty() ? "" : std::format("did you mean \"{}\"?", near);
  }
  void wrong(const Node& node, const std::string& name, const std::string& what) { add(node.at, std::format("{} {}, not {}", full(name), what, show(node)), {}); }
  void add(Position at, std::string message, std::string next) {
    mistakes_.push_back({at, {ErrorCode::invalid_input, std::move(message), place(file_, at), std::move(next)}});
  }

  const Node& node_;
  std::string file_, path_;
  std::vector<Mistake>& mistakes_;
  std::set<std::string> taken_, troubled_;
  std::vector<std::string> declared_;
};

class Writer : public Options {
 public:
  Json result = Json::object();
  void text(const std::string& name, std::string& value, const std::string&) override { result[name] = value; }
  void word(const std::string& name, std::string& value, const std::vector<std::string>&, const std::string&) override { result[name] = value; }
  void number(const std::string& name, double& value, Range, const std::string&) override { result[name] = value; }
  void integer(const std::string& name, std::int64_t& value, Range, const std::string&) override { result[name] = value; }
  void boolean(const std::string& name, bool& value, const std::string&) override { result[name] = value; }
  void texts(const std::string& name, std::vector<std::string>& values, const std::string&) override { result[name] = values; }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values, const std::vector<std::string>&, const std::vector<std::string>&,
             const std::string&) override {
    result[name] = Json::object();
    for (const auto& [key, value] : values) result[name][key] = value;
  }
  void section(const std::string& name, const std::string&, const Fields& fields, const std::string&) override {
    Writer inner;
    fields(inner);
    result[name] = std::move(inner.result);
  }
  void sections(const std::string& name, std::size_t count, const std::function<void(std::size_t)>&,
                const std::function<void(std::size_t, Options&)>& fields, const std::string&) override {
    result[name] = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
      Writer inner;
      fields(i, inner);
      result[name].push_back(std::move(inner.result));
    }
  }
  void rest(Json& values, const std::string&) override {
    for (const auto& [key, value] : values.items()) result[key] = value;
  }
  [[nodiscard]] bool is_given(const std::string&) const override { return false; }
  [[nodiscard]] bool has_problem(const std::string&) const override { return false; }
  void problem(const std::string&, const std::string&, const std::string&, int) override {}
};

class ReferenceWriter : public Options {
 public:
  ReferenceWriter(std::string path, std::string& text) : path_(std::move(path)), text_(text) {}
  void text(const std::string& name, std::string& value, const std::string& sentence) override { row(name, "text", value, sentence); }
  void word(const std::string& name, std::string& value, const std::vector<std::string>& allowed, const std::string& sentence) override {
    std::string words;
    for (const auto& word : allowed) words += (words.empty() ? "" : ", ") + word;
    row(name, words, value, sentence);
  }
  void number(const std::string& name, double& value, Range range, const std::string& sentence) override { row(name, show(range), show(value), sentence); }
  void integer(const std::string& name, std::int64_t& value, Range range, const std::string& sentence) override {
    row(name, "whole number, " + show(range), std::to_string(value), sentence);
  }
  void boolean(const std::string& name, bool& value, const std::string& sentence) override { row(name, "true, false", value ? "true" : "false", sentence); }
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& sentence) override {
    std::string all;
    for (const auto& value : values) all += (all.empty() ? "" : ", ") + value;
    row(name, "list of texts", all, sentence);
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values, const std::vector<std::string>&,
             const std::vector<std::string>& words, const std::string& sentence) override {
    std::string all, kinds;
    for (const auto& [key, value] : values) all += (all.empty() ? "" : ", ") + key + ": " + value;
    for (const auto& word : words) kinds += (kinds.empty() ? "" : ", ") + word;
    row(name, words.empty() ? "section of name: text" : "section of name: " + kinds, all, sentence);
  }
  void section(const std::string& name, const std::string& shorthand, const Fields& fields, const std::string& sentence) override {
    row(name, shorthand.empty() ? "section" : "section, or the value of `" + shorthand + "` alone", "", sentence);
    ReferenceWriter inner(full(name), text_);
    fields(inner);
  }
  void sections(const std::string& name, std::size_t count, const std::function<void(std::size_t)>& resize,
                const std::function<void(std::size_t, Options&)>& fields, const std::string& sentence) override {
    row(name, "list of sections", "", sentence);
    if (count == 0) resize(1);
    ReferenceWriter inner(full(name) + "[]", text_);
    fields(0, inner);
  }
  void rest(Json&, const std::string& sentence) override { row("*", "as the family says", "", sentence); }
  [[nodiscard]] bool is_given(const std::string&) const override { return false; }
  [[nodiscard]] bool has_problem(const std::string&) const override { return false; }
  void problem(const std::string&, const std::string&, const std::string&, int) override {}

 private:
  [[nodiscard]] std::string full(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  void row(const std::string& name, const std::string& type, const std::string& value, const std::string& sentence) {
    text_ += std::format("| `{}` | {} | {} | {} |\n", full(name), type, value.empty() ? "" : "`" + value + "`", sentence);
  }
  std::string path_;
  std::string& text_;
};

}  // namespace

std::vector<Error> read(const Node& root, const std::string& file, const Options::Fields& fields) {
  std::vector<Mistake> mistakes;
  if (root.kind != Node::Kind::map) {
    return {Error{ErrorCode::invalid_input, std::format("expected \"name: value\" lines, not {}", show(root)), place(file, root.at),
                  "see `edgewise init` for a first job file"}};
  }
  Reader reader(root, file, "", mistakes);
  fields(reader);
  reader.finish();
  std::ranges::stable_sort(mistakes, {}, &Mistake::at);
  std::vector<Error> errors;
  for (auto& mistake : mistakes) errors.push_back(std::move(mistake.error));
  return errors;
}

Json write(const Options::Fields& fields) {
  Writer writer;
  fields(writer);
  return writer.result;
}

std::string reference(const Options::Fields& fields) {
  std::string text = "| option | values | default | meaning |\n|---|---|---|---|\n";
  ReferenceWriter writer("", text);
  fields(writer);
  return text;
}

namespace {

std::string yaml_scalar(const Json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  const Node plain{.kind = Node::Kind::scalar, .scalar = text};
  const bool is_plain = !text.empty() && !as_number(plain) && !as_boolean(plain) && text != "null" && text != "~" && text.front() != ' ' && text.back() != ' ' &&
                        std::ranges::all_of(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("_-./ <>=*+()").contains(c); }) &&
                        !std::string_view("-*<>=").contains(text.front());
  return is_plain ? text : value.dump();
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
        for (const auto& [k, v] : item.items()) line += (line.empty() ? "" : ", ") + yaml_scalar(k) + ": " + (v.is_structured() ? v.dump() : yaml_scalar(v));
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

std::string to_yaml(const Json& json) {
  std::string out;
  put_yaml(json, 0, out);
  return out;
}

}  // namespace edgewise::config
