#include "study/expression.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <limits>
#include <utility>
#include <vector>

namespace edgewise::study {

namespace {

using formula::Kind;
using formula::Node;

constexpr formula::Function functions[] = {{"log", Kind::log, 1}, {"exp", Kind::exp, 1}, {"sqrt", Kind::sqrt, 1},
                                           {"abs", Kind::abs, 1}, {"min", Kind::min, 2}, {"max", Kind::max, 2}};
constexpr formula::Dialect dialect{.functions = functions, .has_devices = true};

/// Only called on trees of at most 1,000 nodes in depth (the text has no more characters).
std::optional<double> value_of(const Node& node, const std::map<std::string, double>& values) {
  if (node.kind == Kind::number) return node.number;
  if (node.kind == Kind::name) {
    const auto found = values.find(node.name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  const auto a = value_of(*node.inner[0], values);
  const auto b = node.inner.size() > 1 ? value_of(*node.inner[1], values) : std::optional(0.0);
  if (!a || !b) return std::nullopt;
  switch (node.kind) {
    case Kind::number:
    case Kind::name:
      break;
    case Kind::negate:
      return -*a;
    case Kind::add:
      return *a + *b;
    case Kind::subtract:
      return *a - *b;
    case Kind::multiply:
      return *a * *b;
    case Kind::divide:
      return *a / *b;
    case Kind::power:
      return std::pow(*a, *b);
    case Kind::log:
      return std::log(*a);
    case Kind::exp:
      return std::exp(*a);
    case Kind::sqrt:
      return std::sqrt(*a);
    case Kind::abs:
      return std::abs(*a);
    // A NaN must not hide behind the other argument, as it would with std::fmin.
    case Kind::min:
      return std::isnan(*a) || std::isnan(*b) ? std::nan("") : std::min(*a, *b);
    case Kind::max:
      return std::isnan(*a) || std::isnan(*b) ? std::nan("") : std::max(*a, *b);
    default:  // the dialect has no other
      break;
  }
  return std::nullopt;
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  return part(text, 0, text.size());
}

Result<Expression> Expression::part(std::string_view text, std::size_t begin, std::size_t end) {
  TRY(auto parsed, formula::parse(text, dialect, begin, end));
  Expression expression;
  expression.root_ = std::move(parsed.tree);
  expression.names_ = std::move(parsed.names);
  expression.text_ = text.substr(begin, end - begin);
  return expression;
}

std::optional<double> Expression::evaluate(const std::map<std::string, double>& values) const {
  if (!root_) return std::nullopt;
  const auto result = value_of(*root_, values);
  return result && std::isfinite(*result) ? result : std::nullopt;
}

Result<Comparison> Comparison::parse(std::string_view text) {
  TRY_DO(formula::check_length(text));
  const std::size_t at = text.find_first_of("<>=");
  if (at == std::string_view::npos)
    return formula::mistake(text, text.size(), "there is no comparison",
                            "write <, <=, > or >= between two expressions, for example latency_ms < 33");
  const std::size_t length = at + 1 < text.size() && text[at] != '=' && text[at + 1] == '=' ? 2 : 1;
  if (text[at] == '=')
    return formula::mistake(text, at, "\"=\" compares nothing here",
                            "use <, <=, > or >=; measured values are never exactly equal");
  if (const std::size_t second = text.find_first_of("<>=", at + length); second != std::string_view::npos)
    return formula::mistake(text, second, "only one comparison is allowed", "write two constraints");
  TRY(auto left, Expression::part(text, 0, at));
  TRY(auto right, Expression::part(text, at + length, text.size()));
  Comparison comparison;
  comparison.left_ = std::make_shared<const Expression>(std::move(left));
  comparison.right_ = std::make_shared<const Expression>(std::move(right));
  comparison.sign_ = text.substr(at, length);
  return comparison;
}

std::optional<bool> Comparison::holds(const std::map<std::string, double>& values) const {
  if (!left_ || !right_) return std::nullopt;
  for (const auto& name : names())
    if (!values.contains(name)) return std::nullopt;
  const auto left = left_->evaluate(values), right = right_->evaluate(values);
  if (!left || !right) return false;  // everything is known, but a division by zero or the like has no value to compare
  if (sign_ == "<") return *left < *right;
  if (sign_ == "<=") return *left <= *right;
  if (sign_ == ">") return *left > *right;
  return *left >= *right;
}

std::optional<double> Comparison::excess(const std::map<std::string, double>& values) const {
  const auto does_hold = holds(values);
  if (!does_hold) return std::nullopt;
  const auto left = left_->evaluate(values), right = right_->evaluate(values);
  if (!left || !right) return std::numeric_limits<double>::max();
  const double apart = sign_.starts_with('<') ? *left - *right : *right - *left;
  // What just fails a strict comparison is broken too, however little.
  return !*does_hold && apart <= 0.0 ? std::numeric_limits<double>::min() : apart;
}

const formula::Node* Comparison::left_tree() const {
  return left_ ? left_->tree() : nullptr;
}
const formula::Node* Comparison::right_tree() const {
  return right_ ? right_->tree() : nullptr;
}

std::set<std::string> Comparison::names() const {
  std::set<std::string> names;
  if (left_) names = left_->names();
  if (right_) names.insert(right_->names().begin(), right_->names().end());
  return names;
}

}  // namespace edgewise::study
