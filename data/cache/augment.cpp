#include "data/cache/augment.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/cache/random_changes_internal.hpp"

namespace edgewise::data {

namespace {

/// Where output pixels come from, along one edge: two source pixels and the second one's weight in 1/256.
struct Taps {
  std::vector<std::int32_t> first, second, weight;
};

/// Out position u (share of the edge) shows in position (u - 0.5 - shift) / zoom + 0.5, mirrored when flipped.
void make_taps(std::int64_t edge_pixels, bool flip, double zoom, double shift, Taps& taps) {
  const auto count = static_cast<std::size_t>(edge_pixels);
  taps.first.resize(count);
  taps.second.resize(count);
  taps.weight.resize(count);
  const auto edge = static_cast<double>(edge_pixels);
  for (std::size_t i = 0; i < count; ++i) {
    double position = ((static_cast<double>(i) + 0.5) / edge - 0.5 - shift) / zoom + 0.5;
    if (flip) position = 1.0 - position;
    const double pixel = std::clamp(position * edge - 0.5, 0.0, edge - 1.0);  // edges are repeated outwards
    const auto low = static_cast<std::int32_t>(pixel);
    taps.first[i] = low;
    taps.second[i] = std::min(low + 1, static_cast<std::int32_t>(edge_pixels) - 1);
    taps.weight[i] = static_cast<std::int32_t>(std::lround((pixel - low) * 256.0));
  }
}

void mirror_row(const std::uint8_t* source, std::uint8_t* target, std::int64_t width, std::int64_t channels) {
  for (std::int64_t x = 0; x < width; ++x)
    for (std::int64_t c = 0; c < channels; ++c) target[x * channels + c] = source[(width - 1 - x) * channels + c];
}

/// A pure flip moves bytes and changes none.
void copy_flipped(std::span<const std::uint8_t> source, std::span<std::uint8_t> target, Size size,
                  std::int64_t channels, bool flip, bool flip_vertical) {
  const std::int64_t row = size.width * channels;
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::uint8_t* from = source.data() + (flip_vertical ? size.height - 1 - y : y) * row;
    std::uint8_t* to = target.data() + y * row;
    if (!flip)
      std::memcpy(to, from, static_cast<std::size_t>(row));
    else if (channels == 3)
      mirror_row(from, to, size.width, 3);
    else
      mirror_row(from, to, size.width, channels);
  }
}

/// Mixes the taps of one row: `channels` a constant of the compiler's for colour pictures, so that the inner loop
/// unrolls.
template <class Channels>
void mix_row(const std::uint16_t* row, const Taps& taps, std::uint8_t* target, Channels channels) {
  for (std::size_t x = 0; x < taps.first.size(); ++x) {
    const std::uint16_t* a = row + static_cast<std::int64_t>(taps.first[x]) * channels;
    const std::uint16_t* b = row + static_cast<std::int64_t>(taps.second[x]) * channels;
    const std::uint32_t w = static_cast<std::uint32_t>(taps.weight[x]);
    for (std::int64_t c = 0; c < channels; ++c)
      *target++ = static_cast<std::uint8_t>((a[c] * (256 - w) + b[c] * w + 32768) >> 16);
  }
}

/// Bilinear. The map is flip, zoom and shift only, so that it separates: rows first, which vectorises, then columns.
void resample(std::span<const std::uint8_t> source, std::span<std::uint8_t> target, Size size, std::int64_t channels,
              const Taps& across, const Taps& down) {
  const auto row = static_cast<std::size_t>(size.width * channels);
  thread_local std::vector<std::uint16_t> mixed;
  mixed.resize(row);
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    const std::uint8_t* a = source.data() + static_cast<std::size_t>(down.first[y]) * row;
    const std::uint8_t* b = source.data() + static_cast<std::size_t>(down.second[y]) * row;
    const auto w = static_cast<std::uint16_t>(down.weight[y]);
    const auto v = static_cast<std::uint16_t>(256 - w);
    std::uint16_t* out = mixed.data();
    for (std::size_t i = 0; i < row; ++i) out[i] = static_cast<std::uint16_t>(a[i] * v + b[i] * w);  // <= 65280
    if (channels == 3)
      mix_row(out, across, target.data() + y * row, std::integral_constant<std::int64_t, 3>{});
    else
      mix_row(out, across, target.data() + y * row, channels);
  }
}

/// Contrast and brightness about the middle grey, saturation about each pixel's own grey; one pass, integers of 1/256.
void recolour(std::span<std::uint8_t> pixels, std::int64_t channels, double brightness, double contrast,
              double saturation) {
  const double own = channels == 3 ? contrast * saturation : contrast;
  const auto of_own = static_cast<std::int32_t>(std::lround(own * 256));
  const auto of_grey = static_cast<std::int32_t>(std::lround((contrast - own) * 256));
  const auto offset = static_cast<std::int32_t>(std::lround((128.0 * (1 - contrast) + brightness * 255.0) * 256)) + 128;
  if (channels != 3) {
    for (std::uint8_t& v : pixels) v = static_cast<std::uint8_t>(std::clamp((v * of_own + offset) >> 8, 0, 255));
    return;
  }
  for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) {
    const std::int32_t r = pixels[i], g = pixels[i + 1], b = pixels[i + 2];
    const std::int32_t grey = (77 * r + 150 * g + 29 * b) >> 8;  // ITU-R BT.601
    const std::int32_t base = grey * of_grey + offset;
    pixels[i] = static_cast<std::uint8_t>(std::clamp((r * of_own + base) >> 8, 0, 255));
    pixels[i + 1] = static_cast<std::uint8_t>(std::clamp((g * of_own + base) >> 8, 0, 255));
    pixels[i + 2] = static_cast<std::uint8_t>(std::clamp((b * of_own + base) >> 8, 0, 255));
  }
}

/// The binomial filter 1 2 1 in both directions: a Gaussian of about 0.7 pixels.
void blur(std::span<std::uint8_t> pixels, Size size, std::int64_t channels) {
  const std::int64_t row = size.width * channels;
  thread_local std::vector<std::uint16_t> across;
  across.resize(pixels.size());
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t i = 0; i < row; ++i) {
      const std::uint8_t* p = pixels.data() + y * row;
      const std::int64_t left = i >= channels ? i - channels : i, right = i + channels < row ? i + channels : i;
      across[static_cast<std::size_t>(y * row + i)] = static_cast<std::uint16_t>(p[left] + 2 * p[i] + p[right]);
    }
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::uint16_t* here = across.data() + y * row;
    const std::uint16_t* above = y > 0 ? here - row : here;
    const std::uint16_t* below = y + 1 < size.height ? here + row : here;
    for (std::int64_t i = 0; i < row; ++i)
      pixels[static_cast<std::size_t>(y * row + i)] =
          static_cast<std::uint8_t>((above[i] + 2 * here[i] + below[i] + 8) >> 4);
  }
}

}  // namespace

void augment(const Augment& settings, std::span<const std::uint8_t> source, std::span<std::uint8_t> pixels, Size size,
             std::int64_t channels, RandomStream& random, const task::Task& task, task::Target& target) {
  EDGEWISE_ASSERT(source.size() == static_cast<std::size_t>(size.area() * channels) && pixels.size() == source.size(),
                  "source and copy hold one picture of the stated size");
  picture::Warp flips;
  flips.flip = settings.flip && random.chance(0.5);
  flips.flip_vertical = settings.flip_vertical && random.chance(0.5);
  picture::Warp warp = flips;
  bool is_moved = settings.scale > 0 || settings.shift > 0;
  for (int draw = 0; is_moved; ++draw) {
    if (draw == 8) {
      is_moved = false;
      warp = flips;
      break;
    }
    warp.zoom = random.uniform(1 - settings.scale, 1 + settings.scale);
    warp.shift_x = random.uniform(-settings.shift, settings.shift);
    warp.shift_y = random.uniform(-settings.shift, settings.shift);
    if (task.survives(target, warp)) break;
  }
  if (is_moved) {
    thread_local Taps across, down;
    make_taps(size.width, warp.flip, warp.zoom, warp.shift_x, across);
    make_taps(size.height, warp.flip_vertical, warp.zoom, warp.shift_y, down);
    resample(source, pixels, size, channels, across, down);
  } else {
    copy_flipped(source, pixels, size, channels, warp.flip, warp.flip_vertical);
  }
  task.warp(target, warp);
  if (settings.random > 0)
    change_at_random(pixels, size, channels, settings.random, settings.strength, !task.traits().is_placed, random);
  if (settings.colour > 0) {
    const double c = settings.colour;
    const double brightness = random.uniform(-c, c) * 0.5, contrast = random.uniform(1 - c, 1 + c),
                 saturation = random.uniform(1 - c, 1 + c);
    recolour(pixels, channels, brightness, contrast, saturation);
  }
  if (settings.blur > 0 && random.chance(settings.blur)) blur(pixels, size, channels);
  if (settings.erase > 0 && random.chance(settings.erase)) erase_at_random(pixels, size, channels, random);
}

}  // namespace edgewise::data
