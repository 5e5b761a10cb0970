#include "agent/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace edgewise::agent {
namespace {

using testing::ElementsAre;

TEST(Wire, WritesFloatsAsBase64OfTheirLittleEndianBytes) {
  EXPECT_EQ(encode_floats(std::vector<float>{}), "");
  EXPECT_EQ(encode_floats(std::vector<float>{1.0F}), "AACAPw==");  // 00 00 80 3f
  EXPECT_EQ(encode_floats(std::vector<float>{1.0F, -2.0F}), "AACAPwAAAMA=");
  EXPECT_EQ(encode_floats(std::vector<float>{1.0F, -2.0F, 0.5F}), "AACAPwAAAMAAAAA/");
}

TEST(Wire, ReadsBackWhatItWrote) {
  auto random = RandomStream::named(1, "floats");
  for (std::size_t count = 0; count < 50; ++count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random.normal() * 1e6);
    EXPECT_EQ(decode_floats(encode_floats(values)).value(), values);
  }
}

TEST(Wire, RefusesWhatIsNotBase64OfFloats) {
  for (const char* text : {"A", "AAAA", "AACAPw=", "AACAPw=A",
                           "====", "A===", "AAC\nPw==", "AACAPw==AACAPw==", "\xff\xff\xff\xff\xff\xff\xff\xff"})
    EXPECT_FALSE(decode_floats(text)) << text;
}

TEST(Wire, CarriesErrorsWithTheirCode) {
  for (const auto code : {ErrorCode::invalid_input, ErrorCode::not_found, ErrorCode::conflict, ErrorCode::unavailable,
                          ErrorCode::interrupted}) {
    const auto back = read_answer(error_answer({.code = code, .message = "what", .where = {}, .next = "next"}));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error(), (Error{.code = code, .message = "what", .where = {}, .next = "next"}));
  }
}

TEST(Wire, RefusesAnswersOfAnotherProtocol) {
  for (const char* text :
       {"1", "[]", "{}", R"({"ok": 1})", R"({"ok": false})", R"({"ok": false, "error": "text"})", "null"}) {
    const auto back = read_answer(Json::parse(text));
    ASSERT_FALSE(back) << text;
    EXPECT_EQ(back.error().code, ErrorCode::unavailable);
  }
  const auto odd = read_answer(Json::parse(R"({"ok": false, "error": {"code": 3, "message": 4}})"));
  EXPECT_EQ(odd.error().message, "the agent gave no reason");
}

}  // namespace
}  // namespace edgewise::agent
