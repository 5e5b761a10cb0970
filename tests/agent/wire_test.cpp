#include "agent/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/random.hpp"

namespace edgewise::agent {
namespace {

using testing::HasSubstr;

/// What a reader makes of the bytes, given in pieces of at most `piece` bytes.
std::vector<Result<Message>> read_all(std::string_view bytes, std::size_t piece = 1000) {
  FrameReader reader;
  std::vector<Result<Message>> all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.add(bytes.substr(at, piece));
    while (auto message = reader.next()) all.push_back(std::move(*message));
  }
  return all;
}

Tensor numbers(const std::string& name, Dtype dtype, std::vector<std::int64_t> shape, RandomStream& random) {
  const std::size_t elements = elements_of(shape, 1000).value();
  Tensor tensor{.name = name, .dtype = dtype, .shape = std::move(shape), .bytes = {}};
  for (std::size_t i = 0; i < elements * bytes_each(dtype); ++i) tensor.bytes += static_cast<char>(random.below(256));
  return tensor;
}

TEST(Wire, AFrameIsALineOfJsonThenTheBytesOfItsTensors) {
  const Message message{.fields = {{"do", "infer"}},
                        .tensors = {float_tensor("image", {1, 2}, std::vector<float>{1.0F, -2.0F})}};
  EXPECT_EQ(
      to_frame(message).value(),
      "{\"do\":\"infer\",\"tensors\":[{\"name\":\"image\",\"dtype\":\"float32\",\"shape\":[1,2]}],\"bytes\":8}\n" +
          std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  EXPECT_EQ(to_frame({.fields = {{"do", "hello"}}, .tensors = {}}).value(), "{\"do\":\"hello\"}\n");
}

TEST(Wire, ReadsBackWhatItWroteInPiecesOfAnySize) {
  auto random = RandomStream::named(1, "tensors");
  std::string bytes;
  std::vector<Message> sent;
  for (int i = 0; i < 20; ++i) {
    Message message{.fields = {{"number", i}}, .tensors = {}};
    for (int k = 0; k < i % 4; ++k)
      message.tensors.push_back(numbers("a \"" + std::to_string(k) + "\n", static_cast<Dtype>(random.below(13)),
                                        {static_cast<std::int64_t>(random.below(4)), 3}, random));
    bytes += to_frame(message).value();
    sent.push_back(std::move(message));
  }
  for (const std::size_t piece : {1, 2, 7, 64, 100'000}) {
    const auto got = read_all(bytes, piece);
    ASSERT_EQ(got.size(), sent.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(got[i]) << to_text(got[i].error());
      EXPECT_EQ(got[i]->fields, sent[i].fields);
      EXPECT_EQ(got[i]->tensors, sent[i].tensors);
    }
  }
}

TEST(Wire, SkipsABadFrameWithItsTensorsAndGoesOn) {
  const std::vector<std::pair<std::string, std::string>> frames{
      {"hello\n", "not valid JSON"},
      {std::string(5000, '[') + "\n", "nested deeper"},
      {"{\"bytes\": 3}\nabc", "the tensors have 0 bytes, but their frame has 3"},
      {"{\"bytes\": 3, \"tensors\": 1}\nabc", "\"tensors\" is not a list"},
      {"{\"bytes\": 3, \"tensors\": [1]}\nabc", "a tensor is"},
      {"{\"bytes\": 4, \"tensors\": [{\"name\": \"a\", \"dtype\": \"text\", \"shape\": [1]}]}\n\n\n\n\n", "\"dtype\""},
      {"{\"bytes\": 4, \"tensors\": [{\"name\": \"a\", \"dtype\": \"float32\", \"shape\": [-1]}]}\n1234", "an extent"},
      {"{\"bytes\": 4, \"tensors\": [{\"name\": \"a\", \"dtype\": \"float32\", \"shape\": [2]}]}\n1234",
       "more than the 4"},
      {"{\"bytes\": 4, \"tensors\": [{\"name\": \"a\", \"dtype\": \"float32\", \"shape\": [200000000, "
       "200000000]}]}\n1234",
       "more than"},
      {std::string(max_line_bytes + 10, 'x') + "\n", "the line is longer than"}};
  for (const auto& [frame, message] : frames) {
    const auto got = read_all(frame + "{\"do\":\"hello\"}\n", 50'000);
    ASSERT_EQ(got.size(), 2U) << frame.substr(0, 100);
    ASSERT_FALSE(got[0]);
    EXPECT_THAT(got[0].error().message, HasSubstr(message));
    ASSERT_TRUE(got[1]);
    EXPECT_EQ(got[1]->fields, Json({{"do", "hello"}}));
  }
}

TEST(Wire, IsLostAfterALineThatHidesWhereTheNextFrameBegins) {
  for (const char* bytes : {"-1", "1.5", "\"8\"", "1e99", "99999999999", "null"}) {
    FrameReader reader;
    reader.add(std::string("{\"bytes\": ") + bytes + "}\n{\"do\":\"hello\"}\n");
    const auto message = reader.next();
    ASSERT_TRUE(message) << bytes;
    ASSERT_FALSE(*message) << bytes;
    EXPECT_THAT(message->error().message, HasSubstr("\"bytes\" is not a whole number"));
    EXPECT_TRUE(reader.is_lost());
    EXPECT_FALSE(reader.next());
  }
}

TEST(Wire, RefusesToSendMoreThanOneFrameCarries) {
  Tensor large{.name = "a", .dtype = Dtype::uint8, .shape = {}, .bytes = std::string(max_tensor_bytes + 1, 'x')};
  large.shape = {static_cast<std::int64_t>(large.bytes.size())};
  const auto frame = to_frame({.fields = {}, .tensors = {std::move(large)}});
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().next, "choose a smaller input size");
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

TEST(Tensor, EveryDataTypeHasANameOfItsOwn) {
  for (int i = 0; i < 13; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    EXPECT_EQ(dtype_from_text(to_text(dtype)), dtype);
    EXPECT_GT(bytes_each(dtype), 0U);
  }
  EXPECT_FALSE(dtype_from_text("float"));
}

TEST(Tensor, CountsItsNumbersWithinABound) {
  const auto count = [](std::vector<std::int64_t> shape) { return elements_of(shape, 100); };
  EXPECT_EQ(count({}).value(), 1U);
  EXPECT_EQ(count({4, 25}).value(), 100U);
  EXPECT_EQ(count({0, 1000}).value(), 0U);
  EXPECT_FALSE(count({101}));
  EXPECT_FALSE(count({-1}));
  EXPECT_FALSE(count({std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()}));
}

TEST(Tensor, GivesFloatsOnlyWhereItHoldsThem) {
  const std::vector<float> values{0.5F, -1e30F};
  EXPECT_EQ(floats_of(float_tensor("a", {2}, values)).value(), values);
  const auto other = floats_of({.name = "a", .dtype = Dtype::int8, .shape = {2}, .bytes = "ab"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "\"a\" is of int8, not of 32-bit floats");
}

TEST(TensorType, IsTheSameAfterJson) {
  const std::vector<TensorType> types{{"image", Dtype::uint8, {1, 3, std::nullopt}}, {"flag", Dtype::boolean, {}}};
  const Json json = Json::parse(to_json(types).dump());
  EXPECT_EQ(json.dump(),
            "[{\"name\":\"image\",\"dtype\":\"uint8\",\"shape\":[1,3,null]},{\"name\":\"flag\",\"dtype\":\"bool\","
            "\"shape\":[]}]");
  EXPECT_EQ(types_from_json(json).value(), types);
  for (const char* text : {"1", "[1]", "[{}]", R"([{"name": "a", "dtype": "x", "shape": []}])",
                           R"([{"name": "a", "dtype": "int8", "shape": [-1]}])"})
    EXPECT_FALSE(types_from_json(Json::parse(text))) << text;
}

}  // namespace
}  // namespace edgewise::agent
