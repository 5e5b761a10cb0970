/// Private to space/language/: reading a space file, and telling its mistakes with their places.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "space/language/program_internal.hpp"

namespace edgewise::space {

/// Names that mean something in every formula of a network, and those that a rule may ask of the whole network.
inline const std::vector<std::string> live_names{"channels", "height", "input", "image_channels", "outputs"};
inline const std::vector<std::string> cost_names{"parameters", "macs", "activation_bytes", "memory_bytes"};

/// What every part of a file is read with: mistakes, and the names that formulas may use where one is.
class Reading {
 public:
  Reading(Program& program, std::vector<Error>& errors) : program_(program), errors_(errors) {}

 protected:
  void mistake(config::Position at, std::string message, std::string next = {});
  void mistake(Error error);
  void unknown(const std::string& what, const std::string& word, config::Position at,
               const std::vector<std::string>& allowed);
  std::string one_of(const config::Node& node, const std::vector<std::string>& words, const std::string& fallback);
  std::optional<double> plain_number(const config::Node& node, double low, double high);
  bool is_new_name(const std::string& name, config::Position at);
  std::optional<Formula> formula(const config::Node& node);
  std::optional<Template> filled(const config::Node& node);
  void check_names(const Formula& formula);

  Program& program_;
  std::vector<Error>& errors_;
  std::vector<std::string> known_;  ///< names that a formula may use where the reader is
};

/// Reads steps: blocks with their arguments, and the forms that hold other steps.
class StepReader : public Reading {
 public:
  using Reading::Reading;

 protected:
  /// Words that begin a step without being a block.
  static const std::vector<std::string>& form_words();
  /// A list of steps. Names that they give are known until its end.
  std::vector<Step> steps(const config::Node& node);

  std::vector<std::string> own_blocks_;  ///< names of the file's own blocks, read or not yet
  std::vector<std::shared_ptr<const SubBlock>> sub_blocks_;

 private:
  std::optional<Step> step(const config::Node& node);
  bool read_form(Step& step, const config::Node& node, const config::Node::Entry& head);
  bool read_choose(Step& step, const config::Node& node, const config::Node::Entry& head);
  bool read_block(Step& step, const config::Node::Entry& head);
  /// {argument: value}; a bare value stands for the first argument.
  static std::vector<config::Node::Entry> given_arguments(const config::Node::Entry& head, const std::string& first);
  bool read_arguments(Step& step, const config::Node::Entry& head);
  /// A single word that is no name here.
  [[nodiscard]] bool is_unknown_word(const config::Node& node) const;
  std::optional<std::variant<Term, Formula>> argument(const Argument& declared, const config::Node& node);
  bool read_taken(Step& step, const config::Node::Entry& head);
};

}  // namespace edgewise::space
