#include <algorithm>
#include <cmath>
#include <format>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/file.hpp"
#include "data/statistics.hpp"

namespace edgewise::data {

namespace {

constexpr int margin = 6, title_height = 26, label_height = 18, sheet_columns = 8;
const cv::Scalar paper(250, 250, 250), ink(40, 40, 40), box_colour(60, 220, 60), box_edge(0, 0, 0);

void write_text(cv::Mat& sheet, const std::string& text, cv::Point at, double scale) {
  cv::putText(sheet, text, at, cv::FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv::LINE_AA);
}

/// At least 112 pixels, so that labels can be read, by a whole factor, so that small pictures stay what they are.
int shown_edge(std::int64_t size) {
  const auto edge = static_cast<int>(size);
  return edge * std::max(1, (112 + edge - 1) / edge);
}

void draw_box(cv::Mat& tile, const std::array<float, 4>& box) {
  const auto at = [&](std::size_t k) { return static_cast<int>(std::lround(box[k] * static_cast<float>(tile.cols))); };
  const cv::Rect outline(cv::Point(at(0), at(1)), cv::Point(at(2), at(3)));
  cv::rectangle(tile, outline, box_edge, 3);
  cv::rectangle(tile, outline, box_colour, 1);
}

/// The first three channels as red, green and blue; of fewer than three the first as grey.
void copy_colours(std::span<const std::uint8_t> pixels, std::size_t channels, cv::Mat& picture) {
  for (std::size_t i = 0; i < pixels.size() / channels; ++i)
    for (std::size_t c = 0; c < 3; ++c) picture.data[3 * i + c] = pixels[i * channels + (channels < 3 ? 0 : c)];
}

/// Channels of elevation tiles as a map: green lowlands to pale heights, shaded. Photographs stay as they are.
void colour_as_map(cv::Mat& tile) {
  for (int y = 0; y < tile.rows; ++y)
    for (int x = 0; x < tile.cols; ++x) {
      auto& pixel = tile.at<cv::Vec3b>(y, x);  // RGB: hill-shade, elevation, slope
      const float light = 0.25F + 0.95F * static_cast<float>(pixel[0]) / 255,
                  height = static_cast<float>(pixel[1]) / 255;
      const cv::Vec3f low(96, 140, 92), middle(196, 178, 120), high(238, 232, 224);
      const cv::Vec3f colour =
          height < 0.5F ? low + (middle - low) * (2 * height) : middle + (high - middle) * (2 * height - 1);
      for (int c = 0; c < 3; ++c) pixel[c] = cv::saturate_cast<std::uint8_t>(colour[c] * light);
    }
}

}  // namespace

Status write_contact_sheet(const DataSet& set, const Cache& cache, const std::filesystem::path& png,
                           std::size_t count) try {
  if (count < 1 || count > 1000)
    return invalid(std::format("{} pictures on a contact sheet are not within 1 and 1000", count));
  EDGEWISE_ASSERT(cache.count() == set.items.size(), "the cache is of this set");
  const int edge = shown_edge(cache.size()), cell = edge + margin;
  const bool has_labels = set.task == Task::classification;
  const int cell_height = cell + (has_labels ? label_height : 0);
  // Spread over the split: neighbours in a list are often alike.
  std::vector<std::pair<Split, std::vector<std::size_t>>> parts;
  int height = margin;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const auto items = set.of(split);
    if (items.empty()) continue;
    std::vector<std::size_t> chosen;
    const std::size_t many = std::min(count, items.size());
    for (std::size_t k = 0; k < many; ++k) chosen.push_back(items[k * items.size() / many]);
    height += title_height + static_cast<int>((many + sheet_columns - 1) / sheet_columns) * cell_height;
    parts.emplace_back(split, std::move(chosen));
  }
  cv::Mat sheet(height, margin + sheet_columns * cell, CV_8UC3, paper);
  int top = margin;
  for (const auto& [split, items] : parts) {
    write_text(sheet, std::format("{}: {} of {} images", to_text(split), items.size(), set.of(split).size()),
               {margin, top + 17}, 0.5);
    top += title_height;
    for (std::size_t k = 0; k < items.size(); ++k) {
      const int x = margin + static_cast<int>(k % sheet_columns) * cell,
                y = top + static_cast<int>(k / sheet_columns) * cell_height;
      const auto size = static_cast<int>(cache.size());
      cv::Mat picture(size, size, CV_8UC3), tile;
      copy_colours(cache.pixels(items[k]), static_cast<std::size_t>(cache.channels()), picture);
      if (set.is_builtin && set.spec.path == "builtin:drainage") colour_as_map(picture);
      cv::cvtColor(picture, tile, cv::COLOR_RGB2BGR);
      cv::resize(tile, tile, cv::Size(edge, edge), 0, 0, cv::INTER_NEAREST);
      if (set.task == Task::box) draw_box(tile, cache.box(items[k]));
      tile.copyTo(sheet(cv::Rect(x, y, edge, edge)));
      if (has_labels) {
        const std::string& name = set.classes[static_cast<std::size_t>(cache.label(items[k]))];
        write_text(sheet, name.substr(0, static_cast<std::size_t>(edge) / 7), {x, y + edge + 13}, 0.38);
      }
    }
    top += static_cast<int>((items.size() + sheet_columns - 1) / sheet_columns) * cell_height;
  }
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".png", sheet, bytes)) return invalid("the contact sheet cannot be written as PNG");
  return write_file(png, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
} catch (const cv::Exception& e) {
  return invalid(std::format("the contact sheet cannot be drawn: {}", e.err));
}

}  // namespace edgewise::data
