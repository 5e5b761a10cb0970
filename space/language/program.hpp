/// A space file as read: what may be chosen, and how a choice is built, block by block.
///
///     space: tiny                            # its name
///     about: a few convolutions
///     parameters:                            # as in files of `edgewise optimize`
///       width: {type: integer, low: 8, high: 32, step: 8}
///       depth: {type: integer, low: 1, high: 3}
///       op[1..3]: {values: [conv, mbconv], when: {depth: index..3}}
///     constraints:
///       - {check: macs <= 1e6, message: "{macs} MACs are more than 1e6"}
///     network:                               # steps, one after the other
///       - conv_norm: {out: width, kernel: 3, stride: 2}
///       - repeat: depth
///         as: i
///         name: stage{i}
///         do:
///           - choose: op[i]
///             from:
///               conv: [conv_norm: {out: 2 * channels, kernel: 3, stride: 2}]
///               mbconv: [inverted_residual: {out: 2 * channels, expand: 4, stride: 2}]
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "space/blocks/block.hpp"
#include "space/family_options.hpp"
#include "space/language/term.hpp"

namespace edgewise::space {

struct SubBlock;

/// One step of a network. A closed set of forms; the blocks are an open one.
struct Step {
  enum class Form { block, sub_block, group, repeat, choose, residual, add, concat, let, feature };
  Form form = Form::group;
  config::Position at;
  std::string word;  ///< as written: the block's or the form's name
  std::optional<Template> name;
  std::optional<Formula> when;
  const Block* block = nullptr;                        ///< lives in the catalogue
  std::shared_ptr<const SubBlock> sub_block;           ///< shared by the steps that use it; immutable
  std::vector<std::variant<Term, Formula>> arguments;  ///< of a block or sub-block, in its own order
  std::vector<config::Position> argument_places;       ///< of each; the step's own where it is not given
  std::optional<Formula> of;                           ///< how often is repeated, what is chosen by
  std::string variable;                                ///< that counts the repeats from 1
  std::vector<std::pair<std::string, Formula>> lets;   ///< names for values, until the list of steps ends
  std::vector<std::string> labels;                     ///< of branches to choose among
  std::vector<config::Position> label_places;
  std::vector<std::vector<Step>> branches;  ///< of a residual the path, and the shortcut if it has one
};

/// Steps with a name and arguments of their own, for use in several places.
struct SubBlock {
  std::string name;
  std::vector<std::pair<std::string, std::optional<Formula>>> takes;  ///< with what it is when nothing is said
  std::vector<Step> steps;
};

/// Names that have other values from case to case: `cases: [{of: size, are: {small: {width: 8}, large: {width: 32}}}]`.
struct Cases {
  Formula of;
  std::vector<std::string> labels;
  std::vector<std::vector<std::pair<std::string, Formula>>> values;  ///< of each label the same names
};

/// What must hold of a choice.
struct Rule {
  Formula check;
  std::optional<Template> message;
  bool needs_network = false;  ///< asks for parameters, macs or activation_bytes
};

/// A number from 1 to 1e12 that a job may set.
struct Setting {
  std::string name;
  double value = 1;
};

/// A parameter as the file has it.
struct FileParameter {
  FamilyParameter family;
  bool is_training = false;  ///< sets the train option of its name
  config::Position at;
};

struct Program {
  std::string file, name, about, named_by;
  std::vector<Setting> settings;
  std::vector<FileParameter> parameters;
  std::vector<Cases> cases;
  std::vector<Rule> rules;
  std::vector<Step> network, classifier;
  std::optional<Formula> input_size;  ///< width of the picture, in the job's proportions; absent: the job's
  std::string activation = "relu", init = "he_fan_out";
  graph::BatchNorm2d norm;
};

/// Reads a file for a frame: ends of ranges may be formulas of `input`, the job's input size.
/// @param file  for messages
/// @error all mistakes at once, in file order, each with file:line:column: unknown blocks, arguments and names (with
/// the nearest), doubled names, values out of range, more than 64 levels, what parse_space and parse_formula tell
std::expected<Program, std::vector<Error>> read_program(const std::string& text, const std::string& file,
                                                        const Frame& frame);

/// What of a choice a formula sees: a category with a number's meaning is a number.
std::optional<Term> term_in(const Program& program, const Choice& choice, const std::string& name);
/// The values of all active parameters and cases.
/// @error invalid_input with file:line:column: a value that no case is for
using Terms = std::vector<std::pair<std::string, Term>>;
Result<Terms> terms_of(const Program& program, const Choice& choice, const Frame& frame);

/// A network under construction of a choice.
/// @error invalid_input with file:line:column and what could not be built; at most 20,000 steps are taken
Result<graph::Graph> build_network(const Program& program, const Choice& choice, const Frame& frame);

/// The steps as a person reads them, a line for each, with the formulas as written.
std::string drawing(const Program& program);

/// Values of a rule's formula. @param graph  null where no rule that needs one is asked
std::optional<std::string> broken_rule(const Program& program, const Choice& choice, const Frame& frame,
                                       const graph::Graph* graph);

}  // namespace edgewise::space
