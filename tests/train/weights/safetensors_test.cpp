#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <filesystem>

#include "base/file.hpp"
#include "base/random.hpp"
#include "train/weights/starting_weights.hpp"
#include "train/weights/state_dict_internal.hpp"

namespace edgewise::train {
namespace {

using ::testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string message(const std::string& bytes) {
  const auto weights = parse_state_dict(bytes);
  return weights ? "" : weights.error().message;
}

TEST(Safetensors, ReadsWhatItWrote) {
  const auto path = std::filesystem::temp_directory_path() / ("edgewise-safe-" + std::to_string(::getpid()));
  graph::Weights weights;
  weights["a.weight"] = {{2, 3}, std::vector<float>{0, 1.5F, -2, 3e-30F, 4, 5}};
  weights["a.bias"] = {{2}, std::vector<float>{-1, 1}};
  weights["a.num_batches_tracked"] = {{}, std::vector<float>{7}};
  ASSERT_TRUE(write_safetensors(path, weights));
  EXPECT_EQ(read_state_dict(path).value(), weights);
  const auto shapes = read_shapes(path).value();
  EXPECT_EQ(shapes.at("a.weight").shape, (graph::Shape{2, 3}));
  EXPECT_EQ(shapes.at("a.weight").size(), 0U);
  std::filesystem::remove(path);
}

TEST(Safetensors, ReadsEveryKindOfNumber) {
  const std::string data("\x00\x3e\x00\xc0\xc0\x3f\x05\xff", 8);
  const auto weights = parse_state_dict(file_of(
      R"({"__metadata__": {"format": "pt"}, "half": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]},
          "brain": {"dtype": "BF16", "shape": [1], "data_offsets": [4, 6]},
          "small": {"dtype": "I8", "shape": [2], "data_offsets": [6, 8]}})",
      data));
  ASSERT_TRUE(weights) << to_text(weights.error());
  EXPECT_EQ(weights->size(), 3U);
  EXPECT_EQ(weights->at("half").floats(), (std::vector<float>{1.5F, -2.F}));
  EXPECT_EQ(weights->at("brain").floats(), (std::vector<float>{1.5F}));
  EXPECT_EQ(weights->at("small").floats(), (std::vector<float>{5.F, -1.F}));
}

TEST(Safetensors, AreReadWhateverTheLengthOfTheHeader) {
  for (std::size_t length = 80; length < 600; ++length) {  // 128 and 384 begin as a pickle does
    std::string header = R"({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})";
    header.resize(length, ' ');
    EXPECT_EQ(message(file_of(header, std::string(4, '\0'))), "") << length;
  }
}

TEST(Safetensors, RefusesWhatDoesNotAddUp) {
  const std::string four(16, '\0');
  const auto tensor = [](const std::string& shape, const std::string& offsets, const std::string& type = "F32") {
    return R"({"w": {"dtype": ")" + type + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
  };
  EXPECT_EQ(message(file_of(tensor("[4]", "[0, 16]"), four)), "");
  EXPECT_THAT(message(file_of(tensor("[4]", "[0, 20]"), four)), HasSubstr("reaches beyond the file"));
  EXPECT_THAT(message(file_of(tensor("[4]", "[16, 0]"), four)), HasSubstr("reaches beyond the file"));
  EXPECT_THAT(message(file_of(tensor("[5]", "[0, 16]"), four)), HasSubstr("do not fit"));
  EXPECT_THAT(message(file_of(tensor("[-4]", "[0, 16]"), four)), HasSubstr("do not fit"));
  EXPECT_THAT(message(file_of(tensor("[4294967296, 4294967296, 4294967296]", "[0, 16]"), four)),
              HasSubstr("do not fit"));
  EXPECT_THAT(message(file_of(tensor("[4]", "[0, 16]", "F8_E4M3"), four)), HasSubstr("of the kind \"F8_E4M3\""));
  EXPECT_THAT(message(file_of(tensor("4", "[0, 16]"), four)), HasSubstr("is not described"));
  EXPECT_THAT(message(file_of("{}", four)), HasSubstr("no tensor"));
  EXPECT_THAT(message(file_of("{nonsense", four)), HasSubstr("not JSON"));
  EXPECT_THAT(message(std::string("\xff\0\0\0\0\0\0\0{}", 10)), HasSubstr("ends too early"));
}

TEST(Safetensors, TensorsThatShareTheirBytesAreNoLargerThanTheFile) {
  std::string header = "{";
  for (int i = 0; i < 100; ++i)
    header += (i == 0 ? "" : ",") + ("\"t" + std::to_string(i)) +
              R"(": {"dtype": "U8", "shape": [9000], "data_offsets": [0, 9000]})";
  EXPECT_THAT(message(file_of(header + "}", std::string(9000, 'x'))), HasSubstr("together are larger than the file"));
}

TEST(Safetensors, SurvivesEveryTruncationAndRandomDamage) {
  const auto whole =
      file_of(R"({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}})", std::string(16, 'a'));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_state_dict(std::string_view(whole).substr(0, length))) << length;
  RandomStream random(1);
  for (int i = 0; i < 3000; ++i) {
    auto damaged = whole;
    damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    if (const auto weights = parse_state_dict(damaged))
      for (const auto& [name, tensor] : *weights) EXPECT_LE(tensor.size(), whole.size());
  }
}

}  // namespace
}  // namespace edgewise::train
