/// Text files of others as UTF-8: what a byte order mark or a declaration says is believed, anything else is not
/// guessed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace edgewise {

/// Bytes of a text as UTF-8 without a byte order mark: UTF-8 as it stands; UTF-16 and UTF-32 when a mark says so.
/// @param file  names it in messages
/// @error invalid_input with file:line:column: zero bytes (UTF-16 without a mark is named), what is no UTF-8, what
/// breaks the encoding that the mark tells
Result<std::string> utf8_text(std::string bytes, const std::string& file);

/// The same for XML, whose first line may declare another encoding (ISO-8859-1, windows-1252, GBK, Shift_JIS ...). A
/// mark comes before the declaration; UTF-16 without a mark is known by its "<?" (XML 1.0, appendix F).
/// @error also an encoding that nobody knows, and what breaks the declared one
Result<std::string> utf8_xml(std::string bytes, const std::string& file);

/// The start of a text, cut at any byte: decoded as far as it goes, without an error. For recognising a format.
std::string utf8_head(std::string bytes);

/// `read_file`, then `utf8_text` or `utf8_xml`.
Result<std::string> read_text(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);
Result<std::string> read_xml(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

}  // namespace edgewise
