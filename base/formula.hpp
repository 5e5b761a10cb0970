/// Formulas that a person writes, parsed once into a tree: the one grammar of rankings, constraints and space files.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgewise::formula {

enum class Kind {
  // Numbers.
  number,
  name,
  negate,
  add,
  subtract,
  multiply,
  divide,
  power,
  log,
  exp,
  sqrt,
  abs,
  min,
  max,
  // What only a dialect with logic has.
  text,
  truth,
  element,  ///< name[i]: the value that is called by the name and the number behind it
  log2,
  floor,
  ceil,
  round,
  round_to,
  choose,  ///< if(condition, then, otherwise)
  is_set,  ///< is_set(name): whether it has a value
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  equal,
  unequal,
  negation,
  conjunction,
  disjunction,
};

struct Node {
  Kind kind = Kind::number;
  double number = 0;                               ///< of a number; of a truth 0 or 1
  std::string name;                                ///< of a name, an element and is_set; of a text what it says
  std::vector<std::shared_ptr<const Node>> inner;  ///< what it is computed of, owned by this node alone
  std::size_t column = 1;                          ///< in the text, from 1
};
using Tree = std::shared_ptr<const Node>;  // shared by the copies of who keeps it; immutable

/// A function as it is written; min and max of a dialect with logic take two arguments or more.
struct Function {
  std::string_view name;
  Kind kind;
  std::size_t arguments;
};

/// What may be written where.
struct Dialect {
  std::span<const Function> functions;
  bool has_devices = false;  ///< a name may tell a device: "latency_ms@board"
  bool has_logic = false;    ///< texts in quotes, true, false, comparisons, and, or, not, name[i]
};

struct Parsed {
  Tree tree;
  std::set<std::string> names;  ///< that stand for values; of elements too
};

/// Numbers, names, + - * / ^, unary minus, parentheses, functions, and what the dialect has beyond them. Precedence
/// from loose to tight: or, and, not, comparisons, + -, * /, unary minus, ^ (to the right).
/// @param begin, end  the part of the text that is read; columns count from the text's start
/// @error invalid_input with the column (from 1, in characters) of the mistake in `where` as "column 7"; a text of at
/// most 1,000 characters and 100 levels
Result<Parsed> parse(std::string_view text, const Dialect& dialect, std::size_t begin = 0,
                     std::size_t end = std::string_view::npos);

/// @error invalid_input: more characters than `parse` reads
Status check_length(std::string_view text);

/// A mistake at byte `position` of the text.
std::unexpected<Error> mistake(std::string_view text, std::size_t position, std::string message, std::string next = {});

}  // namespace edgewise::formula
