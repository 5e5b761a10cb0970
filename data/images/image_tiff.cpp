#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <format>
#include <limits>
#include <memory>
#include <string>

#include "data/images/image_file_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t max_piece_bytes = std::int64_t{256} << 20;  ///< of one strip or tile
constexpr std::uint32_t gdal_no_data = 42113, geo_keys = 34735;

/// libtiff's first complaint, which is the cause of those that follow.
int note_error(TIFF*, void* to, const char*, const char* format, va_list arguments) {
  auto& text = *static_cast<std::string*>(to);
  std::array<char, 300> line{};
  if (text.empty() && std::vsnprintf(line.data(), line.size(), format, arguments) > 0) text = shown(line.data());
  return 1;
}
/// Unknown tags are what every GeoTIFF has: no message of the library's ever reaches the terminal.
int ignore_warning(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

/// An open TIFF file and what libtiff says against it.
class Tiff {
 public:
  explicit Tiff(const fs::path& path) : error_(std::make_unique<std::string>()) {
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                   TIFFOpenOptionsFree);
    if (!options) return;
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), note_error, error_.get());
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_piece_bytes);
    // Not mapped: a file that shrinks while it is read must be an error, not a signal. The places of strips and tiles
    // are read when they are asked for, once it is known that the file is large enough to hold them.
    handle_.reset(TIFFOpenExt(path.c_str(), "rmD", options.get()));
  }
  [[nodiscard]] TIFF* get() const { return handle_.get(); }
  /// Why libtiff gave up.
  [[nodiscard]] const std::string& error() const { return *error_; }

  template <class T>
  [[nodiscard]] std::int64_t field(std::uint32_t tag, T fallback) const {
    T value = fallback;
    return TIFFGetFieldDefaulted(handle_.get(), tag, &value) == 1 ? static_cast<std::int64_t>(value)
                                                                  : static_cast<std::int64_t>(fallback);
  }

 private:
  struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  };
  std::unique_ptr<std::string> error_;  // its place must stay: libtiff writes to it
  std::unique_ptr<TIFF, Close> handle_;
};

/// How the values lie in the file.
struct TiffLayout {
  std::int64_t width = 0, height = 0, samples = 1, channels = 1;
  std::int64_t piece_width = 0, piece_height = 0;  ///< of a tile, or of a strip
  int bits = 8;
  ImageHeader::Values values = ImageHeader::Values::whole;
  bool is_tiled = false, is_separate = false, is_white_zero = false;
  bool is_translated = false;  ///< palettes, YCbCr, fewer than 8 bits ...: libtiff makes RGB of 8 bits of it
  std::optional<double> no_data;
};

std::unexpected<Error> not_read(const fs::path& path, const std::string& why) {
  return invalid(std::format("the TIFF \"{}\" is not read: {}", path.string(), why),
                 "convert it, e.g. with gdal_translate, or remove it from the labels");
}

std::unexpected<Error> damaged(const fs::path& path, const Tiff& tiff) {
  return invalid(
      std::format("the TIFF \"{}\" is damaged{}", path.string(), tiff.error().empty() ? "" : ": " + tiff.error()),
      "copy the file again, or remove it from the labels");
}

std::optional<double> no_data_of(const Tiff& tiff) {
  std::uint32_t count = 0;
  const char* text = nullptr;
  const TIFFField* known = TIFFFindField(tiff.get(), gdal_no_data, TIFF_ASCII);
  if (!known || !TIFFFieldPassCount(known) || TIFFFieldReadCount(known) != TIFF_VARIABLE2) return std::nullopt;
  if (TIFFGetField(tiff.get(), gdal_no_data, &count, &text) != 1 || !text) return std::nullopt;
  return number_of(
      trimmed(std::string_view(text, ::strnlen(text, count))));  // "nan" is no number: NaN never counts as a value
}

std::int64_t pieces_of(const TiffLayout& layout) {
  const std::int64_t across = (layout.width + layout.piece_width - 1) / layout.piece_width,
                     down = (layout.height + layout.piece_height - 1) / layout.piece_height;
  return across * down * (layout.is_separate ? layout.samples : 1);
}

Result<TiffLayout> read_layout(const fs::path& path, const Tiff& tiff) {
  TiffLayout layout;
  layout.width = tiff.field<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
  layout.height = tiff.field<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0);
  if (layout.width <= 0 || layout.height <= 0) return damaged(path, tiff);
  if (layout.width > max_pixels || layout.height > max_pixels || layout.width * layout.height > max_pixels)
    return invalid(std::format("\"{}\" has {} x {} pixels; at most {} are decoded", path.string(), layout.width,
                               layout.height, max_pixels),
                   "shrink the picture");
  layout.samples = tiff.field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.bits = static_cast<int>(tiff.field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1));
  layout.no_data = no_data_of(tiff);

  const auto compression = static_cast<std::uint16_t>(tiff.field<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE));
  if (TIFFIsCODECConfigured(compression) == 0) {
    const TIFFCodec* codec = TIFFFindCODEC(compression);
    return not_read(
        path, std::format("its compression {} is not known here", codec ? codec->name : std::to_string(compression)));
  }
  std::uint16_t extra = 0;
  std::uint16_t* kinds = nullptr;
  std::int64_t alphas = 0;
  if (TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_EXTRASAMPLES, &extra, &kinds) == 1)
    for (std::uint16_t k = 0; k < extra; ++k)
      alphas += kinds[k] == EXTRASAMPLE_ASSOCALPHA || kinds[k] == EXTRASAMPLE_UNASSALPHA;
  layout.channels = layout.samples - alphas;
  if (layout.channels < 1 || layout.channels > max_channels)
    return not_read(path, std::format("it has {} channels, of 1 to {}", layout.channels, max_channels));

  const auto photometric = tiff.field<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  layout.is_white_zero = photometric == PHOTOMETRIC_MINISWHITE;
  const bool is_plain =
      photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_RGB;
  if (!is_plain || layout.bits < 8) {
    std::array<char, 1024> why{};
    if (TIFFRGBAImageOK(tiff.get(), why.data()) == 0) return not_read(path, shown(why.data()));
    layout.is_translated = true;
    layout.channels = 3;
    layout.bits = 8;
    layout.no_data.reset();
    return layout;
  }
  switch (tiff.field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT)) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      break;
    case SAMPLEFORMAT_INT:
      layout.values = ImageHeader::Values::whole_signed;
      break;
    case SAMPLEFORMAT_IEEEFP:
      layout.values = ImageHeader::Values::real;
      break;
    default:
      return not_read(path, "its values are complex numbers");
  }
  const bool is_real = layout.values == ImageHeader::Values::real;
  if (is_real ? layout.bits != 32 && layout.bits != 64 : layout.bits != 8 && layout.bits != 16 && layout.bits != 32)
    return not_read(path, std::format("its {} have {} bits; {} are read", is_real ? "real numbers" : "whole numbers",
                                      layout.bits, is_real ? "32 and 64" : "8, 16 and 32"));
  const std::int64_t most = layout.bits == 8 ? 3 * max_pixels : max_pixels;
  if (layout.width * layout.height * layout.samples > most)
    return invalid(std::format("\"{}\" has {} x {} pixels of {} values; at most {} values are decoded", path.string(),
                               layout.width, layout.height, layout.samples, most),
                   "shrink the picture");

  layout.is_separate = layout.samples > 1 &&
                       tiff.field<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  layout.is_tiled = TIFFIsTiled(tiff.get()) != 0;
  if (layout.is_tiled) {
    layout.piece_width = tiff.field<std::uint32_t>(TIFFTAG_TILEWIDTH, 0);
    layout.piece_height = tiff.field<std::uint32_t>(TIFFTAG_TILELENGTH, 0);
  } else {
    layout.piece_width = layout.width;
    layout.piece_height =
        std::min<std::int64_t>(tiff.field<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, UINT32_MAX), layout.height);
  }
  if (layout.piece_width <= 0 || layout.piece_height <= 0) return damaged(path, tiff);
  const std::int64_t each = (layout.is_separate ? 1 : layout.samples) * (layout.bits / 8);
  if (layout.piece_width > max_piece_bytes || layout.piece_height > max_piece_bytes ||
      layout.piece_width * layout.piece_height > max_piece_bytes / each)
    return not_read(path,
                    std::format("its {} have {} x {} pixels, more than {} MiB", layout.is_tiled ? "tiles" : "strips",
                                layout.piece_width, layout.piece_height, max_piece_bytes >> 20));
  const auto size = static_cast<std::uint64_t>(
      layout.is_tiled ? TIFFTileSize64(tiff.get())
                      : TIFFVStripSize64(tiff.get(), static_cast<std::uint32_t>(layout.piece_height)));
  if (size != static_cast<std::uint64_t>(layout.piece_width * layout.piece_height * each))
    return not_read(path, "its values do not lie as others'");
  return layout;
}

/// Whether each strip or tile lies within the file. A sparse GeoTIFF leaves some out: 0 bytes at 0. In other files
/// libtiff puts the same in the place of what a damaged list of strips does not have.
bool has_all_pieces(const Tiff& tiff, std::int64_t bytes) {
  const std::uint32_t count =
      TIFFIsTiled(tiff.get()) != 0 ? TIFFNumberOfTiles(tiff.get()) : TIFFNumberOfStrips(tiff.get());
  if (count > bytes) return false;
  const bool may_be_sparse =
      TIFFFindField(tiff.get(), gdal_no_data, TIFF_ANY) || TIFFFindField(tiff.get(), geo_keys, TIFF_ANY);
  for (std::uint32_t i = 0; i < count; ++i) {
    int failed = 0;
    const std::uint64_t start = TIFFGetStrileOffsetWithErr(tiff.get(), i, &failed),
                        length = TIFFGetStrileByteCountWithErr(tiff.get(), i, &failed);
    const auto all = static_cast<std::uint64_t>(bytes);
    if (failed != 0 || start > all || length > all - start || (length == 0 && !may_be_sparse)) return false;
  }
  return count > 0;
}

/// Calls `take(channel, x, y, value)` for the values of each strip or tile, as T.
template <class T, class Take>
Status walk_values(const fs::path& path, const Tiff& tiff, const TiffLayout& layout, const Take& take) {
  const std::int64_t in_piece = layout.is_separate ? 1 : layout.samples;
  std::vector<T> piece(static_cast<std::size_t>(layout.piece_width * layout.piece_height * in_piece));
  const std::int64_t across = (layout.width + layout.piece_width - 1) / layout.piece_width, count = pieces_of(layout);
  const std::int64_t each_plane = count / (layout.is_separate ? layout.samples : 1);
  for (std::int64_t p = 0; p < count; ++p) {
    const std::int64_t plane = p / each_plane, left = p % each_plane % across * layout.piece_width,
                       top = p % each_plane / across * layout.piece_height;
    if (plane >= layout.channels) break;  // alpha
    const auto number = static_cast<std::uint32_t>(p);
    const std::int64_t rows = std::min(layout.piece_height, layout.height - top),
                       columns = std::min(layout.piece_width, layout.width - left);
    if (TIFFGetStrileByteCount(tiff.get(), number) == 0) {
      const double missing = layout.no_data.value_or(0);
      const bool fits = missing >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
                        missing <= static_cast<double>(std::numeric_limits<T>::max());
      std::ranges::fill(piece, fits ? static_cast<T>(missing) : T{});
    } else {
      const auto wanted = static_cast<tmsize_t>((layout.is_tiled ? layout.piece_height : rows) * layout.piece_width *
                                                in_piece * static_cast<std::int64_t>(sizeof(T)));
      const tmsize_t got = layout.is_tiled ? TIFFReadEncodedTile(tiff.get(), number, piece.data(), wanted)
                                           : TIFFReadEncodedStrip(tiff.get(), number, piece.data(), wanted);
      if (got != wanted || !tiff.error().empty()) return damaged(path, tiff);
    }
    for (std::int64_t y = 0; y < rows; ++y) {
      const T* row = piece.data() + y * layout.piece_width * in_piece;
      if (layout.is_separate) {
        for (std::int64_t x = 0; x < columns; ++x) take(static_cast<std::size_t>(plane), left + x, top + y, row[x]);
      } else {
        for (std::int64_t x = 0; x < columns; ++x)
          for (std::int64_t c = 0; c < layout.channels; ++c)
            take(static_cast<std::size_t>(c), left + x, top + y, row[x * in_piece + c]);
      }
    }
  }
  return {};
}

/// The same by the type that the file's values have.
template <class Take>
Status walk(const fs::path& path, const Tiff& tiff, const TiffLayout& layout, const Take& take) {
  switch (layout.values) {
    case ImageHeader::Values::real:
      return layout.bits == 64 ? walk_values<double>(path, tiff, layout, take)
                               : walk_values<float>(path, tiff, layout, take);
    case ImageHeader::Values::whole_signed:
      return layout.bits == 8    ? walk_values<std::int8_t>(path, tiff, layout, take)
             : layout.bits == 16 ? walk_values<std::int16_t>(path, tiff, layout, take)
                                 : walk_values<std::int32_t>(path, tiff, layout, take);
    case ImageHeader::Values::whole:
      break;
  }
  return layout.bits == 8    ? walk_values<std::uint8_t>(path, tiff, layout, take)
         : layout.bits == 16 ? walk_values<std::uint16_t>(path, tiff, layout, take)
                             : walk_values<std::uint32_t>(path, tiff, layout, take);
}

/// Palettes, YCbCr, CMYK, fewer than 8 bits: libtiff's own way to RGB.
Status read_translated(const fs::path& path, const Tiff& tiff, const TiffLayout& layout, Planes& planes) {
  const auto count = static_cast<std::size_t>(layout.width * layout.height);
  std::vector<std::uint32_t> raster(count);
  // Asked for as the file states it, so that nothing is turned: that happens to all kinds of files alike, later.
  const auto orientation = static_cast<int>(tiff.field<std::uint16_t>(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT));
  if (TIFFReadRGBAImageOriented(tiff.get(), static_cast<std::uint32_t>(layout.width),
                                static_cast<std::uint32_t>(layout.height), raster.data(), orientation, 1) == 0 ||
      !tiff.error().empty())
    return damaged(path, tiff);
  planes.bytes.assign(3, std::vector<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    planes.bytes[0][i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    planes.bytes[1][i] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    planes.bytes[2][i] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return {};
}

}  // namespace

Status read_tiff_header(const fs::path& path, ImageHeader& header) {
  const Tiff tiff(path);
  if (!tiff.get()) return damaged(path, tiff);
  TRY(const TiffLayout layout, read_layout(path, tiff));
  header.width = layout.width;
  header.height = layout.height;
  header.channels = layout.channels;
  header.bits = layout.bits;
  header.values = layout.values;
  header.no_data = layout.no_data;
  const auto orientation = tiff.field<std::uint16_t>(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  header.orientation = orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  if (!has_all_pieces(tiff, File(path).size())) return cut_off(path, "TIFF");
  // Reduced copies and masks of the first picture are no pages of their own. A circle of pages is noticed by libtiff.
  for (int page = 0; page < 16 && !header.has_more_pages && TIFFReadDirectory(tiff.get()) == 1; ++page)
    header.has_more_pages =
        (tiff.field<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
  return {};
}

Result<Planes> read_tiff(const fs::path& path, const std::optional<std::array<double, 2>>& range) {
  const Tiff tiff(path);
  if (!tiff.get()) return damaged(path, tiff);
  TRY(const TiffLayout layout, read_layout(path, tiff));
  Planes planes;
  planes.width = layout.width;
  planes.height = layout.height;
  const auto count = static_cast<std::size_t>(layout.width * layout.height);
  const auto at = [&](std::int64_t x, std::int64_t y) { return static_cast<std::size_t>(y * layout.width + x); };
  if (layout.is_translated) {
    TRY_DO(read_translated(path, tiff, layout, planes));
    if (!range) return planes;
  }
  const bool is_plain = layout.bits == 8 && layout.values == ImageHeader::Values::whole;
  if (is_plain && !range) {
    planes.bytes.assign(static_cast<std::size_t>(layout.channels), std::vector<std::uint8_t>(count));
    const std::uint8_t turn = layout.is_white_zero ? 0xFF : 0;
    TRY_DO(walk_values<std::uint8_t>(path, tiff, layout,
                                     [&](std::size_t c, std::int64_t x, std::int64_t y, std::uint8_t value) {
                                       planes.bytes[c][at(x, y)] = value ^ turn;
                                     }));
    return planes;
  }
  const double most = std::exp2(layout.bits) - 1;
  const auto [low, high] = range.value_or(std::array{0.0, most});
  const double factor = 255 / (high - low);
  const auto number = [&, low](double value) {
    if (std::isnan(value) || value == layout.no_data) return 0.0F;
    if (layout.is_white_zero && layout.values == ImageHeader::Values::whole) value = most - value;
    return static_cast<float>(std::clamp((value - low) * factor, 0.0, 255.0));
  };
  planes.numbers.assign(static_cast<std::size_t>(layout.channels), std::vector<float>(count));
  if (layout.is_translated) {
    for (std::size_t c = 0; c < 3; ++c) std::ranges::transform(planes.bytes[c], planes.numbers[c].begin(), number);
    planes.bytes.clear();
    return planes;
  }
  TRY_DO(walk(path, tiff, layout, [&](std::size_t c, std::int64_t x, std::int64_t y, auto value) {
    planes.numbers[c][at(x, y)] = number(static_cast<double>(value));
  }));
  return planes;
}

Result<ValuesSeen> values_of_tiff(const fs::path& path) {
  const Tiff tiff(path);
  if (!tiff.get()) return damaged(path, tiff);
  TRY(const TiffLayout layout, read_layout(path, tiff));
  ValuesSeen seen;
  const auto all = static_cast<std::size_t>(layout.width * layout.height * layout.channels);
  const std::size_t step = sampling_step(all, static_cast<std::size_t>(layout.width * layout.channels));
  std::size_t met = 0;
  const auto see = [&](double value) {
    const bool is_sampled = met++ % step == 0;
    if (!std::isfinite(value) || value == layout.no_data) {
      seen.has_missing = true;
      return;
    }
    seen.low = seen.has_any ? std::min(seen.low, value) : value;
    seen.high = seen.has_any ? std::max(seen.high, value) : value;
    seen.has_any = true;
    if (is_sampled) seen.some.push_back(static_cast<float>(value));
  };
  if (layout.is_translated) {
    Planes planes;
    TRY_DO(read_translated(path, tiff, layout, planes));
    for (const auto& plane : planes.bytes) std::ranges::for_each(plane, see);
    return seen;
  }
  TRY_DO(walk(path, tiff, layout,
              [&](std::size_t, std::int64_t, std::int64_t, auto each) { see(static_cast<double>(each)); }));
  return seen;
}

}  // namespace edgewise::data
