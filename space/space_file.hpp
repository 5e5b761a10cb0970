/// A search space as a YAML file, for problems that are no network families:
///
///     parameters:
///       optimizer: [sgd, adam]                                    # a list: one of these
///       batch: [16, 32]                                           # of the kind that they are written as: numbers here
///       learning_rate: {type: real, low: 1e-5, high: 0.1, log: true}
///       layers: {type: integer, low: 2, high: 16, step: 2}
///       momentum: {type: real, low: 0, high: 0.99, when: {optimizer: [sgd]}}
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "space/space.hpp"

namespace edgewise::space {

/// Reads the `parameters:` section of a file that may have other sections. Give `root()` to config::read and call
/// `declare` among the declarations of the other sections; when no mistake was found, `parameters` makes a space.
class ParameterReader {
 public:
  /// Declares options that a parameter has beside those of plain files. @param domain  its own range
  using More = std::function<void(config::Options& one, const config::Node::Entry& entry, const Domain& domain)>;
  explicit ParameterReader(config::Node root, More more = {});
  [[nodiscard]] const config::Node& root() const { return root_; }
  /// Mistakes told at their place: an unknown or missing type, doubled names and values, ends the wrong way round, a
  /// log scale at or below 0, a condition on an unknown or later parameter or on a value that it cannot have, more than
  /// 1,000 parameters.
  void declare(config::Options& options);
  /// Those without a mistake, in the file's order.
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  void read_parameter(config::Options& all, config::Options& one, const config::Node::Entry& entry);
  void check(config::Options& all, Parameter parameter);
  config::Node root_;
  More more_;
  std::vector<Parameter> parameters_;
  std::vector<std::string> names_;  // of the file, in its order
};

/// A text with nothing but `parameters:`; `file` names it in messages.
/// @error all mistakes at once, in file order, each with file:line:column
std::expected<Space, std::vector<Error>> parse_space(const std::string& text, const std::string& file);
std::expected<Space, std::vector<Error>> read_space(const std::filesystem::path& file);

/// The file as it was read before categories kept their kinds: every one is a text. For studies from then.
config::Node with_values_as_texts(config::Node root);

/// {"parameters": {...}} as the file has it, every option written out. Validity is not in it.
Json to_json(const Space& space);

}  // namespace edgewise::space
