/// Configuration files with source positions, and options that are declared once.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/size.hpp"

namespace edgewise::config {

/// A place in a text, counted from 1; line 0: no place (the value came from JSON).
struct Position {
  int line = 0, column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// A YAML value that knows where it stands.
struct Node {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string scalar;
  bool is_quoted = false;  ///< "1" in quotes is a text, not a number
  std::vector<Node> items;
  struct Entry;
  std::vector<Entry> entries;
  Position at;
};
struct Node::Entry {
  std::string key;
  Position at;
  Node value;
};

/// Parses one YAML document. Aliases, tags, merge keys and more than one document are refused; at most 1 MB, 64 levels.
/// @error invalid_input with `where` = "file:line:column"
Result<Node> parse_yaml(const std::string& text, const std::string& file);
/// A value from JSON as a node without positions.
Node from_json(const Json& json);
/// Plain data: numbers and booleans are recognised where they are not quoted.
Json to_json(const Node& node);

/// Bounds of a number; both ends belong to it unless `low_is_open`.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_is_open = false;
};

/// One declaration per option gives parser, defaults, printed settings and reference. A section's fields are declared
/// by a function that is called with a reader (fills the variables, collects mistakes), a writer (their present values)
/// or a reference writer. A name that is declared several times in one section is one option, and fills each variable.
class Options {
 public:
  using Fields = std::function<void(Options&)>;
  virtual ~Options() = default;

  virtual void text(const std::string& name, std::string& value, const std::string& sentence) = 0;
  virtual void word(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
                    const std::string& sentence) = 0;
  virtual void number(const std::string& name, double& value, Range range, const std::string& sentence) = 0;
  virtual void integer(const std::string& name, std::int64_t& value, Range range, const std::string& sentence) = 0;
  /// A whole number, or WIDTHxHEIGHT; `range` is of both edges.
  virtual void size(const std::string& name, Size& value, Range range, const std::string& sentence) = 0;
  virtual void boolean(const std::string& name, bool& value, const std::string& sentence) = 0;
  virtual void texts(const std::string& name, std::vector<std::string>& values, const std::string& sentence) = 0;
  /// A list of JSON values, each of the kind that it was written as: 16, "16", 0.5, true, null.
  virtual void values(const std::string& name, std::vector<Json>& values, const std::string& sentence) = 0;
  /// A map from one of `keys` (any key when empty) to one of `words` (any text when empty), in the file's order.
  virtual void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values,
                     const std::vector<std::string>& keys, const std::vector<std::string>& words,
                     const std::string& sentence) = 0;
  /// A map of fields. A bare value stands for {`shorthand`: value} when `shorthand` is not empty.
  virtual void section(const std::string& name, const std::string& shorthand, const Fields& fields,
                       const std::string& sentence) = 0;
  /// A list of maps; `resize` is told how many before `fields(i)` are asked for.
  virtual void sections(const std::string& name, std::size_t count, const std::function<void(std::size_t)>& resize,
                        const std::function<void(std::size_t, Options&)>& fields, const std::string& sentence) = 0;
  /// Everything in this section that no other declaration names, as JSON.
  virtual void rest(Json& values, const std::string& sentence) = 0;

  /// Whether the file gives this option here. A writer or a reference says no.
  [[nodiscard]] virtual bool is_given(const std::string& name) const = 0;
  /// Whether a mistake at the value of `name`, or inside it, was found already.
  [[nodiscard]] virtual bool has_problem(const std::string& name) const = 0;
  /// Reports a mistake at the value of `name`, at the key "inner" of it for "name.inner" (element `item` of it when >=
  /// 0), or at the section itself when `name` is empty or absent.
  virtual void problem(const std::string& name, const std::string& message, const std::string& next, int item = -1) = 0;
  /// "file:line:column" of where `problem` would report, for what is found out later. A writer or a reference says "".
  [[nodiscard]] virtual std::string where(const std::string& name, int item = -1) const = 0;
};

/// Mistakes of one kind in one map or list that are told one by one.
inline constexpr std::size_t most_mistakes = 20;

/// Reads `root` by the declaration in `fields`. Returns all mistakes in file order (of one map's or list's entries the
/// first `most_mistakes`, then how many more there are); what is right has been filled in all the same.
std::vector<Error> read(const Node& root, const std::string& file, const Options::Fields& fields);
/// The present values of everything that `fields` declares.
Json write(const Options::Fields& fields);
/// A Markdown table of all options: name, type and range, default, sentence.
std::string reference(const Options::Fields& fields);
/// A text as a YAML scalar, in quotes where it would be read as something else, on one line whatever is in it.
std::string yaml_text(const std::string& text);
/// Block-style YAML of JSON data, with scalars quoted where they would be read as something else.
std::string to_yaml(const Json& json);

}  // namespace edgewise::config
