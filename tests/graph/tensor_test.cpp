#include "graph/tensor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgewise::graph {
namespace {

TEST(Tensor, SaysItsTypeAndIsReadAsNoOther) {
  const Tensor floats{{2}, std::vector<float>{1, 2}}, bytes{{2}, std::vector<std::int8_t>{-1, 2}};
  EXPECT_EQ(Tensor{}.type(), DataType::float32);
  EXPECT_EQ(floats.type(), DataType::float32);
  EXPECT_EQ(bytes.type(), DataType::int8);
  EXPECT_EQ(bytes.as<std::int8_t>()[0], -1);
  EXPECT_DEATH(static_cast<void>(bytes.floats()), "as another type than it holds");
  EXPECT_NE(floats, (Tensor{{2}, std::vector<std::int32_t>{1, 2}}));
}

TEST(Tensor, OfEveryTypeComesBackFromItsBytes) {
  const std::vector<Tensor> all{{{2}, std::vector<float>{1.5F, -0.0F}},
                                {{1, 2}, std::vector<std::int64_t>{-1, 1LL << 40}},
                                {{2}, std::vector<std::int32_t>{-1, 1 << 30}},
                                {{2}, std::vector<std::uint8_t>{0, 255}},
                                {{2}, std::vector<std::int8_t>{-128, 127}},
                                {{2}, std::vector<Float16>{{0x3c00}, {0xfbff}}},
                                {{2}, std::vector<Boolean>{Boolean::yes, Boolean::no}}};
  ASSERT_EQ(all.size(), data_type_names.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].type(), static_cast<DataType>(i));
    EXPECT_EQ(data_type_by_name(to_text(all[i].type())), all[i].type());
    EXPECT_EQ(all[i].bytes().size(), all[i].size() * static_cast<std::size_t>(bytes_of(all[i].type())));
    EXPECT_EQ(tensor_of_bytes(all[i].type(), all[i].shape, all[i].bytes()), all[i]) << to_text(all[i].type());
  }
  EXPECT_EQ(data_type_by_name("float8"), std::nullopt);
}

TEST(Tensor, IsNotMadeOfBytesThatDoNotFit) {
  const std::vector<std::byte> bytes(7, std::byte{2});
  EXPECT_EQ(tensor_of_bytes(DataType::float32, {2}, bytes).error().message,
            "7 bytes for a tensor 2 of float32, which needs 8");
  EXPECT_EQ(tensor_of_bytes(DataType::int8, {-7}, bytes).error().message,
            "the tensor -7 has an axis of -7, less than 1");
  EXPECT_EQ(tensor_of_bytes(DataType::int64, {std::int64_t{1} << 62, 4}, bytes).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(tensor_of_bytes(DataType::boolean, {7}, bytes).error().message, "a bool is neither 0 nor 1");
}

TEST(Float16, OfEveryPatternComesBackFromItsFloat) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Float16 half{static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(to_float(to_float16(value))));
    else
      ASSERT_EQ(to_float16(value), half) << bits;
  }
}

TEST(Float16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(to_float({0x3c00}), 1.0F);
  EXPECT_EQ(to_float({0x7bff}), 65504.0F);
  EXPECT_EQ(to_float({0x0001}), 0x1p-24F);
  EXPECT_EQ(to_float16(1.0F + 0x1p-11F).bits, 0x3c00);             // half way, 1 is even
  EXPECT_EQ(to_float16(1.0F + 0x3p-11F).bits, 0x3c02);             // half way, up to even
  EXPECT_EQ(to_float16(1.0F + 0x1p-11F + 0x1p-20F).bits, 0x3c01);  // more than half way
  EXPECT_EQ(to_float16(2047.9F).bits, 0x6800);                     // into the next power of two
  EXPECT_EQ(to_float16(65519.9F).bits, 0x7bff);
  EXPECT_EQ(to_float16(65520.0F).bits, 0x7c00);
  EXPECT_EQ(to_float16(-std::numeric_limits<float>::infinity()).bits, 0xfc00);
  EXPECT_EQ(to_float16(0x1p-25F).bits, 0x0000);  // half way to the smallest
  EXPECT_EQ(to_float16(0x3p-26F).bits, 0x0001);
}

}  // namespace
}  // namespace edgewise::graph
