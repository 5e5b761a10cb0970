#include "base/encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <format>
#include <optional>
#include <string_view>

#include "base/file.hpp"

namespace edgewise {

namespace {

struct Mark {
  std::string_view bytes, encoding;
};
// The longer marks first: UTF-32's begins like UTF-16's, and no text begins with a zero character.
constexpr std::array marks{Mark{{"\xFF\xFE\0\0", 4}, "UTF-32LE"}, Mark{{"\0\0\xFE\xFF", 4}, "UTF-32BE"},
                           Mark{{"\xFF\xFE", 2}, "UTF-16LE"}, Mark{{"\xFE\xFF", 2}, "UTF-16BE"},
                           Mark{{"\xEF\xBB\xBF", 3}, "UTF-8"}};

const Mark* mark_of(std::string_view bytes) {
  const auto* const found =
      std::ranges::find_if(marks, [&](const Mark& mark) { return bytes.starts_with(mark.bytes); });
  return found == marks.end() ? nullptr : found;
}

std::string place_at(const std::string& file, std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line_start = before.rfind('\n');
  return std::format("{}:{}:{}", file, 1 + std::ranges::count(before, '\n'),
                     line_start == std::string_view::npos ? offset + 1 : offset - line_start);
}

/// What iconv made of the bytes, and whether it took them all.
struct Converted {
  std::string text;
  bool is_whole = false;
};

/// Nothing when iconv does not know the encoding.
std::optional<Converted> converted(std::string_view bytes, const std::string& encoding) {
  const iconv_t converter = ::iconv_open("UTF-8", encoding.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  Converted result;
  char* in = const_cast<char*>(bytes.data());  // iconv's interface; it does not write there
  std::size_t in_left = bytes.size();
  std::array<char, 1 << 16> buffer;
  bool goes_on = true;
  while (goes_on) {
    char* out = buffer.data();
    std::size_t out_left = buffer.size();
    // Without input the converter writes what it still holds.
    const bool is_last = in_left == 0;
    const auto status = ::iconv(converter, is_last ? nullptr : &in, is_last ? nullptr : &in_left, &out, &out_left);
    result.text.append(buffer.data(), static_cast<std::size_t>(out - buffer.data()));
    const bool is_full = status == static_cast<std::size_t>(-1) && errno == E2BIG;
    goes_on = is_full || (status != static_cast<std::size_t>(-1) && !is_last);
    result.is_whole = is_last && status != static_cast<std::size_t>(-1);
  }
  ::iconv_close(converter);
  return result;
}

/// Length of the UTF-8 character at `at` (RFC 3629: none too long, no surrogate, none past U+10FFFF); 0: there is none.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) || (first == 0xF0 && byte(1) < 0x90) ||
      (first == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

/// Offset of the first byte that is no UTF-8, or the size.
std::size_t end_of_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Label files are ASCII nearly throughout: eight bytes at a time.
    std::uint64_t word = 0;
    if (at + 8 <= text.size() && (std::memcpy(&word, text.data() + at, 8), (word & 0x8080808080808080U) == 0)) {
      at += 8;
      continue;
    }
    const std::size_t length = character_at(text, at);
    if (length == 0) return at;
    at += length;
  }
  return text.size();
}

/// "UTF-16LE" and the like when the zero bytes lie as they do in texts of these encodings.
std::string_view encoding_by_zeros(std::string_view bytes) {
  const auto head = bytes.substr(0, 4096 & ~std::size_t{3});
  std::array<std::size_t, 4> zeros{};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 4] += head[i] == '\0';
  const std::size_t each = std::max<std::size_t>(1, head.size() / 4);
  const auto many = [&](std::size_t k) { return 4 * zeros[k] >= each; };
  const auto few = [&](std::size_t k) { return 16 * zeros[k] <= each; };
  if (few(0) && many(1) && 10 * zeros[2] >= 9 * each && 10 * zeros[3] >= 9 * each) return "UTF-32LE";
  if (10 * zeros[0] >= 9 * each && 10 * zeros[1] >= 9 * each && many(2) && few(3)) return "UTF-32BE";
  if (few(0) && few(2) && many(1) && many(3)) return "UTF-16LE";
  if (many(0) && many(2) && few(1) && few(3)) return "UTF-16BE";
  return {};
}

Result<std::string> without_zeros(std::string text, const std::string& file) {
  if (const auto zero = text.find('\0'); zero != std::string::npos)
    return invalid("there is a zero byte, which no text has", "check that this is a text file; save it as UTF-8",
                   place_at(file, text, zero));
  return text;
}

Result<std::string> checked(std::string text, const std::string& file) {
  if (const auto zero = text.find('\0'); zero != std::string::npos) {
    if (const auto encoding = encoding_by_zeros(text); !encoding.empty())
      return invalid(std::format("this looks like {} text without a byte order mark", encoding), "save it as UTF-8",
                     file);
    return without_zeros(std::move(text), file);
  }
  if (const auto end = end_of_utf8(text); end < text.size())
    return invalid(std::format("the byte 0x{:02X} is not UTF-8", static_cast<unsigned char>(text[end])),
                   "the text has another encoding: save it as UTF-8", place_at(file, text, end));
  return text;
}

/// `skip` bytes are the mark's.
Result<std::string> from(std::string_view encoding, std::string_view bytes, std::size_t skip, const std::string& file) {
  auto text = converted(bytes.substr(skip), std::string(encoding));
  if (!text) return invalid(std::format("the encoding \"{}\" is not known", encoding), "save it as UTF-8", file);
  if (!text->is_whole)
    return invalid(std::format("what follows here is not {}, as the start of the file says", encoding),
                   "save it as UTF-8", place_at(file, text->text, text->text.size()));
  return without_zeros(std::move(text->text), file);
}

/// The encoding that `<?xml ... encoding="X" ...?>` declares, or "".
std::string declared_encoding(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || !text.substr(start).starts_with("<?xml")) return {};
  auto declaration = text.substr(start, 1024);
  declaration = declaration.substr(0, declaration.find("?>"));
  const auto name = declaration.find("encoding");
  if (name == std::string_view::npos) return {};
  const auto open = declaration.find_first_of("\"'", name);
  if (open == std::string_view::npos) return {};
  const auto close = declaration.find(declaration[open], open + 1);
  return close == std::string_view::npos ? std::string() : std::string(declaration.substr(open + 1, close - open - 1));
}

bool is_name_of_an_encoding(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  });
}

}  // namespace

Result<std::string> utf8_text(std::string bytes, const std::string& file) {
  const Mark* mark = mark_of(bytes);
  if (!mark) return checked(std::move(bytes), file);
  if (mark->encoding == "UTF-8") return checked(bytes.substr(mark->bytes.size()), file);
  return from(mark->encoding, bytes, mark->bytes.size(), file);
}

Result<std::string> utf8_xml(std::string bytes, const std::string& file) {
  if (mark_of(bytes)) return utf8_text(std::move(bytes), file);
  for (const auto& [start, encoding] : {Mark{{"<\0?\0", 4}, "UTF-16LE"}, Mark{{"\0<\0?", 4}, "UTF-16BE"}})
    if (std::string_view(bytes).starts_with(start)) return from(encoding, bytes, 0, file);
  const std::string declared = declared_encoding(bytes);
  std::string name = declared;
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  // Programs declare UTF-16 of a text that they then write as UTF-8; a text that could be read this far is no UTF-16.
  if (name.empty() || name == "utf-8" || name == "utf8" || name.starts_with("utf-16") || name.starts_with("utf-32"))
    return checked(std::move(bytes), file);
  if (!is_name_of_an_encoding(name))
    return invalid("the XML declares an encoding that is not known", "save it as UTF-8", place_at(file, bytes, 0));
  // Windows writes its larger sets under these names.
  const std::string meant = name == "gb2312"           ? "gb18030"
                            : name == "shift_jis"      ? "cp932"
                            : name == "ks_c_5601-1987" ? "cp949"
                                                       : declared;
  auto text = converted(bytes, meant);
  if (!text)
    return invalid(std::format("the XML declares the encoding \"{}\", which is not known", declared),
                   "save it as UTF-8", place_at(file, bytes, 0));
  if (!text->is_whole)
    return invalid(std::format("the XML declares the encoding \"{}\", but what follows here is not", declared),
                   "save it as UTF-8", place_at(file, text->text, text->text.size()));
  return without_zeros(std::move(text->text), file);
}

std::string utf8_head(std::string bytes) {
  const Mark* mark = mark_of(bytes);
  if (!mark) return bytes;
  if (mark->encoding == "UTF-8") return bytes.substr(mark->bytes.size());
  return converted(std::string_view(bytes).substr(mark->bytes.size()), std::string(mark->encoding))
      .value_or(Converted{})
      .text;
}

Result<std::string> read_text(const std::filesystem::path& path, std::size_t max_bytes) {
  TRY(std::string bytes, read_file(path, max_bytes));
  return utf8_text(std::move(bytes), path.string());
}

Result<std::string> read_xml(const std::filesystem::path& path, std::size_t max_bytes) {
  TRY(std::string bytes, read_file(path, max_bytes));
  return utf8_xml(std::move(bytes), path.string());
}

}  // namespace edgewise
