/// Contents by their hash.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise {

/// SHA-256 of a file's content as 64 hexadecimal digits (FIPS 180-4). Reads the file once, piece by piece.
/// @error as InputFile::open; unavailable when it cannot be read to its end
Result<std::string> sha256_of(const std::filesystem::path& file);
/// The same of bytes. @error unavailable when libcrypto gives none
Result<std::string> sha256_of_bytes(std::string_view bytes);

}  // namespace edgewise
