#include <algorithm>
#include <cmath>
#include <format>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/file.hpp"
#include "data/builtin/builtin.hpp"
#include "data/statistics.hpp"
#include "task/task.hpp"

namespace edgewise::data {

namespace {

constexpr int margin = 6, title_height = 26, label_height = 18, sheet_columns = 8;
const cv::Scalar paper(250, 250, 250), ink(40, 40, 40);

void write_text(cv::Mat& sheet, const std::string& text, cv::Point at, double scale) {
  cv::putText(sheet, text, at, cv::FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv::LINE_AA);
}

/// At least 112 pixels wide, so that labels can be read, by a whole factor, so that small pictures stay what they are.
cv::Size shown_size(Size size) {
  const auto width = static_cast<int>(size.width), factor = std::max(1, (112 + width - 1) / width);
  return {width * factor, static_cast<int>(size.height) * factor};
}

/// The first three channels as red, green and blue; of fewer than three the first as grey.
void copy_colours(std::span<const std::uint8_t> pixels, std::size_t channels, cv::Mat& picture) {
  for (std::size_t i = 0; i < pixels.size() / channels; ++i)
    for (std::size_t c = 0; c < 3; ++c) picture.data[3 * i + c] = pixels[i * channels + (channels < 3 ? 0 : c)];
}

/// One picture of the sheet and the line below it.
class Tile final : public picture::Canvas {
 public:
  explicit Tile(cv::Mat& pixels) : pixels_(pixels) {}
  void outline(const Box& shares, picture::Colour colour, int thickness) override {
    const auto at = [](double share, int edge) {
      return static_cast<int>(std::lround(static_cast<float>(share) * static_cast<float>(edge)));
    };
    const cv::Rect box(cv::Point(at(shares.x0, pixels_.cols), at(shares.y0, pixels_.rows)),
                       cv::Point(at(shares.x1, pixels_.cols), at(shares.y1, pixels_.rows)));
    cv::rectangle(pixels_, box, cv::Scalar(colour.blue, colour.green, colour.red), thickness);
  }
  void caption(const std::string& text) override { caption_ = text; }
  [[nodiscard]] const std::string& caption() const { return caption_; }

 private:
  cv::Mat& pixels_;
  std::string caption_;
};

}  // namespace

Status write_contact_sheet(const DataSet& set, const Cache& cache, const std::filesystem::path& png,
                           std::size_t count) try {
  if (count < 1 || count > 1000)
    return invalid(std::format("{} pictures on a contact sheet are not within 1 and 1000", count));
  EDGEWISE_ASSERT(cache.count() == set.items.size(), "the cache is of this set");
  const cv::Size shown = shown_size(cache.size());
  const int cell = shown.width + margin;
  const bool has_captions = set.task->traits().has_caption;
  const int cell_height = shown.height + margin + (has_captions ? label_height : 0);
  const BuiltinSet* builtin = set.is_builtin ? find_builtin(set.spec.path) : nullptr;
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
      cv::Mat picture(static_cast<int>(cache.size().height), static_cast<int>(cache.size().width), CV_8UC3), tile;
      copy_colours(cache.pixels(items[k]), static_cast<std::size_t>(cache.channels()), picture);
      if (builtin && builtin->colour) builtin->colour({picture.data, picture.total() * 3});
      cv::cvtColor(picture, tile, cv::COLOR_RGB2BGR);
      cv::resize(tile, tile, shown, 0, 0, cv::INTER_NEAREST);
      Tile canvas(tile);
      set.task->draw(canvas, cache.targets().of(items[k]), set.classes);
      tile.copyTo(sheet(cv::Rect(cv::Point(x, y), shown)));
      if (has_captions)
        write_text(sheet, canvas.caption().substr(0, static_cast<std::size_t>(shown.width) / 7),
                   {x, y + shown.height + 13}, 0.38);
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
