/// Picture files with what an encoder does not write: EXIF blocks, TIFFs of all kinds.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace edgewise::data {

/// A picture as the bytes of a file of this kind (".jpg" ...).
inline std::string picture_bytes(const std::string& kind, const cv::Mat& picture) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(kind, picture, bytes,
               kind == ".jpg"    ? std::vector<int>{cv::IMWRITE_JPEG_QUALITY, 100}
               : kind == ".webp" ? std::vector<int>{cv::IMWRITE_WEBP_QUALITY, 101}
                                 : std::vector<int>{});
  return {bytes.begin(), bytes.end()};
}

inline std::string number_bytes(std::uint32_t value, int count, bool is_big) {
  std::string bytes;
  for (int k = 0; k < count; ++k) bytes += static_cast<char>(value >> (8 * (is_big ? count - 1 - k : k)) & 0xFF);
  return bytes;
}

/// An EXIF block that says nothing but the orientation (a TIFF structure with one entry).
inline std::string exif_block(int orientation, bool is_big = false) {
  const auto number = [&](std::uint32_t value, int count) { return number_bytes(value, count, is_big); };
  return (is_big ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) + number(3, 2) +
         number(1, 4) + number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

inline std::string jpeg_segment(int marker, const std::string& content) {
  return std::string("\xFF") + static_cast<char>(marker) +
         number_bytes(static_cast<std::uint32_t>(content.size() + 2), 2, true) + content;
}

inline std::uint32_t png_checksum(const std::string& bytes) {
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int k = 0; k < 8; ++k) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xEDB88320 : sum >> 1;
  }
  return ~sum;
}

/// The same file with an EXIF block, where cameras and programs put it.
inline std::string with_exif(const std::string& kind, const std::string& bytes, const std::string& exif, int width = 0,
                             int height = 0) {
  if (kind == ".jpg")
    return bytes.substr(0, 2) + jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif) + bytes.substr(2);
  if (kind == ".png") {
    const std::string chunk = number_bytes(static_cast<std::uint32_t>(exif.size()), 4, true) + "eXIf" + exif +
                              number_bytes(png_checksum("eXIf" + exif), 4, true);
    return bytes.substr(0, 33) + chunk + bytes.substr(33);
  }
  const auto little = [](std::uint32_t value, int count) { return number_bytes(value, count, false); };
  const std::string chunks =
      "VP8X" + little(10, 4) + little(0x08, 4) + little(static_cast<std::uint32_t>(width - 1), 3) +
      little(static_cast<std::uint32_t>(height - 1), 3) + bytes.substr(12) + "EXIF" +
      little(static_cast<std::uint32_t>(exif.size()), 4) + exif + (exif.size() % 2 == 1 ? std::string(1, '\0') : "");
  return "RIFF" + little(static_cast<std::uint32_t>(4 + chunks.size()), 4) + "WEBP" + chunks;
}

/// What a TIFF is written like.
struct TiffKind {
  int width = 40, height = 24, channels = 1, bits = 16;
  int format = SAMPLEFORMAT_UINT, compression = COMPRESSION_NONE, photometric = PHOTOMETRIC_MINISBLACK;
  bool is_tiled = false, is_separate = false, is_big_endian = false, is_big_tiff = false;
  int orientation = 1, predictor = 1, pages = 1;
  std::string no_data;               ///< GDAL_NODATA
  std::vector<std::uint16_t> extra;  ///< kinds of the last channels
};

/// Writes `value(channel, x, y)` of each place.
inline void write_tiff(const std::filesystem::path& path, const TiffKind& kind,
                       const std::function<double(int, int, int)>& value) {
  TIFFSetWarningHandler(nullptr);
  const std::string mode = std::string("w") + (kind.is_big_endian ? "b" : "l") + (kind.is_big_tiff ? "8" : "");
  TIFF* tiff = TIFFOpen(path.c_str(), mode.c_str());
  static const TIFFFieldInfo no_data_field{42113,        -1, -1, TIFF_ASCII,
                                           FIELD_CUSTOM, 1,  0,  const_cast<char*>("GDAL_NODATA")};
  for (int page = 0; page < kind.pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, kind.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, kind.height);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind.channels);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, kind.format);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind.photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind.orientation);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, kind.is_separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (kind.predictor != 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind.predictor);
    if (!kind.extra.empty())
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(kind.extra.size()), kind.extra.data());
    if (!kind.no_data.empty()) {
      TIFFMergeFieldInfo(tiff, &no_data_field, 1);
      TIFFSetField(tiff, 42113, kind.no_data.c_str());
    }
    const int piece_width = kind.is_tiled ? 16 : kind.width, piece_height = kind.is_tiled ? 16 : 7;
    if (kind.is_tiled) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, piece_width);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, piece_height);
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, piece_height);
    }
    std::uint32_t number = 0;
    for (int plane = 0; plane < (kind.is_separate ? kind.channels : 1); ++plane)
      for (int top = 0; top < kind.height; top += piece_height)
        for (int left = 0; left < kind.width; left += piece_width) {
          const int rows = kind.is_tiled ? piece_height : std::min(piece_height, kind.height - top);
          std::string bytes;
          for (int y = top; y < top + rows; ++y)
            for (int x = left; x < left + piece_width; ++x)
              for (int c = kind.is_separate ? plane : 0; c < (kind.is_separate ? plane + 1 : kind.channels); ++c) {
                const double v = value(c, std::min(x, kind.width - 1), std::min(y, kind.height - 1));
                const auto add = [&](auto one) { bytes.append(reinterpret_cast<const char*>(&one), sizeof one); };
                if (kind.format == SAMPLEFORMAT_IEEEFP)
                  kind.bits == 64 ? add(v) : add(static_cast<float>(v));
                else if (kind.format == SAMPLEFORMAT_INT)
                  kind.bits == 8    ? add(static_cast<std::int8_t>(v))
                  : kind.bits == 16 ? add(static_cast<std::int16_t>(v))
                                    : add(static_cast<std::int32_t>(v));
                else
                  kind.bits == 8    ? add(static_cast<std::uint8_t>(v))
                  : kind.bits == 16 ? add(static_cast<std::uint16_t>(v))
                                    : add(static_cast<std::uint32_t>(v));
              }
          if (kind.is_tiled)
            TIFFWriteEncodedTile(tiff, number++, bytes.data(), static_cast<tmsize_t>(bytes.size()));
          else
            TIFFWriteEncodedStrip(tiff, number++, bytes.data(), static_cast<tmsize_t>(bytes.size()));
        }
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
}

}  // namespace edgewise::data
