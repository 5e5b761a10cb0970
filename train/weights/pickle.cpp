#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <format>
#include <optional>
#include <unordered_map>

#include "train/weights/pickle_internal.hpp"

namespace edgewise::train::pickle {

namespace {

// Calls and storages copy their arguments: without a bound, recalling one long tuple again and again would take memory
// without end.
constexpr std::size_t most_arguments = 16;
constexpr std::size_t most_name = 200;          // of a module or an attribute
constexpr std::size_t most_values = 4'000'000;  // a state dict of 1,000 tensors has about 20,000

constexpr std::array<std::string_view, 16> allowed_names = {"collections.OrderedDict",
                                                            "torch._utils._rebuild_tensor_v2",
                                                            "torch._utils._rebuild_parameter",
                                                            "torch.FloatStorage",
                                                            "torch.HalfStorage",
                                                            "torch.BFloat16Storage",
                                                            "torch.DoubleStorage",
                                                            "torch.LongStorage",
                                                            "torch.IntStorage",
                                                            "torch.ShortStorage",
                                                            "torch.CharStorage",
                                                            "torch.ByteStorage",
                                                            "torch.BoolStorage",
                                                            "torch.storage.UntypedStorage",
                                                            "torch.Size",
                                                            "torch.serialization._get_layout"};

// Only characters of the printable ASCII range are quoted in messages.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

class Machine {
 public:
  explicit Machine(std::string_view bytes) : bytes_(bytes) {}

  Result<Document> run() {
    for (;;) {
      if (position_ >= bytes_.size()) return damaged("it ends in the middle");
      const auto opcode = static_cast<unsigned char>(bytes_[position_++]);
      if (opcode == '.') break;
      TRY_DO(execute(opcode));
      if (document_.values.size() > most_values)
        return invalid(std::format("the pickle has more than {} values", most_values));
    }
    if (stack_.size() != 1 || !marks_.empty()) return damaged("it does not end with one value");
    document_.root = stack_.front();
    document_.bytes = position_;
    return std::move(document_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> damaged(const std::string& why) const {
    return invalid(std::format("the pickle is damaged near byte {}: {}", position_, why), "download the file again");
  }

  Result<std::string_view> take(std::uint64_t count) {
    if (count > bytes_.size() - position_) return damaged("it ends in the middle");
    const auto part = bytes_.substr(position_, count);
    position_ += count;
    return part;
  }
  template <class T>
  Result<T> take_number() {
    TRY(const auto part, take(sizeof(T)));
    T value;
    std::memcpy(&value, part.data(), sizeof(T));
    return value;
  }
  Result<std::string_view> take_line() {
    const auto end = bytes_.find('\n', position_);
    if (end == std::string_view::npos || end - position_ > 1000) return damaged("a name has no end");
    const auto line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

  std::size_t make(Value value) {
    document_.values.push_back(std::move(value));
    return document_.values.size() - 1;
  }
  void push(Value value) { stack_.push_back(make(std::move(value))); }
  void push_integer(std::int64_t value) { push({.kind = Kind::integer, .integer = value}); }

  // Values above the last mark are out of reach for opcodes that take single values, as in Python.
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Result<std::size_t> pop() {
    if (stack_.size() <= floor()) return damaged("a value is missing");
    const auto top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Result<std::vector<std::size_t>> pop_to_mark() {
    if (marks_.empty()) return damaged("a mark is missing");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<std::size_t> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  Result<std::size_t> top_of(Kind kind, const char* what) {
    if (stack_.size() <= floor() || document_.values[stack_.back()].kind != kind) return damaged(what);
    return stack_.back();
  }

  Status tuple(std::size_t count) {
    std::vector<std::size_t> items(count);
    for (std::size_t i = count; i-- > 0;) {
      TRY(items[i], pop());
    }
    push({.kind = Kind::sequence, .items = std::move(items)});
    return {};
  }
  Status remember(std::uint64_t key) {
    if (stack_.empty()) return damaged("there is nothing to remember");
    memo_[key] = stack_.back();
    return {};
  }
  Status recall(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) return damaged("it recalls what it never remembered");
    stack_.push_back(found->second);
    return {};
  }
  Status text(std::uint64_t length) {
    TRY(const auto part, take(length));
    push({.kind = Kind::text, .text = std::string(part)});
    return {};
  }
  // A global that is none of the few is kept as a name and nothing else: whatever is "called", "built" or filled from
  // it is a foreign value, and its arguments are forgotten.
  Status name(std::string_view module, std::string_view attribute) {
    const auto full = std::format("{}.{}", module.substr(0, most_name), attribute.substr(0, most_name));
    if (std::ranges::find(allowed_names, full) != allowed_names.end())
      push({.kind = Kind::name, .text = full});
    else
      push({.kind = Kind::foreign, .integer = -1, .text = printable(full)});
    return {};
  }
  // Only the index of the global: its name again for each call would let a short file take much memory.
  void push_made_of(std::size_t foreign) {
    const auto origin = document_.values[foreign].integer;
    push({.kind = Kind::foreign, .integer = origin >= 0 ? origin : static_cast<std::int64_t>(foreign)});
  }
  [[nodiscard]] bool is_foreign_on_top() const {
    return stack_.size() > floor() && document_.values[stack_.back()].kind == Kind::foreign;
  }
  Status set_items(const std::vector<std::size_t>& items) {
    if (items.size() % 2 != 0) return damaged("a key has no value");
    if (is_foreign_on_top()) return {};
    TRY(const auto target, top_of(Kind::dictionary, "entries are set in what is no dictionary"));
    for (std::size_t i = 0; i < items.size(); i += 2)
      document_.values[target].entries.emplace_back(items[i], items[i + 1]);
    return {};
  }
  Status append(const std::vector<std::size_t>& items) {
    if (is_foreign_on_top()) return {};
    TRY(const auto target, top_of(Kind::sequence, "items are appended to what is no list"));
    auto& list = document_.values[target].items;
    list.insert(list.end(), items.begin(), items.end());
    return {};
  }
  Status reduce() {
    TRY(const auto arguments, pop());
    TRY(const auto function, pop());
    if (document_.values[function].kind == Kind::foreign && document_.values[arguments].kind == Kind::sequence) {
      push_made_of(function);
      return {};
    }
    if (document_.values[function].kind != Kind::name || document_.values[arguments].kind != Kind::sequence) {
      return damaged("what is called is no function");
    }
    const auto called = document_.values[function].text;
    if (document_.values[arguments].items.size() > most_arguments) return damaged("a call has too many arguments");
    if (called == "collections.OrderedDict") {
      if (!document_.values[arguments].items.empty()) return damaged("an ordered dictionary is made from arguments");
      push({.kind = Kind::dictionary});
    } else {
      push({.kind = Kind::call, .text = called, .items = document_.values[arguments].items});
    }
    return {};
  }
  // Objects whose class says how they are made: of a class that is known only an ordered dictionary.
  Status new_object() {
    TRY(const auto arguments, pop());
    TRY(const auto made_of, pop());
    if (document_.values[arguments].kind != Kind::sequence)
      return damaged("an object is made of what are no arguments");
    const auto kind = document_.values[made_of].kind;
    if (kind == Kind::foreign)
      push_made_of(made_of);
    else if (kind == Kind::name && document_.values[made_of].text == "collections.OrderedDict")
      push({.kind = Kind::dictionary});
    else
      return damaged("an object is made of what is no class");
    return {};
  }
  Status persistent() {
    TRY(const auto id, pop());
    if (document_.values[id].kind != Kind::sequence) return damaged("a storage is described by what is no tuple");
    if (document_.values[id].items.size() > most_arguments) return damaged("a storage is described by too many parts");
    push({.kind = Kind::persistent, .items = document_.values[id].items});
    return {};
  }
  Status long_integer(std::uint64_t length) {
    if (length > 64) return damaged("an integer is too long");
    TRY(const auto part, take(length));
    std::uint64_t value = !part.empty() && (part.back() & '\x80') ? ~std::uint64_t{0} : 0;
    for (std::size_t i = std::min<std::size_t>(8, part.size()); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(part[i]);
    // The bytes are kept for the one integer that is longer: the magic number of old files.
    push({.kind = Kind::integer, .integer = static_cast<std::int64_t>(value), .text = std::string(part)});
    return {};
  }

  Status execute(unsigned char opcode);

  std::string_view bytes_;
  std::size_t position_ = 0;
  Document document_;
  std::vector<std::size_t> stack_, marks_;
  std::unordered_map<std::uint64_t, std::size_t> memo_;
};

// The opcodes' numbers and meanings: Python's documentation of `pickletools`.
// NOLINTNEXTLINE(readability-function-size): a switch with a few lines for each opcode; the format knows that many
Status Machine::execute(unsigned char opcode) {
  switch (opcode) {
    case 0x80: {  // PROTO
      TRY(const auto version, take_number<std::uint8_t>());
      if (version < 2 || version > 4)
        return invalid(std::format("the pickle has protocol {}, only 2 to 4 are read", version));
      return {};
    }
    case 0x95:
      return take(8).transform([](auto) {});  // FRAME
    case '(':
      marks_.push_back(stack_.size());
      return {};
    case '0':
      return pop().transform([](auto) {});
    case 'N':
      push({});
      return {};
    case 0x88:
      push({.kind = Kind::boolean, .integer = 1});
      return {};
    case 0x89:
      push({.kind = Kind::boolean, .integer = 0});
      return {};
    case 'J':
      return take_number<std::int32_t>().transform([&](auto value) { push_integer(value); });
    case 'K':
      return take_number<std::uint8_t>().transform([&](auto value) { push_integer(value); });
    case 'M':
      return take_number<std::uint16_t>().transform([&](auto value) { push_integer(value); });
    case 0x8a:
      return take_number<std::uint8_t>().and_then([&](auto length) { return long_integer(length); });
    case 'G': {  // BINFLOAT, big-endian
      TRY(const auto bits, take_number<std::uint64_t>());
      push({.kind = Kind::number, .number = std::bit_cast<double>(std::byteswap(bits))});
      return {};
    }
    case 'B':  // bytes are texts here
      return take_number<std::uint32_t>().and_then([&](auto length) { return text(length); });
    case 'C':
      return take_number<std::uint8_t>().and_then([&](auto length) { return text(length); });
    case 0x8e:
      return take_number<std::uint64_t>().and_then([&](auto length) { return text(length); });
    case 'X':
      return take_number<std::uint32_t>().and_then([&](auto length) { return text(length); });
    case 0x8c:
      return take_number<std::uint8_t>().and_then([&](auto length) { return text(length); });
    case 0x8d:
      return take_number<std::uint64_t>().and_then([&](auto length) { return text(length); });
    case ')':
      push({.kind = Kind::sequence});
      return {};
    case ']':
    case 0x8f:  // a set is a list here
      push({.kind = Kind::sequence});
      return {};
    case 0x90:
      return pop_to_mark().and_then([&](const auto& items) { return append(items); });
    case '}':
      push({.kind = Kind::dictionary});
      return {};
    case 't':
    case 0x91:  // a frozen set
      return pop_to_mark().transform([&](auto items) { push({.kind = Kind::sequence, .items = std::move(items)}); });
    case 0x85:
      return tuple(1);
    case 0x86:
      return tuple(2);
    case 0x87:
      return tuple(3);
    case 'q':
      return take_number<std::uint8_t>().and_then([&](auto key) { return remember(key); });
    case 'r':
      return take_number<std::uint32_t>().and_then([&](auto key) { return remember(key); });
    case 0x94:
      return remember(memo_.size());  // MEMOIZE
    case 'h':
      return take_number<std::uint8_t>().and_then([&](auto key) { return recall(key); });
    case 'j':
      return take_number<std::uint32_t>().and_then([&](auto key) { return recall(key); });
    case 'c': {
      TRY(const auto module, take_line());
      TRY(const auto attribute, take_line());
      return name(module, attribute);
    }
    case 0x93: {  // STACK_GLOBAL
      TRY(const auto attribute, pop());
      TRY(const auto module, pop());
      if (document_.values[attribute].kind != Kind::text || document_.values[module].kind != Kind::text)
        return damaged("a name is no text");
      const auto first = document_.values[module].text, second = document_.values[attribute].text;
      return name(first, second);
    }
    case 'R':
      return reduce();
    case 0x81:
      return new_object();
    case 0x92:  // with named arguments, which nobody needs
      return pop().and_then([&](auto) { return new_object(); });
    case 'Q':
      return persistent();
    case 's': {
      TRY(const auto value, pop());
      TRY(const auto key, pop());
      return set_items({key, value});
    }
    case 'u':
      return pop_to_mark().and_then([&](const auto& items) { return set_items(items); });
    case 'a':
      return pop().and_then([&](auto item) { return append({item}); });
    case 'e':
      return pop_to_mark().and_then([&](const auto& items) { return append(items); });
    case 'b': {  // BUILD: state dicts carry version numbers as attributes; they are of no use here
      TRY_DO(pop());
      if (is_foreign_on_top()) return {};
      return top_of(Kind::dictionary, "attributes are set on what is no dictionary").transform([](auto) {});
    }
    default:
      break;
  }
  return invalid(
      std::format("the pickle has the opcode 0x{:02x} at byte {}, which a state dict of plain tensors does not need",
                  opcode, position_ - 1),
      "save the weights alone: torch.save(model.state_dict(), path)");
}

}  // namespace

Result<Document> read(std::string_view bytes) {
  return Machine(bytes).run();
}

std::string foreign_name(const Document& document, const Value& value) {
  return value.integer >= 0 ? document.values[static_cast<std::size_t>(value.integer)].text : value.text;
}

}  // namespace edgewise::train::pickle
