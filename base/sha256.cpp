#include "base/sha256.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <format>
#include <memory>
#include <system_error>

#include "base/file.hpp"

namespace edgewise {

Result<std::string> sha256_of(const std::filesystem::path& file) {
  TRY(const auto input, InputFile::open(file));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto no_hash = [] {
    return fail(ErrorCode::unavailable, "libcrypto gives no SHA-256", "check the installation of OpenSSL");
  };
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) return no_hash();
  std::array<unsigned char, 1 << 16> piece;
  for (;;) {
    const ssize_t count = ::read(input.descriptor(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return fail(ErrorCode::unavailable,
                  std::format("cannot read \"{}\": {}", file.string(), std::generic_category().message(errno)));
    if (count == 0) break;
    if (EVP_DigestUpdate(hash.get(), piece.data(), static_cast<std::size_t>(count)) != 1) return no_hash();
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(hash.get(), digest.data(), &size) != 1) return no_hash();
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += std::format("{:02x}", digest[i]);
  return text;
}

}  // namespace edgewise
