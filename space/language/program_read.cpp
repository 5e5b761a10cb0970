#include <algorithm>
#include <cmath>
#include <format>

#include "space/language/program.hpp"
#include "space/language/reading_internal.hpp"

namespace edgewise::space {

using config::Node;
using config::Position;

namespace {

constexpr std::size_t most_blocks = 200;

/// Reads everything but the parameters, which ParameterReader knows.
class Reader : public StepReader {
 public:
  using StepReader::StepReader;

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
  void text(const Node& root, const std::string& key, std::string& value) {
    const auto* node = child(root, key);
    if (!node) return;
    if (node->kind != Node::Kind::scalar) return mistake(node->at, std::format("\"{}\" must be a text", key));
    value = node->scalar;
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
};

}  // namespace

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
