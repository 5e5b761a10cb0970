#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>

#include "space/domain_internal.hpp"
#include "space/language/program_internal.hpp"
#include "space/space_file.hpp"

namespace edgewise::space {

namespace {

using config::Node;
using config::Position;

constexpr std::int64_t most_indices = 100;

/// Turns what the language has beyond plain parameter files into plain ones: `name[1..4]` into four entries, formulas
/// for ends into numbers, ranges of a condition into lists.
class Expansion {
 public:
  Expansion(const std::string& file, const Frame& frame, std::vector<Error>& errors)
      : file_(file), frame_(frame), errors_(errors) {}

  Node operator()(const Node& section) {
    Node plain = section;
    plain.entries.clear();
    for (const auto& entry : section.entries) add(plain, entry);
    return plain;
  }

 private:
  void add(Node& plain, const Node::Entry& entry) {
    const auto open = entry.key.find('[');
    const auto before = errors_.size();
    const auto put = [&](std::string name, std::optional<std::int64_t> index) {
      auto value = resolved(entry.value, index);
      // With a mistake that is told, it is left out: the rest of it would only be told wrongly.
      if (errors_.size() == before) plain.entries.push_back({std::move(name), entry.at, std::move(value)});
    };
    if (open == std::string::npos) return put(entry.key, {});
    const auto range = range_in(std::string_view(entry.key).substr(open + 1));
    if (!range || range->first > range->second || range->second - range->first >= most_indices) {
      errors_.push_back(
          {ErrorCode::invalid_input, std::format("\"{}\" names no parameters", entry.key), where(file_, entry.at),
           std::format("write for example blocks[1..4] for blocks1 to blocks4, at most {}", most_indices)});
      return;
    }
    for (auto index = range->first; index <= range->second; ++index)
      put(entry.key.substr(0, open) + std::to_string(index), index);
  }

  /// "1..4]"
  static std::optional<std::pair<std::int64_t, std::int64_t>> range_in(std::string_view text) {
    const auto dots = text.find("..");
    if (dots == std::string_view::npos || !text.ends_with(']')) return {};
    const auto low = whole_number(text.substr(0, dots));
    const auto high = whole_number(text.substr(dots + 2, text.size() - dots - 3));
    if (!low || !high) return {};
    return std::pair{*low, *high};
  }
  static std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
  }

  Node resolved(Node node, std::optional<std::int64_t> index) {
    for (auto& option : node.entries) {
      if (option.key == "low" || option.key == "high" || option.key == "step") resolve_number(option.value, index);
      if (option.key == "allowed") option.value = resolved(option.value, index);
      if (option.key == "when")
        for (auto& parent : option.value.entries) {
          if (const auto at = parent.key.find("{index}"); at != std::string::npos && index)
            parent.key.replace(at, 7, std::to_string(*index));
          resolve_values(parent.value, index);
        }
      if (option.key == "description" && index) resolve_text(option.value, index);
    }
    return node;
  }

  [[nodiscard]] Lookup lookup(std::optional<std::int64_t> index) const {
    return [this, index](const std::string& name) -> std::optional<Term> {
      if (name == "index" && index) return Term(static_cast<double>(*index));
      if (name == "input") return Term(static_cast<double>(frame_.input_size.width));
      if (name == "image_channels") return Term(static_cast<double>(frame_.channels));
      if (name == "outputs") return Term(static_cast<double>(frame_.outputs));
      return {};
    };
  }

  void resolve_number(Node& node, std::optional<std::int64_t> index) {
    if (node.kind != Node::Kind::scalar || !config::to_json(node).is_string()) return;
    const auto formula = parse_formula(node, file_);
    if (!formula) return errors_.push_back(formula.error());
    const auto term = evaluate(*formula, lookup(index), file_);
    if (!term) {
      auto error = term.error();
      error.next = "an end is a number, or a formula of input, image_channels, outputs and, with name[1..4], index";
      return errors_.push_back(std::move(error));
    }
    node.scalar = to_text(*term);
    node.is_quoted = false;
  }
  /// "index..4" as a list.
  void resolve_values(Node& node, std::optional<std::int64_t> index) {
    if (node.kind != Node::Kind::scalar) return;
    const auto dots = node.scalar.find("..");
    if (dots == std::string::npos) return;
    Node low = node, high = node;
    low.scalar = node.scalar.substr(0, dots);
    high.scalar = node.scalar.substr(dots + 2);
    high.at.column += static_cast<int>(dots) + 2;
    resolve_number(low, index);
    resolve_number(high, index);
    const auto from = whole_number(low.scalar), to = whole_number(high.scalar);
    if (!from || !to || *to - *from >= most_indices) return;
    Node list{.kind = Node::Kind::sequence, .at = node.at};
    for (auto value = *from; value <= *to; ++value)
      list.items.push_back({.kind = Node::Kind::scalar, .scalar = std::to_string(value), .at = node.at});
    node = std::move(list);
  }
  void resolve_text(Node& node, std::optional<std::int64_t> index) {
    const auto text = parse_template(node, file_);
    if (!text) return errors_.push_back(text.error());
    const auto filled = fill(*text, lookup(index), file_);
    if (!filled) return errors_.push_back(filled.error());
    node.scalar = *filled;
    node.is_quoted = true;
  }

  const std::string& file_;
  const Frame& frame_;
  std::vector<Error>& errors_;
};

/// What a family can build, where that is more than what it searches.
Domain read_allowed(config::Options& one, const Node& node, const Domain& own) {
  if (node.kind == Node::Kind::sequence) {
    std::vector<Json> values;
    one.values("allowed", values, "values that a job may ask for");
    return make_categorical(values);
  }
  Domain allowed = own;
  one.section(
      "allowed", "",
      [&](config::Options& o) {
        if (std::holds_alternative<Integer>(own)) {
          auto& integers = std::get<Integer>(allowed);
          constexpr config::Range range{-static_cast<double>(largest_integer), static_cast<double>(largest_integer)};
          o.integer("low", integers.low, range, "the smallest value");
          o.integer("high", integers.high, range, "the largest value");
          o.integer("step", integers.step, {1, static_cast<double>(largest_integer)}, "from one value to the next");
        } else {
          // A list of numbers may be widened to any number of a range.
          Real reals;
          if (const auto* real = std::get_if<Real>(&own)) reals = *real;
          o.number("low", reals.low, {}, "the smallest value");
          o.number("high", reals.high, {}, "the largest value");
          allowed = reals;
        }
      },
      "values that a job may ask for");
  return allowed;
}

}  // namespace

void read_parameters(const Node& root, const Frame& frame, Program& program, std::vector<Error>& errors) {
  Node parameters{.kind = Node::Kind::map, .at = root.at};
  if (const auto* section = child(root, "parameters")) {
    const auto entry = std::ranges::find(root.entries, "parameters", &Node::Entry::key);
    parameters.entries.push_back({"parameters", entry->at, Expansion(program.file, frame, errors)(*section)});
  }
  std::map<std::string, FileParameter> more;
  ParameterReader reader(std::move(parameters), [&](config::Options& one, const Node::Entry& entry, const Domain& own) {
    auto& extra = more[entry.key];
    extra.at = entry.at;
    const auto* allowed = child(entry.value, "allowed");
    extra.family.known = allowed ? read_allowed(one, *allowed, own) : own;
    one.boolean("optional", extra.family.is_optional, "exists only when a job names it");
    one.boolean("training", extra.is_training, "sets the train option of its name, and not the network");
  });
  for (auto& error : config::read(reader.root(), program.file, [&](config::Options& o) { reader.declare(o); }))
    errors.push_back(std::move(error));
  for (const auto& parameter : reader.parameters()) {
    auto& whole = more[parameter.name];
    whole.family.parameter = parameter;
    program.parameters.push_back(whole);
  }
}

Position place_in(const std::string& where) {
  const auto last = where.rfind(':');
  const auto before = last == std::string::npos || last == 0 ? std::string::npos : where.rfind(':', last - 1);
  Position at;
  if (before == std::string::npos) return at;
  std::from_chars(where.data() + before + 1, where.data() + last, at.line);
  std::from_chars(where.data() + last + 1, where.data() + where.size(), at.column);
  return at;
}

}  // namespace edgewise::space
