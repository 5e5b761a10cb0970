#include <algorithm>
#include <cmath>
#include <format>
#include <optional>
#include <set>
#include <span>

#include "base/config_internal.hpp"

namespace edgewise::config {

namespace {

std::string show(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "\"" + shortened(node.scalar) + "\"";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a section";
  }
  return {};
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
      if (node->kind == Node::Kind::scalar)
        value = node->scalar;
      else
        wrong(*node, name, "must be a text");
    }
  }
  void word(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
            const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    if (node->kind != Node::Kind::scalar) return wrong(*node, name, "must be " + one_of(allowed));
    if (std::ranges::find(allowed, node->scalar) == allowed.end())
      return add(node->at, std::format("{} \"{}\" is not {}", full(name), shortened(node->scalar), one_of(allowed)),
                 suggestion(node->scalar, allowed));
    value = node->scalar;
  }
  void number(const std::string& name, double& value, Range range, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const auto got = as_number(*node);
    if (!got) return wrong(*node, name, "must be a number, " + describe(range));
    if (!is_inside(*got, range)) return wrong(*node, name, "must be " + describe(range));
    value = *got;
  }
  void integer(const std::string& name, std::int64_t& value, Range range, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const auto got = as_number(*node);
    if (!got || *got != std::floor(*got) || std::abs(*got) >= largest_exact)
      return wrong(*node, name, "must be a whole number, " + describe(range));
    if (!is_inside(*got, range)) return wrong(*node, name, "must be " + describe(range));
    value = static_cast<std::int64_t>(*got);
  }
  void size(const std::string& name, Size& value, Range range, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const std::string allowed = std::format("a whole number or WIDTHxHEIGHT, both {}", describe(range));
    const auto got = node->kind == Node::Kind::scalar ? size_from_text(node->scalar) : std::nullopt;
    if (!got) return wrong(*node, name, "must be " + allowed);
    if (!is_inside(static_cast<double>(got->width), range) || !is_inside(static_cast<double>(got->height), range))
      return wrong(*node, name, "must be " + allowed);
    value = *got;
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
  void values(const std::string& name, std::vector<Json>& values, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    const std::span<const Node> items =
        node->kind == Node::Kind::sequence ? std::span<const Node>(node->items) : std::span<const Node>(node, 1);
    troubled_.insert(name);  // until all is right
    if (node->kind == Node::Kind::map) return wrong(*node, name, "must be a list of values");
    std::vector<Json> got;
    for (const auto& item : items) {
      auto value = plain_value(item);
      if (!value) return add(item.at, std::format("{} {}", full(name), value.error().message), value.error().next);
      got.push_back(*std::move(value));
    }
    troubled_.erase(name);
    values = std::move(got);
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values,
             const std::vector<std::string>& keys, const std::vector<std::string>& words, const std::string&) override {
    const Node* node = take(name);
    if (!node) return;
    if (node->kind != Node::Kind::map) return wrong(*node, name, "must be a section of \"name: value\" lines");
    const std::size_t mistakes_before = mistakes_.size();
    std::vector<std::pair<std::string, std::string>> got;
    for (const auto& entry : node->entries) {
      if (mistakes_.size() - mistakes_before >= most_mistakes) {
        const auto left = node->entries.size() - static_cast<std::size_t>(&entry - node->entries.data());
        add(entry.at, std::format("{} has {} more entries that were not looked at", full(name), left),
            "correct these first");
        break;
      }
      if (!keys.empty() && std::ranges::find(keys, entry.key) == keys.end())
        add(entry.at,
            std::format("{}: \"{}\" is not known here; known are {}", full(name), shortened(entry.key),
                        quoted_list(keys)),
            suggestion(entry.key, keys));
      else if (entry.value.kind != Node::Kind::scalar)
        add(entry.value.at,
            std::format("{}.{} must be {}", full(name), shortened(entry.key), words.empty() ? "a text" : one_of(words)),
            {});
      else if (!words.empty() && std::ranges::find(words, entry.value.scalar) == words.end())
        add(entry.value.at,
            std::format("{}.{} \"{}\" is not {}", full(name), shortened(entry.key), shortened(entry.value.scalar),
                        one_of(words)),
            suggestion(entry.value.scalar, words));
      else
        got.emplace_back(entry.key, entry.value.scalar);
    }
    if (mistakes_.size() > mistakes_before) troubled_.insert(name);
    values = std::move(got);
  }
  void section(const std::string& name, const std::string& shorthand, const Fields& fields,
               const std::string&) override {
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
    const std::size_t mistakes_before = mistakes_.size();
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const auto item_name = std::format("{}[{}]", full(name), i);
      if (mistakes_.size() - mistakes_before > most_mistakes) {
        add(node->items[i].at,
            std::format("{} has {} more items that were not looked at", full(name), node->items.size() - i),
            "correct these first");
        break;
      }
      if (node->items[i].kind != Node::Kind::map) {
        add(node->items[i].at,
            std::format("{} must be a section of \"name: value\" pairs, not {}", item_name, show(node->items[i])), {});
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
      if (taken_.insert(entry.key).second)
        got.get_ref<Json::object_t&>().emplace_back(entry.key, to_json(entry.value));  // the keys differ
    values = std::move(got);
  }
  [[nodiscard]] bool is_given(const std::string& name) const override {
    return std::ranges::any_of(node_.entries, [&](const auto& entry) { return entry.key == name; });
  }
  [[nodiscard]] bool has_problem(const std::string& name) const override { return troubled_.contains(name); }
  void problem(const std::string& name, const std::string& message, const std::string& next, int item) override {
    add(position_of(name, item), message, next);
  }
  [[nodiscard]] std::string where(const std::string& name, int item) const override {
    return place(file_, position_of(name, item));
  }
  /// Everything that no declaration took is a mistake.
  void finish() {
    const std::vector<std::string> known(declared_.begin(), declared_.end());
    std::vector<const Node::Entry*> unknown;
    for (const auto& entry : node_.entries)
      if (!taken_.contains(entry.key)) unknown.push_back(&entry);
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      const auto& entry = *unknown[i];
      if (i == most_mistakes)  // nobody reads 90,000
        return add(entry.at,
                   std::format("there are {} more names that are no options{}", unknown.size() - i,
                               path_.empty() ? "" : " of \"" + path_ + "\""),
                   "correct these first");
      add(entry.at,
          std::format("\"{}\" is not an option{}; the options are {}", shortened(entry.key),
                      path_.empty() ? "" : " of \"" + path_ + "\"", quoted_list(known)),
          suggestion(entry.key, known));
    }
  }

 private:
  const Node* take(const std::string& name) {
    if (!std::ranges::contains(declared_, name)) declared_.push_back(name);
    for (const auto& entry : node_.entries)
      if (entry.key == name) {
        taken_.insert(name);
        return &entry.value;
      }
    return nullptr;
  }
  [[nodiscard]] Position position_of(const std::string& name, int item) const {
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
    return at;
  }
  [[nodiscard]] std::string full(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  static std::string one_of(const std::vector<std::string>& words) {
    return words.size() == 1 ? quoted_list(words) : "one of " + quoted_list(words);
  }
  static std::string suggestion(const std::string& got, const std::vector<std::string>& allowed) {
    const std::string near = nearest_word(got, allowed);
    return near.empty() ? "" : std::format("did you mean \"{}\"?", near);
  }
  void wrong(const Node& node, const std::string& name, const std::string& what) {
    add(node.at, std::format("{} {}, not {}", full(name), what, show(node)), {});
  }
  void add(Position at, std::string message, std::string next) {
    mistakes_.push_back({at, {ErrorCode::invalid_input, std::move(message), place(file_, at), std::move(next)}});
  }

  const Node& node_;
  std::string file_, path_;
  std::vector<Mistake>& mistakes_;
  std::set<std::string> taken_, troubled_;
  std::vector<std::string> declared_;
};

}  // namespace

std::vector<Error> read(const Node& root, const std::string& file, const Options::Fields& fields) {
  std::vector<Mistake> mistakes;
  if (root.kind != Node::Kind::map) {
    return {Error{ErrorCode::invalid_input, std::format("expected \"name: value\" lines, not {}", show(root)),
                  place(file, root.at), "see `edgewise init` for a first job file"}};
  }
  Reader reader(root, file, "", mistakes);
  fields(reader);
  reader.finish();
  std::ranges::stable_sort(mistakes, {}, &Mistake::at);
  std::vector<Error> errors;
  std::size_t place = 0;  // the first mistake at the same position
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    if (mistakes[i].at != mistakes[place].at) place = i;
    // An option that several entries of a catalogue declare is one option, and a mistake at it one mistake.
    const auto same = std::ranges::subrange(mistakes.begin() + static_cast<std::ptrdiff_t>(place),
                                            mistakes.begin() + static_cast<std::ptrdiff_t>(i));
    if (!std::ranges::contains(same, mistakes[i].error, &Mistake::error)) errors.push_back(mistakes[i].error);
  }
  return errors;
}

}  // namespace edgewise::config
