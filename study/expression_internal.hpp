/// The tree of an expression. Only for the sources of study/.
#pragma once

#include <memory>
#include <string>

#include "study/expression.hpp"

namespace edgewise::study {

/// A number, a name, or an operation over one or two nodes.
struct Expression::Node {
  enum class Kind { number, name, negate, add, subtract, multiply, divide, power, log, exp, sqrt, abs, min, max };
  Kind kind = Kind::number;
  double number = 0;
  std::string name;
  std::shared_ptr<const Node> a, b;  // owned by this node alone
};

}  // namespace edgewise::study
