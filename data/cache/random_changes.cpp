#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.hpp"
#include "data/cache/random_changes_internal.hpp"

namespace edgewise::data {

namespace {

/// A picture that is changed in place, and how much.
struct Changed {
  cv::Mat picture;   // over the caller's memory
  double magnitude;  // [0, 1]
  double sign;       // 1 or -1
};

using Table = std::array<std::uint8_t, 256>;

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

template <class Value>
void change_values(cv::Mat& picture, Value value) {
  Table table{};
  for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = to_byte(value(i));
  cv::LUT(picture, cv::Mat(1, 256, CV_8UC1, table.data()), picture);
}

/// The same for each channel by itself.
template <class Change>
void change_channels(cv::Mat& picture, Change change) {
  std::vector<cv::Mat> channels;
  cv::split(picture, channels);
  for (cv::Mat& channel : channels) change(channel);
  cv::merge(channels, picture);
}

/// Towards or away from another picture: 0 gives `other`, 1 leaves it, 2 doubles the difference.
void blend(cv::Mat& picture, const cv::Mat& other, double factor) {
  cv::addWeighted(picture, factor, other, 1 - factor, 0, picture);
}

void stretch_contrast(Changed& c) {
  change_channels(c.picture, [](cv::Mat& channel) {
    double low = 0, high = 0;
    cv::minMaxLoc(channel, &low, &high);
    if (high > low) change_values(channel, [&](int v) { return (v - low) * 255 / (high - low); });
  });
}

void equalise(Changed& c) {
  change_channels(c.picture, [](cv::Mat& channel) { cv::equalizeHist(channel, channel); });
}

void keep_fewer_bits(Changed& c) {
  const int dropped = static_cast<int>(std::lround(4 * c.magnitude));
  change_values(c.picture, [&](int v) { return (v >> dropped) << dropped; });
}

void solarise(Changed& c) {
  const double threshold = 256 * (1 - c.magnitude);
  change_values(c.picture, [&](int v) { return v < threshold ? v : 255 - v; });
}

double factor_of(const Changed& c) {
  return 1 + 0.9 * c.sign * c.magnitude;
}

void change_saturation(Changed& c) {
  if (c.picture.channels() != 3) return;
  cv::Mat grey;
  cv::cvtColor(c.picture, grey, cv::COLOR_RGB2GRAY);
  cv::cvtColor(grey, grey, cv::COLOR_GRAY2RGB);
  blend(c.picture, grey, factor_of(c));
}

void change_contrast(Changed& c) {
  const cv::Scalar means = cv::mean(c.picture.reshape(1));
  change_values(c.picture, [&](int v) { return means[0] + (v - means[0]) * factor_of(c); });
}

void change_brightness(Changed& c) {
  change_values(c.picture, [&](int v) { return v * factor_of(c); });
}

void change_sharpness(Changed& c) {
  cv::Mat smooth;
  const cv::Matx33f kernel(1.F / 13, 1.F / 13, 1.F / 13, 1.F / 13, 5.F / 13, 1.F / 13, 1.F / 13, 1.F / 13, 1.F / 13);
  cv::filter2D(c.picture, smooth, -1, kernel, {-1, -1}, 0, cv::BORDER_REPLICATE);
  blend(c.picture, smooth, factor_of(c));
}

/// Where a pixel comes from, about the picture's middle; edges are repeated outwards.
void move(cv::Mat& picture, double xx, double xy, double yx, double yy, double x, double y) {
  const double across = (picture.cols - 1) / 2.0, down = (picture.rows - 1) / 2.0;
  const cv::Matx23d from(xx, xy, across - xx * across - xy * down + x, yx, yy, down - yx * across - yy * down + y);
  const cv::Mat source = picture.clone();
  cv::warpAffine(source, picture, from, picture.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
}

void rotate(Changed& c) {
  const double angle = c.sign * c.magnitude * std::numbers::pi / 6;
  move(c.picture, std::cos(angle), std::sin(angle), -std::sin(angle), std::cos(angle), 0, 0);
}

double slant_of(const Changed& c) {
  return 0.3 * c.sign * c.magnitude;
}

constexpr std::size_t still_changes = 9;
constexpr std::array<void (*)(Changed&), 14> changes = {
    [](Changed&) {}, stretch_contrast, equalise, keep_fewer_bits, solarise, change_saturation, change_contrast,
    change_brightness, change_sharpness,
    // From here on they move what is in the picture.
    rotate, [](Changed& c) { move(c.picture, 1, slant_of(c), 0, 1, 0, 0); },
    [](Changed& c) { move(c.picture, 1, 0, slant_of(c), 1, 0, 0); },
    [](Changed& c) { move(c.picture, 1, 0, 0, 1, slant_of(c) * c.picture.cols, 0); },
    [](Changed& c) { move(c.picture, 1, 0, 0, 1, 0, slant_of(c) * c.picture.rows); }};

cv::Mat picture_of(std::span<std::uint8_t> pixels, Size size, std::int64_t channels) {
  EDGEWISE_ASSERT(pixels.size() == static_cast<std::size_t>(size.area() * channels), "the pixels are one picture");
  return {static_cast<int>(size.height), static_cast<int>(size.width), CV_8UC(static_cast<int>(channels)),
          pixels.data()};
}

}  // namespace

void change_at_random(std::span<std::uint8_t> pixels, Size size, std::int64_t channels, std::int64_t count,
                      double strength, bool may_move, RandomStream& random) {
  for (std::int64_t i = 0; i < count; ++i) {
    Changed changed{
        .picture = picture_of(pixels, size, channels), .magnitude = strength, .sign = random.chance(0.5) ? 1.0 : -1.0};
    changes[random.below(may_move ? changes.size() : still_changes)](changed);
    EDGEWISE_ASSERT(changed.picture.data == pixels.data(), "a change works in place");
  }
}

void erase_at_random(std::span<std::uint8_t> pixels, Size size, std::int64_t channels, RandomStream& random) {
  constexpr int middle_grey = 124;  // about 0 once it is normalised
  const double area = random.uniform(0.02, 0.33) * static_cast<double>(size.area());
  const double proportion = std::exp(random.uniform(-std::log(3.0), std::log(3.0)));
  const auto extent = [](double length, std::int64_t edge) {
    return std::clamp<std::int64_t>(std::lround(length), 1, edge);
  };
  const auto width = extent(std::sqrt(area * proportion), size.width),
             height = extent(std::sqrt(area / proportion), size.height);
  const auto place = [&](std::int64_t room) {
    return static_cast<int>(random.below(static_cast<std::uint64_t>(room + 1)));
  };
  const int x = place(size.width - width), y = place(size.height - height);
  // One channel for OpenCV, which fills four at most.
  const int each = static_cast<int>(channels);
  picture_of(pixels, size, channels)
      .reshape(1)(cv::Rect(x * each, y, static_cast<int>(width) * each, static_cast<int>(height)))
      .setTo(middle_grey);
}

}  // namespace edgewise::data
