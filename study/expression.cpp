#include "study/expression.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <limits>
#include <utility>
#include <vector>

#include "study/expression_internal.hpp"

namespace edgewise::study {

namespace {

using Node = Expression::Node;
using NodePointer = std::shared_ptr<const Node>;
using Kind = Node::Kind;

constexpr std::size_t max_characters = 1000;
constexpr int max_levels = 100;

struct Function {
  std::string_view name;
  Kind kind;
  int arguments;
};
constexpr Function functions[] = {{"log", Kind::log, 1}, {"exp", Kind::exp, 1}, {"sqrt", Kind::sqrt, 1},
                                  {"abs", Kind::abs, 1}, {"min", Kind::min, 2}, {"max", Kind::max, 2}};

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::find(functions, name, &Function::name);
  return found == std::end(functions) ? nullptr : found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& function : functions) names.emplace_back(function.name);
  return names;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}  // inside a UTF-8 sequence

/// A mistake at byte `position` of the text a person wrote; columns count characters, not bytes.
std::unexpected<Error> mistake(std::string_view text, std::size_t position, std::string message,
                               std::string next = {}) {
  std::size_t column = 1;
  for (const char c : text.substr(0, position))
    if (!continues_character(c)) ++column;
  return invalid(std::move(message), std::move(next), std::format("column {}", column));
}

/// Recursive descent over text[begin, end). Precedence from loose to tight: + -, * /, unary minus, ^ (to the right).
class Parser {
 public:
  Parser(std::string_view text, std::size_t begin, std::size_t end) : text_(text), at_(begin), end_(end) {}

  Result<NodePointer> parse() {
    skip_space();
    if (at_ == end_)
      return mistake(text_, at_, "an expression is missing here", "write a value's name, for example latency_ms");
    TRY(NodePointer node, sum(0));
    if (at_ == end_) return node;
    if (peek() == ')') return mistake(text_, at_, "this \")\" closes nothing", "remove it or add \"(\" before it");
    return mistake(text_, at_, std::format("expected an operator (+ - * / ^) but found {}", found()));
  }
  std::set<std::string> take_names() { return std::move(names_); }

 private:
  Result<NodePointer> sum(int level) {
    if (level > max_levels)
      return mistake(text_, at_, std::format("nested deeper than {} levels", max_levels),
                     "write it with fewer parentheses");
    TRY(NodePointer node, product(level));
    for (;;) {
      const char sign = peek();
      if (sign != '+' && sign != '-') return node;
      advance();
      TRY(NodePointer right, product(level));
      node = make(sign == '+' ? Kind::add : Kind::subtract, std::move(node), std::move(right));
    }
  }

  Result<NodePointer> product(int level) {
    TRY(NodePointer node, signed_power(level));
    for (;;) {
      const char sign = peek();
      if (sign != '*' && sign != '/') return node;
      advance();
      TRY(NodePointer right, signed_power(level));
      node = make(sign == '*' ? Kind::multiply : Kind::divide, std::move(node), std::move(right));
    }
  }

  Result<NodePointer> signed_power(int level) {
    if (level > max_levels)
      return mistake(text_, at_, std::format("nested deeper than {} levels", max_levels),
                     "write it with fewer parentheses");
    if (peek() == '-') {
      advance();
      TRY(NodePointer node, signed_power(level + 1));
      return make(Kind::negate, std::move(node), nullptr);
    }
    TRY(NodePointer base, primary(level));
    if (peek() != '^') return base;
    advance();
    TRY(NodePointer exponent, signed_power(level + 1));
    return make(Kind::power, std::move(base), std::move(exponent));
  }

  Result<NodePointer> primary(int level) {
    if (at_ == end_)
      return mistake(text_, at_, "the expression ends where a value is expected",
                     "add a number or a name, or remove the last operator");
    const char c = peek();
    if (c == '(') {
      const std::size_t open = at_;
      advance();
      TRY(NodePointer node, sum(level + 1));
      TRY_DO(close(open));
      return node;
    }
    if (is_digit(c) || c == '.') return number();
    if (starts_name(c)) return name(level);
    return mistake(text_, at_, std::format("expected a number, a name or \"(\" but found {}", found()));
  }

  Result<NodePointer> number() {
    Node node;
    const char* first = text_.data() + at_;
    const auto [last, error] = std::from_chars(first, text_.data() + end_, node.number);
    if (error == std::errc::result_out_of_range)
      return mistake(text_, at_,
                     std::format("the number \"{}\" is beyond what a double can hold", std::string(first, last)),
                     "keep it between 1e-307 and 1e308");
    if (error != std::errc{}) return mistake(text_, at_, std::format("expected a number but found {}", found()));
    at_ += static_cast<std::size_t>(last - first);
    skip_space();
    return std::make_shared<const Node>(std::move(node));
  }

  Result<NodePointer> name(int level) {
    const std::size_t begin = at_;
    while (at_ < end_ && (starts_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
    if (at_ < end_ && text_[at_] == '@') TRY_DO(device());
    std::string word(text_.substr(begin, at_ - begin));
    skip_space();
    const Function* function = find_function(word);
    if (peek() != '(') {
      if (function)
        return mistake(text_, begin, std::format("the function \"{}\" has no argument", word),
                       std::format("write {}", usage(*function)));
      names_.insert(word);
      Node node;
      node.kind = Kind::name;
      node.name = std::move(word);
      return std::make_shared<const Node>(std::move(node));
    }
    if (!function) {
      const std::string nearest = nearest_word(word, function_names());
      return mistake(text_, begin,
                     std::format("\"{}\" is no function; there are {}", word, quoted_list(function_names())),
                     nearest.empty() ? "write * to multiply" : std::format("did you mean \"{}\"?", nearest));
    }
    const std::size_t open = at_;
    advance();
    TRY(NodePointer first, sum(level + 1));
    NodePointer second;
    if (function->arguments == 2) {
      if (peek() != ',')
        return mistake(text_, at_, std::format("\"{}\" takes two arguments and has one", word),
                       std::format("write {}", usage(*function)));
      advance();
      TRY(second, sum(level + 1));
    }
    if (peek() == ',')
      return mistake(text_, at_,
                     std::format("\"{}\" takes {} and has more", word,
                                 function->arguments == 1 ? "one argument" : "two arguments"),
                     std::format("write {}", usage(*function)));
    TRY_DO(close(open));
    return make(function->kind, std::move(first), std::move(second));
  }

  /// What follows the name of a value on a device: "@board". Points may be in it, signs of arithmetic not.
  Status device() {
    const std::size_t at = at_++;
    while (at_ < end_ && (starts_name(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    if (at_ > at + 1) return {};
    return mistake(text_, at, "a device's name is missing after \"@\"", "write for example latency_ms@board");
  }

  Status close(std::size_t open) {
    if (at_ == end_) return mistake(text_, open, "this \"(\" is never closed", "add \")\"");
    if (peek() != ')') return mistake(text_, at_, std::format("expected an operator or \")\" but found {}", found()));
    advance();
    return {};
  }

  static std::string usage(const Function& function) {
    return std::format("{}({})", function.name, function.arguments == 1 ? "a" : "a, b");
  }
  static NodePointer make(Kind kind, NodePointer a, NodePointer b) {
    Node node;
    node.kind = kind;
    node.a = std::move(a);
    node.b = std::move(b);
    return std::make_shared<const Node>(std::move(node));
  }

  [[nodiscard]] char peek() const { return at_ < end_ ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < end_ && is_space(text_[at_])) ++at_;
  }
  void advance() {
    ++at_;
    skip_space();
  }
  /// The character at hand, for messages.
  [[nodiscard]] std::string found() const {
    if (at_ == end_) return "the end";
    std::size_t last = at_ + 1;
    while (last < end_ && continues_character(text_[last])) ++last;
    const auto byte = static_cast<unsigned char>(text_[at_]);
    const bool is_control = byte < 0x20 || byte == 0x7F || (byte >= 0x80 && last == at_ + 1);
    return is_control ? std::format("the byte 0x{:02x}", byte) : std::format("\"{}\"", text_.substr(at_, last - at_));
  }

  std::string_view text_;
  std::size_t at_, end_;
  std::set<std::string> names_;
};

/// Only called on trees of at most 1,000 nodes in depth (the text has no more characters).
std::optional<double> value_of(const Node& node, const std::map<std::string, double>& values) {
  if (node.kind == Kind::number) return node.number;
  if (node.kind == Kind::name) {
    const auto found = values.find(node.name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  const auto a = value_of(*node.a, values);
  const auto b = node.b ? value_of(*node.b, values) : std::optional(0.0);
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
  }
  return std::nullopt;
}

Status check_length(std::string_view text) {
  if (text.size() <= max_characters) return {};
  return mistake(text, max_characters,
                 std::format("the expression has {} characters; at most {} are allowed", text.size(), max_characters));
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  TRY_DO(check_length(text));
  Parser parser(text, 0, text.size());
  Expression expression;
  TRY(expression.root_, parser.parse());
  expression.names_ = parser.take_names();
  expression.text_ = text;
  return expression;
}

std::optional<double> Expression::evaluate(const std::map<std::string, double>& values) const {
  if (!root_) return std::nullopt;
  const auto result = value_of(*root_, values);
  return result && std::isfinite(*result) ? result : std::nullopt;
}

Result<Comparison> Comparison::parse(std::string_view text) {
  TRY_DO(check_length(text));
  const std::size_t at = text.find_first_of("<>=");
  if (at == std::string_view::npos)
    return mistake(text, text.size(), "there is no comparison",
                   "write <, <=, > or >= between two expressions, for example latency_ms < 33");
  const std::size_t length = at + 1 < text.size() && text[at] != '=' && text[at + 1] == '=' ? 2 : 1;
  if (text[at] == '=')
    return mistake(text, at, "\"=\" compares nothing here",
                   "use <, <=, > or >=; measured values are never exactly equal");
  if (const std::size_t second = text.find_first_of("<>=", at + length); second != std::string_view::npos)
    return mistake(text, second, "only one comparison is allowed", "write two constraints");
  Parser left(text, 0, at), right(text, at + length, text.size());
  auto left_side = std::make_shared<Expression>(), right_side = std::make_shared<Expression>();
  TRY(left_side->root_, left.parse());
  TRY(right_side->root_, right.parse());
  left_side->names_ = left.take_names();
  right_side->names_ = right.take_names();
  left_side->text_ = text.substr(0, at);
  right_side->text_ = text.substr(at + length);
  Comparison comparison;
  comparison.left_ = std::move(left_side);
  comparison.right_ = std::move(right_side);
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

const Expression::Node* Comparison::left_tree() const {
  return left_ ? left_->tree() : nullptr;
}
const Expression::Node* Comparison::right_tree() const {
  return right_ ? right_->tree() : nullptr;
}

std::set<std::string> Comparison::names() const {
  std::set<std::string> names;
  if (left_) names = left_->names();
  if (right_) names.insert(right_->names().begin(), right_->names().end());
  return names;
}

}  // namespace edgewise::study
