/// What networks of a space file are put together of: named pieces that add layers, each in a file of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/catalogue.hpp"
#include "space/language/term.hpp"
#include "space/net.hpp"

namespace edgewise::space {

/// One thing that a block is told. A file gives it as a value or a formula.
struct Argument {
  enum class Kind { whole, number, truth, word };
  std::string name;
  Kind kind = Kind::whole;
  std::optional<Term> fallback;  ///< what it is when a file does not say it; nothing: it must
  double low = 0, high = 0;      ///< of whole and other numbers; both belong to it
  std::vector<std::string> words;
  std::string sentence;
};
/// @param fallback  nothing: it must be given
Argument whole(std::string name, std::optional<double> fallback, double low, double high, std::string sentence);
Argument number(std::string name, std::optional<double> fallback, double low, double high, std::string sentence);
Argument truth(std::string name, std::optional<bool> fallback, std::string sentence);
Argument word(std::string name, std::optional<std::string> fallback, std::vector<std::string> words,
              std::string sentence);
/// The argument `activation`: what the file says, unless it is given.
Argument activation_argument();

/// The most common bounds.
inline constexpr double most_channels = 65536, most_kernel = 255;

/// The values of a block's arguments, checked against what it declares. Asking for another breaks an invariant.
class Arguments {
 public:
  Arguments(std::span<const Argument> declared, std::span<const Term> values) : declared_(declared), values_(values) {}
  [[nodiscard]] std::int64_t whole(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] bool truth(std::string_view name) const;
  [[nodiscard]] const std::string& word(std::string_view name) const;

 private:
  [[nodiscard]] const Term& value(std::string_view name) const;
  std::span<const Argument> declared_;
  std::span<const Term> values_;
};

/// Where a block is put.
struct Site {
  Net& net;
  std::string scope;  ///< names of its nodes begin with it; of one node alone it is the name
  Wire x;             ///< what it works on
  const Arguments& given;
  std::string activation;  ///< what the file uses where nothing else is said

  [[nodiscard]] std::int64_t whole(std::string_view name) const { return given.whole(name); }
  [[nodiscard]] std::string inner(std::string_view name) const { return scope + "." + std::string(name); }
  /// What the argument `activation` says; nothing: none.
  [[nodiscard]] std::optional<Net::Kind> kind() const;
};

/// One piece. An output of the wrong shape is the builder's to tell; `build` tells what no layer could.
struct Block {
  std::string name;
  std::string sentence;
  std::vector<Argument> arguments;  ///< a bare value stands for the first one
  std::function<Result<Wire>(const Site&)> build;
};
Catalogue<Block>& blocks();

/// Words for activations in files: "none" and those of graph::ActivationKind.
const std::vector<std::string>& activation_words();
std::optional<Net::Kind> activation_of(std::string_view word);

/// A Markdown table of all blocks and their arguments.
std::string block_reference();

}  // namespace edgewise::space
