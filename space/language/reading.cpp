#include <algorithm>
#include <cctype>
#include <format>

#include "space/language/reading_internal.hpp"

namespace edgewise::space {

using config::Node;
using config::Position;

namespace {

constexpr std::size_t most_mistakes = 100;

struct Found {
  std::string name;
  bool is_element = false;
  std::size_t column = 1;
};

void names_in(const formula::Node& node, std::vector<Found>& found) {
  if (node.kind == formula::Kind::name || node.kind == formula::Kind::element)
    found.push_back({node.name, node.kind == formula::Kind::element, node.column});
  for (const auto& inner : node.inner) names_in(*inner, found);
}

}  // namespace

void Reading::mistake(Position at, std::string message, std::string next) {
  if (errors_.size() < most_mistakes)
    errors_.push_back({ErrorCode::invalid_input, std::move(message), where(program_.file, at), std::move(next)});
}

void Reading::mistake(Error error) {
  if (errors_.size() < most_mistakes) errors_.push_back(std::move(error));
}

void Reading::unknown(const std::string& what, const std::string& word, Position at,
                      const std::vector<std::string>& allowed) {
  const auto near = nearest_word(word, allowed);
  mistake(at, std::format("{} has no \"{}\"; it has {}", what, word, quoted_list(allowed)),
          near.empty() ? "" : std::format("did you mean \"{}\"?", near));
}

std::string Reading::one_of(const Node& node, const std::vector<std::string>& words, const std::string& fallback) {
  if (node.kind == Node::Kind::scalar && std::ranges::contains(words, node.scalar)) return node.scalar;
  const auto near = nearest_word(node.scalar, words);
  mistake(node.at, std::format("\"{}\" is not one of {}", node.scalar, quoted_list(words)),
          near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  return fallback;
}

std::optional<double> Reading::plain_number(const Node& node, double low, double high) {
  const auto json = config::to_json(node);
  if (json.is_number() && json.get<double>() >= low && json.get<double>() <= high) return json.get<double>();
  mistake(node.at, std::format("a number from {} to {} is needed here", number_text(low), number_text(high)));
  return {};
}

bool Reading::is_new_name(const std::string& name, Position at) {
  const bool is_word =
      !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
      std::ranges::all_of(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
  if (!is_word) {
    mistake(at, std::format("\"{}\" is no name", name),
            "a name has letters, digits and _, and begins with none of the digits");
  } else if (std::ranges::contains(live_names, name) || std::ranges::contains(cost_names, name)) {
    mistake(at, std::format("the name \"{}\" is taken: it means what it says of every network", name),
            "give another one");
  } else {
    return true;
  }
  return false;
}

std::optional<Formula> Reading::formula(const Node& node) {
  auto parsed = parse_formula(node, program_.file);
  if (!parsed) {
    mistake(std::move(parsed).error());
    return {};
  }
  check_names(*parsed);
  return *std::move(parsed);
}

std::optional<Template> Reading::filled(const Node& node) {
  auto parsed = parse_template(node, program_.file);
  if (!parsed) {
    mistake(std::move(parsed).error());
    return {};
  }
  for (const auto& part : parsed->parts)
    if (const auto* formula = std::get_if<Formula>(&part)) check_names(*formula);
  return *std::move(parsed);
}

void Reading::check_names(const Formula& formula) {
  std::vector<Found> found;
  names_in(*formula.tree, found);
  for (const auto& one : found) {
    const bool is_known =
        one.is_element
            ? std::ranges::any_of(
                  known_, [&](const auto& name) { return name.size() > one.name.size() && name.starts_with(one.name); })
            : std::ranges::contains(known_, one.name);
    if (is_known) continue;
    const auto near = nearest_word(one.name, known_);
    mistake({formula.at.line, formula.at.column + static_cast<int>(one.column) - 1},
            one.is_element ? std::format("nothing here is called \"{}\" and a number", one.name)
                           : std::format("\"{}\" means nothing here", one.name),
            !near.empty() ? std::format("did you mean \"{}\"?", near)
                          : "it is no parameter and no name given by let, as or takes; a text stands in quotes");
  }
}

}  // namespace edgewise::space
