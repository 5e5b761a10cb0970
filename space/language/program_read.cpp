#include <algorithm>
#include <cctype>
#include <cmath>
#include <format>

#include "space/language/program.hpp"
#include "space/language/program_internal.hpp"

namespace edgewise::space {

namespace {

using config::Node;
using config::Position;

constexpr std::size_t most_mistakes = 100, most_blocks = 200;

/// Names that mean something in every formula of a network, and those that a rule may ask of the whole network.
const std::vector<std::string> live_names{"channels", "height", "input", "image_channels", "outputs"};
const std::vector<std::string> cost_names{"parameters", "macs", "activation_bytes", "memory_bytes"};

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

/// Reads everything but the parameters, which ParameterReader knows.
class Reader {
 public:
  Reader(Program& program, std::vector<Error>& errors) : program_(program), errors_(errors) {}

  void read(const Node& root) {
    const std::vector<std::string> keys{"space",      "about",       "named_by",   "parameters", "settings",
                                        "cases",      "constraints", "input_size", "init",       "norm",
                                        "activation", "blocks",      "network",    "classifier"};
    for (const auto& entry : root.entries)
      if (!std::ranges::contains(keys, entry.key)) unknown("a space file", entry.key, entry.at, keys);
    text(root, "space", program_.name);
    text(root, "about", program_.about);
    text(root, "named_by", program_.named_by);
    if (const auto* activation = child(root, "activation"))
      program_.activation = one_of(*activation, activation_words(), program_.activation);
    if (const auto* init = child(root, "init")) program_.init = one_of(*init, words_of_inits(), program_.init);
    if (const auto* norm = child(root, "norm")) read_norm(*norm);
    if (const auto* settings = child(root, "settings")) read_settings(*settings);
    for (const auto& parameter : program_.parameters) known_.push_back(parameter.family.parameter.name);
    // One with a mistake of its own is known all the same.
    if (const auto* parameters = child(root, "parameters"))
      for (const auto& entry : parameters->entries)
        if (!std::ranges::contains(known_, entry.key) && !entry.key.contains('[')) known_.push_back(entry.key);
    if (const auto* cases = child(root, "cases")) read_cases(*cases);
    if (const auto* size = child(root, "input_size"); size != nullptr) program_.input_size = formula(*size);
    if (const auto* rules = child(root, "constraints")) read_rules(*rules);
    known_.insert(known_.end(), live_names.begin(), live_names.end());
    if (const auto* sub_blocks = child(root, "blocks")) read_sub_blocks(*sub_blocks);
    if (const auto* network = child(root, "network"))
      program_.network = steps(*network);
    else
      mistake(root.at, "network is missing: what is built of a choice?",
              "for example network: [conv_norm: {out: 16, kernel: 3, stride: 2}]");
    if (const auto* classifier = child(root, "classifier")) program_.classifier = steps(*classifier);
    if (!program_.named_by.empty() && !std::ranges::contains(program_.parameters, program_.named_by,
                                                             [](const auto& p) { return p.family.parameter.name; }))
      mistake(child(root, "named_by")->at, std::format("named_by is \"{}\", which is no parameter", program_.named_by));
  }

 private:
  void mistake(Position at, std::string message, std::string next = {}) {
    if (errors_.size() < most_mistakes)
      errors_.push_back({ErrorCode::invalid_input, std::move(message), where(program_.file, at), std::move(next)});
  }
  void mistake(Error error) {
    if (errors_.size() < most_mistakes) errors_.push_back(std::move(error));
  }
  void unknown(const std::string& what, const std::string& word, Position at, const std::vector<std::string>& allowed) {
    const auto near = nearest_word(word, allowed);
    mistake(at, std::format("{} has no \"{}\"; it has {}", what, word, quoted_list(allowed)),
            near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }

  void text(const Node& root, const std::string& key, std::string& value) {
    const auto* node = child(root, key);
    if (!node) return;
    if (node->kind != Node::Kind::scalar) return mistake(node->at, std::format("\"{}\" must be a text", key));
    value = node->scalar;
  }
  std::string one_of(const Node& node, const std::vector<std::string>& words, const std::string& fallback) {
    if (node.kind == Node::Kind::scalar && std::ranges::contains(words, node.scalar)) return node.scalar;
    const auto near = nearest_word(node.scalar, words);
    mistake(node.at, std::format("\"{}\" is not one of {}", node.scalar, quoted_list(words)),
            near.empty() ? "" : std::format("did you mean \"{}\"?", near));
    return fallback;
  }
  std::optional<double> plain_number(const Node& node, double low, double high) {
    const auto json = config::to_json(node);
    if (json.is_number() && json.get<double>() >= low && json.get<double>() <= high) return json.get<double>();
    mistake(node.at, std::format("a number from {} to {} is needed here", number_text(low), number_text(high)));
    return {};
  }

  void read_norm(const Node& node) {
    for (const auto& entry : node.entries) {
      if (entry.key == "eps")
        program_.norm.eps = plain_number(entry.value, 1e-12, 1).value_or(program_.norm.eps);
      else if (entry.key == "momentum")
        program_.norm.momentum = plain_number(entry.value, 0, 1).value_or(program_.norm.momentum);
      else
        unknown("norm", entry.key, entry.at, {"eps", "momentum"});
    }
  }

  void read_settings(const Node& node) {
    if (node.kind != Node::Kind::map)
      return mistake(node.at, "settings are names with numbers", "for example settings: {max_macs: 4e8}");
    for (const auto& entry : node.entries) {
      if (!is_new_name(entry.key, entry.at)) continue;
      program_.settings.push_back({entry.key, plain_number(entry.value, 1, 1e12).value_or(1)});
      known_.push_back(entry.key);
    }
  }

  bool is_new_name(const std::string& name, Position at) {
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

  std::optional<Formula> formula(const Node& node) {
    auto parsed = parse_formula(node, program_.file);
    if (!parsed) {
      mistake(std::move(parsed).error());
      return {};
    }
    check_names(*parsed);
    return *std::move(parsed);
  }
  std::optional<Template> filled(const Node& node) {
    auto parsed = parse_template(node, program_.file);
    if (!parsed) {
      mistake(std::move(parsed).error());
      return {};
    }
    for (const auto& part : parsed->parts)
      if (const auto* formula = std::get_if<Formula>(&part)) check_names(*formula);
    return *std::move(parsed);
  }

  void check_names(const Formula& formula) {
    std::vector<Found> found;
    names_in(*formula.tree, found);
    for (const auto& one : found) {
      const bool is_known =
          one.is_element ? std::ranges::any_of(known_,
                                               [&](const auto& name) {
                                                 return name.size() > one.name.size() && name.starts_with(one.name);
                                               })
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

  void read_cases(const Node& node) {
    if (node.kind != Node::Kind::sequence)
      return mistake(node.at, "cases are a list", "for example cases: [{of: size, are: {small: {width: 8}}}]");
    for (const auto& item : node.items) {
      for (const auto& entry : item.entries)
        if (entry.key != "of" && entry.key != "are") unknown("a case", entry.key, entry.at, {"of", "are"});
      const auto *of = child(item, "of"), *are = child(item, "are");
      if (!of || !are || are->entries.empty()) {
        mistake(item.at, "cases say \"of\" what, and what values \"are\" for each",
                "for example {of: size, are: {small: {width: 8}, large: {width: 32}}}");
        continue;
      }
      Cases cases;
      if (auto formula = this->formula(*of)) cases.of = *std::move(formula);
      const auto& first = are->entries.front();
      for (const auto& entry : are->entries) {
        cases.labels.push_back(entry.key);
        auto& values = cases.values.emplace_back();
        for (const auto& value : entry.value.entries) {
          if (!is_new_name(value.key, value.at)) continue;
          if (!child(first.value, value.key))
            mistake(value.at, std::format("the case \"{}\" has no \"{}\"", first.key, value.key),
                    "give each case the same names");
          if (auto formula = this->formula(value.value)) values.emplace_back(value.key, *std::move(formula));
        }
        for (const auto& value : first.value.entries)
          if (!child(entry.value, value.key))
            mistake(entry.at, std::format("the case \"{}\" has no \"{}\"", entry.key, value.key),
                    "give each case the same names");
      }
      for (const auto& value : first.value.entries) known_.push_back(value.key);
      if (cases.of.tree) program_.cases.push_back(std::move(cases));
    }
  }

  void read_rules(const Node& node) {
    if (node.kind != Node::Kind::sequence)
      return mistake(node.at, "constraints are a list", "for example constraints: [check: macs <= 1e6]");
    const auto before = known_.size();
    known_.insert(known_.end(), cost_names.begin(), cost_names.end());
    known_.insert(known_.end(), {"input", "image_channels", "outputs"});
    for (const auto& item : node.items) {
      Rule rule;
      for (const auto& entry : item.entries) {
        if (entry.key == "check") {
          if (auto check = formula(entry.value)) {
            rule.check = *std::move(check);
            rule.needs_network = std::ranges::any_of(
                rule.check.names, [](const auto& name) { return std::ranges::contains(cost_names, name); });
          }
        } else if (entry.key == "message") {
          rule.message = filled(entry.value);
        } else {
          unknown("a constraint", entry.key, entry.at, {"check", "message"});
        }
      }
      if (!child(item, "check"))
        mistake(item.at, "a constraint says with \"check\" what must hold", "for example check: macs <= 1e6");
      else if (rule.check.tree)
        program_.rules.push_back(std::move(rule));
    }
    known_.resize(before);
  }

  void read_sub_blocks(const Node& node) {
    if (node.kind != Node::Kind::map) return mistake(node.at, "blocks are names with what they do");
    // They may use each other one deep in the other: what goes through them goes as deep.
    if (node.entries.size() > most_blocks)
      return mistake(node.at,
                     std::format("{} blocks are too many; at most {} are possible", node.entries.size(), most_blocks));
    for (const auto& entry : node.entries) own_blocks_.push_back(entry.key);
    for (const auto& entry : node.entries) {
      if (!is_new_name(entry.key, entry.at)) continue;
      if (blocks().find(entry.key) || std::ranges::contains(form_words(), entry.key)) {
        mistake(entry.at, std::format("\"{}\" is a built-in block or form", entry.key), "give another name");
        continue;
      }
      SubBlock sub{.name = entry.key, .takes = {}, .steps = {}};
      const auto before = known_.size();
      for (const auto& part : entry.value.entries)
        if (part.key != "takes" && part.key != "do") unknown("a block", part.key, part.at, {"takes", "do"});
      if (const auto* takes = child(entry.value, "takes"))
        for (const auto& one : takes->entries) {
          if (!is_new_name(one.key, one.at)) continue;
          std::optional<Formula> fallback;
          if (one.value.kind != Node::Kind::null) fallback = formula(one.value);
          sub.takes.emplace_back(one.key, std::move(fallback));
        }
      for (const auto& [name, fallback] : sub.takes) known_.push_back(name);
      if (const auto* list = child(entry.value, "do"))
        sub.steps = steps(*list);
      else
        mistake(entry.at, std::format("the block \"{}\" does nothing", entry.key), "give its steps with \"do\"");
      known_.resize(before);
      sub_blocks_.push_back(std::make_shared<const SubBlock>(std::move(sub)));
    }
  }

  static const std::vector<std::string>& form_words() {
    static const std::vector<std::string> words{"do",  "repeat", "choose", "residual",
                                                "add", "concat", "let",    "feature"};
    return words;
  }

  std::vector<Step> steps(const Node& node) {
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

  std::optional<Step> step(const Node& node) {
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

  bool read_form(Step& step, const Node& node, const Node::Entry& head) {
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

  bool read_choose(Step& step, const Node& node, const Node::Entry& head) {
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

  bool read_block(Step& step, const Node::Entry& head) {
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
    mistake(head.at,
            std::format("there is no block \"{}\"{}; there are {}", head.key, comes_later ? " yet" : "",
                        quoted_list(words)),
            comes_later     ? "a block uses those that stand above it, and never itself"
            : !near.empty() ? std::format("did you mean \"{}\"?", near)
                            : "");
    return false;
  }

  /// {argument: value}; a bare value stands for the first argument.
  static std::vector<Node::Entry> given_arguments(const Node::Entry& head, const std::string& first) {
    if (head.value.kind == Node::Kind::map) return head.value.entries;
    if (head.value.kind == Node::Kind::null) return {};
    return {{first, head.value.at, head.value}};
  }

  bool read_arguments(Step& step, const Node::Entry& head) {
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

  /// A single word that is no name here.
  [[nodiscard]] bool is_unknown_word(const Node& node) const {
    return node.kind == Node::Kind::scalar && !node.scalar.empty() &&
           std::ranges::all_of(node.scalar,
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }) &&
           !std::ranges::contains(known_, node.scalar);
  }

  std::optional<std::variant<Term, Formula>> argument(const Argument& declared, const Node& node) {
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

  bool read_taken(Step& step, const Node::Entry& head) {
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

  Program& program_;
  std::vector<Error>& errors_;
  std::vector<std::string> known_, own_blocks_;
  std::vector<std::shared_ptr<const SubBlock>> sub_blocks_;
};

}  // namespace

const Node* child(const Node& node, const std::string& key) {
  const auto found = std::ranges::find(node.entries, key, &Node::Entry::key);
  return found == node.entries.end() ? nullptr : &found->value;
}

std::optional<std::string> argument_mistake(const Argument& declared, const Term& term) {
  const auto* number = std::get_if<double>(&term);
  switch (declared.kind) {
    case Argument::Kind::whole:
    case Argument::Kind::number: {
      const bool is_whole = declared.kind == Argument::Kind::whole;
      if (number && *number >= declared.low && *number <= declared.high &&
          (!is_whole || *number == std::floor(*number)))
        return {};
      return std::format("\"{}\" is {}; it must be a {} from {} to {}", declared.name, to_text(term),
                         is_whole ? "whole number" : "number", number_text(declared.low), number_text(declared.high));
    }
    case Argument::Kind::truth:
      if (std::holds_alternative<bool>(term)) return {};
      return std::format("\"{}\" is {}; it must be true or false", declared.name, to_text(term));
    case Argument::Kind::word:
      if (const auto* text = std::get_if<std::string>(&term); text && std::ranges::contains(declared.words, *text))
        return {};
      return std::format("\"{}\" is {}; it must be one of {}", declared.name, to_text(term),
                         quoted_list(declared.words));
  }
  return {};
}

std::expected<Program, std::vector<Error>> read_program(const std::string& text, const std::string& file,
                                                        const Frame& frame) {
  auto root = config::parse_yaml(text, file);
  if (!root) return std::unexpected(std::vector<Error>{root.error()});
  if (root->kind != Node::Kind::map)
    return std::unexpected(std::vector<Error>{{ErrorCode::invalid_input, "a space file is a map of sections",
                                               where(file, root->at), "it has at least parameters and network"}});
  Program program;
  program.file = file;
  std::vector<Error> errors;
  read_parameters(*root, frame, program, errors);
  Reader(program, errors).read(*root);
  if (errors.empty()) return program;
  // Parameters are read first, wherever they stand.
  std::ranges::stable_sort(errors, {}, [&](const Error& error) { return place_in(error.where); });
  // What stands wrong in one place is told once.
  const auto again = std::ranges::unique(errors, {}, &Error::where);
  errors.erase(again.begin(), again.end());
  return std::unexpected(std::move(errors));
}

}  // namespace edgewise::space
