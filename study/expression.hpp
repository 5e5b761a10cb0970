/// Arithmetic over recorded values: rankings ("iou - 0.5 * latency_ms / 33") and constraints ("latency_ms < 33").
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/formula.hpp"

namespace edgewise::study {

/// Numbers, names, + - * / ^, unary minus, parentheses, and the functions log, exp, sqrt, abs, min(a, b), max(a, b).
/// A name may tell a device: "latency_ms@board". Immutable.
class Expression {
 public:
  /// @error invalid_input with the column (from 1) of the mistake in `where` as "column 7"; at most 1,000 characters
  /// and 100 levels
  static Result<Expression> parse(std::string_view text);
  /// Nothing when a name has no value or the result is not finite.
  [[nodiscard]] std::optional<double> evaluate(const std::map<std::string, double>& values) const;
  [[nodiscard]] const std::set<std::string>& names() const { return names_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const formula::Node* tree() const { return root_.get(); }  ///< null where nothing was parsed

 private:
  friend class Comparison;
  static Result<Expression> part(std::string_view text, std::size_t begin, std::size_t end);
  formula::Tree root_;
  std::set<std::string> names_;
  std::string text_;
};

/// Two expressions with <, <=, > or >= between them.
class Comparison {
 public:
  static Result<Comparison> parse(std::string_view text);
  /// Nothing when a name has no value; false when all have one but a side has none, such as 1 / 0.
  [[nodiscard]] std::optional<bool> holds(const std::map<std::string, double>& values) const;
  /// By how much the sides are apart the wrong way: at most 0 where it holds, more than 0 where it does not. Nothing
  /// when a name has no value; the largest double when all have one but a side has none.
  [[nodiscard]] std::optional<double> excess(const std::map<std::string, double>& values) const;
  [[nodiscard]] std::set<std::string> names() const;
  /// The sides' trees (null where nothing was parsed) and "<", "<=", ">" or ">=" between them.
  [[nodiscard]] const formula::Node* left_tree() const;
  [[nodiscard]] const formula::Node* right_tree() const;
  [[nodiscard]] const std::string& sign() const { return sign_; }

 private:
  std::shared_ptr<const Expression> left_, right_;  // shared between copies; immutable
  std::string sign_;
};

}  // namespace edgewise::study
