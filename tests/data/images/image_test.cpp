#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"
#include "data/images/image_internal.hpp"
#include "tests/data/fixture.hpp"
#include "tests/data/picture_files.hpp"

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
  ASSERT_TRUE(decode_image(folder.path() / name, 8, {}, pixels).has_value());
  // The picture is blue 200, green 150, red 100; lossy kinds are near.
  EXPECT_NEAR(pixels[0], 100, 6);
  EXPECT_NEAR(pixels[1], 150, 6);
  EXPECT_NEAR(pixels[2], 200, 6);
}
INSTANTIATE_TEST_SUITE_P(All, Kinds, testing::Values(".jpg", ".png", ".bmp", ".webp", ".tif"));

TEST(Image, NoPrefixOfAFileIsMistakenOrCrashes) {
  const Folder folder;
  for (const char* name : {"p.jpg", "p.png", "p.bmp", "p.webp", "p.tif"}) {
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
  ASSERT_TRUE(decode_image(folder.path() / "h.png", 4, {}, pixels).has_value());
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 4; ++x) EXPECT_EQ(pixels[static_cast<std::size_t>(3 * (4 * y + x))], x < 2 ? 255 : 0);
}

TEST(Image, AJpegThatWasCutOffIsRefusedInsteadOfBecomingGrey) {
  Folder folder;
  folder.picture("a.jpg", 300, 200);
  const auto path = folder.path() / "a.jpg";
  std::vector<std::uint8_t> target(16 * 16 * 3);
  ASSERT_TRUE(decode_image(path, 16, {}, target));
  const std::string bytes = read_file(path).value();
  folder.write("a.jpg", bytes.substr(0, bytes.size() - 20));
  const auto status = decode_image(path, 16, {}, target);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("a.jpg\" is cut off"));
  folder.write("a.jpg", bytes + std::string(1000, 'x'));  // what cameras append
  EXPECT_TRUE(decode_image(path, 16, {}, target));
}

/// Fine grain, so that every part of the file carries some of the picture.
cv::Mat grain(int width, int height) {
  cv::Mat picture(height, width, CV_8UC3);
  std::uint32_t state = 1;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        picture.at<cv::Vec3b>(y, x)[c] = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return picture;
}

std::string encoded(const std::string& kind, const cv::Mat& picture, const std::vector<int>& how = {}) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(kind, picture, bytes, how);
  return {bytes.begin(), bytes.end()};
}

/// The message of the error, or "whole".
std::string verdict(const Folder& folder, const std::string& name, const std::string& bytes) {
  folder.write(name, bytes);
  std::vector<std::uint8_t> target(16 * 16 * 3);
  const auto status = decode_image(folder.path() / name, 16, {}, target);
  return status ? "whole" : status.error().message;
}

TEST(Image, OfAnyKindThatWasCutOffAnywhereIsRefused) {
  const Folder folder;
  const cv::Mat picture = grain(61, 43);
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* kind : {".png", ".bmp", ".webp", ".tif"}) files.emplace_back(kind, encoded(kind, picture));
  files.emplace_back(".jpg", encoded(".jpg", picture));
  files.emplace_back(".jpg", encoded(".jpg", picture, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}));
  files.emplace_back(".jpg", encoded(".jpg", picture, {cv::IMWRITE_JPEG_RST_INTERVAL, 2}));
  files.emplace_back(".webp", encoded(".webp", picture, {cv::IMWRITE_WEBP_QUALITY, 80}));
  for (const auto& [kind, bytes] : files) {
    ASSERT_EQ(verdict(folder, "p" + kind, bytes), "whole") << kind;
    for (std::size_t length = 1; length < bytes.size(); length += length < 200 || length + 50 > bytes.size() ? 1 : 37) {
      EXPECT_NE(verdict(folder, "p" + kind, bytes.substr(0, length)), "whole")
          << kind << ": " << length << " of " << bytes.size() << " bytes";
      EXPECT_FALSE(read_image_header(folder.path() / ("p" + kind)).has_value())
          << kind << ": " << length << " of " << bytes.size() << " bytes";
    }
  }
}

TEST(Image, TheEndOfAJpegIsNotThatOfItsThumbnail) {
  const Folder folder;
  const std::string thumbnail = encoded(".jpg", grain(16, 12));
  for (const bool is_progressive : {false, true}) {
    const std::string plain = encoded(".jpg", grain(80, 60), {cv::IMWRITE_JPEG_PROGRESSIVE, is_progressive ? 1 : 0});
    const std::string whole = plain.substr(0, 2) +
                              jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif_block(1) + thumbnail) +
                              plain.substr(2);
    EXPECT_EQ(verdict(folder, "p.jpg", whole), "whole");
    EXPECT_THAT(verdict(folder, "p.jpg", whole.substr(0, whole.size() * 2 / 3)),
                testing::HasSubstr("p.jpg\" is cut off: the end of the JPEG is missing"));
    EXPECT_THAT(verdict(folder, "p.jpg", whole.substr(0, whole.size() - 2)), testing::HasSubstr("is cut off"));
    // Right after the thumbnail: the last two bytes are an end marker.
    EXPECT_NE(verdict(folder, "p.jpg", whole.substr(0, whole.find(thumbnail) + thumbnail.size())), "whole");
  }
}

TEST(Image, WhatCamerasAppendToAJpegIsNoPartOfIt) {
  const Folder folder;
  const std::string plain = encoded(".jpg", grain(80, 60));
  const std::string film(300'000, '\x55');                     // longer than any piece that is read at once
  EXPECT_EQ(verdict(folder, "p.jpg", plain + film), "whole");  // a motion photo
  EXPECT_EQ(verdict(folder, "p.jpg", plain + encoded(".jpg", grain(20, 20))), "whole");  // a second picture (MPF)
  EXPECT_EQ(verdict(folder, "p.jpg", plain + std::string(7, '\0')), "whole");            // padding
  EXPECT_THAT(verdict(folder, "p.jpg", plain.substr(0, plain.size() / 2) + std::string(1000, '\0')),
              testing::HasSubstr("is cut off"));
  // Fill bytes before a marker, and a comment between the tables.
  EXPECT_EQ(verdict(folder, "p.jpg",
                    plain.substr(0, 2) + std::string("\xFF\xFF", 2) + jpeg_segment(0xFE, "a \xFF\xD9 in a comment") +
                        plain.substr(2)),
            "whole");
  EXPECT_EQ(verdict(folder, "p.jpg", plain.substr(0, plain.size() - 2) + "\xFF\xFF\xFF\xD9"), "whole");
}

TEST(Image, ALoneEndMarkerIsLookedForWhenTheSetIsLoaded) {
  const Folder folder;
  for (int i = 0; i < 6; ++i)
    folder.write(std::string(i % 2 == 0 ? "x" : "y") + "/" + std::to_string(i) + ".jpg",
                 encoded(".jpg", grain(80, 60)));
  EXPECT_TRUE(load({.path = folder.text()}, task_of("classification")).has_value());
  const std::string whole = encoded(".jpg", grain(80, 60));
  folder.write("y/5.jpg",
               whole.substr(0, 2) +
                   jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif_block(1) + encoded(".jpg", grain(16, 12))) +
                   whole.substr(2, whole.size() / 2));
  const auto set = load({.path = folder.text()}, task_of("classification"));
  ASSERT_FALSE(set.has_value());
  EXPECT_THAT(set.error().message, testing::HasSubstr("y/5.jpg\" is cut off: the end of the JPEG is missing"));
}

}  // namespace
}  // namespace edgewise::data
