#include "graph/preprocess.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace edgewise::graph {
namespace {

TEST(Preprocess, HasTheUsualNormalisationOfSoManyChannels) {
  const auto colour = make_preprocess(64, 96, 3).value(), other = make_preprocess(64, 96, 2).value();
  EXPECT_EQ(colour.normalisation, (Normalisation{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}}));
  EXPECT_EQ(other.normalisation, (Normalisation{{0.5F, 0.5F}, {0.25F, 0.25F}}));
  EXPECT_EQ(colour.input_shape(), (Shape{3, 64, 96}));
}

TEST(Preprocess, JoinsRangeAndNormalisation) {
  auto preprocess = make_preprocess(8, 8, 1).value();
  preprocess.low = -1.0F;
  const auto [factor, offset] = from_bytes(preprocess);
  EXPECT_FLOAT_EQ(0 * factor[0] + offset[0], (-1.0F - 0.5F) / 0.25F);
  EXPECT_FLOAT_EQ(255 * factor[0] + offset[0], (1.0F - 0.5F) / 0.25F);
}

TEST(Preprocess, ComesBackFromItsDocument) {
  auto preprocess = make_preprocess(48, 64, 3).value();
  preprocess.low = -0.3F;
  preprocess.normalisation.deviation = {0.1F, 0.2F, 0.7F};
  const Json json = parse_json(dump(to_json(preprocess)), "text").value();
  EXPECT_EQ(preprocess_from_json(json), preprocess);
}

TEST(Preprocess, RefusesWhatNoPictureCouldBecome) {
  const auto message = [](const char* member, Json value) {
    Json json = to_json(make_preprocess(48, 64, 3).value());
    json[member] = std::move(value);
    const auto made = preprocess_from_json(json);
    return made ? "no mistake" : made.error().message;
  };
  EXPECT_EQ(message("height", 0), "\"height\" 0 is not within 1 .. 65536");
  EXPECT_EQ(message("width", -4), "\"width\" -4 is not within 1 .. 65536");
  EXPECT_EQ(message("width", 18446744073709551615ULL), "\"width\" takes a whole number within 1 .. 65536");
  EXPECT_EQ(message("channels", 2), "\"mean\" has 3 entries for 2 channels");
  EXPECT_EQ(message("resize", "letterbox"), "\"resize\" is not \"stretch\"");
  EXPECT_EQ(message("range", {1.0, 0.0}), "\"range\" 1 .. 0 has no extent");
  EXPECT_EQ(message("range", {1.0}), "\"range\" takes the values of the bytes 0 and 255");
  EXPECT_EQ(message("mean", {0.5, "x", 0.5}), "\"mean\" takes a list of numbers");
  EXPECT_EQ(message("mean", {0.5, 1e300, 0.5}), "\"mean\" holds inf, not a finite number");
  EXPECT_EQ(message("deviation", {0.5, 0.0, 0.5}), "\"deviation\" holds 0, which is not above 0");
  EXPECT_EQ(message("crop", true).substr(0, 24), "\"crop\" is not known here");
  EXPECT_EQ(preprocess_from_json(Json::object()).error().message, "\"height\" is missing");
  EXPECT_EQ(preprocess_from_json(3).error().message, "what becomes of a picture is a JSON object");
  EXPECT_FALSE(make_preprocess(8, 8, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace
}  // namespace edgewise::graph
