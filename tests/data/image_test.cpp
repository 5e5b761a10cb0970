#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"
#include "data/image_internal.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

class Kinds : public testing::TestWithParam<const char*> {};

TEST_P(Kinds, TheHeaderSaysWhatTheDecoderFinds) {
  const Folder folder;
  const std::string name = std::string("p") + GetParam();
  folder.picture(name, 37, 23);
  const auto header = read_image_header(folder.path() / name);
  ASSERT_TRUE(header.has_value()) << to_text(header.error());
  EXPECT_EQ(header->width, 37);
  EXPECT_EQ(header->height, 23);
  std::vector<std::uint8_t> pixels(8 * 8 * 3);
  ASSERT_TRUE(decode_image(folder.path() / name, 8, 3, pixels).has_value());
  // The picture is blue 200, green 150, red 100; lossy kinds are near.
  EXPECT_NEAR(pixels[0], 100, 6);
  EXPECT_NEAR(pixels[1], 150, 6);
  EXPECT_NEAR(pixels[2], 200, 6);
}
INSTANTIATE_TEST_SUITE_P(All, Kinds, testing::Values(".jpg", ".png", ".bmp", ".webp"));

TEST(Image, NoPrefixOfAFileIsMistakenOrCrashes) {
  const Folder folder;
  for (const char* name : {"p.jpg", "p.png", "p.bmp", "p.webp"}) {
    folder.picture(name, 37, 23);
    const std::string bytes = read_file(folder.path() / name).value();
    for (std::size_t length = 0; length < std::min<std::size_t>(bytes.size(), 700); ++length) {
      folder.write("cut", bytes.substr(0, length));
      const auto header = read_image_header(folder.path() / "cut");
      if (header) {
        EXPECT_EQ(header->width, 37);
        EXPECT_EQ(header->height, 23);
      }
    }
  }
}

TEST(Image, RefusesAFileThatAsksForAllMemory) {
  const Folder folder;
  std::string png("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x80\0\0\0\x80\0\x08\x02\0\0\0", 29);
  folder.write("bomb.png", png);
  const auto header = read_image_header(folder.path() / "bomb.png");
  ASSERT_FALSE(header.has_value());
  EXPECT_THAT(header.error().message, testing::HasSubstr("32768 x 32768 pixels; at most 100000000"));
}

TEST(Image, StretchesToASquareByAveraging) {
  const Folder folder;
  cv::Mat halves(10, 40, CV_8UC3, cv::Scalar(0, 0, 0));
  halves(cv::Rect(0, 0, 20, 10)).setTo(cv::Scalar(255, 255, 255));
  cv::imwrite((folder.path() / "h.png").string(), halves);
  std::vector<std::uint8_t> pixels(4 * 4 * 3);
  ASSERT_TRUE(decode_image(folder.path() / "h.png", 4, 3, pixels).has_value());
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 4; ++x) EXPECT_EQ(pixels[static_cast<std::size_t>(3 * (4 * y + x))], x < 2 ? 255 : 0);
}

TEST(Image, AJpegThatWasCutOffIsRefusedInsteadOfBecomingGrey) {
  Folder folder;
  folder.picture("a.jpg", 300, 200);
  const auto path = folder.path() / "a.jpg";
  std::vector<std::uint8_t> target(16 * 16 * 3);
  ASSERT_TRUE(decode_image(path, 16, 3, target));
  const std::string bytes = read_file(path).value();
  folder.write("a.jpg", bytes.substr(0, bytes.size() - 20));
  const auto status = decode_image(path, 16, 3, target);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("a.jpg\" is cut off"));
  folder.write("a.jpg", bytes + std::string(1000, 'x'));  // what cameras append
  EXPECT_TRUE(decode_image(path, 16, 3, target));
}

}  // namespace
}  // namespace edgewise::data
