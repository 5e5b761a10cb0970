// TIFFs as elevation tiles and multi-band pictures come, and 16-bit pictures of any kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/file.hpp"
#include "data/cache/cache.hpp"
#include "data/images/image_internal.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"
#include "tests/data/picture_files.hpp"

namespace edgewise::data {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr int edge = 24;

/// Each channel a ramp of its own over the picture, from 0 to 1.
double ramp(int channel, int x, int y) {
  return std::fmod((x + edge * y) / static_cast<double>(edge * edge - 1) + channel / 8.0, 1.0);
}

std::vector<std::uint8_t> decoded(const std::filesystem::path& path, const Pixels& pixels) {
  std::vector<std::uint8_t> target(static_cast<std::size_t>(edge * edge * pixels.channels));
  const auto status = decode_image(path, edge, pixels, target);
  EXPECT_TRUE(status.has_value()) << (status ? "" : to_text(status.error()));
  return target;
}

TEST(Tiff, OfEveryLayoutGivesTheValuesThatWereWritten) {
  const Folder folder;
  int kinds = 0;
  struct Values {
    int format, bits;
    double low, high;
  };
  for (const Values& v : {Values{SAMPLEFORMAT_UINT, 8, 0, 255},
                          {SAMPLEFORMAT_UINT, 16, 0, 65535},
                          {SAMPLEFORMAT_UINT, 32, 0, 4e9},
                          {SAMPLEFORMAT_INT, 8, -100, 100},
                          {SAMPLEFORMAT_INT, 16, -500, 8000},
                          {SAMPLEFORMAT_INT, 32, -1e6, 2e6},
                          {SAMPLEFORMAT_IEEEFP, 32, -12.5, 845.25},
                          {SAMPLEFORMAT_IEEEFP, 64, 0.001, 0.002}})
    for (int channels = 1; channels <= 8; ++channels)
      for (const bool is_tiled : {false, true})
        for (const bool is_separate : {false, true})
          for (const int compression :
               {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_ZSTD, COMPRESSION_PACKBITS}) {
            if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) continue;
            if (channels != 1 && channels != 4 && compression != COMPRESSION_LZW) continue;  // enough of them
            TiffKind kind{.width = edge,
                          .height = edge,
                          .channels = channels,
                          .bits = v.bits,
                          .format = v.format,
                          .compression = compression};
            kind.is_tiled = is_tiled, kind.is_separate = is_separate, kind.is_big_endian = kinds % 2 == 1,
            kind.is_big_tiff = kinds % 3 == 1;
            if (compression == COMPRESSION_LZW || compression == COMPRESSION_ADOBE_DEFLATE)
              kind.predictor = v.format == SAMPLEFORMAT_IEEEFP ? 3 : 2;
            if (kind.predictor == 3) kind.is_big_endian = false;  // libtiff writes these with their bytes exchanged
            kind.extra.assign(static_cast<std::size_t>(channels - 1), EXTRASAMPLE_UNSPECIFIED);
            write_tiff(folder.path() / "t.tif", kind,
                       [&](int c, int x, int y) { return v.low + (v.high - v.low) * ramp(c, x, y); });
            ++kinds;
            const auto header = read_image_header(folder.path() / "t.tif");
            ASSERT_TRUE(header.has_value()) << to_text(header.error());
            EXPECT_EQ(header->channels, channels);
            EXPECT_EQ(header->bits, v.bits);
            const auto pixels =
                decoded(folder.path() / "t.tif", {.channels = channels, .range = std::array{v.low, v.high}});
            for (int y = 0; y < edge; ++y)
              for (int x = 0; x < edge; ++x)
                for (int c = 0; c < channels; ++c)
                  ASSERT_NEAR(pixels[static_cast<std::size_t>((y * edge + x) * channels + c)], 255 * ramp(c, x, y),
                              v.bits == 8 ? 2.1 : 1.01)
                      << v.bits << " bits, format " << v.format << ", " << channels << " channels, tiled " << is_tiled
                      << ", separate " << is_separate << ", compression " << compression << ", big-endian "
                      << kind.is_big_endian << " at " << x << ", " << y;
          }
  EXPECT_GT(kinds, 300);
}

TEST(Tiff, WithoutARangeTakesAllThat8Or16BitsCanBe) {
  const Folder folder;
  for (const int bits : {8, 16})
    for (const int photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE}) {
      write_tiff(folder.path() / "t.tif", {.width = edge, .height = edge, .bits = bits, .photometric = photometric},
                 [&](int, int x, int y) { return ramp(0, x, y) * (bits == 8 ? 255 : 65535); });
      const auto pixels = decoded(folder.path() / "t.tif", {});  // grey three times
      for (int i = 0; i < edge * edge; ++i)
        for (int c = 0; c < 3; ++c) {
          const double grey = 255 * ramp(0, i % edge, i / edge);
          ASSERT_NEAR(pixels[static_cast<std::size_t>(3 * i + c)],
                      photometric == PHOTOMETRIC_MINISWHITE ? 255 - grey : grey, 1.01);
        }
    }
}

TEST(Tiff, AlphaIsNoChannelAndColourBecomesGreyWhereOneIsAskedFor) {
  const Folder folder;
  write_tiff(folder.path() / "t.tif",
             {.width = edge,
              .height = edge,
              .channels = 4,
              .bits = 8,
              .photometric = PHOTOMETRIC_RGB,
              .extra = {EXTRASAMPLE_UNASSALPHA}},
             [](int c, int, int) { return std::array{200, 100, 50, 7}[static_cast<std::size_t>(c)]; });
  EXPECT_EQ(read_image_header(folder.path() / "t.tif")->channels, 3);
  const auto colour = decoded(folder.path() / "t.tif", {});
  EXPECT_EQ(colour[0], 200);
  EXPECT_EQ(colour[1], 100);
  EXPECT_EQ(colour[2], 50);
  EXPECT_NEAR(decoded(folder.path() / "t.tif", {.channels = 1})[0], 0.299 * 200 + 0.587 * 100 + 0.114 * 50, 1);
}

TEST(Tiff, PlacesWithoutDataTakeTheLowEnd) {
  const Folder folder;
  write_tiff(folder.path() / "t.tif",
             {.width = edge, .height = edge, .bits = 32, .format = SAMPLEFORMAT_IEEEFP, .no_data = "-9999"},
             [](int, int x, int) {
               return x < 8 ? std::numeric_limits<double>::quiet_NaN() : x < 16 ? -9999.0 : 100.0;
             });
  const auto pixels = decoded(folder.path() / "t.tif", {.channels = 1, .range = std::array{50.0, 100.0}});
  EXPECT_EQ(pixels[2], 0);
  EXPECT_EQ(pixels[10], 0);
  EXPECT_EQ(pixels[20], 255);
  const auto seen = values_of(folder.path() / "t.tif");
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->low, 100);
  EXPECT_EQ(seen->high, 100);
  EXPECT_TRUE(seen->has_missing);
}

/// Sets of TIFFs in class folders.
class TiffSets : public testing::Test {
 protected:
  void pictures(const TiffKind& kind, const std::function<double(int, int, int)>& value,
                const std::string& extension = ".tif", int first = 0) const {
    for (int i = first; i < first + 8; ++i) {
      const std::string folder = i % 2 == 0 ? "road" : "stream";
      std::filesystem::create_directories(folder_.path() / folder);
      write_tiff(folder_.path() / folder / ("p" + std::to_string(i) + extension), kind, value);
    }
  }
  [[nodiscard]] DataSpec spec() const { return {.path = folder_.text()}; }
  static std::string error_of(const DataSpec& spec) {
    const auto set = load(spec, task_of("classification"));
    return set ? "no error" : to_text(set.error());
  }
  Folder folder_;
};

TEST_F(TiffSets, AreReadByTheFolderReaderInAnySpellingOfTheirEnding) {
  pictures({.channels = 3, .bits = 8, .photometric = PHOTOMETRIC_RGB}, [](int c, int, int) { return 50 * c; }, ".TIFF");
  for (int i = 0; i < 4; ++i) folder_.picture("road/q" + std::to_string(i) + ".jpg");
  std::filesystem::rename(folder_.path() / "road/q0.jpg", folder_.path() / "road/q0.jfif");
  const DataSet set = loaded(spec(), task_of("classification"));
  EXPECT_THAT(set.classes, testing::ElementsAre("road", "stream"));
  EXPECT_EQ(set.items.size(), 12U);
  EXPECT_EQ(set.channels, 3);
  EXPECT_FALSE(set.range.has_value());
}

TEST_F(TiffSets, OfManyChannelsKeepThem) {
  pictures({.channels = 5, .bits = 16, .extra = {0, 0, 0, 0}}, [](int c, int, int) { return 12000 * c; });
  const DataSet set = loaded(spec(), task_of("classification"));
  EXPECT_EQ(set.channels, 5);
  const auto cache = open_cache(set, 16, folder_.path() / "cache");
  ASSERT_TRUE(cache.has_value()) << to_text(cache.error());
  EXPECT_EQ(cache->channels(), 5);
  for (int c = 0; c < 5; ++c) EXPECT_NEAR(cache->pixels(0)[static_cast<std::size_t>(c)], 255 * 12000 * c / 65535.0, 1);
  EXPECT_TRUE(write_contact_sheet(set, *cache, folder_.path() / "sheet.png").has_value());
  DataSpec three = spec();
  three.channels = 3;
  EXPECT_THAT(error_of(three), HasSubstr("data.channels is 3, but"));
  folder_.picture("road/colour.png");
  EXPECT_THAT(error_of(spec()), HasSubstr("channels, \""));
}

TEST_F(TiffSets, OfRealNumbersNeedARange) {
  pictures({.bits = 32, .format = SAMPLEFORMAT_IEEEFP}, [](int, int x, int) { return 12.5 + 10 * x; });
  EXPECT_THAT(error_of(spec()), HasSubstr("are real numbers: which of them are black and white is not known; in 8 "
                                          "pictures they go from 12.5 to 402.5"));
  EXPECT_THAT(error_of(spec()), HasSubstr("data.range: [12, 403]"));
  DataSpec ranged = spec();
  ranged.range = std::array{0.0, 500.0};
  EXPECT_EQ(loaded(ranged, task_of("classification")).range, ranged.range);
  ranged.range = std::array{0.0, 300.0};
  EXPECT_THAT(loaded(ranged, task_of("classification")).remarks,
              Contains(HasSubstr("go from 12.5 to 402.5; what lies outside of data.range [0, 300] becomes its ends")));
  ranged.range = std::array{5000.0, 6000.0};
  EXPECT_THAT(loaded(ranged, task_of("classification")).remarks,
              Contains(testing::StartsWith("warning: values of 8 pictures looked at go from 12.5 to 402.5")));
  ranged.range = std::array{0.0, 100000.0};
  EXPECT_THAT(loaded(ranged, task_of("classification")).remarks,
              Contains(HasSubstr("a small part of data.range [0, 100000]")));
  for (const auto& wrong :
       {std::array{5.0, 5.0}, std::array{5.0, 1.0}, std::array{0.0, std::numeric_limits<double>::infinity()}}) {
    ranged.range = wrong;
    EXPECT_THAT(error_of(ranged), HasSubstr("is not from a lower to a higher number"));
  }
}

TEST_F(TiffSets, OfSignedNumbersNeedARangeToo) {
  pictures({.bits = 16, .format = SAMPLEFORMAT_INT, .no_data = "-32768"},
           [](int, int x, int) { return x == 3 ? -32768 : x - 7; });
  EXPECT_THAT(error_of(spec()), HasSubstr("are signed whole numbers: which of them are black and white is not known; "
                                          "in 8 pictures they go from -7 to 32"));
  DataSpec ranged = spec();
  ranged.range = std::array{-10.0, 40.0};
  EXPECT_THAT(loaded(ranged, task_of("classification")).remarks,
              Contains(HasSubstr("8 of 8 pictures looked at have places without data")));
}

TEST_F(TiffSets, Of16BitsThatUse12AreQuestioned) {
  pictures({.bits = 16}, [](int, int x, int) { return std::min(3987, 110 * x); });
  EXPECT_THAT(loaded(spec(), task_of("classification")).remarks,
              Contains("warning: the 16-bit pictures use values up to 3987 only, so that they are dark; state "
                       "data.range: [0, 4095] if that is all they can be"));
  DataSpec ranged = spec();
  ranged.range = std::array{0.0, 4095.0};
  const DataSet set = loaded(ranged, task_of("classification"));
  EXPECT_THAT(set.remarks, testing::Not(Contains(HasSubstr("warning"))));
  // Another range is another cache.
  const auto bright = open_cache(set, 16, folder_.path() / "cache"),
             dark = open_cache(loaded(spec(), task_of("classification")), 16, folder_.path() / "cache");
  EXPECT_GT(bright->pixels(0)[3 * 15], 200);
  EXPECT_LT(dark->pixels(0)[3 * 15], 20);
}

TEST_F(TiffSets, APngOf16BitsIsQuestionedAndRangedAsWell) {
  for (int i = 0; i < 8; ++i) {
    const std::string folder = i % 2 == 0 ? "road" : "stream";
    std::filesystem::create_directories(folder_.path() / folder);
    cv::imwrite((folder_.path() / folder / ("p" + std::to_string(i) + ".png")).string(),
                cv::Mat(10, 20, CV_16UC1, cv::Scalar(1023)));
  }
  EXPECT_THAT(loaded(spec(), task_of("classification")).remarks,
              Contains(HasSubstr("use values up to 1023 only, so that they are dark; state data.range: [0, 1023]")));
  DataSpec ranged = spec();
  ranged.range = std::array{0.0, 2046.0};
  const auto cache = open_cache(loaded(ranged, task_of("classification")), 16, folder_.path() / "cache");
  ASSERT_TRUE(cache.has_value()) << to_text(cache.error());
  EXPECT_NEAR(cache->pixels(0)[0], 128, 1);
  EXPECT_NEAR(cache->pixels(0)[2], 128, 1);
}

TEST_F(TiffSets, AFewHotPixelsDoNotHideThat12BitsAreUsed) {
  pictures({.width = 40, .height = 40, .bits = 16},
           [](int, int x, int y) { return x == 7 && y == 0 ? 65535 : 90 * x; });
  EXPECT_THAT(loaded(spec(), task_of("classification")).remarks,
              Contains("warning: the 16-bit pictures use values up to 3510 only (a few up to 65535), so that they are "
                       "dark; state data.range: [0, 4095] if that is all they can be"));
}

TEST_F(TiffSets, ARangeThatDoesNotFitPicturesOf8BitsIsQuestioned) {
  pictures({.width = 40, .height = 40, .bits = 8}, [](int, int x, int) { return 6 * x; });
  DataSpec ranged = spec();
  const auto remarks = [&](double low, double high) {
    ranged.range = std::array{low, high};
    return loaded(ranged, task_of("classification")).remarks;
  };
  EXPECT_THAT(remarks(0, 4095), Contains("warning: values of 8 pictures looked at go from 0 to 234, most of them in a "
                                         "small part of data.range [0, 4095]"));
  EXPECT_THAT(remarks(0, 1), Contains("warning: values of 8 pictures looked at go from 0 to 234; what lies outside of "
                                      "data.range [0, 1] becomes its ends: 98 % of them"));
  EXPECT_THAT(remarks(0, 255), testing::Not(Contains(HasSubstr("data.range"))));
  EXPECT_THAT(remarks(0, 230), Contains("values of 8 pictures looked at go from 0 to 234; what lies outside of "
                                        "data.range [0, 230] becomes its ends"));
}

TEST_F(TiffSets, ARangeOfJpegsAndOfMixedDepthsIsQuestioned) {
  for (int i = 0; i < 4; ++i) folder_.picture((i % 2 == 0 ? "road/" : "stream/") + std::to_string(i) + ".jpg");
  DataSpec ranged = spec();
  ranged.range = std::array{0.0, 1.0};
  EXPECT_THAT(loaded(ranged, task_of("classification")).remarks,
              Contains(testing::EndsWith("becomes its ends: 100 % of them")));
  pictures({.width = 40, .height = 40, .bits = 16}, [](int, int x, int) { return 100 * x; });
  ranged.range = std::array{0.0, 4095.0};
  const auto remarks = loaded(ranged, task_of("classification")).remarks;
  EXPECT_THAT(remarks, Contains("warning: 8 pictures have more than 8 bits a value, 4 have 8: data.range [0, 4095] is "
                                "applied to both kinds alike"));
  EXPECT_THAT(remarks, Contains(testing::StartsWith("warning: values of 4 8-bit pictures looked at")));
  EXPECT_THAT(remarks, testing::Not(Contains(HasSubstr("deeper"))));
}

TEST_F(TiffSets, OfSeveralPagesGiveTheFirstWithARemark) {
  pictures({.bits = 8, .pages = 3}, [](int, int, int) { return 9; });
  EXPECT_THAT(loaded(spec(), task_of("classification")).remarks,
              Contains("8 TIFF files have several pages; the first is read"));
}

TEST(Tiff, OfAGeoTiffMayLeaveOutTilesWithoutData) {
  const Folder folder;
  const auto path = folder.path() / "t.tif";
  for (const bool is_geo : {true, false}) {
    write_tiff(path,
               {.width = edge,
                .height = edge,
                .bits = 16,
                .format = SAMPLEFORMAT_INT,
                .is_tiled = true,
                .no_data = is_geo ? "-7" : ""},
               [](int, int, int) { return 50; });
    // The last tile's place and length become 0, as GDAL writes sparse files.
    std::vector<std::uint32_t> places, lengths;
    TIFF* tiff = TIFFOpen(path.c_str(), "r");
    for (std::uint32_t tile = 0; tile < 4; ++tile) {
      places.push_back(static_cast<std::uint32_t>(TIFFGetStrileOffset(tiff, tile)));
      lengths.push_back(static_cast<std::uint32_t>(TIFFGetStrileByteCount(tiff, tile)));
    }
    TIFFClose(tiff);
    std::string bytes = read_file(path).value();
    for (const auto& list : {places, lengths}) {
      bool is_found = false;
      for (const int width : {4, 2}) {
        std::string written;
        for (const std::uint32_t number : list) written += number_bytes(number, width, false);
        const std::size_t at = is_found ? std::string::npos : bytes.find(written);
        if (at == std::string::npos) continue;
        is_found = true;
        bytes.replace(at + written.size() - static_cast<std::size_t>(width), static_cast<std::size_t>(width),
                      std::string(static_cast<std::size_t>(width), '\0'));
      }
      ASSERT_TRUE(is_found);
    }
    folder.write("t.tif", bytes);
    std::vector<std::uint8_t> target(edge * edge);
    const auto status = decode_image(path, edge, {.channels = 1, .range = std::array{0.0, 100.0}}, target);
    if (!is_geo) {
      EXPECT_FALSE(status.has_value());
      continue;
    }
    ASSERT_TRUE(status.has_value()) << to_text(status.error());
    EXPECT_NEAR(target[0], 128, 1);
    EXPECT_EQ(target[edge * edge - 1], 0);
  }
}

TEST(Tiff, ThatIsHostileOrOddIsRefusedInWords) {
  const Folder folder;
  const auto path = folder.path() / "t.tif";
  const auto answer = [&] {
    const auto header = read_image_header(path);
    std::vector<std::uint8_t> target(16 * 16 * 3);
    const auto status = decode_image(path, 16, {}, target);
    return header ? status ? std::string("whole") : status.error().message : header.error().message;
  };
  write_tiff(path, {.width = edge, .height = edge, .channels = 9, .bits = 8, .extra = {0, 0, 0, 0, 0, 0, 0, 0}},
             [](int, int, int) { return 1; });
  EXPECT_THAT(answer(), HasSubstr("it has 9 channels, of 1 to 8"));
  write_tiff(path, {.width = edge, .height = edge, .bits = 8}, [](int, int, int) { return 1; });
  const std::string good = read_file(path).value();
  ASSERT_EQ(answer(), "whole");
  // The entry of a tag: number, type, count, value; little-endian.
  const auto with_tag = [&](std::uint16_t tag, std::uint32_t value) {
    std::string bytes = good;
    const auto at = [&](std::size_t offset, int count) {
      std::uint32_t number = 0;
      for (int k = 0; k < count; ++k)
        number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[offset + static_cast<std::size_t>(k)]))
                  << (8 * k);
      return number;
    };
    const std::size_t start = at(4, 4);
    for (std::size_t e = 0; e < at(start, 2); ++e) {
      const std::size_t entry = start + 2 + 12 * e;
      if (at(entry, 2) != tag) continue;
      bytes.replace(entry + 2, 2, number_bytes(4, 2, false));
      bytes.replace(entry + 8, 4, number_bytes(value, 4, false));
    }
    return bytes;
  };
  folder.write("t.tif", with_tag(TIFFTAG_IMAGEWIDTH, 4'000'000'000));
  EXPECT_THAT(answer(), HasSubstr("at most 100000000 are decoded"));
  folder.write("t.tif", with_tag(TIFFTAG_IMAGELENGTH, 1'000'000));
  EXPECT_NE(answer(), "whole");
  folder.write("t.tif", with_tag(TIFFTAG_ROWSPERSTRIP, 1));
  EXPECT_NE(answer(), "whole");
  // A circle of directories.
  const std::size_t start =
      static_cast<unsigned char>(good[4]) | static_cast<std::size_t>(static_cast<unsigned char>(good[5])) << 8;
  std::string circle = good;
  const std::size_t count = static_cast<unsigned char>(good[start]);
  circle.replace(start + 2 + 12 * count, 4, good.substr(4, 4));
  folder.write("t.tif", circle);
  EXPECT_EQ(answer(), "whole");
  // Any byte changed: an answer, never a crash.
  for (std::size_t i = 0; i < good.size(); i += 3)
    for (const char change : {'\xFF', '\x00', '\x7F'}) {
      std::string bytes = good;
      bytes[i] = change;
      folder.write("t.tif", bytes);
      answer();
    }
}

}  // namespace
}  // namespace edgewise::data
