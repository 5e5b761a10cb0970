#include "space/language/term.hpp"

#include <algorithm>
#include <cmath>
#include <format>

#include "space/net.hpp"

namespace edgewise::space {

namespace {

constexpr formula::Function functions[] = {
    {"min", formula::Kind::min, 2},          {"max", formula::Kind::max, 2},   {"round", formula::Kind::round, 1},
    {"floor", formula::Kind::floor, 1},      {"ceil", formula::Kind::ceil, 1}, {"abs", formula::Kind::abs, 1},
    {"sqrt", formula::Kind::sqrt, 1},        {"log", formula::Kind::log, 1},   {"log2", formula::Kind::log2, 1},
    {"exp", formula::Kind::exp, 1},          {"if", formula::Kind::choose, 3}, {"is_set", formula::Kind::is_set, 1},
    {"round_to", formula::Kind::round_to, 2}};
constexpr formula::Dialect dialect{.functions = functions, .has_logic = true};

const char* kind_of(const Term& term) {
  if (std::holds_alternative<double>(term)) return "a number";
  return std::holds_alternative<bool>(term) ? "true or false" : "a text";
}

/// One evaluation. Trees are at most 1,000 nodes deep: the text has no more characters.
class Evaluation {
 public:
  Evaluation(const Formula& formula, const Lookup& lookup, const std::string& file)
      : formula_(formula), lookup_(lookup), file_(file) {}

  [[nodiscard]] Result<Term> of(const formula::Node& node) const {
    switch (node.kind) {
      case formula::Kind::number:
        return Term(node.number);
      case formula::Kind::text:
        return Term(node.name);
      case formula::Kind::truth:
        return Term(node.number != 0);
      case formula::Kind::name:
      case formula::Kind::element: {
        TRY(const auto name, called(node));
        if (auto value = lookup_(name)) return *std::move(value);
        return mistake(node, std::format("\"{}\" has no value here", name),
                       "a parameter has none where its condition does not hold; ask is_set(...) first");
      }
      case formula::Kind::is_set: {
        TRY(const auto name, called(*node.inner[0]));
        return Term(lookup_(name).has_value());
      }
      case formula::Kind::choose: {
        TRY(const bool condition, truth(*node.inner[0]));
        return of(*node.inner[condition ? 1 : 2]);
      }
      case formula::Kind::negation: {
        TRY(const bool one, truth(*node.inner[0]));
        return Term(!one);
      }
      case formula::Kind::conjunction:
      case formula::Kind::disjunction: {
        TRY(const bool left, truth(*node.inner[0]));
        if (left == (node.kind == formula::Kind::disjunction)) return Term(left);
        TRY(const bool right, truth(*node.inner[1]));
        return Term(right);
      }
      case formula::Kind::equal:
      case formula::Kind::unequal: {
        TRY(const auto left, of(*node.inner[0]));
        TRY(const auto right, of(*node.inner[1]));
        if (left.index() != right.index())
          return mistake(node, std::format("{} is compared with {}", kind_of(left), kind_of(right)),
                         "texts stand in quotes");
        return Term((left == right) == (node.kind == formula::Kind::equal));
      }
      case formula::Kind::less:
      case formula::Kind::less_or_equal:
      case formula::Kind::greater:
      case formula::Kind::greater_or_equal: {
        TRY(const double left, number(*node.inner[0]));
        TRY(const double right, number(*node.inner[1]));
        if (node.kind == formula::Kind::less) return Term(left < right);
        if (node.kind == formula::Kind::less_or_equal) return Term(left <= right);
        return Term(node.kind == formula::Kind::greater ? left > right : left >= right);
      }
      default:
        return arithmetic(node);
    }
  }

 private:
  [[nodiscard]] Result<Term> arithmetic(const formula::Node& node) const {
    TRY(double result, number(*node.inner[0]));
    for (std::size_t i = 1; i < node.inner.size(); ++i) {
      TRY(const double right, number(*node.inner[i]));
      result = of_two(node.kind, result, right);
    }
    if (node.inner.size() == 1) result = of_one(node.kind, result);
    if (std::isfinite(result)) return Term(result);
    return mistake(node, std::format("\"{}\" has no value: a division by 0 or the like", formula_.text));
  }

  static double of_one(formula::Kind kind, double a) {
    switch (kind) {
      case formula::Kind::negate:
        return -a;
      case formula::Kind::log:
        return std::log(a);
      case formula::Kind::log2:
        return std::log2(a);
      case formula::Kind::exp:
        return std::exp(a);
      case formula::Kind::sqrt:
        return std::sqrt(a);
      case formula::Kind::abs:
        return std::abs(a);
      case formula::Kind::floor:
        return std::floor(a);
      case formula::Kind::ceil:
        return std::ceil(a);
      case formula::Kind::round:
        return std::round(a);
      default:
        return std::nan("");
    }
  }
  static double of_two(formula::Kind kind, double a, double b) {
    constexpr double most = 1e15;  // what counts channels and pixels stays far below
    switch (kind) {
      case formula::Kind::add:
        return a + b;
      case formula::Kind::subtract:
        return a - b;
      case formula::Kind::multiply:
        return a * b;
      case formula::Kind::divide:
        return a / b;
      case formula::Kind::power:
        return std::pow(a, b);
      case formula::Kind::min:
        return std::min(a, b);
      case formula::Kind::max:
        return std::max(a, b);
      case formula::Kind::round_to:
        if (!(b >= 1) || !(std::abs(a) < most) || !(b < most)) return std::nan("");
        return static_cast<double>(round_to_multiple(a, static_cast<std::int64_t>(b)));
      default:
        return std::nan("");
    }
  }

  /// The name that a name or an element stands for.
  [[nodiscard]] Result<std::string> called(const formula::Node& node) const {
    if (node.kind == formula::Kind::name) return node.name;
    TRY(const auto index, of(*node.inner[0]));
    return node.name + to_text(index);
  }
  [[nodiscard]] Result<double> number(const formula::Node& node) const {
    TRY(const auto term, of(node));
    if (const auto* value = std::get_if<double>(&term)) return *value;
    return mistake(node, std::format("a number is needed here, and this is {} ({})", kind_of(term), to_text(term)));
  }
  [[nodiscard]] Result<bool> truth(const formula::Node& node) const {
    TRY(const auto term, of(node));
    if (const auto* value = std::get_if<bool>(&term)) return *value;
    return mistake(node, std::format("true or false is needed here, and this is {} ({})", kind_of(term), to_text(term)),
                   "compare it, for example with == 1");
  }
  [[nodiscard]] std::unexpected<Error> mistake(const formula::Node& node, std::string message,
                                               std::string next = {}) const {
    return invalid(std::move(message), std::move(next),
                   where(file_, {formula_.at.line, formula_.at.column + static_cast<int>(node.column) - 1}));
  }

  const Formula& formula_;
  const Lookup& lookup_;
  const std::string& file_;
};

/// A mistake that formula::parse found at "column N" of a text that begins at `at`.
std::unexpected<Error> placed(Error error, const std::string& file, config::Position at) {
  const auto column = std::stoi(error.where.substr(error.where.find(' ') + 1));
  error.where = where(file, {at.line, at.column + column - 1});
  return std::unexpected(std::move(error));
}

Result<Formula> parse_text(const std::string& text, config::Position at, const std::string& file) {
  auto parsed = formula::parse(text, dialect);
  if (!parsed) {
    auto error = std::move(parsed).error();
    // YAML ends a plain text in {} and [] at a comma.
    if (std::ranges::count(text, '(') > std::ranges::count(text, ')'))
      error.next = "close the parenthesis; inside {} and [] a formula with a comma stands in quotes";
    return placed(std::move(error), file, at);
  }
  return Formula{std::move(parsed->tree), text, at, std::move(parsed->names)};
}

config::Position first_character(const config::Node& node) {
  return {node.at.line, node.at.column + (node.is_quoted ? 1 : 0)};
}

}  // namespace

std::string where(const std::string& file, config::Position at) {
  return at.line > 0 ? std::format("{}:{}:{}", file, at.line, at.column) : file;
}

std::string to_text(const Term& term) {
  if (const auto* text = std::get_if<std::string>(&term)) return *text;
  if (const auto* truth = std::get_if<bool>(&term)) return *truth ? "true" : "false";
  return number_text(std::get<double>(term));
}

std::string number_text(double number) {
  if (number == std::floor(number) && std::abs(number) < 1e15) return std::to_string(static_cast<std::int64_t>(number));
  return std::format("{}", number);
}

Result<Formula> parse_formula(const config::Node& node, const std::string& file) {
  if (node.kind != config::Node::Kind::scalar)
    return invalid("a value or a formula is needed here",
                   node.kind == config::Node::Kind::null ? "" : "quote what has brackets: \"blocks[stage]\"",
                   where(file, node.at));
  return parse_text(node.scalar, first_character(node), file);
}

Result<Term> evaluate(const Formula& formula, const Lookup& lookup, const std::string& file) {
  return Evaluation(formula, lookup, file).of(*formula.tree);
}

Result<Template> parse_template(const config::Node& node, const std::string& file) {
  if (node.kind != config::Node::Kind::scalar) return invalid("a text is needed here", {}, where(file, node.at));
  Template result;
  const std::string& text = node.scalar;
  const auto at = first_character(node);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto open = text.find('{', begin);
    if (open != begin) result.parts.emplace_back(text.substr(begin, open - begin));
    if (open == std::string::npos) break;
    const auto close = text.find('}', open);
    const config::Position place{at.line, at.column + static_cast<int>(open)};
    if (close == std::string::npos) return invalid("this \"{\" is never closed", "add \"}\"", where(file, place));
    TRY(auto formula, parse_text(text.substr(open + 1, close - open - 1), {place.line, place.column + 1}, file));
    result.parts.emplace_back(std::move(formula));
    begin = close + 1;
  }
  return result;
}

Result<std::string> fill(const Template& text, const Lookup& lookup, const std::string& file) {
  std::string filled;
  for (const auto& part : text.parts) {
    if (const auto* plain = std::get_if<std::string>(&part)) {
      filled += *plain;
    } else {
      TRY(const auto term, evaluate(std::get<Formula>(part), lookup, file));
      filled += to_text(term);
    }
  }
  return filled;
}

}  // namespace edgewise::space
