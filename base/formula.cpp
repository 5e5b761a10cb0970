#include "base/formula.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <format>
#include <utility>

namespace edgewise::formula {

namespace {

constexpr std::size_t max_characters = 1000;
constexpr int max_levels = 100;

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

/// In characters, not bytes.
std::size_t column_at(std::string_view text, std::size_t position) {
  return 1 + static_cast<std::size_t>(
                 std::ranges::count_if(text.substr(0, position), [](char c) { return !continues_character(c); }));
}

struct Sign {
  std::string_view text;
  Kind kind;
};
constexpr Sign comparisons[] = {{"<=", Kind::less_or_equal}, {">=", Kind::greater_or_equal},
                                {"==", Kind::equal},         {"!=", Kind::unequal},
                                {"<", Kind::less},           {">", Kind::greater}};

/// Recursive descent over text[begin, end).
class Parser {
 public:
  Parser(std::string_view text, const Dialect& dialect, std::size_t begin, std::size_t end)
      : text_(text), dialect_(dialect), at_(begin), end_(end) {}

  Result<Parsed> parse() {
    skip_space();
    if (at_ == end_)
      return mistake(text_, at_, "an expression is missing here", "write a value's name, for example latency_ms");
    TRY(Tree tree, whole(0));
    if (at_ == end_) return Parsed{std::move(tree), std::move(names_)};
    if (peek() == ')') return mistake(text_, at_, "this \")\" closes nothing", "remove it or add \"(\" before it");
    return mistake(text_, at_, std::format("expected an operator (+ - * / ^) but found {}", found()));
  }

 private:
  Result<Tree> whole(int level) {
    TRY_DO(check_level(level));
    return dialect_.has_logic ? joined(level, "or") : sum(level);
  }

  /// Links by "or" of links by "and".
  Result<Tree> joined(int level, std::string_view word) {
    const bool is_or = word == "or";
    const auto part = [&] { return is_or ? joined(level, "and") : negation(level); };
    TRY(Tree node, part());
    for (;;) {
      const std::size_t at = at_;
      if (!take_word(word)) return node;
      TRY(Tree right, part());
      node = make(is_or ? Kind::disjunction : Kind::conjunction, at, {std::move(node), std::move(right)});
    }
  }

  Result<Tree> negation(int level) {
    TRY_DO(check_level(level));
    const std::size_t at = at_;
    if (!take_word("not")) return comparison(level);
    TRY(Tree node, negation(level + 1));
    return make(Kind::negation, at, {std::move(node)});
  }

  Result<Tree> comparison(int level) {
    TRY(Tree left, sum(level));
    const auto rest = text_.substr(at_, end_ - at_);
    for (const auto& sign : comparisons) {
      if (!rest.starts_with(sign.text)) continue;
      const std::size_t at = at_;
      at_ += sign.text.size();
      skip_space();
      TRY(Tree right, sum(level));
      return make(sign.kind, at, {std::move(left), std::move(right)});
    }
    if (peek() == '=') return mistake(text_, at_, "\"=\" compares nothing here", "write == to compare");
    return left;
  }

  Result<Tree> sum(int level) {
    TRY_DO(check_level(level));
    TRY(Tree node, product(level));
    for (;;) {
      const char sign = peek();
      if (sign != '+' && sign != '-') return node;
      const std::size_t at = at_;
      advance();
      TRY(Tree right, product(level));
      node = make(sign == '+' ? Kind::add : Kind::subtract, at, {std::move(node), std::move(right)});
    }
  }

  Result<Tree> product(int level) {
    TRY(Tree node, signed_power(level));
    for (;;) {
      const char sign = peek();
      if (sign != '*' && sign != '/') return node;
      const std::size_t at = at_;
      advance();
      TRY(Tree right, signed_power(level));
      node = make(sign == '*' ? Kind::multiply : Kind::divide, at, {std::move(node), std::move(right)});
    }
  }

  Result<Tree> signed_power(int level) {
    TRY_DO(check_level(level));
    const std::size_t at = at_;
    if (peek() == '-') {
      advance();
      TRY(Tree node, signed_power(level + 1));
      return make(Kind::negate, at, {std::move(node)});
    }
    TRY(Tree base, primary(level));
    if (peek() != '^') return base;
    advance();
    TRY(Tree exponent, signed_power(level + 1));
    return make(Kind::power, at, {std::move(base), std::move(exponent)});
  }

  Result<Tree> primary(int level) {
    if (at_ == end_)
      return mistake(text_, at_, "the expression ends where a value is expected",
                     "add a number or a name, or remove the last operator");
    const char c = peek();
    if (c == '(') {
      const std::size_t open = at_;
      advance();
      TRY(Tree node, whole(level + 1));
      TRY_DO(close(open, ')'));
      return node;
    }
    if (is_digit(c) || c == '.') return number();
    if (starts_name(c)) return name(level);
    if (dialect_.has_logic && (c == '"' || c == '\'')) return quoted(c);
    return mistake(text_, at_, std::format("expected a number, a name or \"(\" but found {}", found()));
  }

  Result<Tree> number() {
    Node node{.column = column_at(text_, at_)};
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

  Result<Tree> quoted(char quote) {
    const auto last = text_.substr(0, end_).find(quote, at_ + 1);
    if (last == std::string_view::npos)
      return mistake(text_, at_, "this quote is never closed", std::format("add {}", quote));
    Node node{.kind = Kind::text,
              .name = std::string(text_.substr(at_ + 1, last - at_ - 1)),
              .column = column_at(text_, at_)};
    at_ = last + 1;
    skip_space();
    return std::make_shared<const Node>(std::move(node));
  }

  Result<Tree> name(int level) {
    const std::size_t begin = at_;
    while (at_ < end_ && (starts_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
    if (dialect_.has_devices && at_ < end_ && text_[at_] == '@') TRY_DO(device());
    std::string word(text_.substr(begin, at_ - begin));
    skip_space();
    const auto known = std::ranges::find(dialect_.functions, word, &Function::name);
    const Function* function = known == dialect_.functions.end() ? nullptr : &*known;
    if (peek() == '(') return call(begin, word, function, level);
    if (function)
      return mistake(text_, begin, std::format("the function \"{}\" has no argument", word),
                     std::format("write {}", usage(*function)));
    Node node{.kind = Kind::name, .name = std::move(word), .column = column_at(text_, begin)};
    if (dialect_.has_logic) {
      if (node.name == "true" || node.name == "false") {
        node.kind = Kind::truth;
        node.number = node.name == "true" ? 1 : 0;
        return std::make_shared<const Node>(std::move(node));
      }
      if (std::ranges::contains(std::array{"and", "or", "not"}, node.name))
        return mistake(text_, begin, std::format("\"{}\" has nothing before it that it could link", node.name));
      if (peek() == '[') {
        const std::size_t open = at_;
        advance();
        TRY(Tree index, whole(level + 1));
        TRY_DO(close(open, ']'));
        node.kind = Kind::element;
        node.inner = {std::move(index)};
      }
    }
    names_.insert(node.name);
    return std::make_shared<const Node>(std::move(node));
  }

  Result<Tree> call(std::size_t begin, const std::string& word, const Function* function, int level) {
    if (!function) {
      std::vector<std::string> names;
      for (const auto& one : dialect_.functions) names.emplace_back(one.name);
      const std::string nearest = nearest_word(word, names);
      return mistake(text_, begin, std::format("\"{}\" is no function; there are {}", word, quoted_list(names)),
                     nearest.empty() ? "write * to multiply" : std::format("did you mean \"{}\"?", nearest));
    }
    const std::size_t open = at_;
    advance();
    std::vector<Tree> arguments;
    for (;;) {
      TRY(Tree argument, whole(level + 1));
      arguments.push_back(std::move(argument));
      if (arguments.size() < function->arguments && peek() != ',')
        return mistake(text_, at_,
                       std::format("\"{}\" takes {} arguments and has {}", word, in_words(function->arguments),
                                   in_words(arguments.size())),
                       std::format("write {}", usage(*function)));
      if (arguments.size() >= function->arguments && !(takes_more(*function) && peek() == ',')) break;
      advance();
    }
    if (peek() == ',')
      return mistake(
          text_, at_,
          std::format("\"{}\" takes {} and has more", word,
                      function->arguments == 1 ? "one argument" : in_words(function->arguments) + " arguments"),
          std::format("write {}", usage(*function)));
    TRY_DO(close(open, ')'));
    if (function->kind != Kind::is_set) return make(function->kind, begin, std::move(arguments));
    const Node& of = *arguments.front();
    if (of.kind != Kind::name && of.kind != Kind::element)
      return mistake(text_, open + 1, "\"is_set\" asks of a name whether it has a value",
                     "write for example is_set(blocks2)");
    return make(Kind::is_set, begin, std::move(arguments));
  }

  /// What follows the name of a value on a device: "@board". Points may be in it, signs of arithmetic not.
  Status device() {
    const std::size_t at = at_++;
    while (at_ < end_ && (starts_name(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    if (at_ > at + 1) return {};
    return mistake(text_, at, "a device's name is missing after \"@\"", "write for example latency_ms@board");
  }

  Status close(std::size_t open, char with) {
    if (at_ == end_)
      return mistake(text_, open, std::format("this \"{}\" is never closed", text_[open]),
                     std::format("add \"{}\"", with));
    if (peek() != with)
      return mistake(text_, at_, std::format("expected an operator or \"{}\" but found {}", with, found()));
    advance();
    return {};
  }

  [[nodiscard]] Status check_level(int level) const {
    if (level <= max_levels) return {};
    return mistake(text_, at_, std::format("nested deeper than {} levels", max_levels),
                   "write it with fewer parentheses");
  }

  [[nodiscard]] bool takes_more(const Function& function) const {
    return dialect_.has_logic && (function.kind == Kind::min || function.kind == Kind::max);
  }
  static std::string in_words(std::size_t count) {
    static constexpr std::array words{"no", "one", "two", "three"};
    return count < words.size() ? words[count] : std::to_string(count);
  }
  static std::string usage(const Function& function) {
    std::string arguments;
    for (std::size_t i = 0; i < function.arguments; ++i)
      arguments += (i == 0 ? "" : ", ") + std::string(1, static_cast<char>('a' + i));
    return std::format("{}({})", function.name, arguments);
  }
  [[nodiscard]] Tree make(Kind kind, std::size_t at, std::vector<Tree> inner) const {
    return std::make_shared<const Node>(Node{.kind = kind, .inner = std::move(inner), .column = column_at(text_, at)});
  }

  [[nodiscard]] char peek() const { return at_ < end_ ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < end_ && is_space(text_[at_])) ++at_;
  }
  void advance() {
    ++at_;
    skip_space();
  }
  bool take_word(std::string_view word) {
    const auto rest = text_.substr(at_, end_ - at_);
    if (!rest.starts_with(word)) return false;
    if (rest.size() > word.size() && (starts_name(rest[word.size()]) || is_digit(rest[word.size()]))) return false;
    at_ += word.size();
    skip_space();
    return true;
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
  const Dialect& dialect_;
  std::size_t at_, end_;
  std::set<std::string> names_;
};

}  // namespace

std::unexpected<Error> mistake(std::string_view text, std::size_t position, std::string message, std::string next) {
  return invalid(std::move(message), std::move(next), std::format("column {}", column_at(text, position)));
}

Status check_length(std::string_view text) {
  if (text.size() <= max_characters) return {};
  return mistake(text, max_characters,
                 std::format("the expression has {} characters; at most {} are allowed", text.size(), max_characters));
}

Result<Parsed> parse(std::string_view text, const Dialect& dialect, std::size_t begin, std::size_t end) {
  TRY_DO(check_length(text));
  return Parser(text, dialect, begin, std::min(end, text.size())).parse();
}

}  // namespace edgewise::formula
