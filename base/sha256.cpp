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

namespace {

std::unexpected<Error> no_hash() {
  return fail(ErrorCode::unavailable, "libcrypto gives no SHA-256", "check the installation of OpenSSL");
}

class Sha256 {
 public:
  bool add(std::string_view bytes) {
    is_good_ = is_good_ && EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size()) == 1;
    return is_good_;
  }
  Result<std::string> text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    if (!is_good_ || EVP_DigestFinal_ex(hash_.get(), digest.data(), &size) != 1) return no_hash();
    std::string text;
    for (unsigned int i = 0; i < size; ++i) text += std::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  bool is_good_ = hash_ && EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) == 1;
};

}  // namespace

Result<std::string> sha256_of(const std::filesystem::path& file) {
  TRY(const auto input, InputFile::open(file));
  Sha256 hash;
  std::array<char, 1 << 16> piece;
  for (;;) {
    const ssize_t count = ::read(input.descriptor(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return fail(ErrorCode::unavailable,
                  std::format("cannot read \"{}\": {}", file.string(), std::generic_category().message(errno)));
    if (count == 0) return hash.text();
    if (!hash.add({piece.data(), static_cast<std::size_t>(count)})) return no_hash();
  }
}

Result<std::string> sha256_of_bytes(std::string_view bytes) {
  Sha256 hash;
  if (!hash.add(bytes)) return no_hash();
  return hash.text();
}

}  // namespace edgewise
