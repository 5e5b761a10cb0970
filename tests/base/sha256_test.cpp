#include "base/sha256.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/file.hpp"

namespace edgewise {
namespace {

namespace fs = std::filesystem;

class Sha256 : public testing::Test {
 protected:
  Sha256() : file_(fs::temp_directory_path() / ("edgewise-sha256-" + std::to_string(::getpid()))) {}
  ~Sha256() override { fs::remove(file_); }
  std::string of(const std::string& content) {
    EXPECT_TRUE(write_file(file_, content));
    return sha256_of(file_).value();
  }
  fs::path file_;
};

// The examples of FIPS 180-2, appendix B, and the empty message.
TEST_F(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_F(Sha256, OfBytesIsThatOfAFileOfThem) {
  for (const std::string bytes : {"", "abc", "a\nb"}) EXPECT_EQ(sha256_of_bytes(bytes).value(), of(bytes));
}

TEST_F(Sha256, OfAFileThatIsNotThereIsAnError) {
  const auto hash = sha256_of(file_);
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace edgewise
