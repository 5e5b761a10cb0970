#include <algorithm>
#include <cctype>
#include <format>

#include "space/language/reading_internal.hpp"

namespace edgewise::space {

using config::Node;

const std::vector<std::string>& StepReader::form_words() {
  static const std::vector<std::string> words{"do", "repeat", "choose", "residual", "add", "concat", "let", "feature"};
  return words;
}

std::vector<Step> StepReader::steps(const Node& node) {
  std::vector<Step> list;
  if (node.kind == Node::Kind::null) return list;
  if (node.kind != Node::Kind::sequence) {
    mistake(node.at, "steps are a list", "begin each with \"- \"");
    return list;
  }
  const auto before = known_.size();
  for (const auto& item : node.items)
    if (auto one = step(item)) list.push_back(*std::move(one));
  known_.resize(before);
  return list;
}

std::optional<Step> StepReader::step(const Node& node) {
  if (node.kind == Node::Kind::scalar) {  // a block without arguments: "- norm"
    Node alone{.kind = Node::Kind::map, .at = node.at};
    alone.entries.push_back({node.scalar, node.at, Node{.kind = Node::Kind::null, .at = node.at}});
    return step(alone);
  }
  if (node.kind != Node::Kind::map || node.entries.empty()) {
    mistake(node.at, "a step names a block", "for example - conv_norm: {out: 16, kernel: 3}");
    return {};
  }
  const auto& head = node.entries.front();
  Step step;
  step.at = head.at;
  step.word = head.key;
  std::vector<std::string> more{"name", "when"};
  const auto before = known_.size();
  const bool is_form = std::ranges::contains(form_words(), head.key);
  if (is_form) {
    if (head.key == "repeat") more.insert(more.end(), {"as", "do"});
    if (head.key == "choose") more.emplace_back("from");
    if (head.key == "residual") more.emplace_back("shortcut");
  }
  for (std::size_t i = 1; i < node.entries.size(); ++i)
    if (const auto& entry = node.entries[i]; !std::ranges::contains(more, entry.key))
      unknown(std::format("the step \"{}\"", head.key), entry.key, entry.at, more);
  if (const auto* when = child(node, "when")) step.when = formula(*when);
  const bool is_right = is_form ? read_form(step, node, head) : read_block(step, head);
  if (const auto* name = child(node, "name")) step.name = filled(*name);
  if (step.form != Step::Form::let) known_.resize(before);
  return is_right ? std::optional(std::move(step)) : std::nullopt;
}

bool StepReader::read_form(Step& step, const Node& node, const Node::Entry& head) {
  if (head.key == "do") {
    step.form = Step::Form::group;
    step.branches.push_back(steps(head.value));
  } else if (head.key == "repeat") {
    step.form = Step::Form::repeat;
    step.of = formula(head.value);
    const auto* as = child(node, "as");
    step.variable = as ? as->scalar : "i";
    if (as && !is_new_name(as->scalar, as->at)) return false;
    const auto* list = child(node, "do");
    if (!list) {
      mistake(head.at, "nothing is repeated", "give its steps with \"do\"");
      return false;
    }
    known_.push_back(step.variable);
    step.branches.push_back(steps(*list));
  } else if (head.key == "choose") {
    return read_choose(step, node, head);
  } else if (head.key == "residual") {
    step.form = Step::Form::residual;
    step.branches.push_back(steps(head.value));
    if (const auto* shortcut = child(node, "shortcut")) step.branches.push_back(steps(*shortcut));
  } else if (head.key == "let") {
    step.form = Step::Form::let;
    for (const auto& entry : head.value.entries) {
      if (!is_new_name(entry.key, entry.at)) continue;
      if (auto value = formula(entry.value)) step.lets.emplace_back(entry.key, *std::move(value));
      known_.push_back(entry.key);
    }
    if (head.value.kind != Node::Kind::map)
      mistake(head.at, "let gives names to values", "for example - let: {width: 2 * channels}");
  } else if (head.key == "feature") {
    step.form = Step::Form::feature;
    step.variable = head.value.scalar;
    if (step.variable.empty()) mistake(head.at, "a feature needs a name", "for example - feature: c3");
  } else {
    step.form = head.key == "add" ? Step::Form::add : Step::Form::concat;
    for (const auto& branch : head.value.items) step.branches.push_back(steps(branch));
    if (step.branches.size() < 2)
      mistake(head.at, std::format("\"{}\" joins two or more lists of steps", head.key),
              "for example - add: [[conv_norm: {out: 16}], []]; an empty list is what came before");
  }
  return true;
}

bool StepReader::read_choose(Step& step, const Node& node, const Node::Entry& head) {
  step.form = Step::Form::choose;
  step.of = formula(head.value);
  const auto* from = child(node, "from");
  if (!from || from->entries.empty()) {
    mistake(head.at, "nothing is there to choose from", "give a list of steps for each value with \"from\"");
    return false;
  }
  for (const auto& entry : from->entries) {
    step.labels.push_back(entry.key);
    step.label_places.push_back(entry.at);
    step.branches.push_back(steps(entry.value));
  }
  return true;
}

bool StepReader::read_block(Step& step, const Node::Entry& head) {
  step.block = blocks().find(head.key);
  const auto sub = std::ranges::find(sub_blocks_, head.key, [](const auto& one) { return one->name; });
  if (step.block) {
    step.form = Step::Form::block;
    return read_arguments(step, head);
  }
  if (sub != sub_blocks_.end()) {
    step.form = Step::Form::sub_block;
    step.sub_block = *sub;
    return read_taken(step, head);
  }
  auto words = blocks().names();
  for (const auto& one : sub_blocks_) words.push_back(one->name);
  words.insert(words.end(), form_words().begin(), form_words().end());
  const auto near = nearest_word(head.key, words);
  const bool comes_later = std::ranges::contains(own_blocks_, head.key);
  mistake(
      head.at,
      std::format("there is no block \"{}\"{}; there are {}", head.key, comes_later ? " yet" : "", quoted_list(words)),
      comes_later     ? "a block uses those that stand above it, and never itself"
      : !near.empty() ? std::format("did you mean \"{}\"?", near)
                      : "");
  return false;
}

std::vector<Node::Entry> StepReader::given_arguments(const Node::Entry& head, const std::string& first) {
  if (head.value.kind == Node::Kind::map) return head.value.entries;
  if (head.value.kind == Node::Kind::null) return {};
  return {{first, head.value.at, head.value}};
}

bool StepReader::read_arguments(Step& step, const Node::Entry& head) {
  const auto& declared = step.block->arguments;
  std::vector<std::string> names;
  for (const auto& one : declared) names.push_back(one.name);
  const auto given = given_arguments(head, declared.empty() ? "" : declared.front().name);
  bool is_right = true;
  for (const auto& entry : given)
    if (!std::ranges::contains(names, entry.key)) {
      if (names.empty())
        mistake(entry.at, std::format("the block \"{}\" takes no arguments", head.key));
      else
        unknown(std::format("the block \"{}\"", head.key), entry.key, entry.at, names);
      is_right = false;
    }
  for (const auto& one : declared) {
    const auto entry = std::ranges::find(given, one.name, &Node::Entry::key);
    step.argument_places.push_back(entry == given.end() ? head.at : entry->value.at);
    if (entry != given.end()) {
      auto value = argument(one, entry->value);
      is_right = is_right && value;
      step.arguments.push_back(value ? *std::move(value) : std::variant<Term, Formula>(Term(0.0)));
    } else if (one.fallback) {
      step.arguments.emplace_back(*one.fallback);
    } else {
      mistake(head.at, std::format("the block \"{}\" needs \"{}\": {}", head.key, one.name, one.sentence));
      is_right = false;
    }
  }
  return is_right;
}

bool StepReader::is_unknown_word(const Node& node) const {
  return node.kind == Node::Kind::scalar && !node.scalar.empty() &&
         std::ranges::all_of(node.scalar,
                             [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }) &&
         !std::ranges::contains(known_, node.scalar);
}

std::optional<std::variant<Term, Formula>> StepReader::argument(const Argument& declared, const Node& node) {
  if (declared.kind == Argument::Kind::word && node.kind == Node::Kind::scalar &&
      std::ranges::contains(declared.words, node.scalar))
    return Term(node.scalar);
  if (declared.kind == Argument::Kind::word && is_unknown_word(node)) {
    one_of(node, declared.words, "");
    return {};
  }
  auto formula = this->formula(node);
  if (!formula) return {};
  const auto& tree = *formula->tree;
  if (tree.kind != formula::Kind::number && tree.kind != formula::Kind::truth && tree.kind != formula::Kind::text)
    return *std::move(formula);
  auto term = evaluate(*formula, [](const std::string&) { return std::optional<Term>(); }, program_.file);
  if (const auto wrong = argument_mistake(declared, *term)) {
    mistake(node.at, *wrong);
    return {};
  }
  return *std::move(term);
}

bool StepReader::read_taken(Step& step, const Node::Entry& head) {
  const auto& takes = step.sub_block->takes;
  std::vector<std::string> names;
  for (const auto& [name, fallback] : takes) names.push_back(name);
  const auto given = given_arguments(head, names.empty() ? "" : names.front());
  bool is_right = true;
  for (const auto& entry : given)
    if (!std::ranges::contains(names, entry.key)) {
      unknown(std::format("the block \"{}\"", head.key), entry.key, entry.at, names);
      is_right = false;
    }
  for (const auto& [name, fallback] : takes) {
    const auto entry = std::ranges::find(given, name, &Node::Entry::key);
    auto value = entry == given.end() ? fallback : formula(entry->value);
    step.argument_places.push_back(entry == given.end() ? head.at : entry->value.at);
    if (value) {
      step.arguments.emplace_back(*std::move(value));
      continue;
    }
    if (entry == given.end()) mistake(head.at, std::format("the block \"{}\" needs \"{}\"", head.key, name));
    is_right = false;
  }
  return is_right;
}

}  // namespace edgewise::space
