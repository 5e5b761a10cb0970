#include "space/blocks/block.hpp"

#include <algorithm>
#include <format>

#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

namespace {

Argument argument(Argument::Kind kind, std::string name, std::optional<Term> fallback, std::string sentence) {
  return {.name = std::move(name), .kind = kind, .fallback = std::move(fallback), .sentence = std::move(sentence)};
}

template <class T>
std::optional<Term> term_of(std::optional<T> value) {
  return value ? std::optional<Term>(*std::move(value)) : std::nullopt;
}

}  // namespace

Argument whole(std::string name, std::optional<double> fallback, double low, double high, std::string sentence) {
  auto made = argument(Argument::Kind::whole, std::move(name), term_of(fallback), std::move(sentence));
  made.low = low;
  made.high = high;
  return made;
}
Argument number(std::string name, std::optional<double> fallback, double low, double high, std::string sentence) {
  auto made = whole(std::move(name), fallback, low, high, std::move(sentence));
  made.kind = Argument::Kind::number;
  return made;
}
Argument truth(std::string name, std::optional<bool> fallback, std::string sentence) {
  return argument(Argument::Kind::truth, std::move(name), term_of(fallback), std::move(sentence));
}
Argument word(std::string name, std::optional<std::string> fallback, std::vector<std::string> words,
              std::string sentence) {
  auto made = argument(Argument::Kind::word, std::move(name), term_of(std::move(fallback)), std::move(sentence));
  made.words = std::move(words);
  return made;
}

Argument activation_argument() {
  auto words = activation_words();
  words.insert(words.begin(), "default");
  return word("activation", "default", std::move(words), "what follows; default: the file's");
}

const Term& Arguments::value(std::string_view name) const {
  const auto found = std::ranges::find(declared_, name, &Argument::name);
  EDGEWISE_ASSERT(found != declared_.end(), "a block asks for an argument that it does not declare");
  return values_[static_cast<std::size_t>(found - declared_.begin())];
}
std::int64_t Arguments::whole(std::string_view name) const {
  return static_cast<std::int64_t>(number(name));
}
double Arguments::number(std::string_view name) const {
  return std::get<double>(value(name));
}
bool Arguments::truth(std::string_view name) const {
  return std::get<bool>(value(name));
}
const std::string& Arguments::word(std::string_view name) const {
  return std::get<std::string>(value(name));
}

std::optional<Net::Kind> Site::kind() const {
  const auto& said = given.word("activation");
  return activation_of(said == "default" ? activation : said);
}

namespace {

struct ActivationWord {
  std::string_view word;
  Net::Kind kind;
};
constexpr ActivationWord all_activations[] = {{"relu", Net::Kind::relu},
                                              {"relu6", Net::Kind::relu6},
                                              {"silu", Net::Kind::silu},
                                              {"hardswish", Net::Kind::hardswish},
                                              {"hardsigmoid", Net::Kind::hardsigmoid},
                                              {"gelu", Net::Kind::gelu},
                                              {"sigmoid", Net::Kind::sigmoid}};

}  // namespace

const std::vector<std::string>& activation_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all{"none"};
    for (const auto& one : all_activations) all.emplace_back(one.word);
    return all;
  }();
  return words;
}

std::optional<Net::Kind> activation_of(std::string_view word) {
  const auto* found = std::ranges::find(all_activations, word, &ActivationWord::word);
  return found == std::end(all_activations) ? std::nullopt : std::optional(found->kind);
}

Catalogue<Block>& blocks() {
  static Catalogue<Block> all("block", {conv_entry(), norm_entry(), activation_entry(), conv_norm_entry(),
                                        residual_block_entry(), inverted_residual_entry(), squeeze_excite_entry(),
                                        shuffle_unit_entry(), mobilevit_entry(), max_pool_entry(), average_pool_entry(),
                                        global_pool_entry(), flatten_entry(), linear_entry(), dropout_entry()});
  return all;
}

namespace {

std::string range_of(const Argument& argument) {
  switch (argument.kind) {
    case Argument::Kind::truth:
      return "true, false";
    case Argument::Kind::word: {
      std::string words;
      for (const auto& one : argument.words) words += (words.empty() ? "" : ", ") + one;
      return words;
    }
    case Argument::Kind::whole:
    case Argument::Kind::number:
      break;
  }
  return std::format("{} to {}{}", number_text(argument.low), number_text(argument.high),
                     argument.kind == Argument::Kind::whole ? "" : ", any number");
}

}  // namespace

std::string block_reference() {
  std::string text = "| block | argument | values | default | |\n|---|---|---|---|---|\n";
  for (const auto& block : blocks().entries()) {
    text += std::format("| **`{}`** | | | | {} |\n", block.name, block.sentence);
    for (const auto& one : block.arguments)
      text += std::format("| | `{}` | {} | {} | {} |\n", one.name, range_of(one),
                          one.fallback ? "`" + to_text(*one.fallback) + "`" : "must be given", one.sentence);
  }
  return text;
}

}  // namespace edgewise::space
