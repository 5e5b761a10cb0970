/// What a formula of a space file stands for: a number, a yes or no, or a text.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/config.hpp"
#include "base/formula.hpp"

namespace edgewise::space {

using Term = std::variant<double, bool, std::string>;
/// Whole numbers without a point; texts without quotes.
std::string to_text(const Term& term);
std::string number_text(double number);

/// What a name means where a formula stands; nothing: it has no value there.
using Lookup = std::function<std::optional<Term>(const std::string& name)>;

/// A formula with the place that it was written at.
struct Formula {
  formula::Tree tree;
  std::string text;
  config::Position at;          ///< of its first character
  std::set<std::string> names;  ///< that it asks for
};

/// Arithmetic, comparisons, `and`, `or`, `not`, texts in quotes, name[i] (the value called by the name and the number),
/// min, max, round, floor, ceil, abs, sqrt, log, log2, exp, round_to(x, d) (to a multiple of d, never more than a tenth
/// below x), if(condition, then, otherwise), is_set(name).
/// @error invalid_input, with file:line:column
Result<Formula> parse_formula(const config::Node& node, const std::string& file);

/// @error invalid_input with file:line:column: a name without a value, operands of the wrong kind, a result that is not
/// finite
Result<Term> evaluate(const Formula& formula, const Lookup& lookup, const std::string& file);

/// A text with formulas in braces: "layer{stage}.{i - 1}".
struct Template {
  std::vector<std::variant<std::string, Formula>> parts;
};
Result<Template> parse_template(const config::Node& node, const std::string& file);
Result<std::string> fill(const Template& text, const Lookup& lookup, const std::string& file);

/// "file:line:column"
std::string where(const std::string& file, config::Position at);

}  // namespace edgewise::space
