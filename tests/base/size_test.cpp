#include "base/size.hpp"

#include <gtest/gtest.h>

#include "base/config.hpp"

namespace edgewise {
namespace {

TEST(PictureSize, IsAnEdgeOrWidthByHeight) {
  for (const Size size : {Size(64), Size(320, 192), Size(1, 1024)}) EXPECT_EQ(size_from_text(to_text(size)), size);
  EXPECT_EQ(to_text(Size(320, 192)), "320x192");
  EXPECT_EQ(to_text(Size(96)), "96");
  for (const char* text :
       {"", "x", "320x", "x192", "320x192x3", "-3", "3.5", "64 ", " 64", "1e3", "99999999999999999999"})
    EXPECT_FALSE(size_from_text(text)) << text;
}

TEST(PictureSize, IsReadAndWrittenAsAnOption) {
  Size size(64);
  const auto fields = [&](config::Options& o) { o.size("input", size, {16, 1024}, "pixels"); };
  const auto mistake = [&](const std::string& text) {
    const auto errors = config::read(*config::parse_yaml("input: " + text + "\n", "f.yaml"), "f.yaml", fields);
    return errors.empty() ? "" : errors.front().where + " " + errors.front().message;
  };
  EXPECT_EQ(mistake("320x192"), "");
  EXPECT_EQ(size, Size(320, 192));
  EXPECT_EQ(config::write(fields), Json({{"input", "320x192"}}));
  EXPECT_EQ(mistake("96"), "");
  EXPECT_EQ(size, Size(96));
  EXPECT_EQ(config::write(fields), Json({{"input", 96}}));
  const std::string allowed = "input must be a whole number or WIDTHxHEIGHT, both at least 16 and at most 1024";
  for (const char* text : {"8", "320x8", "2000x64", "big", "[64, 64]"})
    EXPECT_TRUE(mistake(text).starts_with("f.yaml:1:8 " + allowed)) << mistake(text);
  EXPECT_EQ(size, Size(96)) << "what is wrong changes nothing";
}

}  // namespace
}  // namespace edgewise
